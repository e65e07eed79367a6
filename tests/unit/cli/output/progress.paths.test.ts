// The meter with a line for each path, as it looks on a screen: drawn in place, and nothing left behind.

import { describe, expect, test } from "bun:test";
import { type GlobalSettings, newGlobalSettings } from "../../../../src/cli/operation.ts";
import { createMessages } from "../../../../src/cli/output/messages.ts";
import { stderrWriter } from "../../../../src/cli/output/ordered-writer.ts";
import { createProgress, type Progress } from "../../../../src/cli/output/progress.ts";
import { verboseTrace } from "../../../../src/cli/output/verbose.ts";
import { type Counters, newCounters } from "../../../../src/client/outcome.ts";
import { VirtualClock } from "../../../support/client/virtual-clock.ts";
import { MemoryHost } from "../../../support/memory-host.ts";
import { mptcpRecord, pathRecord } from "../../../support/outcome.ts";
import { Screen } from "../../../support/screen.ts";

const HEADER = [
  "  % Total    % Received % Xferd  Average Speed  Time    Time    Time   Current",
  "                                 Dload  Upload  Total   Spent   Left   Speed",
];

interface Shown {
  readonly host: MemoryHost;
  readonly clock: VirtualClock;
  readonly counters: Counters;
  readonly progress: Progress;
  /** What a person sees now. */
  screen(): Screen;
  resize(columns: number): void;
}

function show(
  given: Partial<GlobalSettings> & { columns?: number | null; reflows?: boolean } = {},
): Shown {
  const { columns = 100, reflows = true, ...settings } = given;
  const terminal: { columns?: number; isStderrTerminal: boolean } = {
    ...(columns === null ? {} : { columns }),
    isStderrTerminal: columns !== null,
  };
  const host = new MemoryHost(terminal);
  const clock = new VirtualClock(0);
  const counters = newCounters();
  const global = { ...newGlobalSettings(), ...settings };
  const progress = createProgress({ host, global, counters, clock, isTerminalOutput: false });
  const screen = new Screen(columns ?? 100, { reflows });
  let seen = 0;
  const update = (): Screen => {
    screen.write(host.stderr.text.slice(seen));
    seen = host.stderr.text.length;
    return screen;
  };
  return {
    host,
    clock,
    counters,
    progress,
    screen: update,
    resize(next) {
      update().resize(next);
      terminal.columns = next;
    },
  };
}

/** A download of 4000 bytes over two paths, a second old: 750 and 250 bytes came. */
async function twoPaths(given: Parameters<typeof show>[0] = {}): Promise<Shown> {
  const shown = show(given);
  const { progress, counters, clock } = shown;
  progress.start();
  counters.downloadTotal = 4000;
  counters.downloaded = 1000;
  counters.mptcp = mptcpRecord({
    paths: [pathRecord({ bytesIn: 750 }), pathRecord({ id: 2, interfaceName: "c2", bytesIn: 250 })],
  });
  await clock.advance(1000);
  return shown;
}

const ROW = " 25   4000  25   1000   0      0   1000      0   00:04   00:01   00:03   1000";
const LINES = [
  "c1 10.9.1.1 -> 10.9.1.2:8080  ###############-----   75%    750/s  up",
  "c2 10.9.1.1 -> 10.9.1.2:8080  #####---------------   25%    250/s  up",
];

describe("the meter of a transfer over several paths", () => {
  test("has a line for each below its row", async () => {
    const { screen } = await twoPaths();
    expect(screen().rows).toEqual([...HEADER, ROW, ...LINES]);
  });

  test("is drawn in place", async () => {
    const { screen, counters, clock } = await twoPaths();
    for (let second = 2; second < 30; second++) {
      counters.downloaded += 100;
      await clock.advance(1000);
      expect(screen().rows).toHaveLength(5);
    }
    expect(screen().rows[2]).toStartWith(" 95   4000  95   3800 ");
    expect(screen().rows.slice(3)).toEqual([
      LINES[0]?.replace("   750/s", "     0/s") ?? "",
      LINES[1]?.replace("   250/s", "     0/s") ?? "",
    ]);
  });

  test("grows by a path that comes up, and keeps one that went", async () => {
    const { screen, counters, clock } = await twoPaths();
    const [first] = counters.mptcp?.paths ?? [];
    if (first) first.phase = "closed";
    counters.mptcp?.paths.push(pathRecord({ id: 3, interfaceName: "c3", upMs: 1000 }));
    await clock.advance(1000);
    expect(screen().rows.slice(3)).toEqual([
      LINES[0]?.replace("   750/s  up", "     0/s  closed") ?? "",
      LINES[1]?.replace("   250/s", "   125/s") ?? "",
      "c3 10.9.1.1 -> 10.9.1.2:8080  --------------------    0%      0/s  up",
    ]);
  });

  test("ends with its last state, the cursor below it, and forgets signals and timers", async () => {
    const { screen, progress, host, clock } = await twoPaths();
    progress.stop();
    const { rows, cursor } = screen();
    expect(rows).toEqual([...HEADER, ROW, ...LINES]);
    expect(cursor).toEqual({ row: 5, column: 0 });
    expect(clock.pending).toBe(0);
    expect(host.pendingTerminations).toBe(0);
    const { text } = host.stderr;
    progress.stop();
    expect(host.stderr.text).toBe(text);
  });

  test("a short transfer shows its paths at the end", () => {
    const { screen, progress, counters } = show();
    progress.start();
    counters.mptcp = mptcpRecord({ paths: [pathRecord(), pathRecord({ id: 2 })] });
    progress.stop();
    expect(screen().rows).toHaveLength(5);
  });

  test("takes the lines away when another connection with one path follows", async () => {
    const { screen, counters, clock, progress } = await twoPaths();
    counters.mptcp = mptcpRecord({ paths: [pathRecord()] });
    await clock.advance(1000);
    expect(screen().rows).toHaveLength(3);
    expect(screen().rows[2]).toStartWith(" 25   4000 ");
    progress.stop();
    expect(screen().rows).toHaveLength(3);
    expect(screen().cursor).toEqual({ row: 3, column: 0 });
  });

  test("Ctrl-C leaves the cursor below the lines", async () => {
    const { screen, host } = await twoPaths();
    host.terminate();
    const { rows, cursor } = screen();
    expect(rows).toEqual([...HEADER, ROW, ...LINES]);
    expect(cursor).toEqual({ row: 5, column: 0 });
  });
});

describe("the width", () => {
  for (const reflows of [true, false]) {
    const kind = reflows ? "breaks rows again" : "cuts rows off";

    test(`follows a terminal that ${kind}: no debris, and no line that is broken`, async () => {
      const { screen, resize, clock } = await twoPaths({ reflows });
      for (const columns of [79, 60, 41, 120, 23, 100]) {
        resize(columns);
        const above = screen().rows.length;
        await clock.advance(1000);
        const { rows, cursor } = screen();
        // The header is the shell's to keep: only what is drawn in place follows.
        const frame = rows.slice(-3);
        expect(rows.length).toBeLessThanOrEqual(above);
        for (const row of frame) expect(row.length).toBeLessThan(columns);
        expect(frame[0]).toStartWith(" 25   4000  25   1000".slice(0, columns - 1).trimEnd());
        expect(frame[1]).toStartWith("c1 10.9.1.1 ");
        expect(frame[2]).toStartWith("c2 10.9.1.1 ");
        expect(rows.filter((row) => /^c[12] /.test(row))).toHaveLength(2);
        expect(cursor).toEqual({ row: rows.length - 3, column: 0 });
      }
    });
  }
});

describe("other voices on the same terminal", () => {
  test("a warning stands whole, and the lines come back below it", async () => {
    const { screen, host, clock } = await twoPaths();
    await createMessages(host, newGlobalSettings()).warning("beware");
    expect(screen().rows).toEqual([...HEADER, "Warning: beware"]);
    await clock.advance(1000);
    const { rows } = screen();
    expect(rows.slice(0, 3)).toEqual([...HEADER, "Warning: beware"]);
    expect(rows.slice(3).map((row) => row.slice(0, 4))).toEqual([" 25 ", "c1 1", "c2 1"]);
  });

  test("-v's lines too, one after the other", async () => {
    const { screen, host, progress } = await twoPaths({ verbose: true });
    const trace = verboseTrace(host);
    trace({ type: "upload-stopped" });
    trace({ type: "body-ignored" });
    progress.stop();
    const { rows, cursor } = screen();
    expect(rows.slice(2)).toEqual([
      "* HTTP error before end of send, stop sending",
      "* Ignoring the response-body",
      ROW,
      ...LINES.map((line) => expect.stringContaining(line.slice(0, 56))),
    ]);
    expect(cursor).toEqual({ row: rows.length, column: 0 });
  });

  test("Ctrl-C behind somebody else's text adds nothing", async () => {
    const { host } = await twoPaths();
    stderrWriter(host).makeRoom();
    const { text } = host.stderr;
    host.terminate();
    expect(host.stderr.text).toBe(text);
  });
});

describe("byte for byte as without paths", () => {
  /** What a download over these connections writes. */
  async function written(
    given: Parameters<typeof show>[0],
    mptcp: Counters["mptcp"],
  ): Promise<string> {
    const { host, progress, counters, clock } = show(given);
    progress.start();
    counters.mptcp = mptcp;
    counters.downloadTotal = 4000;
    for (let second = 0; second < 3; second++) {
      counters.downloaded += 1000;
      await clock.advance(1000);
    }
    progress.stop();
    expect(host.pendingTerminations).toBe(0);
    return host.stderr.text;
  }

  const TWO = mptcpRecord({ paths: [pathRecord(), pathRecord({ id: 2 })] });

  test("with one path", async () => {
    const one = mptcpRecord({ paths: [pathRecord()] });
    const plain = await written({}, null);
    expect(await written({}, one)).toBe(plain);
    expect(plain).not.toContain("\u001b");
    expect(await written({ columns: 50 }, one)).toBe(plain);
  });

  test("under -#, and where standard error is no terminal", async () => {
    expect(await written({ progressBar: true }, TWO)).toBe(
      await written({ progressBar: true }, null),
    );
    expect(await written({ columns: null }, TWO)).toBe(await written({ columns: null }, null));
  });

  test("nothing at all with -s and --no-progress-meter", async () => {
    expect(await written({ silent: true }, TWO)).toBe("");
    expect(await written({ progressMeter: false }, TWO)).toBe("");
  });
});
