import { describe, expect, test } from "bun:test";
import {
  connectionAsJson,
  type JsonConnection,
  type JsonEvent,
  type JsonSample,
} from "../../../../../src/cli/output/mptcp-json.ts";
import { chartsOf, MOST_POINTS } from "../../../../../src/cli/output/report/charts.ts";
import { mptcpRecord, pathRecord } from "../../../../support/outcome.ts";

/** Samples every `stepMs`, each path with a steady speed from its start to its end. */
function connectionOf(
  lives: readonly { up: number; down?: number; bytesPerMs: number }[],
  { endMs, stepMs = 100, events = [] }: { endMs: number; stepMs?: number; events?: JsonEvent[] },
): JsonConnection {
  const bytesUntil = ({ up, down = endMs, bytesPerMs }: (typeof lives)[number], at: number) =>
    Math.max(0, Math.min(at, down) - up) * bytesPerMs;
  const samples: JsonSample[] = [];
  for (let at = stepMs; at <= endMs; at += stepMs) {
    const paths = lives.flatMap((life, index) =>
      at >= life.up && at <= (life.down ?? endMs)
        ? [{ id: index + 1, bytes_in: bytesUntil(life, at), bytes_out: 0, rtt_ms: at / 100 }]
        : [],
    );
    samples.push({ at_ms: at, paths });
  }
  const record = mptcpRecord({
    endedMs: endMs,
    paths: lives.map((life, index) =>
      pathRecord({
        id: index + 1,
        upMs: life.up,
        downMs: life.down ?? null,
        phase: life.down === undefined ? "up" : "closed",
        bytesIn: bytesUntil(life, endMs),
      }),
    ),
  });
  return { ...connectionAsJson(record, 0), samples, events };
}

/** What the lines say was carried, in the unit times seconds. */
function area(times: readonly number[], rate: readonly number[]): number {
  let sum = 0;
  for (let at = 1; at < times.length; at++) {
    const width = (times[at] ?? 0) - (times[at - 1] ?? 0);
    sum += (width * ((rate[at] ?? 0) + (rate[at - 1] ?? 0))) / 2;
  }
  return sum;
}

function drawn(connection: JsonConnection) {
  const charts = chartsOf(connection);
  if (charts === null) throw new Error("nothing was drawn");
  return charts;
}

describe("chartsOf()", () => {
  test("a steady path begins at 0 and is level after half a second", () => {
    const { times, unit, paths } = drawn(
      connectionOf([{ up: 0, bytesPerMs: 1000 }], { endMs: 5000 }),
    );
    expect(unit).toBe("Mbit/s");
    expect(times[0]).toBe(0);
    expect(times.at(-1)).toBe(5);
    expect(paths[0]?.rate[0]).toBe(0);
    const level = paths[0]?.rate.filter((_, at) => (times[at] ?? 0) >= 0.5) ?? [];
    expect(new Set(level)).toEqual(new Set([8]));
  });

  test("a path that comes later is 0 until then, one that goes is 0 half a second after", () => {
    const lives = [
      { up: 0, down: 2000, bytesPerMs: 500 },
      { up: 3000, bytesPerMs: 250 },
    ];
    const { times, paths } = drawn(connectionOf(lives, { endMs: 6000 }));
    const rateAt = (path: number, second: number) => paths[path]?.rate[times.indexOf(second)];
    expect([rateAt(0, 1), rateAt(0, 2), rateAt(0, 2.5), rateAt(0, 4)]).toEqual([4, 4, 0, 0]);
    expect([rateAt(1, 1), rateAt(1, 3), rateAt(1, 3.5), rateAt(1, 5)]).toEqual([0, 0, 2, 2]);
  });

  test("a path is no faster at its start for having been seen late", () => {
    const steady = connectionOf([{ up: 0, bytesPerMs: 1000 }], { endMs: 2000 });
    const paths = steady.paths.map((path) => ({ ...path, up_ms: 100 }));
    expect(Math.max(...(drawn({ ...steady, paths }).paths[0]?.rate ?? []))).toBe(8);
  });

  test("bytes that come in jumps make a level line", () => {
    const steady = connectionOf([{ up: 0, bytesPerMs: 1000 }], { endMs: 4000 });
    const samples = steady.samples.map((sample, index) => ({
      ...sample,
      paths: sample.paths.map((path) => ({
        ...path,
        bytes_in: index % 5 === 4 ? path.bytes_in : Math.floor(index / 5) * 500_000,
      })),
    }));
    const { times, paths } = drawn({ ...steady, samples });
    const rates = paths[0]?.rate.filter((_, at) => (times[at] ?? 0) > 0.6) ?? [];
    expect(rates.length).toBeGreaterThan(30);
    for (const rate of rates) expect(rate).toBeCloseTo(8, 5);
  });

  test("an hour is thinned, and its lines still hold all the bytes", () => {
    const lives = [
      { up: 0, bytesPerMs: 1000 },
      { up: 600_000, down: 1_200_000, bytesPerMs: 3000 },
    ];
    const { times, paths } = drawn(connectionOf(lives, { endMs: 3_600_000 }));
    expect(times.length).toBe(MOST_POINTS);
    const megabits = paths.map(({ rate }) => area(times, rate));
    expect(megabits[0]).toBeCloseTo(3_600_000 * 0.008, -2);
    expect(megabits[1]).toBeCloseTo(600_000 * 0.024, -2);
    expect(paths[1]?.rtt.filter((rtt) => rtt !== null).length).toBeGreaterThan(300);
  });

  test("the round-trip time is of the sample, nothing where the path is not there", () => {
    const lives = [
      { up: 0, bytesPerMs: 1 },
      { up: 250, down: 350, bytesPerMs: 1 },
    ];
    const { times, paths } = drawn(connectionOf(lives, { endMs: 500 }));
    expect(times).toEqual([0, 0.1, 0.2, 0.3, 0.4, 0.5]);
    expect(paths.map(({ rtt }) => rtt)).toEqual([
      [null, 1, 2, 3, 4, 5],
      [null, null, null, 3, null, null],
    ]);
  });

  test("the unit fits the sum of the paths", () => {
    const unitOf = (bytesPerMs: number) =>
      drawn(
        connectionOf(
          [
            { up: 0, bytesPerMs },
            { up: 0, bytesPerMs },
          ],
          { endMs: 1000 },
        ),
      ).unit;
    expect([0.01, 1, 100, 200_000].map(unitOf)).toEqual(["bit/s", "kbit/s", "Mbit/s", "Gbit/s"]);
  });

  test("no sample, one sample and a moment are too short", () => {
    const whole = connectionOf([{ up: 0, bytesPerMs: 1 }], { endMs: 1000 });
    expect(chartsOf({ ...whole, samples: [] })).toBeNull();
    expect(chartsOf({ ...whole, samples: whole.samples.slice(0, 1) })).toBeNull();
    expect(
      chartsOf(connectionOf([{ up: 0, bytesPerMs: 1 }], { endMs: 150, stepMs: 50 })),
    ).toBeNull();
  });

  test("events have marks, near ones of a kind share one, being negotiated has none", () => {
    const event = (at_ms: number, kind: JsonEvent["kind"], path_id: number | null): JsonEvent => {
      return { at_ms, kind, path_id, text: "" };
    };
    const events = [
      event(1, "negotiated", null),
      event(1, "path-up", 1),
      event(21, "path-up", 2),
      event(3000, "path-down", 2),
      event(5000, "path-recovered", 2),
      event(7000, "path-down", 1),
      event(7050, "path-down", 2),
      event(7050, "no-path-left", 2),
    ];
    const { marks } = drawn(connectionOf([{ up: 0, bytesPerMs: 1 }], { endMs: 8000, events }));
    expect(marks.map(({ at, label }) => [at, label])).toEqual([
      [0.001, "paths 1, 2 up"],
      [3, "path 2 down"],
      [5, "path 2 back"],
      [7, "paths 1, 2 down"],
      [7.05, "no path left"],
    ]);
  });
});
