// Writes the record of the paths of one connection, look by look. Pure.
//
// Here: looks at the kernel's facts (ffi's FullInfo) turned into records (paths.ts), last values kept of subflows that
// vanish, why they went, what changed from look to look, and the time series for reports. Not here: looking (probe.ts),
// judging who is dead (liveness.ts).
//
// A subflow becomes a path when it is first seen established. Joins under way (SYN_SENT) are none yet, and what the
// kernel keeps of a first subflow that died (CLOSE, no addresses, all its counters 0) is none any more.
//
//                dead by liveness.ts                  the kernel lists it no more
//       up ◀────────────────────────────▶ down ────────────────────────────────────▶ closed
//        └─────────────────────────────────────────────────────────────────────────────▲

import type { SocketAddress } from "#ffi/sockaddr.ts";
import type { FullInfo, SubflowInfo } from "#ffi/structs.ts";
import { TCP_STATES, type TcpInfo } from "#ffi/tcp-info.ts";
import { formatIpAddress } from "../../ip-address.ts";
import {
  END_CAUSE_WORDS,
  livePaths,
  type MptcpEvent,
  type MptcpEventKind,
  type MptcpRecord,
  type PathEndCause,
  type PathEndpoint,
  type PathRecord,
} from "./paths.ts";
import type { MptcpCounters } from "./verdict.ts";

/** What else is known when a path goes. */
export interface EndEvidence {
  /**
   * The kernel's MPTcpExt counters, and "EstabResets" of Tcp, when a path went last (or at the start), and now;
   * null: unreadable.
   */
  readonly before: MptcpCounters | null;
  readonly after: MptcpCounters | null;
  /** Whether an interface has the address; null: the kernel does not tell. */
  hasAddress(address: string): boolean | null;
  /** Whether the interface is up and has a carrier; false where there is none of that name; null: not told. */
  interfaceRuns(name: string): boolean | null;
}

export interface PathLook {
  /** A connection that fell back is given as one subflow, with id 0 and its addresses. */
  readonly info: FullInfo;
  readonly atMs: number;
  /** Liveness.dead of the same look. */
  readonly dead: ReadonlySet<number>;
  /** Asked once for each new path; null: not known. */
  interfaceOf(address: string): string | null;
  /** Asked at most once a look, and only when a path goes. */
  evidence(): EndEvidence;
}

export interface PathChange {
  readonly change: "up" | "down" | "recovered" | "none-left";
  /** Of "none-left": the path that went last. */
  readonly path: PathRecord;
}

export interface TrackerOptions {
  /** Whether `samples` are wanted. */
  readonly series: boolean;
  /** A look at a connection that was used before, before this transfer moves anything over it; null: a new one. */
  readonly baseline: FullInfo | null;
}

/** A path that the kernel lists. */
interface OpenPath {
  readonly path: PathRecord;
  /** Counters when the transfer began to use the connection; null: the path is younger. */
  readonly base: TcpInfo | null;
  tcp: TcpInfo;
}

/** Keeps one transfer's MptcpRecord. */
export class PathTracker {
  readonly #record: MptcpRecord;
  readonly #series: boolean;
  readonly #baseline: FullInfo | null;
  /** By the id that the kernel lists it with. */
  readonly #open = new Map<number, OpenPath>();
  #fellBack = false;

  constructor(record: MptcpRecord, { series, baseline }: TrackerOptions) {
    this.#record = record;
    this.#series = series;
    this.#baseline = baseline;
  }

  /** Takes the next look, in order of time. @returns what changed, in order; the closing of a whole connection is none */
  observe(look: PathLook): PathChange[] {
    const changes: PathChange[] = [];
    const wereUp = livePaths(this.#record).length;
    const listed = look.info.subflows.filter(isPath);
    this.#fellBack ||= listed.some(({ id }) => id === 0);
    const question = askOnce(look);
    for (const subflow of listed) {
      const open = this.#find(subflow) ?? this.#begin(subflow, { look, changes });
      update(open, subflow.tcp, look.atMs);
      judge(open, look.dead.has(subflow.id), { atMs: look.atMs, changes, question });
    }
    const ids = new Set(listed.map(({ id }) => id));
    const isClosing = listed.every(({ tcp }) => CLOSING.has(tcp.state));
    for (const [id, open] of this.#open) {
      if (ids.has(id)) continue;
      this.#open.delete(id);
      close(open, { atMs: look.atMs, changes, question, isClosing });
    }
    this.#takeTotals(look.info, listed);
    const last = wereUp > 0 && !this.#fellBack ? this.#lastToGo() : null;
    if (last) changes.push({ change: "none-left", path: last });
    for (const change of changes) this.#record.events.push(eventOf(change, look.atMs));
    if (this.#series) this.#sample(look.atMs);
    return changes;
  }

  #find(subflow: SubflowInfo): OpenPath | null {
    const open = this.#open.get(subflow.id);
    if (open || subflow.id !== 0) return open ?? null;
    // The connection fell back: the TCP socket is the one of its last subflow, and so are its counters.
    const { local, remote } = endsOf(subflow);
    for (const [id, candidate] of this.#open) {
      const { path } = candidate;
      if (!isSame(path.local, local) || !isSame(path.remote, remote)) continue;
      this.#open.delete(id);
      this.#open.set(0, candidate);
      return candidate;
    }
    return null;
  }

  #begin(
    subflow: SubflowInfo,
    { look, changes }: { look: PathLook; changes: PathChange[] },
  ): OpenPath {
    const base = this.#baseline?.subflows.find(({ id }) => id === subflow.id)?.tcp ?? null;
    const ends = endsOf(subflow);
    const path: PathRecord = {
      id: subflow.id,
      ...ends,
      interfaceName: look.interfaceOf(ends.local.address),
      phase: "up",
      backup: null,
      upMs: look.atMs,
      downMs: null,
      bytesIn: 0,
      bytesOut: 0,
      lastByteMs: null,
      rttMs: null,
      minRttMs: null,
      retransmissions: 0,
      endCause: null,
    };
    const open: OpenPath = { path, base, tcp: subflow.tcp };
    this.#record.paths.push(path);
    this.#open.set(subflow.id, open);
    // One of a reused connection was up before; that is no news.
    if (!base) changes.push({ change: "up", path });
    return open;
  }

  #takeTotals({ info }: FullInfo, listed: readonly SubflowInfo[]): void {
    const record = this.#record;
    const subflows = listed.filter(({ id }) => id !== 0).length;
    record.mostSubflows = Math.max(record.mostSubflows, subflows);
    // A connection that fell back tells no more; what it told last stays.
    if (info.retransmittedBytes === null) return;
    const before = this.#baseline?.info.retransmittedBytes ?? 0;
    record.bytesRetransmitted = info.retransmittedBytes - before;
  }

  /** null where a path is up, and where the connection closes in order. */
  #lastToGo(): PathRecord | null {
    let last: PathRecord | null = null;
    for (const path of this.#record.paths) {
      if (path.phase === "up" || path.endCause === "connection-closed") return null;
      if (last === null || (path.downMs ?? 0) >= (last.downMs ?? 0)) last = path;
    }
    return last;
  }

  #sample(atMs: number): void {
    const paths = [...this.#open.values()].map(({ path }) => {
      const { id, bytesIn, bytesOut, rttMs } = path;
      return { id, bytesIn, bytesOut, rttMs };
    });
    this.#record.samples.push({ atMs, paths });
  }
}

/** States of a subflow that one side has begun to close. */
const CLOSING: ReadonlySet<number> = new Set([
  TCP_STATES.FIN_WAIT1,
  TCP_STATES.FIN_WAIT2,
  TCP_STATES.CLOSE_WAIT,
  TCP_STATES.LAST_ACK,
  TCP_STATES.CLOSING,
]);

function isPath({ local, remote, tcp }: SubflowInfo): boolean {
  if (local === null || remote === null) return false;
  return tcp.state === TCP_STATES.ESTABLISHED || CLOSING.has(tcp.state);
}

/** What came and went, less what was there before; the SYN counts as an acknowledged byte. */
function update(open: OpenPath, tcp: TcpInfo, atMs: number): void {
  const { path, base } = open;
  const bytesIn = tcp.bytesReceived - (base?.bytesReceived ?? 0);
  const bytesOut = Math.max(0, tcp.bytesAcked - (base?.bytesAcked ?? 1));
  // The kernel's times tell the last byte or acknowledgement of any kind; only where a counter grew was it one of data.
  const movedMs = [path.lastByteMs ?? Number.NEGATIVE_INFINITY];
  if (bytesIn > path.bytesIn) movedMs.push(atMs - tcp.lastDataReceivedMs);
  if (bytesOut > path.bytesOut) movedMs.push(atMs - tcp.lastAckReceivedMs);
  const lastByteMs = Math.max(...movedMs);
  path.lastByteMs = Number.isFinite(lastByteMs) ? lastByteMs : null;
  path.bytesIn = bytesIn;
  path.bytesOut = bytesOut;
  const isReceiver = bytesIn > bytesOut && tcp.receiverRttUs > 0;
  path.rttMs = millisecondsOf(isReceiver ? tcp.receiverRttUs : tcp.rttUs) ?? path.rttMs;
  path.minRttMs = millisecondsOf(tcp.minRttUs) ?? path.minRttMs;
  path.retransmissions = tcp.totalRetransmissions - (base?.totalRetransmissions ?? 0);
  open.tcp = tcp;
}

/** 0 is the kernel's "none yet". */
function millisecondsOf(us: number): number | null {
  return us === 0 ? null : us / 1000;
}

interface Turn {
  readonly atMs: number;
  readonly changes: PathChange[];
  question(): EndEvidence;
}

function judge(open: OpenPath, isDead: boolean, { atMs, changes, question }: Turn): void {
  const { path } = open;
  if (isDead && path.phase === "up") {
    path.phase = "down";
    path.downMs = atMs;
    path.endCause = lostHere(path, question()) ?? "unanswered";
    changes.push({ change: "down", path });
  } else if (!isDead && path.phase === "down") {
    path.phase = "up";
    path.downMs = null;
    path.endCause = null;
    changes.push({ change: "recovered", path });
  }
}

function close(open: OpenPath, turn: Turn & { isClosing: boolean }): void {
  const { path, tcp } = open;
  const wasUp = path.phase === "up";
  const inOrder = turn.isClosing && CLOSING.has(tcp.state);
  path.endCause = inOrder ? "connection-closed" : causeOf(open, turn.question());
  path.phase = "closed";
  path.downMs = turn.atMs;
  if (wasUp && !inOrder) turn.changes.push({ change: "down", path });
}

/** What this machine lost. Before the address: an interface that goes down takes its IPv6 addresses with it. */
function lostHere(
  { local, interfaceName }: PathRecord,
  evidence: EndEvidence,
): PathEndCause | null {
  if (interfaceName !== null && evidence.interfaceRuns(interfaceName) === false)
    return "interface-down";
  return evidence.hasAddress(local.address) === false ? "address-removed" : null;
}

/**
 * Why the kernel lists a path no more: the first that holds, from what says most. Measured on Linux 6.18: a reset that
 * says nothing of MPTCP moves only EstabResets, one with MP_TCPRST MPRstRx too; when probes go unanswered the kernel
 * closes with a reset of its own (MPRstTx and EstabResets); an endpoint that is deleted here moves RmSubflow, one that
 * the peer takes back RmAddr. A link that goes down, or an address that is deleted, moves nothing: the subflow stays.
 */
function causeOf({ path, tcp }: OpenPath, evidence: EndEvidence): PathEndCause {
  const lost = lostHere(path, evidence);
  if (lost) return lost;
  const moved = (name: string): boolean =>
    (evidence.after?.get(name) ?? 0) > (evidence.before?.get(name) ?? 0);
  if (moved("RmAddr")) return "removed-by-peer";
  if (moved("MPRstRx")) return "reset";
  if (path.phase === "down" || tcp.probes > 0 || tcp.retransmits > 0) return "unanswered";
  if (moved("RmSubflow")) return "address-removed";
  return moved("MPRstTx") || moved("EstabResets") ? "reset" : "unknown";
}

function askOnce(look: PathLook): () => EndEvidence {
  let answer: EndEvidence | null = null;
  return () => {
    answer ??= look.evidence();
    return answer;
  };
}

const EVENT_KINDS: { readonly [change in PathChange["change"]]: MptcpEventKind } = {
  up: "path-up",
  down: "path-down",
  recovered: "path-recovered",
  "none-left": "no-path-left",
};

function eventOf({ change, path }: PathChange, atMs: number): MptcpEvent {
  const { endCause } = path;
  const text = endCause === null || endCause === "unknown" ? "" : END_CAUSE_WORDS[endCause];
  return { atMs, kind: EVENT_KINDS[change], pathId: path.id, text };
}

function endsOf({ local, remote }: SubflowInfo): { local: PathEndpoint; remote: PathEndpoint } {
  return { local: endpointOf(local), remote: endpointOf(remote) };
}

function endpointOf(address: SocketAddress | null): PathEndpoint {
  if (address === null || address.family === "unix") return { address: "", port: 0 };
  return { address: formatIpAddress(address.ip), port: address.port };
}

function isSame(one: PathEndpoint, other: PathEndpoint): boolean {
  return one.address === other.address && one.port === other.port;
}
