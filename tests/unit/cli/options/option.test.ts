// Number formats of option values. Expectations are from curl 8.14 run on each text (sizes: curl(1)).

import { describe, expect, test } from "bun:test";
import {
  parseInteger,
  parseSeconds,
  parseSize,
  refusal,
  refusalDetail,
} from "../../../../src/cli/options/option.ts";

const PROPER = "expected a proper numerical parameter";
const POSITIVE = "expected a positive numerical parameter";
const TOO_LARGE = "too large number";

describe("parseSeconds", () => {
  test.each([
    ["5", 5000],
    ["0", 0],
    ["0.0", 0],
    ["1.5", 1500],
    ["0.001", 1],
    ["0.0009", 0],
    ["1.9999", 1999],
    ["00001", 1000],
    ["1x", 1000],
    ["1e2", 1000],
    ["0x10", 0],
    ["5 ", 5000],
    ["1.999999999999999999", 1999],
    ["99999999999999", 99999999999999000],
  ])("%j is %d ms", (text, ms) => {
    expect(parseSeconds(text)).toBe(ms);
  });

  test.each([
    ["", PROPER],
    ["abc", PROPER],
    ["-1", PROPER],
    ["+5", PROPER],
    [" 5", PROPER],
    [".5", PROPER],
    ["9223372036854775", PROPER],
    ["99999999999999999999999", PROPER],
    ["5.", TOO_LARGE],
    ["1.x", TOO_LARGE],
    ["1.9999999999999999999", TOO_LARGE],
  ])("%j: %s", (text, reason) => {
    expect(() => parseSeconds(text)).toThrow(reason);
  });
});

describe("parseSize", () => {
  test.each([
    ["0", 0],
    ["100", 100],
    ["5B", 5],
    ["2k", 2048],
    ["2K", 2048],
    ["1.5k", 1536],
    ["1m", 1048576],
    ["1G", 2 ** 30],
    ["1t", 2 ** 40],
    ["1p", 2 ** 50],
  ])("%j is %d bytes", (text, bytes) => {
    expect(parseSize(text)).toBe(bytes);
  });

  test.each([
    ["", PROPER],
    ["k", PROPER],
    ["abc", PROPER],
    ["5x", PROPER],
    ["5kk", PROPER],
    ["1.5", PROPER],
    ["1.5b", PROPER],
    ["-1", POSITIVE],
    ["99999999999999999999", TOO_LARGE],
    ["999999999999p", TOO_LARGE],
  ])("%j: %s", (text, reason) => {
    expect(() => parseSize(text)).toThrow(reason);
  });
});

describe("parseInteger", () => {
  test.each([
    ["0", undefined, 0],
    ["007", undefined, 7],
    ["99999999999", undefined, 99999999999],
    ["9223372036854775807", undefined, 2 ** 63],
    ["-1", -1, -1],
  ])("%j (least %p) is %d", (text, least, value) => {
    expect(parseInteger(text, least)).toBe(value);
  });

  test.each([
    ["", undefined, PROPER],
    ["x", undefined, PROPER],
    ["5x", undefined, PROPER],
    ["+5", undefined, PROPER],
    [" 5", undefined, PROPER],
    ["9223372036854775808", undefined, PROPER],
    ["99999999999999999999", undefined, PROPER],
    ["-1", undefined, POSITIVE],
    ["-2", -1, PROPER],
  ])("%j (least %p): %s", (text, least, reason) => {
    expect(() => parseInteger(text, least)).toThrow(reason);
  });
});

test("refusalDetail knows refusals from other errors", () => {
  expect(refusalDetail(refusal("is unknown", { warning: "w" }))).toEqual({ warning: "w" });
  expect(refusalDetail(new Error("is unknown"))).toBeUndefined();
});
