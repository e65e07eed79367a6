// What trouble on the network costs, with both programs on the same bed, in a fresh network a run: the only path reset,
// the first of two paths dead at the start, and the two MPTCP black holes. And what looking at the paths costs.
//
// A run that curl would spend minutes in is cut off at a limit; the table then shows the limit as curl's time. Not
// here: what is measured on loopback (scenarios.ts).
import { join } from "node:path";
import { cut } from "../support/mptcp/cuts.ts";
import { middlebox } from "../support/mptcp/middlebox.ts";
import type { Topology } from "../support/mptcp/netns.ts";
import { startServer, throughRouter, uplinks } from "../support/mptcp/paths.ts";
import { curlPath, programPath } from "../support/program-path.ts";
import { tempDir } from "../support/temp-dir.ts";
import type { Measured } from "./measure.ts";
import type { Result, Scenario } from "./scenarios.ts";

/** One run of one program. @returns milliseconds */
type Run = (program: string) => Promise<number>;

interface Trouble {
  readonly scenario: Scenario;
  /** curl's runs, for those that take a minute; else as many as mpcurl's. */
  readonly curlRounds?: number;
  readonly run: Run;
}

const CONNECT_LIMIT_SECONDS = 10;

const TROUBLES: readonly Trouble[] = [
  {
    scenario: { name: "only path reset in mid-download, to the end", only: "time", limitMs: 1500 },
    curlRounds: 1,
    run: timeToTheEndAfterReset,
  },
  {
    scenario: {
      name: `first of two paths dead, connect (tried for ${CONNECT_LIMIT_SECONDS} s)`,
      only: "time",
      limitMs: 500,
    },
    run: connectWithDeadFirstPath,
  },
  {
    scenario: { name: "SYNs with MPTCP dropped, connect", only: "time", limitMs: 1500 },
    run: (program) => connectThroughBlackHole(program, "tcp flags & (syn|ack) == syn"),
  },
  {
    scenario: { name: "SYN/ACKs with MPTCP dropped, connect", only: "time", limitMs: 1500 },
    curlRounds: 1,
    run: (program) => connectThroughBlackHole(program, "tcp flags & (syn|ack) == (syn|ack)"),
  },
];

/** @param rounds of mpcurl's */
export async function measureTrouble(rounds: number): Promise<Result[]> {
  const results: Result[] = [];
  for (const { scenario, curlRounds = rounds, run } of TROUBLES) {
    const mpcurl: Measured[] = [];
    const curl: Measured[] = [];
    for (let round = 0; round < rounds; round++) {
      mpcurl.push(wall(await run(programPath())));
      if (round < curlRounds) curl.push(wall(await run(curlPath())));
    }
    results.push({ scenario, mpcurl, curl });
  }
  results.push(await measureLooking(rounds));
  return results;
}

function wall(wallMs: number): Measured {
  return { wallMs, cpuMs: Number.NaN, peakMiB: Number.NaN };
}

const LARGE = 20_000_000;

async function timeToTheEndAfterReset(program: string): Promise<number> {
  const network = await uplinks({ family: "IPv4", rateMbit: 20, paths: 1 });
  await using topology = network.topology;
  await startServer(topology);
  const output = join(tempDir("bench"), "file");
  const url = `http://${network.host}:8080/${LARGE}`;
  const run = topology.run("client", [program, "-sS", "--mptcp", "-o", output, url]);
  await arrived(topology, "c1", LARGE / 10);
  await cut(network, "reset", 1);
  const startMs = performance.now();
  const { exitCode } = await run;
  if (exitCode !== 56) throw new Error(`${program}: exit ${exitCode} instead of 56`);
  return performance.now() - startMs;
}

/** Waits until a device of the client has received that much. */
async function arrived(topology: Topology, device: string, bytes: number): Promise<void> {
  while (((await topology.traffic("client"))[device]?.receivedBytes ?? 0) < bytes)
    await Bun.sleep(10);
}

async function connectWithDeadFirstPath(program: string): Promise<number> {
  const network = await uplinks({ family: "IPv4", rateMbit: 100 });
  await using topology = network.topology;
  await startServer(topology);
  await cut(network, "silent drop", 1);
  return await connectTime(topology, [program, `http://${network.host}:8080/1000`]);
}

async function connectThroughBlackHole(program: string, packets: string): Promise<number> {
  const network = await throughRouter({ family: "IPv4", rateMbit: 100 });
  await using topology = network.topology;
  await startServer(topology);
  await middlebox(topology, `${packets} tcp option mptcp exists drop`);
  const limit = ["--connect-timeout", "100"];
  return await connectTime(topology, [program, `http://${network.host}:8080/1000`], limit);
}

/** By the program's own clock, so that its start does not count; the limit where it never connects. */
async function connectTime(
  topology: Topology,
  [program, url]: readonly [string, string],
  limit: readonly string[] = ["--connect-timeout", `${CONNECT_LIMIT_SECONDS}`],
): Promise<number> {
  const words = [program, "-s", "--mptcp", ...limit, "-o", "/dev/null"];
  const { exitCode, stdout } = await topology.run("client", [
    ...words,
    "-w",
    "%{time_connect}",
    url,
  ]);
  if (exitCode === 28) return Number(limit[1]) * 1000;
  if (exitCode !== 0) throw new Error(`${program}: exit ${exitCode}`);
  return Number(stdout) * 1000;
}

const SLOW_MBIT = 8;
const SLOW_BYTES = 16_000_000;

/** mpcurl's transfer beside itself, in curl's column: with its looks at two paths, and without. Eight seconds each. */
async function measureLooking(rounds: number): Promise<Result> {
  const scenario: Scenario = {
    name: "16 MB over two paths in 8 s, looked at (beside it: not looked at)",
    only: "CPU share",
  };
  const result: Result = { scenario, mpcurl: [], curl: [] };
  for (let round = 0; round < rounds; round++) {
    result.mpcurl.push(await slowTransfer("on"));
    result.curl.push(await slowTransfer("off"));
  }
  return result;
}

async function slowTransfer(looks: "on" | "off"): Promise<Measured> {
  const network = await uplinks({ family: "IPv4", rateMbit: SLOW_MBIT });
  await using topology = network.topology;
  await startServer(topology);
  const script = Bun.fileURLToPath(new URL("looks.ts", import.meta.url));
  const url = `http://${network.host}:8080/${SLOW_BYTES}`;
  const words = [process.execPath, script, url, looks];
  const { exitCode, stdout, stderr } = await topology.run("client", words);
  if (exitCode !== 0) throw new Error(`exit ${exitCode}: ${stderr}`);
  return { ...(JSON.parse(stdout) as { wallMs: number; cpuMs: number }), peakMiB: Number.NaN };
}
