import { afterEach, beforeEach, describe, expect, jest, test } from "bun:test";
import { systemClock } from "../../src/clock.ts";

const LONGEST_TIMER_MS = 2 ** 31 - 1;

describe("systemClock", () => {
  test("nowMs never goes back, and epochMs is the date", () => {
    const before = systemClock.nowMs();
    expect(systemClock.nowMs()).toBeGreaterThanOrEqual(before);
    expect(Math.abs(systemClock.epochMs() - Date.now())).toBeLessThan(1000);
  });

  test("yield lets others have their turn", async () => {
    const order: string[] = [];
    setImmediate(() => order.push("other"));
    await systemClock.yield();
    order.push("self");
    expect(order).toEqual(["other", "self"]);
  });
});

describe("systemClock.after", () => {
  beforeEach(() => void jest.useFakeTimers());
  afterEach(() => void jest.useRealTimers());

  test("runs once, when its time has come and not before", () => {
    let runs = 0;
    systemClock.after(1000, () => runs++);
    jest.advanceTimersByTime(999);
    expect(runs).toBe(0);
    jest.advanceTimersByTime(1);
    expect(runs).toBe(1);
    jest.advanceTimersByTime(5000);
    expect(runs).toBe(1);
  });

  test("a delay of 0, or one that is over, waits for the next turn", () => {
    let runs = 0;
    systemClock.after(0, () => runs++);
    systemClock.after(-5, () => runs++);
    expect(runs).toBe(0);
    jest.advanceTimersByTime(1);
    expect(runs).toBe(2);
  });

  test("cancel stops it", () => {
    let runs = 0;
    systemClock.after(10, () => runs++).cancel();
    jest.advanceTimersByTime(100);
    expect(runs).toBe(0);
  });

  test("waits longer than one timer of the system can", () => {
    let runs = 0;
    systemClock.after(LONGEST_TIMER_MS + 1000, () => runs++);
    jest.advanceTimersByTime(LONGEST_TIMER_MS);
    expect(runs).toBe(0);
    jest.advanceTimersByTime(1000);
    expect(runs).toBe(1);
  });

  test("cancel stops a long one in its second part", () => {
    let runs = 0;
    const timer = systemClock.after(LONGEST_TIMER_MS + 1000, () => runs++);
    jest.advanceTimersByTime(LONGEST_TIMER_MS);
    timer.cancel();
    jest.advanceTimersByTime(2000);
    expect(runs).toBe(0);
  });
});
