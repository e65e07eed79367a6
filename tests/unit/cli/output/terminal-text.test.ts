import { describe, expect, test } from "bun:test";
import {
  durationText,
  lineWidth,
  printable,
  sizeText,
} from "../../../../src/cli/output/terminal-text.ts";
import { MemoryHost } from "../../../support/memory-host.ts";

describe("printable", () => {
  test.each([
    ["plain text", "plain text"],
    ["a\x1b]0;title\x07b", "a\\x1b]0;title\\x07b"],
    ["tab\tand\nline", "tab\tand\nline"],
    ["line\r\n", "line\r\n"],
    ["over\rwritten", "over\\x0dwritten"],
    ["nul\0del\x7f", "nul\\x00del\\x7f"],
    ["caf\xc3\xa9", "café"],
    ["C1 in UTF-8 \xc2\x9b31m", "C1 in UTF-8 \\x9b31m"],
    ["C1 as a byte \x9b31m", "C1 as a byte \uFFFD31m"],
    ["our own “words”", "our own “words”"],
  ])("makes %j harmless", (bytes, shown) => {
    expect(printable(bytes)).toBe(shown);
  });
});

describe("lineWidth", () => {
  test.each([
    [{ COLUMNS: "60" }, 100, 60],
    [{ COLUMNS: "20" }, 100, 100],
    [{ COLUMNS: "10001" }, 100, 100],
    [{ COLUMNS: "wide" }, undefined, 79],
    [{}, undefined, 79],
    [{}, 0, 79],
  ])("COLUMNS %j on a terminal of %p columns", (env, columns, width) => {
    const terminal = columns === undefined ? {} : { columns };
    expect(lineWidth(new MemoryHost({ env, ...terminal }))).toBe(width);
  });
});

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
