// What a connect tries, in which order, and when (Happy Eyeballs, RFC 8305). Pure: run-race.ts runs it on a Clock.
//
//   0 ms    D1  D2  …                default source: IPv6 first, then the families in turn (§4), each in the resolver's
//           │200│200│                order (RFC 6724); the next starts when one failed, or 200 ms after the one before
//   last + 200, or once all failed   --mptcp, nothing answered: the kernel's MPTCP endpoints are asked for
//           S1D1  S1D2 … S2D1 …      every destination again from each endpoint's address and device, at the same pace
//   D1 + 1200  T1  T2  …             --mptcp: plain TCP beside each MPTCP attempt that is still without answer
//   D1 + 2700  D1 ends               before the kernel turns that socket to TCP by itself, its twin T1 goes on alone
//
// First to connect wins. A refusal is an answer: that destination is not tried from other sources. A socket whose SYNs
// with MPTCP stay without answer is sent on by the kernel as TCP at 3 s, and if that is answered, MPTCP is off in the
// whole namespace for an hour: so none lives that long beside its twin, and under --mptcp-require it has failed then.

import { parseIpv4, parseIpv6 } from "../../ip-address.ts";
import type { SourceAddress } from "../mptcp/endpoints.ts";

/** An address to try. */
export interface Candidate {
  readonly family: "ipv4" | "ipv6";
  readonly address: string;
  readonly port: number;
  /** Interface index of a link-local IPv6 address; 0: none. */
  readonly scopeId: number;
}

/** curl's --happy-eyeballs-timeout-ms default. */
export const ATTEMPT_DELAY_MS = 200;

/**
 * When plain TCP joins. The kernel repeats its SYN at 1.0 s, and one lost SYN must not cost MPTCP: measured with one
 * lost, TCP won 5 of 6 races that it joined at 1.0 s, and none of 6 at 1.2 s.
 */
export const PLAIN_TCP_AFTER_MS = 1200;

/**
 * How long SYNs with MPTCP may go without answer: sent at 0, 1 and 2 s; the next, at 3 s, is without the option
 * (net.mptcp.syn_retrans_before_tcp_fallback, measured on Linux 6.18).
 */
export const MPTCP_UNANSWERED_MS = 2700;

/** Candidates in the order in which to try them. */
export function raceOrder(candidates: readonly Candidate[]): Candidate[] {
  const first: Candidate[] = [];
  const second: Candidate[] = [];
  for (const candidate of candidates) {
    (candidate.family === "ipv6" ? first : second).push(candidate);
  }
  const order: Candidate[] = [];
  for (let i = 0; i < Math.max(first.length, second.length); i++) {
    for (const candidate of [first[i], second[i]]) if (candidate) order.push(candidate);
  }
  return order;
}

export interface RaceRules {
  /** What the first sockets are. */
  readonly protocol: "mptcp" | "tcp";
  /** Whether what has no answer is tried from the endpoints' addresses. */
  readonly fromSources: boolean;
  /** Whether plain TCP stands in for MPTCP without answer; else such an attempt fails. */
  readonly plainTcpJoins: boolean;
}

/** One try of the race. */
export interface Attempt {
  /** From 0, in the order of their starts. */
  readonly number: number;
  readonly candidate: Candidate;
  /** null: the kernel chooses. */
  readonly source: SourceAddress | null;
  readonly protocol: "mptcp" | "tcp";
  /** The MPTCP attempt that this plain one stands in for; null: none. */
  readonly standsInFor: Attempt | null;
}

export type RaceStep =
  /** Start this attempt, and report its failure by failed(). */
  | { readonly kind: "start"; readonly attempt: Attempt }
  /** Find out the endpoints, and report them by sourcesAre(). */
  | { readonly kind: "find-sources" }
  /** Close this attempt. `failed`: it counts as one that failed; else another one stands for it. */
  | { readonly kind: "abandon"; readonly attempt: Attempt; readonly failed: boolean }
  /** Nothing to do before `untilMs`, or a report; null: before a report. */
  | { readonly kind: "wait"; readonly untilMs: number | null }
  /** Nothing is under way, and nothing is left to try. */
  | { readonly kind: "lost" };

interface Due {
  readonly atMs: number;
  readonly step: () => RaceStep;
}

interface Pending {
  readonly attempt: Attempt;
  readonly startedMs: number;
  standIn: Attempt | null;
}

/** A race as a state machine: next() says what to do now, the other methods take what came of it. */
export class RacePlan {
  readonly #rules: RaceRules;
  readonly #order: readonly Candidate[];
  readonly #queue: { candidate: Candidate; source: SourceAddress | null }[];
  readonly #pending = new Map<Attempt, Pending>();
  /** Destinations that refused. */
  readonly #answered = new Set<Candidate>();
  #sources: "unknown" | "asked" | "known" = "unknown";
  #started = 0;
  #lastStartMs = 0;
  #nextStartMs = 0;
  #nextStandInMs = 0;
  #refusedByStandIn: Attempt | null = null;

  constructor(candidates: readonly Candidate[], rules: RaceRules) {
    this.#rules = rules;
    this.#order = raceOrder(candidates);
    this.#queue = this.#order.map((candidate) => ({ candidate, source: null }));
  }

  /** What to do at `nowMs`; to be asked until the answer is "wait" or "lost". */
  next(nowMs: number): RaceStep {
    let first: Due | null = null;
    for (const due of [
      this.#dueAttempt(nowMs),
      this.#dueQuestion(nowMs),
      this.#dueStandIn(nowMs),
      this.#dueEnd(),
    ]) {
      if (due && (!first || due.atMs < first.atMs)) first = due;
    }
    if (first && first.atMs <= nowMs) return first.step();
    if (first) return { kind: "wait", untilMs: first.atMs };
    if (this.#pending.size > 0 || this.#sources === "asked") return { kind: "wait", untilMs: null };
    return { kind: "lost" };
  }

  /** @param how.refused the destination itself said no, which is an answer */
  failed(attempt: Attempt, { nowMs, refused }: { nowMs: number; refused: boolean }): void {
    this.#pending.delete(attempt);
    if (refused) this.#answered.add(attempt.candidate);
    const twin = attempt.standsInFor;
    if (!twin) {
      this.#nextStartMs = nowMs;
      return;
    }
    this.#nextStandInMs = nowMs;
    if (!this.#pending.has(twin)) return;
    // Without the option the same SYN was refused: there is nothing to hope for with it.
    if (refused) this.#refusedByStandIn = twin;
  }

  /**
   * Answers "find-sources".
   * @param sources in the order in which to use them
   * @param usedBy the local address of an attempt under way; null: not known
   */
  sourcesAre(sources: readonly SourceAddress[], usedBy: (attempt: Attempt) => string | null): void {
    this.#sources = "known";
    const inUse = new Map<Candidate, string | null>();
    for (const attempt of this.#pending.keys()) inUse.set(attempt.candidate, usedBy(attempt));
    for (const source of sources) {
      for (const candidate of this.#order) {
        if (candidate.family !== source.family || !hasOtherWays(candidate)) continue;
        if (inUse.get(candidate) !== source.address) this.#queue.push({ candidate, source });
      }
    }
  }

  #dueAttempt(nowMs: number): Due | null {
    while (this.#queue[0] && this.#answered.has(this.#queue[0].candidate)) this.#queue.shift();
    const head = this.#queue[0];
    if (!head) return null;
    return {
      atMs: this.#nextStartMs,
      step: () => {
        this.#queue.shift();
        this.#lastStartMs = nowMs;
        this.#nextStartMs = nowMs + ATTEMPT_DELAY_MS;
        return this.#start({ ...head, protocol: this.#rules.protocol, standsInFor: null }, nowMs);
      },
    };
  }

  #dueQuestion(nowMs: number): Due | null {
    if (!this.#rules.fromSources || this.#sources !== "unknown" || this.#queue.length > 0)
      return null;
    if (!this.#order.some((c) => !this.#answered.has(c) && hasOtherWays(c))) return null;
    return {
      atMs: this.#pending.size === 0 ? nowMs : this.#lastStartMs + ATTEMPT_DELAY_MS,
      step: () => {
        this.#sources = "asked";
        return { kind: "find-sources" };
      },
    };
  }

  #dueStandIn(nowMs: number): Due | null {
    if (!this.#rules.plainTcpJoins) return null;
    for (const pending of this.#pending.values()) {
      const { attempt, startedMs, standIn } = pending;
      if (attempt.protocol === "tcp" || standIn) continue;
      return {
        atMs: Math.max(startedMs + PLAIN_TCP_AFTER_MS, this.#nextStandInMs),
        step: () => {
          this.#nextStandInMs = nowMs + ATTEMPT_DELAY_MS;
          const { candidate, source } = attempt;
          const step = this.#start(
            { candidate, source, protocol: "tcp", standsInFor: attempt },
            nowMs,
          );
          pending.standIn = step.attempt;
          return step;
        },
      };
    }
    return null;
  }

  #dueEnd(): Due | null {
    const refused = this.#refusedByStandIn;
    if (refused) {
      return {
        atMs: 0,
        step: () => {
          this.#refusedByStandIn = null;
          return this.#abandon(refused, false);
        },
      };
    }
    for (const { attempt, startedMs, standIn } of this.#pending.values()) {
      if (attempt.protocol === "tcp") continue;
      // Where the stand-in could not even be sent, the kernel's own way is the one that is left.
      if (this.#rules.plainTcpJoins && !(standIn && this.#pending.has(standIn))) continue;
      return {
        atMs: startedMs + MPTCP_UNANSWERED_MS,
        step: () => this.#abandon(attempt, !this.#rules.plainTcpJoins),
      };
    }
    return null;
  }

  #start(what: Omit<Attempt, "number">, nowMs: number): { kind: "start"; attempt: Attempt } {
    const attempt: Attempt = { ...what, number: this.#started++ };
    this.#pending.set(attempt, { attempt, startedMs: nowMs, standIn: null });
    return { kind: "start", attempt };
  }

  #abandon(attempt: Attempt, failed: boolean): RaceStep {
    this.#pending.delete(attempt);
    return { kind: "abandon", attempt, failed };
  }
}

/** Whether another of our addresses could reach it: not what is on this host, nor what names its interface. */
function hasOtherWays({ family, address, scopeId }: Candidate): boolean {
  if (family === "ipv4") {
    const first = parseIpv4(address)?.[0] ?? 0;
    return first !== 127 && first !== 0;
  }
  // ::, ::1, and IPv4 in IPv6 (::ffff:0:0/96), which no IPv6 source reaches.
  const isLow =
    parseIpv6(address)
      ?.subarray(0, 10)
      .every((byte) => byte === 0) ?? true;
  return scopeId === 0 && !isLow;
}
