import { describe, expect, test } from "bun:test";
import { keepAliveTimes } from "../../../../src/net/dial/keep-alive.ts";

const CHOSEN_BY_MPCURL = { enabled: true, timeSeconds: null, count: null };

/** --mptcp-path-timeout in seconds (0: TCP), --keepalive-time, --keepalive-cnt → idle, interval, count. */
const TABLE: readonly (readonly [number, number | null, number | null, string])[] = [
  [0, null, null, "60 60 9"],
  [0, 10, null, "10 10 9"],
  [0, null, 4, "60 60 4"],
  [30, null, null, "15 5 9"],
  [60, null, null, "30 10 9"],
  [5, null, null, "2 1 8"],
  [4, null, null, "1 1 7"],
  [3, null, null, "1 1 5"],
  [2, null, null, "1 1 3"],
  [1, null, null, "1 1 3"],
  [0.2, null, null, "1 1 3"],
  [5.9, null, null, "2 1 8"],
  [1_000_000, null, null, "32767 32767 61"],
  [30, 7, null, "7 7 9"],
  [30, 7, 2, "7 7 2"],
  [30, null, 5, "15 3 5"],
  [10, null, 20, "1 1 20"],
];

describe("keepAliveTimes", () => {
  for (const [seconds, timeSeconds, count, times] of TABLE) {
    test(`path timeout ${seconds}, --keepalive-time ${timeSeconds}, --keepalive-cnt ${count}: ${times}`, () => {
      const answer = keepAliveTimes({ enabled: true, timeSeconds, count }, seconds * 1000);
      expect(Object.values(answer ?? {}).join(" ")).toBe(times);
    });
  }

  test("can tell a dead path within the timeout from 2 s on, and the kernel gives up after twice that", () => {
    for (let seconds = 2; seconds < 3600; seconds++) {
      const times = keepAliveTimes(CHOSEN_BY_MPCURL, seconds * 1000);
      const { idleSeconds = 0, intervalSeconds = 0, count = 0 } = times ?? {};
      const probes = Math.min(3, seconds - 1);
      expect(idleSeconds + intervalSeconds * probes).toBeLessThanOrEqual(seconds);
      expect(idleSeconds + intervalSeconds * count).toBeGreaterThanOrEqual(2 * seconds);
    }
  });

  test("is null for --no-keepalive", () => {
    const off = { enabled: false, timeSeconds: 5, count: 2 };
    expect([keepAliveTimes(off, 0), keepAliveTimes(off, 30_000)]).toEqual([null, null]);
  });
});
