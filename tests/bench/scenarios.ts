// Which runs the benchmark makes, with the numbers that mpcurl is to reach, and how both programs take turns.
import { readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { prepareNginx } from "../support/mptcp/nginx.ts";
import { twoPaths } from "../support/mptcp/paths.ts";
import { curlPath, programPath } from "../support/program-path.ts";
import { tempDir } from "../support/temp-dir.ts";
import type { Fixture } from "./fixture.ts";
import { type Measured, measure } from "./measure.ts";

export interface Scenario {
  readonly name: string;
  /** Highest ratio of wall times. */
  readonly wall?: number;
  /** Highest peak of mpcurl's own memory. */
  readonly memoryMiB?: number;
  /** Reported instead of wall, CPU and memory: a transfer's speed, and the lowest ratio of it. */
  readonly speed?: { readonly bytes: number; readonly least: number };
  /** The one number that is reported, instead of wall, CPU and memory. */
  readonly only?: "time" | "CPU share";
  /** Highest time of mpcurl's. */
  readonly limitMs?: number;
}

export interface LoopbackScenario extends Scenario {
  readonly size: "small" | "big";
  readonly argv: (fixture: Fixture) => string[];
}

export interface Result {
  readonly scenario: Scenario;
  readonly mpcurl: Measured[];
  readonly curl: Measured[];
}

export const LOOPBACK_SCENARIOS: readonly LoopbackScenario[] = [
  {
    name: "GET, 6 bytes",
    size: "small",
    wall: 1.0,
    memoryMiB: 40,
    argv: ({ url }) => [`${url}/small`],
  },
  {
    name: "GET, 1 GiB, http",
    size: "big",
    wall: 1.1,
    memoryMiB: 64,
    argv: ({ url, output }) => ["-o", output, `${url}/big`],
  },
  {
    name: "GET, 1 GiB, https",
    size: "big",
    wall: 1.0,
    memoryMiB: 80,
    argv: ({ tlsUrl, certificate, output }) => [
      "--cacert",
      certificate,
      "-o",
      output,
      `${tlsUrl}/big`,
    ],
  },
  {
    name: "PUT, 1 GiB, http",
    size: "big",
    wall: 1.1,
    argv: ({ url, bigFile, output }) => ["-T", bigFile, "-o", output, `${url}/in/file`],
  },
];

/** Memory of short runs is stable: a few are enough, on top of those that are timed. */
const SHORT_MEMORY_ROUNDS = 5;

export interface Effort {
  readonly fixture: Fixture;
  readonly smallRounds: number;
  readonly bigRounds: number;
}

/** Runs a scenario on both programs in turns; who goes first changes with every round. */
export function measureInTurns(scenario: LoopbackScenario, effort: Effort): Result {
  const { fixture } = effort;
  const words = ["-sS", "--mptcp", ...scenario.argv(fixture)];
  const small = scenario.size === "small";
  const once = (program: string, memory: boolean): Measured => {
    rmSync(fixture.output, { force: true });
    for (const name of readdirSync(fixture.uploads)) rmSync(join(fixture.uploads, name));
    return measure([program, ...words], { memory });
  };
  const mpcurl: Measured[] = [];
  const curl: Measured[] = [];
  const turn = (round: number, memory: boolean): void => {
    if (round % 2 === 0) mpcurl.push(once(programPath(), memory));
    curl.push(once(curlPath(), memory));
    if (round % 2 === 1) mpcurl.push(once(programPath(), memory));
  };
  // The first of each pays for what is cold.
  turn(0, false);
  mpcurl.length = 0;
  curl.length = 0;
  for (let round = 0; round < (small ? effort.smallRounds : effort.bigRounds); round++) {
    turn(round, !small);
  }
  if (small) withMemory({ mpcurl, curl }, once);
  return { scenario, mpcurl, curl };
}

/** Gives timed runs the memory of untimed ones: the median is over those that have a number. */
function withMemory(
  { mpcurl, curl }: { mpcurl: Measured[]; curl: Measured[] },
  once: (program: string, memory: boolean) => Measured,
): void {
  for (let round = 0; round < SHORT_MEMORY_ROUNDS; round++) {
    for (const [runs, program] of [
      [mpcurl, programPath()],
      [curl, curlPath()],
    ] as const) {
      const timed = runs[round];
      if (timed !== undefined) runs[round] = { ...timed, peakMiB: once(program, true).peakMiB };
    }
  }
}

const PATHS_MBIT = 100;
const PATHS_BYTES = 60_000_000;

/** 60 MB over two paths of 100 Mbit/s each, a fresh network a run. */
export async function measureTwoPaths(rounds: number): Promise<Result> {
  const scenario = {
    name: `GET, 60 MB, two paths of ${PATHS_MBIT} Mbit/s`,
    speed: { bytes: PATHS_BYTES, least: 0.97 },
  };
  const result: Result = { scenario, mpcurl: [], curl: [] };
  for (let round = 0; round < rounds; round++) {
    const programs = [
      [result.mpcurl, programPath()],
      [result.curl, curlPath()],
    ] as const;
    for (const [runs, program] of round % 2 === 0 ? programs : programs.toReversed()) {
      runs.push({ wallMs: await overTwoPaths(program), cpuMs: Number.NaN, peakMiB: Number.NaN });
    }
  }
  return result;
}

async function overTwoPaths(program: string): Promise<number> {
  const network = await twoPaths({ family: "IPv4", rateMbit: PATHS_MBIT });
  await using topology = network.topology;
  const root = tempDir("bench");
  const argv = prepareNginx({ root, address: "0.0.0.0", port: 8080 });
  writeFileSync(join(root, "www/file"), new Uint8Array(PATHS_BYTES));
  topology.start("server", argv);
  while (!(await topology.run("server", ["ss", "-HMlnt"])).stdout.includes(":8080"))
    await Bun.sleep(5);
  const words = [
    program,
    "-sS",
    "--mptcp",
    "-o",
    join(root, "output"),
    `http://${network.host}:8080/file`,
  ];
  const start = performance.now();
  const { exitCode, stderr } = await topology.run("client", words);
  const wallMs = performance.now() - start;
  if (exitCode !== 0) throw new Error(`${program}: exit ${exitCode}: ${stderr}`);
  return wallMs;
}
