// The README's demo: one file, downloaded over one path by TCP and over two paths by --mptcp, side by side.
//
//     client                       server
//     c1 10.9.1.1 ── 50 Mbit/s ── s1 10.9.1.2
//     c2 10.9.2.1 ── 50 Mbit/s ── s2 10.9.2.2
//
// Both ends are network namespaces of this machine, made and unmade by tests/support/mptcp/netns.ts, as root or not; the
// server is tests/support/mptcp/server.ts. What a path carried is read from the client's devices, so it does not rest
// on the program's own word. The exit code is not 0 when MPTCP was not used, a path carried nothing, or a hash is
// wrong. Needs Linux with MPTCP and iproute2 (prepare.ts sees to that), nothing else.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { hashOfFile, hashOfGenerated } from "../support/mptcp/generated-file.ts";
import { SYSTEM_PATH, whyNoNamespaces } from "../support/mptcp/netns.ts";
import { type Network, startServer, twoPaths } from "../support/mptcp/paths.ts";
import { programPath } from "../support/program-path.ts";
import { tempDir } from "../support/temp-dir.ts";

const RATE_MBIT = 50;
const SIZE_BYTES = 20_000_000;

/** A path that carried less was not really used. */
const LEAST_SHARE = 0.2;

/** One download, measured from outside. */
interface Download {
  readonly seconds: number;
  readonly hash: string;
  /** Bytes received by the first and the second device. */
  readonly carried: readonly number[];
  /** MPTCP connections that the client's kernel has negotiated. */
  readonly negotiated: number;
}

async function main(): Promise<number> {
  const obstacle = whatIsMissing();
  if (obstacle !== null) {
    say(`The demo cannot run here: ${obstacle}`);
    return 1;
  }
  say(
    `Two namespaces, joined by two paths of ${RATE_MBIT} Mbit/s each; a file of ${mega(SIZE_BYTES)} MB.`,
  );
  const network = await twoPaths({ family: "IPv4", rateMbit: RATE_MBIT });
  await using topology = network.topology;
  await startServer(topology);
  const url = `http://${network.host}:8080/${SIZE_BYTES}`;

  say(`\n$ mpcurl -o file ${url}`);
  const tcp = await download(network, ["-sS", url]);
  describe(tcp);
  say(`\n$ mpcurl --mptcp -o file ${url}`);
  const mptcp = await download(network, ["-sS", "--mptcp", url]);
  describe(mptcp);

  const faults = findFaults(tcp, mptcp);
  say("");
  if (faults.length > 0) {
    for (const fault of faults) say(`WRONG: ${fault}`);
    return 1;
  }
  say(`Both files have the SHA-256 that they must have: ${mptcp.hash}`);
  say(`MPTCP was ${(tcp.seconds / mptcp.seconds).toFixed(2)} times as fast as TCP.`);
  say("\nA URL of your own:  dist/mpcurl -v --mptcp -o file https://…");
  say("(-v tells whether the server, and all that lies between, speaks MPTCP; if not, TCP it is.)");
  return 0;
}

function whatIsMissing(): string | null {
  if (process.platform !== "linux") return "it needs Linux.";
  if (!existsSync("/proc/sys/net/mptcp/enabled"))
    return "this kernel has no MPTCP (Linux 5.6, CONFIG_MPTCP).";
  const missing = ["ip", "tc"].find((name) => Bun.which(name, { PATH: SYSTEM_PATH }) === null);
  if (missing !== undefined) return `"${missing}" is missing; install iproute2.`;
  if (!existsSync(programPath())) return `${programPath()} is missing; run "bun run build".`;
  return whyNoNamespaces();
}

async function download({ topology }: Network, argv: readonly string[]): Promise<Download> {
  const file = join(tempDir("demo"), "file");
  const before = await topology.traffic("client");
  const start = performance.now();
  const { exitCode, stderr } = await topology.run("client", [programPath(), ...argv, "-o", file]);
  const seconds = (performance.now() - start) / 1000;
  if (exitCode !== 0) throw new Error(`mpcurl ended with ${exitCode}: ${stderr}`);
  const after = await topology.traffic("client");
  const carried = ["c1", "c2"].map(
    (device) => (after[device]?.receivedBytes ?? 0) - (before[device]?.receivedBytes ?? 0),
  );
  const counters = await topology.counters("client");
  return {
    seconds,
    hash: await hashOfFile(file),
    carried,
    negotiated: counters("MPCapableSYNACKRX"),
  };
}

function describe({ seconds, carried }: Download): void {
  const rate = ((SIZE_BYTES * 8) / seconds / 1e6).toFixed(1);
  say(`  ${seconds.toFixed(2)} s, ${rate} Mbit/s`);
  carried.forEach((bytes, index) => {
    const bar = "#".repeat(Math.round((bytes / SIZE_BYTES) * 40));
    say(`  path ${index + 1} carried ${mega(bytes).padStart(4)} MB ${bar}`);
  });
}

function findFaults(tcp: Download, mptcp: Download): string[] {
  const faults: string[] = [];
  const hash = hashOfGenerated(SIZE_BYTES);
  if (tcp.hash !== hash) faults.push(`the file that came by TCP has the hash ${tcp.hash}`);
  if (mptcp.hash !== hash) faults.push(`the file that came by MPTCP has the hash ${mptcp.hash}`);
  if (tcp.negotiated !== 0) faults.push("MPTCP was used without --mptcp");
  if (mptcp.negotiated !== 1) faults.push("MPTCP was not negotiated under --mptcp");
  mptcp.carried.forEach((bytes, index) => {
    if (bytes < LEAST_SHARE * SIZE_BYTES) faults.push(`path ${index + 1} carried next to nothing`);
  });
  return faults;
}

function mega(bytes: number): string {
  return (bytes / 1e6).toFixed(bytes < 1e6 ? 1 : 0);
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

process.exitCode = await main();
