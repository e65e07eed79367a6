// Time: the only user of timers and of the system's clocks.
//
// Everything that waits or measures takes a Clock, so that tests run on a virtual one (tests/support) and never sleep.

export interface Timer {
  cancel(): void;
  /** From now on it does not keep the process alive. A virtual clock's keeps nothing alive. */
  unref?(): void;
}

export interface Clock {
  /** Milliseconds on a clock that never jumps, with microseconds behind the point. Only differences mean something. */
  nowMs(): number;
  /** Milliseconds since 1970, for dates. */
  epochMs(): number;
  /** Runs `action` once after `delayMs`; a delay of 0 still waits for the event loop's next turn. */
  after(delayMs: number, action: () => void): Timer;
  sleep(delayMs: number): Promise<void>;
  /** Lets sockets and timers have their turn; used in loops that could run for seconds without waiting. */
  yield(): Promise<void>;
}

// setTimeout takes 2^31-1 ms at most and turns longer delays into 1 ms (measured in Bun 1.4.5, as in browsers).
const LONGEST_TIMER_MS = 2 ** 31 - 1;

export const systemClock: Clock = {
  nowMs: () => performance.now(),
  epochMs: () => Date.now(),
  after(delayMs, action) {
    let id: ReturnType<typeof setTimeout>;
    let isRef = true;
    const arm = (leftMs: number): void => {
      const stepMs = Math.min(leftMs, LONGEST_TIMER_MS);
      id = setTimeout(() => (leftMs > stepMs ? arm(leftMs - stepMs) : action()), stepMs);
      if (!isRef) id.unref();
    };
    arm(Math.max(0, delayMs));
    return {
      cancel: () => clearTimeout(id),
      unref: () => {
        isRef = false;
        id.unref();
      },
    };
  },
  sleep: (delayMs) => new Promise((resolve) => systemClock.after(delayMs, resolve)),
  yield: () => new Promise((resolve) => setImmediate(resolve)),
};
