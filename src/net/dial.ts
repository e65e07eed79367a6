// Opens the socket of a connection: runs the race of race.ts with real sockets, or connects to a Unix socket.
//
// Whatever the end, no descriptor stays: a loser is closed when the race is decided, an attempt that failed when it
// failed. --mptcp opens every socket as IPPROTO_MPTCP; where the kernel refuses that, the whole dial fails with the
// reason. Plain TCP joins only where the network leaves MPTCP without answer, and never under --mptcp-require; a peer
// that does not speak MPTCP is the kernel's to fall back from. What came of it mptcp/guard.ts finds out, which is
// loaded while the connect is under way, and only for --mptcp; the endpoints only once a connect has no answer.

import { ERRNO, errnoText, SyscallError } from "#ffi/errno.ts";
import { whyNoMptcpSocket } from "#ffi/mptcp.ts";
import { readNetstat } from "#ffi/proc.ts";
import type { SocketAddress } from "#ffi/sockaddr.ts";
import { localAddress } from "#ffi/socket.ts";
import { abortable } from "../abortable.ts";
import type { Clock, Timer } from "../clock.ts";
import { CurlError } from "../error.ts";
import { formatIpAddress } from "../ip-address.ts";
import type { Trace } from "../trace.ts";
import {
  factsOf,
  ipSocketAddress,
  isRefusal,
  type KeepAliveTimes,
  keepAliveTimes,
  nameOf,
  openAttempt,
  reasonOf,
} from "./attempt.ts";
import { type Attempt, type Candidate, MPTCP_UNANSWERED_MS, RacePlan } from "./race.ts";
import type { KeepAliveSpec, MptcpSpec } from "./route.ts";
import type { Connection, SocketStream } from "./stream.ts";

export interface DialOptions {
  /** What the sockets are opened as. */
  readonly protocol: "mptcp" | "tcp";
  /** null: MPTCP was not asked for. Given with "tcp": an earlier connection showed that it cannot be. */
  readonly mptcp: MptcpSpec | null;
  readonly keepAlive: KeepAliveSpec;
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

/**
 * Connects to the first candidate that answers.
 * @throws CurlError COULDNT_CONNECT, MPTCP_REQUIRED, or the signal's reason
 */
export async function dial(
  candidates: readonly Candidate[],
  options: DialOptions,
): Promise<SocketStream> {
  const { mptcp, protocol, signal } = options;
  if (!mptcp) return (await race(candidates, options)).stream;
  const netstatBefore = protocol === "mptcp" ? readNetstat() : null;
  const racing = race(candidates, options);
  // Begun when connect(2) is under way, which therefore does not wait for it.
  const loading = import("./mptcp/guard.ts");
  const { stream, opened, ownAttempts } = await racing;
  try {
    const { guardStream } = await abortable(loading, signal);
    // Between two turns of the event loop the peer may have ended it, and its number be another socket's.
    if (localEnd(stream)?.port === stream.connection.localPort) {
      guardStream(stream, { ...options, ...mptcp, opened, netstatBefore, ownAttempts });
    }
    return stream;
  } catch (error) {
    stream.close();
    throw error;
  }
}

/** Connects to a Unix socket. @throws CurlError COULDNT_CONNECT, or the signal's reason */
export async function dialUnix(path: string, options: DialOptions): Promise<SocketStream> {
  const startedMs = options.clock.nowMs();
  const address: SocketAddress = { family: "unix", path };
  options.trace?.({ type: "attempt", address: path, port: -1 });
  let stream: SocketStream | undefined;
  const abort = (): void => stream?.fail(options.signal.reason);
  try {
    const attempt = openAttempt(address, { protocol: "tcp", source: null, keepAlive: null });
    stream = attempt.stream;
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
  stream.connection = describe(stream, { address: path, port: -1, protocol: "unix", options });
  return stream;
}

interface Won {
  readonly stream: SocketStream;
  readonly opened: "mptcp" | "tcp";
  /** MPTCP sockets that were connected. */
  readonly ownAttempts: number;
}

interface Settle {
  resolve(won: Won): void;
  reject(error: Error): void;
}

function race(candidates: readonly Candidate[], options: DialOptions): Promise<Won> {
  return new Promise((resolve, reject) =>
    new Race(candidates, options, { resolve, reject }).start(),
  );
}

class Race {
  readonly #plan: RacePlan;
  readonly #options: DialOptions;
  readonly #settle: Settle;
  readonly #keepAlive: KeepAliveTimes | null;
  readonly #startedMs: number;
  readonly #live = new Map<Attempt, SocketStream>();
  readonly #reasons: string[] = [];
  readonly #abort = (): void => this.#reject(this.#options.signal.reason);
  #ownAttempts = 0;
  #hasUnanswered = false;
  #timer: Timer | null = null;
  #over = false;

  constructor(candidates: readonly Candidate[], options: DialOptions, settle: Settle) {
    const { protocol, mptcp, keepAlive, clock } = options;
    this.#plan = new RacePlan(candidates, {
      protocol,
      fromSources: mptcp !== null,
      plainTcpJoins: mptcp !== null && !mptcp.required,
    });
    this.#options = options;
    this.#settle = settle;
    this.#keepAlive = keepAliveTimes(keepAlive, mptcp?.pathTimeoutMs ?? 0);
    this.#startedMs = clock.nowMs();
  }

  start(): void {
    if (this.#options.signal.aborted) return this.#abort();
    this.#options.signal.addEventListener("abort", this.#abort);
    this.#advance();
  }

  /** Does what the plan says until there is nothing to do for now. */
  #advance(): void {
    this.#timer?.cancel();
    const { clock } = this.#options;
    while (!this.#over) {
      const step = this.#plan.next(clock.nowMs());
      switch (step.kind) {
        case "start":
          this.#start(step.attempt);
          break;
        case "find-sources":
          void this.#findSources();
          break;
        case "abandon":
          this.#abandon(step.attempt, step.failed);
          break;
        case "wait":
          if (step.untilMs === null) return;
          this.#timer = clock.after(step.untilMs - clock.nowMs(), () => this.#advance());
          return;
        case "lost":
          return this.#reject(this.#exhausted());
      }
    }
  }

  #start(attempt: Attempt): void {
    const { candidate, source, protocol } = attempt;
    this.#options.trace?.({ type: "attempt", ...factsOf(attempt) });
    try {
      const { stream, connected } = openAttempt(ipSocketAddress(candidate), {
        protocol,
        source,
        keepAlive: this.#keepAlive,
      });
      if (protocol === "mptcp") this.#ownAttempts++;
      this.#live.set(attempt, stream);
      connected.then(
        () => this.#won(attempt, stream),
        (error: Error) => {
          if (!this.#live.delete(attempt)) return;
          this.#failed(attempt, error);
          this.#advance();
        },
      );
    } catch (error) {
      this.#failed(attempt, error as Error);
    }
  }

  #failed(attempt: Attempt, error: Error): void {
    if (!isRefusal(error)) return this.#reject(error);
    const why = attempt.protocol === "mptcp" ? whyNoMptcpSocket(error) : null;
    const reason = reasonOf(error);
    if (why !== null) {
      this.#options.trace?.({ type: "socket-failed", reason });
      // The next address would be refused for the same reason, and a TCP socket is not what was asked for.
      this.#reasons.push(why);
      return this.#reject(this.#exhausted());
    }
    this.#note(attempt, reason);
    const nowMs = this.#options.clock.nowMs();
    this.#plan.failed(attempt, { nowMs, refused: reason === errnoText(ERRNO.ECONNREFUSED) });
  }

  #note(attempt: Attempt, reason: string): void {
    this.#options.trace?.({ type: "attempt-failed", ...factsOf(attempt), reason });
    this.#reasons.push(`${nameOf(attempt)}: ${reason}`);
  }

  #abandon(attempt: Attempt, failed: boolean): void {
    this.#live.get(attempt)?.close();
    this.#live.delete(attempt);
    if (!failed) return;
    this.#hasUnanswered = true;
    this.#note(attempt, "no answer to SYNs with MPTCP");
  }

  async #findSources(): Promise<void> {
    try {
      const { connectSources } = await import("./mptcp/endpoints.ts");
      if (this.#over) return;
      this.#plan.sourcesAre(connectSources(), (attempt) => {
        const stream = this.#live.get(attempt);
        return (stream && localEnd(stream)?.address) ?? null;
      });
      this.#advance();
    } catch (error) {
      this.#reject(error as Error);
    }
  }

  #won(attempt: Attempt, stream: SocketStream): void {
    // Two attempts can be connected in the same turn of the loop; the first one taken wins, the other is a loser.
    if (!this.#live.delete(attempt)) return stream.close();
    const { candidate, protocol } = attempt;
    this.#end(() => {
      const { address, port } = candidate;
      stream.connection = describe(stream, { address, port, protocol, options: this.#options });
      this.#settle.resolve({ stream, opened: protocol, ownAttempts: this.#ownAttempts });
    });
  }

  #reject(error: Error): void {
    this.#end(() => this.#settle.reject(error));
  }

  #end(settle: () => void): void {
    if (this.#over) return;
    this.#over = true;
    this.#timer?.cancel();
    this.#options.signal.removeEventListener("abort", this.#abort);
    // At once: an MPTCP socket that goes on alone would make the kernel switch MPTCP off (race.ts).
    for (const loser of this.#live.values()) loser.close();
    this.#live.clear();
    settle();
  }

  #exhausted(): CurlError {
    const failure = { startedMs: this.#startedMs, over: "", reasons: this.#reasons };
    if (!this.#hasUnanswered) return couldNotConnect(this.#options, failure);
    const { host, port } = this.#options;
    return new CurlError(
      "MPTCP_REQUIRED",
      `No MPTCP connection to ${host}:${port}, which --mptcp-require demands: SYNs with MPTCP had no answer in ` +
        `${MPTCP_UNANSWERED_MS / 1000} s, and the kernel would go on without it (${this.#reasons.join("; ")}). The ` +
        "server cannot be reached, or something on the way drops MPTCP: --mptcp alone tries plain TCP then",
    );
  }
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

/** The socket's own end; null where the descriptor is gone. */
function localEnd(stream: SocketStream): { address: string; port: number } | null {
  try {
    const local = localAddress(stream.fd);
    return local.family === "unix"
      ? { address: "", port: -1 }
      : { address: formatIpAddress(local.ip), port: local.port };
  } catch (error) {
    if (error instanceof SyscallError) return null;
    throw error;
  }
}

interface Described {
  readonly address: string;
  readonly port: number;
  readonly protocol: Connection["protocol"];
  readonly options: DialOptions;
}

function describe(
  stream: SocketStream,
  { address, port, protocol, options }: Described,
): Connection {
  const local = localEnd(stream) ?? { address: "", port: -1 };
  const connection: Connection = {
    id: options.nextConnectionId(),
    protocol,
    mptcp: options.mptcp ? { verdict: "unknown", reason: null, token: null } : null,
    remoteAddress: address,
    remotePort: port,
    localAddress: local.address,
    localPort: local.port,
    httpVersion: null,
    tlsVerifyResult: 0,
    certificates: [],
  };
  options.trace?.({
    type: "connected",
    connectionId: connection.id,
    host: options.host,
    address,
    port,
    localAddress: local.address,
    localPort: local.port,
  });
  return connection;
}
