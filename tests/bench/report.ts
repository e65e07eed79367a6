// The benchmark's results as a Markdown table: medians with the range that they come from, ratios, targets.
import { cpus, release } from "node:os";
import { curlPath } from "../support/program-path.ts";
import type { Measured } from "./measure.ts";
import type { Result } from "./scenarios.ts";

interface Column {
  readonly name: string;
  readonly pick: (run: Measured) => number;
  readonly unit: "ms" | "MiB" | "Mbit/s" | "%";
  readonly target?: Target | undefined;
}

interface Target {
  readonly text: string;
  readonly reached: (ours: number, ratio: number) => boolean;
}

/** @param note put behind the machine's description */
export function report(results: readonly Result[], note: string): string {
  const machine = `${cpus().length} × ${cpus()[0]?.model ?? "?"}, Linux ${release()}`;
  const programs = `${versionOf(curlPath())}, Bun ${Bun.version}`;
  const lines = [
    `${machine}; ${programs}; ${new Date().toISOString().slice(0, 10)}. ${note}`,
    "Median (lowest to highest) of runs in which mpcurl and curl took turns.",
    "",
    "| what | runs | mpcurl | curl | mpcurl ÷ curl | target | reached |",
    "|---|---:|---:|---:|---:|---:|:---:|",
  ];
  for (const result of results) {
    for (const column of columnsOf(result)) lines.push(row(result, column));
  }
  return lines.join("\n");
}

function columnsOf({ scenario }: Result): Column[] {
  const { speed, wall, memoryMiB, only, limitMs } = scenario;
  if (speed !== undefined) {
    const pick = (run: Measured) => (speed.bytes * 8) / run.wallMs / 1000;
    const reached = (_: number, ratio: number) => ratio >= speed.least;
    return [{ name: "speed", pick, unit: "Mbit/s", target: { text: `≥ ${speed.least}`, reached } }];
  }
  if (only === "CPU share") {
    const pick = (run: Measured) => (100 * run.cpuMs) / run.wallMs;
    return [{ name: "CPU", pick, unit: "%" }];
  }
  if (only === "time") {
    const target = limitMs && {
      text: `≤ ${limitMs} ms`,
      reached: (ours: number) => ours <= limitMs,
    };
    return [{ name: "time", pick: (run) => run.wallMs, unit: "ms", target: target || undefined }];
  }
  const wallTarget = wall && {
    text: `≤ ${wall.toFixed(1)}`,
    reached: (_: number, ratio: number) => ratio <= wall,
  };
  const memoryTarget = memoryMiB && {
    text: `≤ ${memoryMiB} MiB`,
    reached: (ours: number) => ours <= memoryMiB,
  };
  return [
    { name: "wall", pick: (run) => run.wallMs, unit: "ms", target: wallTarget || undefined },
    { name: "CPU, user + system", pick: (run) => run.cpuMs, unit: "ms" },
    {
      name: "peak RSS",
      pick: (run) => run.peakMiB,
      unit: "MiB",
      target: memoryTarget || undefined,
    },
  ];
}

function row({ scenario, mpcurl, curl }: Result, { name, pick, unit, target }: Column): string {
  const [ours, theirs] = [spread(mpcurl.map(pick)), spread(curl.map(pick))];
  const ratio = ours.median / theirs.median;
  const verdict = target === undefined ? "" : target.reached(ours.median, ratio) ? "yes" : "**no**";
  const cells = [
    `${scenario.name}: ${name}`,
    `${ours.count}`,
    `${show(ours)} ${unit}`,
    `${show(theirs)} ${unit}`,
    ratio.toFixed(2),
    target?.text ?? "",
    verdict,
  ];
  return `| ${cells.join(" | ")} |`;
}

interface Spread {
  readonly count: number;
  readonly median: number;
  readonly lowest: number;
  readonly highest: number;
}

/** Of the values that there are; NaN stands for one that was not measured. */
function spread(values: readonly number[]): Spread {
  const sorted = values.filter((value) => !Number.isNaN(value)).sort((a, b) => a - b);
  const at = (index: number) => sorted[index] ?? Number.NaN;
  const middle = sorted.length >> 1;
  const median = sorted.length % 2 === 1 ? at(middle) : (at(middle - 1) + at(middle)) / 2;
  return { count: sorted.length, median, lowest: at(0), highest: at(sorted.length - 1) };
}

function show({ median, lowest, highest }: Spread): string {
  const text = (value: number) => value.toFixed(median < 100 ? 1 : 0);
  return `${text(median)} (${text(lowest)}–${text(highest)})`;
}

function versionOf(program: string): string {
  const line = Bun.spawnSync([program, "--version"]).stdout.toString().split("\n")[0] ?? "";
  return line.split(" ").slice(0, 2).join(" ");
}
