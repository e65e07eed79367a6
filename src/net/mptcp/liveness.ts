// Which paths are dead, by the kernel's evidence alone, and when a connection has none left. Pure.
//
// Here: two rules over looks at a connection (ffi's FullInfo). Not here: looking (probe.ts) and ending the stream
// (guard.ts). A path is never dead because a server is slow to speak: it has to owe an answer, and not to give it.
//
//   it owes              since                     it is dead when
//   an ACK of data       first look with unacked   nothing at all came on it for the timeout, and it owed all the while
//   an answer to probes  first look with probes    nothing came for the timeout, and probes went unanswered for half of it
//   an answer to a SYN   first look                it owed for the timeout
//
// Probes (keep-alive's of an idle connection, and those of a sender whose peer's window is shut) are themselves sent
// only after a silence, which counts towards the timeout. But it is no evidence by itself, so they get half of the
// timeout at least: between two probes of a shut window the kernel waits up to 120 s, and each one is unanswered for a
// round trip. Measured on Linux 6.18: keep-alive probes every subflow of an MPTCP socket, and tcpi_probes counts them until
// an answer; a look at a live idle path shows 0, as does one at a peer that reads nothing but answers.

import type { FullInfo, SubflowInfo } from "#ffi/structs.ts";
import { TCP_STATES } from "#ffi/tcp-info.ts";

/** Why a connection cannot go on. */
export type EndOfPaths =
  /** The kernel removed the last subflow; since when, on the clock of the looks. */
  | { readonly kind: "none-left"; readonly sinceMs: number }
  /** Every subflow is dead by evidence. */
  | { readonly kind: "all-dead" }
  /** It fell back, and its TCP connection was reset. */
  | { readonly kind: "reset" };

export interface Liveness {
  /** Ids of subflows that are listed and dead. */
  readonly dead: ReadonlySet<number>;
  /** Set when the connection is to be ended now. */
  readonly end: EndOfPaths | null;
}

export interface Look {
  readonly info: FullInfo;
  readonly atMs: number;
  /** The socket has bytes, or an end, that nobody read yet. */
  readonly hasUnread: boolean;
}

/** How long a connection without subflows is kept for one that comes back. */
export const NO_PATH_GRACE_MS = 1000;

/** A timer may fire that much early; the grace is not to last a look longer for it. */
const EARLY_TIMER_MS = 10;

/** Looks so far apart say that we slept (a stopped process, a paused machine), not that paths were silent. */
const LONGEST_GAP_MS = 5000;
/** Looks come every 100 ms, and late where the machine is busy. */
const SHORTEST_GAP_MS = 500;

/** What is remembered of a subflow that owes an answer. */
interface Debt {
  sinceMs: number;
  /** When it was found dead; null: not yet. */
  deadSinceMs: number | null;
}

export class PathLiveness {
  readonly #timeoutMs: number;
  readonly #longestGapMs: number;
  /** By subflow id; one that owes nothing is not in it. */
  readonly #debts = new Map<number, Debt>();
  #lookedMs: number | null = null;
  #noneSinceMs: number | null = null;
  #fellBack = false;
  #wasReset = false;

  /** @param pathTimeoutMs 0: only the kernel's removals count */
  constructor(pathTimeoutMs: number) {
    this.#timeoutMs = pathTimeoutMs;
    this.#longestGapMs = Math.min(LONGEST_GAP_MS, Math.max(SHORTEST_GAP_MS, pathTimeoutMs / 2));
  }

  /** Takes the next look, in order of time. */
  observe({ info, atMs, hasUnread }: Look): Liveness {
    const subflows = info.subflows.filter(isListed);
    this.#fellBack ||= subflows.some(({ id }) => id === 0);
    const dead = this.#timeoutMs === 0 ? new Set<number>() : this.#judge(subflows, atMs);
    const total = info.info.totalSubflows ?? subflows.length;
    // TCP that broke says so by itself, but for a write inside TLS that met the reset first: hence a second look.
    const isReset = isResetTcp(info) && !hasUnread;
    if (isReset && this.#wasReset) return { dead, end: { kind: "reset" } };
    this.#wasReset = isReset;
    // Only MPTCP keeps a socket without any subflow open.
    const isNone = total === 0 && !this.#fellBack && !hasUnread;
    this.#noneSinceMs = isNone ? (this.#noneSinceMs ?? atMs) : null;
    const sinceMs = this.#noneSinceMs;
    if (sinceMs !== null) {
      const isOver = atMs - sinceMs >= NO_PATH_GRACE_MS - EARLY_TIMER_MS;
      return { dead, end: isOver ? { kind: "none-left", sinceMs } : null };
    }
    const areAllDead = dead.size > 0 && dead.size === subflows.length;
    return { dead, end: areAllDead && !hasUnread ? { kind: "all-dead" } : null };
  }

  /** Bytes were received from the stream: a connection that was without subflows lives. */
  received(): void {
    this.#noneSinceMs = null;
  }

  #judge(subflows: readonly SubflowInfo[], atMs: number): Set<number> {
    if (this.#lookedMs !== null && atMs - this.#lookedMs > this.#longestGapMs) {
      for (const debt of this.#debts.values()) debt.sinceMs = atMs;
    }
    this.#lookedMs = atMs;
    const dead = new Set<number>();
    for (const subflow of subflows) if (this.#isDead(subflow, atMs)) dead.add(subflow.id);
    const ids = new Set(subflows.map(({ id }) => id));
    for (const id of this.#debts.keys()) if (!ids.has(id)) this.#debts.delete(id);
    return dead;
  }

  #isDead({ id, tcp }: SubflowInfo, atMs: number): boolean {
    const isConnecting = CONNECTING.has(tcp.state);
    // Data that came the fast way does not always move the time of the last ACK, so both are asked. Before the
    // handshake ends neither means anything.
    const lifeMs = isConnecting
      ? Number.NEGATIVE_INFINITY
      : atMs - Math.min(tcp.lastAckReceivedMs, tcp.lastDataReceivedMs);
    const before = this.#debts.get(id);
    if (before?.deadSinceMs != null) {
      // Once dead it stays so until something comes; what it owes may change meanwhile.
      if (lifeMs <= before.deadSinceMs) return true;
      this.#debts.delete(id);
    }
    const owesAck = isConnecting || tcp.unacked > 0;
    if (!owesAck && tcp.probes === 0) {
      this.#debts.delete(id);
      return false;
    }
    const debt = this.#debts.get(id) ?? { sinceMs: atMs, deadSinceMs: null };
    this.#debts.set(id, debt);
    const owedForMs = atMs - Math.max(debt.sinceMs, lifeMs);
    const isDead = owesAck
      ? owedForMs >= this.#timeoutMs
      : atMs - lifeMs >= this.#timeoutMs && owedForMs >= this.#timeoutMs / 2;
    if (isDead) debt.deadSinceMs = atMs;
    return isDead;
  }
}

const CONNECTING: ReadonlySet<number> = new Set([TCP_STATES.SYN_SENT, TCP_STATES.SYN_RECV]);

const GONE: ReadonlySet<number> = new Set([
  TCP_STATES.CLOSE,
  TCP_STATES.LISTEN,
  TCP_STATES.TIME_WAIT,
]);

/** A first subflow that died stays in the list, without addresses and then without an id. */
function isListed({ local, tcp }: SubflowInfo): boolean {
  return local !== null && !GONE.has(tcp.state);
}

/** A connection that fell back is listed as one subflow with id 0 that has addresses, unlike a first one that died. */
function isResetTcp({ subflows }: FullInfo): boolean {
  const [only] = subflows;
  return (
    subflows.length === 1 &&
    only?.id === 0 &&
    only.local !== null &&
    only.tcp.state === TCP_STATES.CLOSE
  );
}
