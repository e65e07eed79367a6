import { describe, expect, test } from "bun:test";
import { durationText, sizeText } from "../../../../src/cli/output/figures.ts";

describe("sizeText", () => {
  test.each([
    [0, "     0"],
    [99_999, " 99999"],
    [100_000, "97.66k"],
    [102_400, "100.0k"],
    [1_023_999, " 0.98M"],
    [1_000_000, "976.6k"],
    [1024 * 1024, " 1.00M"],
    [20_000_000, "19.07M"],
    [5 * 1024 ** 3, " 5.00G"],
    [Number.MAX_SAFE_INTEGER, " 8.00P"],
  ])("%d is %j", (bytes, text) => {
    expect(sizeText(bytes)).toBe(text);
  });

  test("is six columns wide for every size", () => {
    for (let bytes = 1; bytes < Number.MAX_SAFE_INTEGER; bytes = Math.ceil(bytes * 1.01)) {
      expect(sizeText(bytes)).toHaveLength(6);
    }
  });
});

describe("durationText", () => {
  const HOUR = 3_600_000;
  test.each([
    [0, "       "],
    [999, "       "],
    [61_000, "  01:01"],
    [HOUR - 1000, "  59:59"],
    [HOUR + 62_000, "1:01:02"],
    [10 * HOUR, "10h 00m"],
    [99 * HOUR + 59 * 60_000, "99h 59m"],
    [101 * HOUR, " 4d 05h"],
    [2500 * HOUR, "   104d"],
  ])("%d ms is %j", (ms, text) => {
    expect(durationText(ms)).toBe(text);
  });
});
