// When a transfer must give up, and why.
//
// Here: which limit ends a phase first. Not here: waiting (the caller arms a clock's timer for afterMs) and the
// message (client/transfer). After ureq-proto's timeouts: a reason is a type, never a boolean.
//
// curl's two limits (curl(1)): --connect-timeout covers name, TCP, proxy and TLS of each connect, 300 s by
// default; --max-time covers a whole transfer with all its redirects and has no default.

export type Phase = "resolve" | "connect" | "exchange";

export type TimeoutReason = "connect-timeout" | "max-time";

export interface TimeLimits {
  /** --connect-timeout in milliseconds; 0: none. */
  readonly connectTimeoutMs: number;
  /** --max-time in milliseconds; 0: none. */
  readonly maxTimeMs: number;
}

export interface NextTimeout {
  /** Milliseconds from `nowMs`, never negative. */
  readonly afterMs: number;
  readonly reason: TimeoutReason;
}

export const DEFAULT_CONNECT_TIMEOUT_MS = 300_000;

/** --mptcp-path-timeout unless given: how long a path of an MPTCP connection may owe an answer. */
export const DEFAULT_PATH_TIMEOUT_MS = 30_000;

export class Deadline {
  readonly #limits: TimeLimits;
  readonly #startedMs: number;

  /** @param startedMs when the transfer began, on the clock that next() is asked with */
  constructor(limits: TimeLimits, startedMs: number) {
    this.#limits = limits;
    this.#startedMs = startedMs;
  }

  /** The limit that ends `phase` first, or null where none does. @param phaseStartedMs when this connect began */
  next(phase: Phase, nowMs: number, phaseStartedMs: number): NextTimeout | null {
    const { connectTimeoutMs, maxTimeMs } = this.#limits;
    const connectMs =
      phase !== "exchange" && connectTimeoutMs > 0
        ? phaseStartedMs + connectTimeoutMs - nowMs
        : Infinity;
    const totalMs = maxTimeMs > 0 ? this.#startedMs + maxTimeMs - nowMs : Infinity;
    if (connectMs === Infinity && totalMs === Infinity) return null;
    return totalMs <= connectMs
      ? { afterMs: Math.max(0, totalMs), reason: "max-time" }
      : { afterMs: Math.max(0, connectMs), reason: "connect-timeout" };
  }
}
