import { describe, expect, test } from "bun:test";
import { pathsAsJson } from "../../../../../src/cli/output/mptcp-json.ts";
import {
  eventWords,
  formatDuration,
  formatEndpoint,
  formatMoment,
  formatRate,
  formatShare,
  formatSize,
  pathName,
  rateUnit,
} from "../../../../../src/cli/output/report/words.ts";
import { mptcpRecord, pathRecord } from "../../../../support/outcome.ts";

describe("numbers of the report", () => {
  test.each([
    [0, "0 B"],
    [999, "999 B"],
    [999.7, "1 kB"],
    [1000, "1 kB"],
    [31_250_000, "31.3 MB"],
    [999_499_999, "999 MB"],
    [999_500_000, "1 GB"],
    [5e15, "5000 TB"],
  ])("%p bytes are %p", (bytes, text) => {
    expect(formatSize(bytes)).toBe(text);
  });

  test.each([
    [0.8412, "0.841 ms"],
    [340.4, "340 ms"],
    [5110, "5.11 s"],
    [119_400, "119 s"],
    [723_000, "12 min 3 s"],
    [3_600_000 * 2.5, "2 h 30 min"],
  ])("%p ms are %p", (ms, text) => {
    expect(formatDuration(ms)).toBe(text);
  });

  test("rates are in bits and their unit fits the largest", () => {
    expect(formatRate(94_117_647)).toBe("94.1 Mbit/s");
    expect(rateUnit(94_117_647)).toEqual({ name: "Mbit/s", bitsPerSecond: 1e6 });
    expect(rateUnit(0)).toEqual({ name: "bit/s", bitsPerSecond: 1 });
  });

  test("moments have milliseconds while those say something", () => {
    expect([0, 21.4, 9999.4, 9999.6, 61_234, -3].map(formatMoment)).toEqual([
      "0.000 s",
      "0.021 s",
      "9.999 s",
      "10.00 s",
      "61.23 s",
      "before",
    ]);
  });

  test("shares are whole percents, and little is not nothing", () => {
    expect([0, 0.0001, 0.524, 1].map(formatShare)).toEqual(["0 %", "<1 %", "52 %", "100 %"]);
  });

  test("an IPv6 address stands in brackets before its port", () => {
    expect(formatEndpoint({ address: "2001:db8::1", port: 443 })).toBe("[2001:db8::1]:443");
    expect(formatEndpoint({ address: "192.0.2.1", port: 80 })).toBe("192.0.2.1:80");
  });
});

describe("names", () => {
  test("a path is its id and its interface, or its address; after a fall back it is TCP", () => {
    const names = [
      pathRecord(),
      pathRecord({ id: 2, interfaceName: null }),
      pathRecord({ id: 0, interfaceName: "e\x1b[2J" }),
    ].map((path) => pathsAsJson(mptcpRecord({ paths: [path] }), 0).map(pathName)[0]);
    expect(names).toEqual(["1 · c1", "2 · 10.9.1.1", "TCP · e\\x1b[2J"]);
  });

  test("events name their paths", () => {
    expect(eventWords("path-up", [1])).toBe("path 1 up");
    expect(eventWords("path-down", [1, 3])).toBe("paths 1, 3 down");
    expect(eventWords("path-up", [0])).toBe("TCP up");
    expect(eventWords("no-path-left", [2])).toBe("no path left");
  });
});
