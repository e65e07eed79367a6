// Runs the race of race.ts with real sockets.
//
// Whatever the end, no descriptor stays: a loser is closed when the race is decided, an attempt that failed when it
// failed. The endpoints are read only once a connect has no answer. Not here: what is tried when (race.ts), how one
// socket is opened (attempt.ts).

import { ERRNO, errnoText } from "#ffi/errno.ts";
import { whyNoMptcpSocket } from "#ffi/mptcp-socket.ts";
import type { Timer } from "../../clock.ts";
import { CurlError } from "../../error.ts";
import type { SocketStream } from "../stream.ts";
import { factsOf, ipSocketAddress, isRefusal, nameOf, openAttempt, reasonOf } from "./attempt.ts";
import { describe, localEnd } from "./describe.ts";
import { couldNotConnect, type DialOptions } from "./dial-options.ts";
import { type KeepAliveTimes, keepAliveTimes } from "./keep-alive.ts";
import { type Attempt, type Candidate, MPTCP_UNANSWERED_MS, RacePlan } from "./race.ts";

export interface Won {
  readonly stream: SocketStream;
  readonly opened: "mptcp" | "tcp";
  /** MPTCP sockets that were connected. */
  readonly ownAttempts: number;
}

interface Settle {
  resolve(won: Won): void;
  reject(error: Error): void;
}

/** The first connection that stands. @throws CurlError COULDNT_CONNECT, MPTCP_REQUIRED, or the signal's reason */
export function race(candidates: readonly Candidate[], options: DialOptions): Promise<Won> {
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
      const { connectSources } = await import("../mptcp/endpoints.ts");
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
