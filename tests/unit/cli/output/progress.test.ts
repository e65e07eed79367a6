import { describe, expect, test } from "bun:test";
import type { GlobalSettings } from "../../../../src/cli/operation.ts";
import { newGlobalSettings } from "../../../../src/cli/operation.ts";
import {
  createProgress,
  durationText,
  type Progress,
  sizeText,
} from "../../../../src/cli/output/progress.ts";
import { type Counters, newCounters } from "../../../../src/client/outcome.ts";
import type { Clock } from "../../../../src/clock.ts";
import { MemoryHost, type MemoryHostOptions } from "../../../support/memory-host.ts";

/** A clock whose time passes when the test says so. */
class TestClock implements Clock {
  #nowMs = 0;
  readonly #timers = new Map<number, { readonly atMs: number; readonly action: () => void }>();
  #ids = 0;

  get armed(): number {
    return this.#timers.size;
  }

  nowMs(): number {
    return this.#nowMs;
  }

  epochMs(): number {
    return this.#nowMs;
  }

  after(delayMs: number, action: () => void): { cancel(): void } {
    const id = this.#ids++;
    this.#timers.set(id, { atMs: this.#nowMs + delayMs, action });
    return { cancel: () => this.#timers.delete(id) };
  }

  sleep(delayMs: number): Promise<void> {
    return new Promise((resolve) => this.after(delayMs, resolve));
  }

  yield(): Promise<void> {
    return Promise.resolve();
  }

  advance(ms: number): void {
    const endMs = this.#nowMs + ms;
    for (;;) {
      const due = [...this.#timers]
        .filter(([, timer]) => timer.atMs <= endMs)
        .sort(([, a], [, b]) => a.atMs - b.atMs)[0];
      if (!due) break;
      this.#timers.delete(due[0]);
      this.#nowMs = due[1].atMs;
      due[1].action();
    }
    this.#nowMs = endMs;
  }
}

interface Shown {
  readonly host: MemoryHost;
  readonly clock: TestClock;
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
  const clock = new TestClock();
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
  ])("shows nothing with %j, %j, and arms no timer", (settings, options) => {
    const { host, clock, counters, progress } = show(settings, options);
    progress.start();
    counters.downloaded = 5;
    clock.advance(5000);
    progress.stop();
    expect(host.stderr.text).toBe("");
    expect(clock.armed).toBe(0);
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

  test("shows a row a second: parts, speeds, times", () => {
    const { clock, counters, progress, rows } = show();
    progress.start();
    rows();
    counters.downloadTotal = 4000;
    counters.downloaded = 1000;
    clock.advance(999);
    expect(rows()).toEqual([""]);
    clock.advance(1);
    expect(rows()).toEqual([
      "",
      " 25   4000  25   1000   0      0   1000      0   00:04   00:01   00:03   1000",
    ]);
    counters.downloaded = 3000;
    clock.advance(1000);
    expect(rows()).toEqual([
      "",
      " 75   4000  75   3000   0      0   1500      0   00:02   00:02           1500",
    ]);
  });

  test("does not pretend to know a share without a length", () => {
    const { clock, counters, progress, rows } = show();
    progress.start();
    rows();
    counters.downloaded = 500;
    clock.advance(1000);
    expect(rows()[1]).toStartWith("  0    500   0    500   0      0 ");
  });

  test("counts uploads in their own columns", () => {
    const { clock, counters, progress, rows } = show();
    progress.start();
    rows();
    counters.uploaded = 100;
    counters.uploadTotal = 200;
    clock.advance(1000);
    expect(rows()[1]).toStartWith(" 50    200   0      0  50    100      0    100 ");
  });

  test("the current speed is that of the last rows", () => {
    const { clock, counters, progress, rows } = show();
    progress.start();
    counters.downloaded = 50_000;
    clock.advance(1000);
    rows();
    clock.advance(10_000);
    expect(rows().at(-1)).toEndWith("      0");
  });

  test("ends with a row and a line end, once, and leaves no timer", () => {
    const { host, clock, counters, progress, rows } = show();
    progress.start();
    rows();
    counters.downloadTotal = 6;
    counters.downloaded = 6;
    clock.advance(10);
    progress.stop();
    const [, row] = rows();
    expect(row).toStartWith("100      6 100      6 ");
    expect(row).toEndWith("\n");
    expect(clock.armed).toBe(0);
    const { text } = host.stderr;
    progress.stop();
    progress.update();
    expect(host.stderr.text).toBe(text);
  });
});

describe("-#", () => {
  const BAR = { progressBar: true };

  test("fills COLUMNS with the part that is there", () => {
    const { clock, counters, progress, rows } = show(BAR, { env: { COLUMNS: "27" } });
    progress.start();
    counters.downloadTotal = 200;
    counters.downloaded = 50;
    clock.advance(100);
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

  test("moves a figure while the length is unknown, inside the line", () => {
    const { clock, counters, progress, rows } = show(BAR, { env: { COLUMNS: "25" } });
    counters.downloaded = 1;
    progress.start();
    clock.advance(10_000);
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
