import { describe, expect, test } from "bun:test";
import type { GlobalSettings } from "../../../../src/cli/operation.ts";
import { newGlobalSettings } from "../../../../src/cli/operation.ts";
import { createProgress, type Progress } from "../../../../src/cli/output/progress.ts";
import { type Counters, newCounters } from "../../../../src/client/outcome.ts";
import { VirtualClock } from "../../../support/client/virtual-clock.ts";
import { MemoryHost, type MemoryHostOptions } from "../../../support/memory-host.ts";

interface Shown {
  readonly host: MemoryHost;
  readonly clock: VirtualClock;
  readonly counters: Counters;
  readonly progress: Progress;
  /** What came since the last call, split at CR. */
  rows(): string[];
}

function show(
  settings: Partial<GlobalSettings> = {},
  options: MemoryHostOptions & { readonly isTerminalOutput?: boolean } = {},
): Shown {
  const host = new MemoryHost(options);
  const clock = new VirtualClock(0);
  const counters = newCounters();
  const global = { ...newGlobalSettings(), ...settings };
  const isTerminalOutput = options.isTerminalOutput ?? false;
  const progress = createProgress({ host, global, counters, clock, isTerminalOutput });
  let seen = 0;
  return {
    host,
    clock,
    counters,
    progress,
    rows() {
      const text = host.stderr.text.slice(seen);
      seen = host.stderr.text.length;
      return text.split("\r");
    },
  };
}

describe("createProgress", () => {
  test.each([
    [{ silent: true }, {}],
    [{ progressMeter: false }, {}],
    [{ progressBar: true, silent: true }, {}],
    [{}, { isTerminalOutput: true }],
    [{ progressBar: true }, { isTerminalOutput: true }],
  ])("shows nothing with %j, %j, and arms no timer", async (settings, options) => {
    const { host, clock, counters, progress } = show(settings, options);
    progress.start();
    counters.downloaded = 5;
    await clock.advance(5000);
    progress.stop();
    expect(host.stderr.text).toBe("");
    expect(clock.pending).toBe(0);
  });
});

describe("the meter", () => {
  test("begins with two header lines and a row of zeros", () => {
    const { progress, rows } = show();
    progress.start();
    const [header, row] = rows();
    expect(header?.split("\n")).toHaveLength(3);
    expect(header).toStartWith("  % Total    % Received % Xferd  Average Speed");
    expect(row).toBe(`  0      0   0      0   0      0      0      0${" ".repeat(30)}0`);
  });

  test("shows a row a second: parts, speeds, times", async () => {
    const { clock, counters, progress, rows } = show();
    progress.start();
    rows();
    counters.downloadTotal = 4000;
    counters.downloaded = 1000;
    await clock.advance(999);
    expect(rows()).toEqual([""]);
    await clock.advance(1);
    expect(rows()).toEqual([
      "",
      " 25   4000  25   1000   0      0   1000      0   00:04   00:01   00:03   1000",
    ]);
    counters.downloaded = 3000;
    await clock.advance(1000);
    expect(rows()).toEqual([
      "",
      " 75   4000  75   3000   0      0   1500      0   00:02   00:02           1500",
    ]);
  });

  test("does not pretend to know a share without a length", async () => {
    const { clock, counters, progress, rows } = show();
    progress.start();
    rows();
    counters.downloaded = 500;
    await clock.advance(1000);
    expect(rows()[1]).toStartWith("  0    500   0    500   0      0 ");
  });

  test("counts uploads in their own columns", async () => {
    const { clock, counters, progress, rows } = show();
    progress.start();
    rows();
    counters.uploaded = 100;
    counters.uploadTotal = 200;
    await clock.advance(1000);
    expect(rows()[1]).toStartWith(" 50    200   0      0  50    100      0    100 ");
  });

  test("the current speed is that of the last rows", async () => {
    const { clock, counters, progress, rows } = show();
    progress.start();
    counters.downloaded = 50_000;
    await clock.advance(1000);
    rows();
    await clock.advance(10_000);
    expect(rows().at(-1)).toEndWith("      0");
  });

  test("ends with a row and a line end, once, and leaves no timer", async () => {
    const { host, clock, counters, progress, rows } = show();
    progress.start();
    rows();
    counters.downloadTotal = 6;
    counters.downloaded = 6;
    await clock.advance(10);
    progress.stop();
    const [, row] = rows();
    expect(row).toStartWith("100      6 100      6 ");
    expect(row).toEndWith("\n");
    expect(clock.pending).toBe(0);
    const { text } = host.stderr;
    progress.stop();
    progress.update();
    expect(host.stderr.text).toBe(text);
  });
});

describe("-#", () => {
  const BAR = { progressBar: true };

  test("fills COLUMNS with the part that is there", async () => {
    const { clock, counters, progress, rows } = show(BAR, { env: { COLUMNS: "27" } });
    progress.start();
    counters.downloadTotal = 200;
    counters.downloaded = 50;
    await clock.advance(100);
    expect(rows()).toEqual(["", "#####                 25.0%"]);
    counters.downloaded = 200;
    progress.stop();
    expect(rows()).toEqual(["", "#################### 100.0%\n"]);
  });

  test("is at most 400 wide", () => {
    const { counters, progress, rows } = show(BAR, { env: { COLUMNS: "1000" } });
    counters.downloadTotal = 1;
    counters.downloaded = 1;
    progress.start();
    expect(rows()[1]).toHaveLength(400);
  });

  test("moves a figure while the length is unknown, inside the line", async () => {
    const { clock, counters, progress, rows } = show(BAR, { env: { COLUMNS: "25" } });
    counters.downloaded = 1;
    progress.start();
    await clock.advance(10_000);
    const shown = rows().slice(1);
    expect(new Set(shown).size).toBe(21);
    for (const row of shown) {
      expect(row).toHaveLength(25);
      expect(row.trim()).toBe("-=O=-");
    }
  });

  test("is an empty line where nothing came", () => {
    const { host, progress } = show(BAR);
    progress.start();
    progress.stop();
    expect(host.stderr.text).toBe("\n");
  });
});
