// Opens the socket of a connection: runs the race of race.ts with real sockets, or connects to a Unix socket.
//
// An attempt is socket(2), connect(2) by FFI, and completion by Bun. Whatever the end, no descriptor stays: a loser is
// closed when the race is decided, an attempt that failed when it failed. --mptcp opens every socket as IPPROTO_MPTCP;
// where the kernel refuses that, the whole dial fails with the reason. There is no way from here to a TCP socket that
// nobody asked for; a peer that does not speak MPTCP is the kernel's to fall back from, and is reported.

import {
  IPPROTO_TCP,
  SO_KEEPALIVE,
  SOL_SOCKET,
  TCP_KEEPIDLE,
  TCP_KEEPINTVL,
} from "#ffi/constants.ts";
import { SyscallError } from "#ffi/errno.ts";
import { LibcUnavailable } from "#ffi/libc.ts";
import { isMptcp, readInfo, whyNoMptcpSocket } from "#ffi/mptcp.ts";
import type { SocketAddress } from "#ffi/sockaddr.ts";
import { closeSocket, localAddress, openSocket, setIntOption, startConnect } from "#ffi/socket.ts";
import type { Clock, Timer } from "../clock.ts";
import { CurlError } from "../error.ts";
import { formatIpAddress, parseIpv4, parseIpv6 } from "../ip-address.ts";
import type { Trace } from "../trace.ts";
import { ATTEMPT_DELAY_MS, type Candidate, raceOrder } from "./race.ts";
import { ConnectFailure, type Connection, SocketStream } from "./stream.ts";

export interface DialOptions {
  readonly protocol: "mptcp" | "tcp";
  readonly clock: Clock;
  /** Aborted with the error that the dial then rejects with. */
  readonly signal: AbortSignal;
  readonly trace: Trace | undefined;
  /** Takes the next connection's number. */
  nextConnectionId(): number;
  /** What the user wanted to reach, for messages. */
  readonly host: string;
  readonly port: number;
}

/** curl's defaults for every TCP connection: first probe and interval 60 s (--keepalive-time). */
const KEEPALIVE_SECONDS = 60;

/** Connects to the first candidate that answers. @throws CurlError COULDNT_CONNECT, or the signal's reason */
export function dial(
  candidates: readonly Candidate[],
  options: DialOptions,
): Promise<SocketStream> {
  return new Promise((resolve, reject) =>
    new Race(raceOrder(candidates), options, { resolve, reject }).start(),
  );
}

/** Connects to a Unix socket. @throws CurlError COULDNT_CONNECT, or the signal's reason */
export async function dialUnix(path: string, options: DialOptions): Promise<SocketStream> {
  const startedMs = options.clock.nowMs();
  const address: SocketAddress = { family: "unix", path };
  options.trace?.({ type: "attempt", address: path, port: -1 });
  let attempt: Attempt | undefined;
  const abort = (): void => attempt?.stream.fail(options.signal.reason);
  try {
    attempt = openAttempt(address, "tcp");
    options.signal.addEventListener("abort", abort);
    await attempt.connected;
  } catch (error) {
    if (options.signal.aborted) throw options.signal.reason;
    if (!isRefusal(error)) throw error;
    throw couldNotConnect(options, {
      startedMs,
      over: ` over unix://${path}`,
      reasons: [`${path}: ${reasonOf(error)}`],
    });
  } finally {
    options.signal.removeEventListener("abort", abort);
  }
  const { stream } = attempt;
  stream.connection = describe(stream, { address: path, port: -1, protocol: "unix", options });
  return stream;
}

function socketAddressOf({ family, address, port, scopeId }: Candidate): SocketAddress {
  const ip = family === "ipv4" ? parseIpv4(address) : parseIpv6(address);
  if (!ip) throw new Error(`a candidate's address is "${address}"`);
  return family === "ipv4" ? { family, ip, port } : { family, ip, port, scopeId };
}

interface Attempt {
  readonly stream: SocketStream;
  readonly connected: Promise<void>;
}

/** @throws SyscallError, RangeError for a Unix path that is too long */
function openAttempt(address: SocketAddress, protocol: "mptcp" | "tcp"): Attempt {
  const fd = openSocket(address.family, protocol);
  try {
    if (address.family !== "unix") keepAlive(fd);
    startConnect(fd, address);
  } catch (error) {
    closeSocket(fd);
    throw error;
  }
  return SocketStream.adopt(fd);
}

/** Optional everywhere: a socket without keep-alive still transfers (Linux before 5.17 refuses it on MPTCP). */
function keepAlive(fd: number): void {
  try {
    setIntOption(fd, { level: SOL_SOCKET, name: SO_KEEPALIVE, value: 1 });
    setIntOption(fd, { level: IPPROTO_TCP, name: TCP_KEEPIDLE, value: KEEPALIVE_SECONDS });
    setIntOption(fd, { level: IPPROTO_TCP, name: TCP_KEEPINTVL, value: KEEPALIVE_SECONDS });
  } catch (error) {
    if (!(error instanceof SyscallError)) throw error;
  }
}

interface Settle {
  resolve(stream: SocketStream): void;
  reject(error: Error): void;
}

class Race {
  readonly #order: Candidate[];
  readonly #options: DialOptions;
  readonly #settle: Settle;
  readonly #startedMs: number;
  readonly #live = new Set<SocketStream>();
  readonly #reasons: string[] = [];
  readonly #abort = (): void => this.#end(() => this.#settle.reject(this.#options.signal.reason));
  #next = 0;
  #timer: Timer | null = null;
  #over = false;

  constructor(order: Candidate[], options: DialOptions, settle: Settle) {
    this.#order = order;
    this.#options = options;
    this.#settle = settle;
    this.#startedMs = options.clock.nowMs();
  }

  start(): void {
    if (this.#options.signal.aborted) return this.#abort();
    this.#options.signal.addEventListener("abort", this.#abort);
    this.#startNext();
  }

  #startNext(): void {
    this.#timer?.cancel();
    const candidate = this.#order[this.#next++];
    if (!candidate) {
      if (this.#live.size === 0) this.#end(() => this.#settle.reject(this.#exhausted()));
      return;
    }
    const { trace, protocol, clock } = this.#options;
    trace?.({ type: "attempt", address: candidate.address, port: candidate.port });
    let attempt: Attempt;
    try {
      attempt = openAttempt(socketAddressOf(candidate), protocol);
    } catch (error) {
      return this.#attemptFailed(candidate, error as Error);
    }
    const { stream, connected } = attempt;
    this.#live.add(stream);
    connected.then(
      () => this.#won(stream, candidate),
      (error: Error) => {
        if (this.#live.delete(stream)) this.#attemptFailed(candidate, error);
      },
    );
    if (this.#next < this.#order.length) {
      this.#timer = clock.after(ATTEMPT_DELAY_MS, () => this.#startNext());
    }
  }

  #attemptFailed(candidate: Candidate, error: Error): void {
    if (!isRefusal(error)) return this.#end(() => this.#settle.reject(error));
    const { trace, protocol } = this.#options;
    const why = protocol === "mptcp" ? whyNoMptcpSocket(error) : null;
    if (why !== null) {
      trace?.({ type: "socket-failed", reason: reasonOf(error) });
      // The next address would be refused for the same reason, and a TCP socket is not what was asked for.
      this.#reasons.push(why);
      return this.#end(() => this.#settle.reject(this.#exhausted()));
    }
    const reason = reasonOf(error);
    trace?.({ type: "attempt-failed", address: candidate.address, port: candidate.port, reason });
    this.#reasons.push(`${candidate.address}: ${reason}`);
    this.#startNext();
  }

  #won(stream: SocketStream, candidate: Candidate): void {
    // Two attempts can be connected in the same turn of the loop; the first one taken wins, the other is a loser.
    if (this.#over || !this.#live.delete(stream)) return stream.close();
    this.#end(() => {
      stream.connection = describe(stream, {
        address: candidate.address,
        port: candidate.port,
        protocol: this.#options.protocol,
        options: this.#options,
      });
      this.#settle.resolve(stream);
    });
  }

  #end(settle: () => void): void {
    if (this.#over) return;
    this.#over = true;
    this.#timer?.cancel();
    this.#options.signal.removeEventListener("abort", this.#abort);
    for (const loser of this.#live) loser.close();
    this.#live.clear();
    settle();
  }

  #exhausted(): CurlError {
    return couldNotConnect(this.#options, {
      startedMs: this.#startedMs,
      over: "",
      reasons: this.#reasons,
    });
  }
}

/** Whether the system would not connect; anything else is a bug. RangeError: a Unix socket's path is too long. */
function isRefusal(error: unknown): error is Error {
  return (
    error instanceof SyscallError ||
    error instanceof ConnectFailure ||
    error instanceof LibcUnavailable ||
    error instanceof RangeError
  );
}

/** The kernel's words where it spoke. */
function reasonOf(error: Error): string {
  return error instanceof SyscallError ? error.reason : error.message;
}

function couldNotConnect(
  { host, port, clock }: DialOptions,
  { startedMs, over, reasons }: { startedMs: number; over: string; reasons: readonly string[] },
): CurlError {
  const afterMs = Math.round(clock.nowMs() - startedMs);
  return new CurlError(
    "COULDNT_CONNECT",
    `Failed to connect to ${host}:${port}${over} after ${afterMs} ms: Could not connect to server (${reasons.join("; ")})`,
  );
}

function describe(
  stream: SocketStream,
  {
    address: remoteAddress,
    port: remotePort,
    protocol,
    options,
  }: {
    address: string;
    port: number;
    protocol: Connection["protocol"];
    options: DialOptions;
  },
): Connection {
  const local = localAddress(stream.fd);
  const connection: Connection = {
    id: options.nextConnectionId(),
    protocol,
    mptcp: null,
    remoteAddress,
    remotePort,
    localAddress: local.family === "unix" ? "" : formatIpAddress(local.ip),
    localPort: local.family === "unix" ? -1 : local.port,
    httpVersion: null,
    tlsVerifyResult: 0,
    certificates: [],
  };
  options.trace?.({
    type: "connected",
    connectionId: connection.id,
    host: options.host,
    address: remoteAddress,
    port: remotePort,
    localAddress: connection.localAddress,
    localPort: connection.localPort,
  });
  if (protocol === "mptcp") watchVerdict(stream, connection, options.trace);
  return connection;
}

/**
 * Asks the kernel whether MPTCP is spoken, now and again with the first bytes that arrive: a middlebox that strips
 * only later packets is seen no sooner (MPTCP_CAPABLE on the SYNs, none on the data).
 */
function watchVerdict(
  stream: SocketStream,
  connection: Connection,
  trace: Trace | undefined,
): void {
  const ask = (reason: string): void => {
    const answer = isMptcp(stream.fd);
    const verdict = answer === null ? "unknown" : answer ? "mptcp" : "fallback";
    if (verdict === connection.mptcp) return;
    connection.mptcp = verdict;
    if (!trace) return;
    const token = verdict === "mptcp" ? (readInfo(stream.fd)?.token ?? null) : null;
    trace({ type: "mptcp", verdict, reason: verdict === "fallback" ? reason : "", token });
  };
  ask("the server, or something on the way, does not speak MPTCP");
  if (connection.mptcp === "mptcp") {
    stream.onFirstData = () =>
      ask("something on the way removed MPTCP from packets after the handshake");
  }
}
