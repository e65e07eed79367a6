// Idle connections, kept for the next transfer to the same place.
//
// A kept stream has a reader that waits for nothing: whatever arrives, bytes or an end, shows that it is of no more use
// (RFC 9112 §9.3: a server must not speak unasked), and it is closed at once, so no dead connection is handed out that
// is known to be dead, and it does not keep the process alive. Which places are the same: route.ts, poolKey().

import type { Clock } from "../clock.ts";
import type { Stream } from "./stream.ts";

/** curl does not reuse a connection that idled longer (CURLOPT_MAXAGE_CONN's default). */
const MAX_IDLE_MS = 118_000;

interface Idle {
  readonly stream: Stream;
  readonly sinceMs: number;
}

export class Pool {
  readonly #clock: Clock;
  readonly #idle = new Map<string, Idle[]>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** The connection to `key` that idled shortest, or null. It is the caller's from then on. */
  take(key: string): Stream | null {
    const kept = this.#idle.get(key);
    for (let idle = kept?.pop(); idle; idle = kept?.pop()) {
      if (idle.stream.isOpen && this.#clock.nowMs() - idle.sinceMs <= MAX_IDLE_MS) {
        idle.stream.attach(null);
        idle.stream.ref();
        return idle.stream;
      }
      idle.stream.close();
    }
    return null;
  }

  /** Keeps a connection on which nothing is under way. */
  put(key: string, stream: Stream): void {
    const idle: Idle = { stream, sinceMs: this.#clock.nowMs() };
    const drop = (): void => {
      const kept = this.#idle.get(key);
      const at = kept?.indexOf(idle) ?? -1;
      if (at >= 0) kept?.splice(at, 1);
      stream.close();
    };
    const kept = this.#idle.get(key);
    if (kept) kept.push(idle);
    else this.#idle.set(key, [idle]);
    stream.unref();
    stream.attach({ data: drop, end: drop, fail: drop });
  }

  /** Closes all that idles. */
  close(): void {
    for (const kept of this.#idle.values()) for (const { stream } of kept) stream.close();
    this.#idle.clear();
  }
}
