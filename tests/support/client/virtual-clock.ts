// A clock that stands still until a test moves it. Timers run in the order of their time, at their time.

import type { Clock, Timer } from "../../../src/clock.ts";

interface Pending {
  readonly atMs: number;
  readonly action: () => void;
}

/** One turn of the event loop: whatever Promises were ready have run. */
export function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

export class VirtualClock implements Clock {
  #nowMs: number;
  #timers: Pending[] = [];
  /** How often somebody gave way to others. */
  yields = 0;

  constructor(startMs = 1000) {
    this.#nowMs = startMs;
  }

  /** Timers that wait. */
  get pending(): number {
    return this.#timers.length;
  }

  nowMs(): number {
    return this.#nowMs;
  }

  epochMs(): number {
    return this.#nowMs;
  }

  after(delayMs: number, action: () => void): Timer {
    const timer: Pending = { atMs: this.#nowMs + Math.max(0, delayMs), action };
    this.#timers.push(timer);
    return {
      cancel: () => {
        this.#timers = this.#timers.filter((other) => other !== timer);
      },
    };
  }

  sleep(delayMs: number): Promise<void> {
    return new Promise((resolve) => this.after(delayMs, resolve));
  }

  yield(): Promise<void> {
    this.yields++;
    return turn();
  }

  /** Lets `ms` pass, and what comes of each timer happen before the next one runs. */
  async advance(ms: number): Promise<void> {
    const untilMs = this.#nowMs + ms;
    await turn();
    for (let due = this.#nextDue(untilMs); due; due = this.#nextDue(untilMs)) {
      this.#nowMs = due.atMs;
      this.#timers = this.#timers.filter((other) => other !== due);
      due.action();
      await turn();
    }
    this.#nowMs = untilMs;
    await turn();
  }

  #nextDue(untilMs: number): Pending | undefined {
    return this.#timers
      .filter(({ atMs }) => atMs <= untilMs)
      .sort((a, b) => a.atMs - b.atMs)
      .at(0);
  }
}
