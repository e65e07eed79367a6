// --mptcp-endpoint: the endpoint is there while the program runs, gives the connection its second path, and is gone
// however the program ends; what was there before is left alone. What is there is asked of `ip mptcp endpoint`.
import { expect } from "bun:test";
import { hashOfGenerated } from "../support/mptcp/generated-file.ts";
import type { Topology } from "../support/mptcp/netns.ts";
import { type Family, type Network, startServer, twoPaths } from "../support/mptcp/paths.ts";
import { programPath } from "../support/program-path.ts";
import { fetchIn, inNamespaces, until } from "./lab.ts";

const SIZE = 8_000_000;
const RATE_MBIT = 40;

/** More than arrives while a test looks. */
const ENDLESS = 4_000_000_000;

async function network(): Promise<Network> {
  return twoPaths({ family: "IPv4", rateMbit: RATE_MBIT, endpoint: false });
}

/** A line each, single spaces between the words. */
async function endpoints(topology: Topology): Promise<string[]> {
  const lines = (await topology.ip("client", "mptcp endpoint show")).split("\n");
  return lines.map((line) => line.trim().replaceAll(/ +/g, " ")).filter((line) => line !== "");
}

/** Lines of stderr that the program itself speaks; -v's begin with "*", ">", "<" and the like. */
function wordsOf(stderr: string): string[] {
  return stderr.split("\n").filter((line) => /^(mpcurl|Note|Warning): /.test(line));
}

interface Running {
  readonly pid: number;
  /** 128 + the signal's number for one that a signal ended. */
  readonly exitCode: Promise<number>;
}

/** The program in mid-transfer, with the endpoint that it added; `first` are shell words before it starts. */
async function inTransfer(
  { topology, host }: Network,
  first = ":",
  size = ENDLESS,
): Promise<Running> {
  const program = [programPath(), "-sS", "-o", "/dev/null", "--mptcp", "--mptcp-endpoint", "c2"];
  const script = `${first}; echo $$; exec "$@"`;
  const words = ["sh", "-c", script, "sh", ...program, `http://${host}:8080/${size}`];
  const service = topology.start("client", words);
  const pid = Number(await service.line(() => true));
  const ended = service.ended;
  await until({
    read: async () => (await topology.traffic("client")).c2?.receivedBytes ?? 0,
    holds: (bytes) => bytes > 500_000,
    during: ended,
  });
  return { pid, exitCode: ended.then(Number) };
}

for (const family of ["IPv4", "IPv6"] satisfies Family[]) {
  inNamespaces()(`--mptcp-endpoint IF makes a second path over ${family}, gone after`, async () => {
    const net = await twoPaths({ family, rateMbit: RATE_MBIT, endpoint: false });
    await using topology = net.topology;
    await startServer(topology);
    const argv = ["--mptcp", "--mptcp-endpoint", "c2", `http://${net.host}:8080/${SIZE}`];
    const fetched = fetchIn(net, argv);
    const during = await until({
      read: () => endpoints(topology),
      holds: (all) => all.length > 0,
      during: fetched,
    });
    const { exitCode, hash, counters } = await fetched;
    const address = family === "IPv4" ? "10.9.2.1" : "fd09:2::1";
    expect(during).toEqual([`${address} id 1 subflow dev c2`]);
    expect(exitCode).toBe(0);
    expect(hash).toBe(hashOfGenerated(SIZE));
    expect(counters("MPJoinSynAckRx")).toBe(1);
    expect((await topology.traffic("client")).c2?.receivedBytes ?? 0).toBeGreaterThan(SIZE / 4);
    expect(await endpoints(topology)).toEqual([]);
  });
}

inNamespaces()(
  "--mptcp-endpoint with backup joins as a backup, under the id asked for",
  async () => {
    const net = await network();
    await using topology = net.topology;
    await startServer(topology);
    const spec = "10.9.2.1,backup,id=77";
    const argv = ["--mptcp", "--mptcp-endpoint", spec, `http://${net.host}:8080/${SIZE}`];
    const fetched = fetchIn(net, argv);
    const [during = ""] = await until({
      read: () => endpoints(topology),
      holds: (all) => all.length > 0,
      during: fetched,
    });
    const { exitCode } = await fetched;
    expect(exitCode).toBe(0);
    expect(during).toBe("10.9.2.1 id 77 subflow backup dev c2");
    expect((await topology.counters("server"))("MPJoinSynBackupRx")).toBe(1);
    expect(await endpoints(topology)).toEqual([]);
  },
);

inNamespaces()("--mptcp-endpoint is gone after a run that fails", async () => {
  const net = await network();
  await using topology = net.topology;
  const argv = ["--mptcp", "--mptcp-endpoint", "c2", `http://${net.host}:8080/`];
  const { exitCode, stderr } = await fetchIn(net, argv);
  expect(exitCode).toBe(7);
  expect(stderr).toContain("refused");
  expect(await endpoints(topology)).toEqual([]);
});

for (const [signal, code] of [
  ["SIGINT", 130],
  ["SIGTERM", 143],
  ["SIGHUP", 129],
] as const) {
  inNamespaces()(
    `--mptcp-endpoint is gone after ${signal}, of which the program dies`,
    async () => {
      const net = await network();
      await using topology = net.topology;
      await startServer(topology);
      const { pid, exitCode } = await inTransfer(net);
      expect(await endpoints(topology)).toHaveLength(1);
      process.kill(pid, signal);
      expect(await exitCode).toBe(code);
      expect(await endpoints(topology)).toEqual([]);
    },
  );
}

inNamespaces()("a signal that the program was started to ignore stays ignored", async () => {
  const net = await network();
  await using topology = net.topology;
  await startServer(topology);
  const { pid, exitCode } = await inTransfer(net, "trap '' INT HUP", SIZE);
  process.kill(pid, "SIGINT");
  process.kill(pid, "SIGHUP");
  expect(await exitCode).toBe(0);
  expect(await endpoints(topology)).toEqual([]);
});

inNamespaces()("an endpoint that was there is left as it is, and left there", async () => {
  const net = await network();
  await using topology = net.topology;
  await startServer(topology);
  await topology.ip("client", "mptcp endpoint add 10.9.2.1 dev c2 id 9 subflow backup");
  const before = await endpoints(topology);
  const url = `http://${net.host}:8080/1000`;
  const same = ["--mptcp", "--mptcp-endpoint", "10.9.2.1,backup", url];
  const [agrees, differs] = [
    await fetchIn(net, ["--no-silent", ...same]),
    await fetchIn(net, ["--no-silent", "--mptcp", "--mptcp-endpoint", "10.9.2.1", url]),
  ];
  expect([agrees.exitCode, differs.exitCode]).toEqual([0, 0]);
  expect(wordsOf(agrees.stderr)).toEqual([]);
  expect(wordsOf(differs.stderr).join(" ")).toMatch(/10\.9\.2\.1 is an MPTCP endpoint already/);
  expect(await endpoints(topology)).toEqual(before);
});

inNamespaces()("an id that went to somebody else's endpoint meanwhile is left there", async () => {
  const net = await network();
  await using topology = net.topology;
  await startServer(topology);
  const { pid, exitCode } = await inTransfer(net);
  await topology.ip("client", "mptcp endpoint delete id 1");
  await topology.ip("client", "mptcp endpoint add 10.9.1.1 id 1 signal");
  process.kill(pid, "SIGTERM");
  await exitCode;
  expect(await endpoints(topology)).toEqual(["10.9.1.1 id 1 signal"]);
});

inNamespaces()("--mptcp-endpoint auto takes each interface with a default route", async () => {
  const net = await network();
  await using topology = net.topology;
  await startServer(topology);
  await topology.ip("client", "route add default via 10.9.1.2 dev c1");
  await topology.ip("client", "route add default via 10.9.2.2 dev c2 metric 2000");
  const argv = ["--mptcp", "--mptcp-endpoint", "auto", `http://${net.host}:8080/${SIZE}`];
  const fetched = fetchIn(net, argv);
  const during = await until({
    read: () => endpoints(topology),
    holds: (all) => all.length > 1,
    during: fetched,
  });
  expect((await fetched).exitCode).toBe(0);
  expect(during).toEqual(["10.9.1.1 id 1 subflow dev c1", "10.9.2.1 id 2 subflow dev c2"]);
  expect((await topology.traffic("client")).c2?.receivedBytes ?? 0).toBeGreaterThan(SIZE / 4);
  expect(await endpoints(topology)).toEqual([]);
});

inNamespaces()("--mptcp-endpoint without CAP_NET_ADMIN ends with the line to run", async () => {
  const net = await network();
  await using topology = net.topology;
  await startServer(topology);
  const words = [programPath(), "-sS", "--mptcp", "--mptcp-endpoint", "10.9.2.1,backup"];
  const less = ["setpriv", "--bounding-set=-net_admin", "--inh-caps=-net_admin"];
  const url = `http://${net.host}:8080/1000`;
  const run = await topology.run("client", [...less, ...words, url]);
  expect(run.exitCode).toBe(7);
  expect(run.stdout).toBe("");
  expect(run.stderr).toContain("CAP_NET_ADMIN");
  expect(run.stderr).toContain("ip mptcp endpoint add 10.9.2.1 dev c2 subflow backup");
  expect((await topology.counters("client"))("TcpActiveOpens")).toBe(0);
  // The command that was named does what it says.
  const [, command = ""] = /would run: ip (.*)/.exec(run.stderr) ?? [];
  await topology.ip("client", command.trim());
  expect(await endpoints(topology)).toHaveLength(1);
});

inNamespaces()("all endpoints or none: the kernel has no room for the second", async () => {
  const net = await network();
  await using topology = net.topology;
  for (let i = 1; i <= 7; i++)
    await topology.ip("client", `mptcp endpoint add 10.9.7.${i} subflow`);
  const before = await endpoints(topology);
  const argv = ["--mptcp-endpoint", "10.9.1.1", "--mptcp-endpoint", "10.9.2.1"];
  const { exitCode, stderr } = await fetchIn(net, ["--mptcp", ...argv, `http://${net.host}/`]);
  expect(exitCode).toBe(7);
  expect(stderr).toMatch(/cannot add the MPTCP endpoint 10\.9\.2\.1: .*ip mptcp endpoint delete/);
  expect(await endpoints(topology)).toEqual(before);
});

inNamespaces()("an address of no interface, a taken id, no room for subflows: told", async () => {
  const net = await network();
  await using topology = net.topology;
  await startServer(topology);
  await topology.ip("client", "mptcp endpoint add 10.9.1.1 id 5 signal");
  const url = `http://${net.host}:8080/1000`;
  const asked = (spec: string) =>
    fetchIn(net, ["--no-silent", "--mptcp", "--mptcp-endpoint", spec, url]);
  const nowhere = await asked("10.9.5.5");
  expect(nowhere.exitCode).toBe(2);
  expect(nowhere.stderr).toContain(
    "'10.9.5.5' is no MPTCP endpoint: no interface has that address",
  );
  const taken = await asked("10.9.2.1,id=5");
  expect(taken.exitCode).toBe(7);
  expect(taken.stderr).toContain("its id 5 is that of another endpoint");
  await topology.ip("client", "mptcp limits set subflows 0");
  const useless = await asked("10.9.2.1");
  expect(useless.exitCode).toBe(0);
  expect(wordsOf(useless.stderr).join(" ")).toContain("allows no extra subflows");
  expect(await endpoints(topology)).toHaveLength(1);
});
