// The time of one transfer: when each of its moments came, and the limit that ends it.
//
// Here: Timings filled in, the timer of --connect-timeout and --max-time, and curl's words for a limit that is reached.
// Not here: which limit ends a phase first (deadline.ts) and what ending a transfer means (transfer.ts). The words
// depend on how far it is: a name is looked up, a connection made (TCP and TLS alike), a response awaited.

import type { Clock, Timer } from "../clock.ts";
import { Deadline, type Phase, type TimeLimits, type TimeoutReason } from "../deadline.ts";
import { CurlError } from "../error.ts";
import { type Counters, newTimings, type Timings } from "./outcome.ts";

/** Moments that connect() and exchange() report, for curl's time_… variables. */
export type Moment = "resolved" | "connected" | "secured" | "sending" | "sent" | "first-byte";

export interface TransferTimeOptions {
  readonly clock: Clock;
  readonly limits: TimeLimits;
  /** For the message: what had come by then. */
  readonly counters: Counters;
  /** A limit is reached. */
  expired(error: CurlError): void;
}

export class TransferTime {
  readonly timings: Timings;
  readonly #options: TransferTimeOptions;
  readonly #deadline: Deadline;
  #timer: Timer | null = null;
  #phase: Phase = "resolve";

  constructor(options: TransferTimeOptions) {
    this.#options = options;
    const startedMs = options.clock.nowMs();
    this.timings = newTimings(startedMs);
    this.#deadline = new Deadline(options.limits, startedMs);
  }

  sinceStartMs(): number {
    return this.#options.clock.nowMs() - this.timings.startedMs;
  }

  /** A moment came; for one that comes again (redirects) the last time counts. */
  reached(moment: Moment): void {
    const { timings } = this;
    const nowMs = this.sinceStartMs();
    switch (moment) {
      case "resolved":
        timings.nameLookupMs = nowMs;
        this.#phase = "connect";
        break;
      case "connected":
        timings.connectMs = nowMs;
        timings.appConnectMs = 0;
        break;
      case "secured":
        timings.appConnectMs = nowMs;
        break;
      case "sending":
        timings.preTransferMs = nowMs;
        break;
      case "sent":
        timings.postTransferMs = nowMs;
        break;
      case "first-byte":
        timings.startTransferMs = nowMs;
        break;
    }
  }

  /** A phase begins: from now on its limits hold, in place of those of the phase before. */
  begin(phase: Phase): void {
    this.end();
    this.#phase = phase;
    const { clock } = this.#options;
    const nowMs = clock.nowMs();
    const timeout = this.#deadline.next(phase, nowMs, nowMs);
    if (!timeout) return;
    this.#timer = clock.after(timeout.afterMs, () => this.#expire(timeout.reason, nowMs));
  }

  /** No limit holds any more. */
  end(): void {
    this.#timer?.cancel();
    this.#timer = null;
  }

  #expire(reason: TimeoutReason, phaseStartedMs: number): void {
    const { clock, counters } = this.#options;
    const sinceMs = reason === "max-time" ? this.timings.startedMs : phaseStartedMs;
    const text = timeoutText(this.#phase, Math.round(clock.nowMs() - sinceMs), counters);
    this.#options.expired(new CurlError("OPERATION_TIMEDOUT", text));
  }
}

function timeoutText(phase: Phase, ms: number, { downloaded, downloadTotal }: Counters): string {
  switch (phase) {
    case "resolve":
      return `Resolving timed out after ${ms} milliseconds`;
    case "connect":
      return `Connection timed out after ${ms} milliseconds`;
    case "exchange": {
      const total = downloadTotal === null ? "" : ` out of ${downloadTotal}`;
      return `Operation timed out after ${ms} milliseconds with ${downloaded}${total} bytes received`;
    }
  }
}
