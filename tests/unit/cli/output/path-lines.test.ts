import { describe, expect, test } from "bun:test";
import { byteStringOfText } from "../../../../src/bytes.ts";
import { PathLines } from "../../../../src/cli/output/path-lines.ts";
import type { MptcpRecord, PathRecord } from "../../../../src/net/mptcp/paths.ts";
import { mptcpRecord, pathRecord } from "../../../support/outcome.ts";

const WIFI = pathRecord({ interfaceName: "wlan0", bytesIn: 3000 });
const MOBILE = pathRecord({
  id: 2,
  local: { address: "192.168.100.7", port: 40001 },
  interfaceName: "wwan0",
  backup: true,
  bytesIn: 900,
  bytesOut: 100,
});

function lines(paths: PathRecord[], columns = 100, nowMs = 1000): string[] {
  return new PathLines().lines(mptcpRecord({ paths }), { nowMs, columns });
}

describe("PathLines", () => {
  test("a line a path: interface, addresses, bar of its share, share, speed, state", () => {
    expect(lines([WIFI, MOBILE])).toEqual([
      "wlan0 10.9.1.1 -> 10.9.1.2:8080       ###############-----   75%   3000/s  up",
      "wwan0 192.168.100.7 -> 10.9.1.2:8080  #####---------------   25%   1000/s  up, backup",
    ]);
  });

  test("nothing for one path, or none", () => {
    expect(lines([WIFI])).toEqual([]);
    expect(lines([])).toEqual([]);
  });

  test("paths that are down or gone stay, and nothing moves on one that is gone", () => {
    const [first, second] = lines([
      { ...WIFI, phase: "down" },
      { ...MOBILE, phase: "closed" },
    ]);
    expect(first).toEndWith("75%   3000/s  down");
    expect(second).toEndWith("25%      0/s  closed, backup");
  });

  test("no share while nothing moved, and none of an unknown interface", () => {
    const idle = pathRecord({ interfaceName: null });
    expect(lines([idle, { ...idle, id: 2, interfaceName: "c2" }])).toEqual([
      "?  10.9.1.1 -> 10.9.1.2:8080  --------------------    0%      0/s  up",
      "c2 10.9.1.1 -> 10.9.1.2:8080  --------------------    0%      0/s  up",
    ]);
  });

  test("names are as wide as a terminal shows them", () => {
    const wide = { ...WIFI, interfaceName: byteStringOfText("\u7db2\u8def0") };
    expect(lines([wide, MOBILE])).toEqual([
      "\u7db2\u8def0 10.9.1.1 -> 10.9.1.2:8080       ###############-----   75%   3000/s  up",
      "wwan0 192.168.100.7 -> 10.9.1.2:8080  #####---------------   25%   1000/s  up, backup",
    ]);
  });

  test("makes room in narrow terminals: a shorter bar, then no remote address, then no bar", () => {
    const paths = [WIFI, { ...MOBILE, backup: null }];
    expect(lines(paths, 68)).toEqual([
      "wlan0 10.9.1.1 -> 10.9.1.2:8080       ########--   75%   3000/s  up",
      "wwan0 192.168.100.7 -> 10.9.1.2:8080  ###-------   25%   1000/s  up",
    ]);
    expect(lines(paths, 61)).toEqual([
      "wlan0 10.9.1.1       ###############-----   75%   3000/s  up",
      "wwan0 192.168.100.7  #####---------------   25%   1000/s  up",
    ]);
    expect(lines(paths, 42)).toEqual([
      "wlan0 10.9.1.1        75%   3000/s  up",
      "wwan0 192.168.100.7   25%   1000/s  up",
    ]);
  });

  test("no line is ever as wide as the terminal", () => {
    const local = { address: "2001:db8:1111:2222:3333:4444:5555:6666", port: 1 };
    const remote = { address: "2001:db8:1111:2222:3333:4444:5555:7777", port: 65535 };
    const paths = [1, 2].map((id) => pathRecord({ id, local, remote, backup: true, bytesIn: 7 }));
    for (let columns = 1; columns < 160; columns++) {
      for (const line of lines(paths, columns)) expect(line.length).toBeLessThan(columns);
    }
    expect(lines(paths, 140)[0]).toContain(`${local.address} -> [${remote.address}]:65535`);
    expect(lines(paths, 80)[0]).toEndWith("up, backup");
  });

  test("a name cannot steer the terminal", () => {
    const [first] = lines([pathRecord({ interfaceName: "\x1b[2J\xc3\xa9" }), MOBILE]);
    expect(first).toStartWith("\\x1b[2Jé ");
  });

  test("at most eight lines: what is gone longest goes first", () => {
    const paths = Array.from({ length: 11 }, (_, index) =>
      pathRecord({ id: index + 1, interfaceName: `i${index + 1}` }),
    );
    const gone = paths.map((path) => (path.id % 2 ? path : { ...path, phase: "closed" as const }));
    const names = (of: PathRecord[]): string[] =>
      lines(of).map((line) => line.replace(/ .*/, "").slice(1));
    expect(names(paths)).toEqual(["1", "2", "3", "4", "5", "6", "7", "8"]);
    expect(names(gone)).toEqual(["1", "3", "5", "7", "8", "9", "10", "11"]);
  });
});

describe("the speed of a path", () => {
  /** Asks once a second, a path having these bytes in all; the speeds of the first line. */
  function speeds(record: MptcpRecord, totals: readonly number[], startMs = 0): string[] {
    const shown = new PathLines();
    const [path] = record.paths;
    return totals.map((bytes, index) => {
      if (path) path.bytesIn = bytes;
      const nowMs = startMs + (index + 1) * 1000;
      return /(\S+)\/s/.exec(shown.lines(record, { nowMs, columns: 100 })[0] ?? "")?.[1] ?? "";
    });
  }

  test("is that of the last five rows", () => {
    const record = mptcpRecord({ paths: [pathRecord(), pathRecord({ id: 2 })] });
    expect(speeds(record, [1000, 3000, 3000, 3000, 3000, 3000, 3000, 3000])).toEqual([
      "1000",
      "1500",
      "1000",
      "750",
      "600",
      "400",
      "0",
      "0",
    ]);
  });

  test("begins where the path came up, or where this transfer took the connection", () => {
    const late = pathRecord({ upMs: 1500 });
    expect(speeds(mptcpRecord({ paths: [late, pathRecord({ id: 2 })] }), [0, 1000])[0]).toBe("0");
    const [first] = speeds(mptcpRecord({ paths: [late, pathRecord({ id: 2 })] }), [1000], 1000);
    expect(first).toBe("2000");
    const kept = mptcpRecord({
      startedMs: 9000,
      paths: [pathRecord({ upMs: 10 }), pathRecord({ id: 2 })],
    });
    expect(speeds(kept, [1000], 9000)).toEqual(["1000"]);
  });

  test("of another connection is its own", () => {
    const shown = new PathLines();
    const record = (bytesIn: number): MptcpRecord =>
      mptcpRecord({ paths: [pathRecord({ bytesIn }), pathRecord({ id: 2 })] });
    shown.lines(record(5000), { nowMs: 1000, columns: 100 });
    const next = { ...record(100), startedMs: 1000 };
    expect(shown.lines(next, { nowMs: 2000, columns: 100 })[0]).toContain("   100/s");
  });
});
