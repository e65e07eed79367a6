// Looks at the paths of an open connection every 100 ms, for as long as a transfer uses it.
//
// Here: the timer, what is asked of the kernel at each look (two system calls, about 6 µs), what is asked only when a
// path came or went (its interface, whether it is a backup, why it ended), and telling the listener. Not here: what the
// facts mean (paths.ts, liveness.ts) and ending the stream (guard.ts): it only observes. Loaded once a transfer lasts
// 100 ms, or somebody reads the paths.

import { SyscallError } from "#ffi/errno.ts";
import { readFullInfo, readTcpInfo } from "#ffi/mptcp.ts";
import { isBackupSubflow } from "#ffi/netlink/sock-diag.ts";
import { mptcpCountersOf, readNetstat, readSnmp, tcpCountersOf } from "#ffi/proc.ts";
import type { SocketAddress } from "#ffi/sockaddr.ts";
import { hasUnread, localAddress, peerAddress } from "#ffi/socket.ts";
import { decodeMptcpInfo, type FullInfo } from "#ffi/structs.ts";
import { decodeTcpInfo, TCP_STATES } from "#ffi/tcp-info.ts";
import type { Clock, Timer } from "../../clock.ts";
import type { Trace } from "../../trace.ts";
import { ipSocketAddress } from "../dial/attempt.ts";
import type { SocketStream, WatchUse } from "../stream.ts";
import { endOfPathsError } from "./end-of-paths.ts";
import { Interfaces } from "./interfaces.ts";
import { type EndOfPaths, PathLiveness } from "./liveness.ts";
import { type EndEvidence, type PathChange, PathTracker } from "./path-tracker.ts";
import { END_CAUSE_WORDS, type MptcpRecord } from "./paths.ts";
import type { MptcpCounters } from "./verdict.ts";

export interface ProbeOptions {
  readonly clock: Clock;
  readonly trace: Trace | undefined;
  readonly use: WatchUse;
  readonly record: MptcpRecord;
  /** Whether an earlier transfer moved bytes over the connection, which are not this one's. */
  readonly isReused: boolean;
  /** The connection cannot go on: no path is left, or looking failed, which is a bug. */
  end(error: Error): void;
}

const INTERVAL_MS = 100;

/**
 * What the sockets do not tell is asked less often, for it costs netlink exchanges: backup flags, which can change in
 * mid-connection (MP_PRIO), and interfaces, whose loss leaves their subflows as they are.
 */
const LOOKS_A_QUESTION = 10;

export class Probe {
  readonly #stream: SocketStream;
  readonly #options: ProbeOptions;
  readonly #tracker: PathTracker;
  readonly #liveness: PathLiveness;
  readonly #interfaces = new Interfaces();
  /** When a path went last, or at the start. */
  #counters: MptcpCounters | null = readCounters();
  #looks = 0;
  #lost: ReadonlySet<number> = new Set();
  #timer: Timer | null = null;

  constructor(stream: SocketStream, options: ProbeOptions) {
    this.#stream = stream;
    this.#options = options;
    const { record, use, isReused } = options;
    this.#tracker = new PathTracker(record, {
      series: use.paths === "series",
      baseline: isReused ? readPaths(stream.fd) : null,
    });
    this.#liveness = new PathLiveness(use.pathTimeoutMs);
  }

  /** The first look, and one every 100 ms from then on. */
  start(): void {
    this.#assumeFirst();
    this.look();
    this.#arm();
  }

  /** A first path that went before anybody looked is known by the connection's addresses alone. */
  #assumeFirst(): void {
    const { record, isReused } = this.#options;
    const info = readFullInfo(this.#stream.fd);
    if (isReused || !info) return;
    if (info.subflows.some(({ id, tcp }) => id === 1 && tcp.state !== TCP_STATES.CLOSE)) return;
    const { localAddress: local, localPort, remoteAddress, remotePort } = this.#stream.connection;
    const first = {
      id: 1,
      local: socketAddressOf(local, localPort),
      remote: socketAddressOf(remoteAddress, remotePort),
      tcp: decodeTcpInfo(Uint8Array.of(TCP_STATES.ESTABLISHED)),
    };
    this.#observe({ ...info, subflows: [first] }, { atMs: record.startedMs, dead: new Set() });
  }

  stop(): void {
    this.#timer?.cancel();
    this.#timer = null;
  }

  /** Bytes came: the connection lives, whatever the paths look like. */
  received(): void {
    this.#liveness.received();
  }

  /** The look when the connection, or its use, ends: with all questions. */
  lastLook(): void {
    this.#looks = 0;
    this.look();
  }

  /** @returns why the connection cannot go on; null: it can */
  look(): EndOfPaths | null {
    const { fd } = this.#stream;
    const info = readPaths(fd);
    if (!info) return null;
    const { clock } = this.#options;
    const atMs = clock.nowMs();
    const { dead, end } = this.#liveness.observe({ info, atMs, hasUnread: hasUnread(fd) });
    if (this.#looks++ % LOOKS_A_QUESTION === 0) {
      this.#askForBackups(info);
      this.#lost = this.#askForLost();
    }
    this.#observe(info, { atMs, dead: dead.union(this.#lost) });
    return end;
  }

  #observe(info: FullInfo, { atMs, dead }: { atMs: number; dead: ReadonlySet<number> }): void {
    const changes = this.#tracker.observe({
      info,
      atMs,
      dead,
      interfaceOf: (address) => this.#interfaceOf(address),
      evidence: () => this.#evidence(),
    });
    if (changes.length > 0) this.#askForBackups(info);
    for (const change of changes) this.#tell(change);
  }

  #arm(): void {
    this.#timer = this.#options.clock.after(INTERVAL_MS, () => {
      this.#arm();
      const error = this.#lookForEnd();
      if (error) this.#options.end(error);
    });
    // The stream keeps the process alive, and only while somebody waits for it.
    this.#timer.unref?.();
  }

  #lookForEnd(): Error | null {
    try {
      const end = this.look();
      const { record, use } = this.#options;
      return end && endOfPathsError(record, { end, pathTimeoutMs: use.pathTimeoutMs });
    } catch (error) {
      // Out of a timer nobody would hear of it.
      return error as Error;
    }
  }

  #interfaceOf(address: string): string | null {
    const known = this.#interfaces.nameOf(address);
    if (known !== null) return known;
    this.#interfaces.forget();
    return this.#interfaces.nameOf(address);
  }

  #evidence(): EndEvidence {
    this.#interfaces.forget();
    const before = this.#counters;
    const after = readCounters();
    this.#counters = after;
    return {
      before,
      after,
      hasAddress: (address) => this.#interfaces.hasAddress(address),
      interfaceRuns: (name) => this.#interfaces.runs(name),
    };
  }

  /** Paths whose interface is down, or has their address no more: they may come back, and carry nothing until then. */
  #askForLost(): ReadonlySet<number> {
    const lost = new Set<number>();
    this.#interfaces.forget();
    for (const { id, phase, local, interfaceName } of this.#options.record.paths) {
      // An address that no interface ever had (127.0.0.2 needs none) is no evidence.
      if (phase === "closed" || interfaceName === null) continue;
      const runs = this.#interfaces.runs(interfaceName);
      if (runs === false || this.#interfaces.hasAddress(local.address) === false) lost.add(id);
    }
    return lost;
  }

  #askForBackups({ subflows }: FullInfo): void {
    for (const { id, local, remote } of subflows) {
      const path = this.#options.record.paths.find((one) => one.id === id && one.id !== 0);
      if (path && local && remote) path.backup = isBackupSubflow(local, remote) ?? path.backup;
    }
  }

  #tell({ change, path }: PathChange): void {
    // The first path is the connection itself, of which more was said already.
    if (change === "up" && path === this.#options.record.paths[0]) return;
    const { id, interfaceName, local, remote, endCause } = path;
    this.#options.trace?.({
      type: "mptcp-path",
      connectionId: this.#stream.connection.id,
      change,
      path: {
        id,
        interfaceName,
        localAddress: local.address,
        remoteAddress: remote.address,
        remotePort: remote.port,
        why: endCause === null ? "" : END_CAUSE_WORDS[endCause],
      },
    });
  }
}

function socketAddressOf(address: string, port: number): SocketAddress {
  const family = address.includes(":") ? "ipv6" : "ipv4";
  return ipSocketAddress({ family, address, port, scopeId: 0 });
}

/** The subflows; after a fall back the one TCP path, with id 0. null: the kernel tells nothing. */
function readPaths(fd: number): FullInfo | null {
  const info = readFullInfo(fd);
  if (info) return info;
  try {
    const tcp = readTcpInfo(fd);
    // One that was reset has no peer any more (ENOTCONN).
    const remote = tcp.state === TCP_STATES.CLOSE ? null : peerAddress(fd);
    return { info: NOT_MPTCP, subflows: [{ id: 0, local: localAddress(fd), remote, tcp }] };
  } catch (error) {
    // The peer may have ended the connection a moment ago (ENOTCONN).
    if (error instanceof SyscallError) return null;
    throw error;
  }
}

/** Of a connection that is not MPTCP nothing is known. */
const NOT_MPTCP = decodeMptcpInfo(new Uint8Array(0));

function readCounters(): MptcpCounters | null {
  const netstat = readNetstat();
  const snmp = readSnmp();
  if (netstat === null || snmp === null) return null;
  return new Map([...mptcpCountersOf(netstat), ...tcpCountersOf(snmp)]);
}
