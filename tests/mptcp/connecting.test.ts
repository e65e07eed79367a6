// --mptcp where a connect has no answer: the first path is dead, and an endpoint names another one; or the network
// drops MPTCP itself, and plain TCP joins. What was sent is read from the kernels' counters. Of time only what is
// promised: a black hole costs 1.2 s and a round trip, not the kernel's 3 s or 69 s.
import { expect } from "bun:test";
import { cut } from "../support/mptcp/cuts.ts";
import { hashOfGenerated } from "../support/mptcp/generated-file.ts";
import { middlebox } from "../support/mptcp/middlebox.ts";
import {
  type Family,
  type Network,
  startServer,
  throughRouter,
  twoPaths,
  type UplinkNetwork,
  uplinks,
} from "../support/mptcp/paths.ts";
import { type Fetched, fetchIn, inNamespaces, until } from "./lab.ts";

const SIZE = 100_000;
const FAMILIES: readonly Family[] = ["IPv4", "IPv6"];

const NEGOTIATED = /^\* MPTCP: negotiated/m;
const FELL_BACK = /^\* MPTCP: fell back to TCP/m;

function urlOf({ host }: Network): string {
  return `http://${host}:8080/${SIZE}`;
}

/** The address that the connection came from, as -v has it. */
function localAddressOf({ stderr }: Fetched): string | undefined {
  return /^\* Established connection to .* from (\S+) port/m.exec(stderr)?.[1];
}

function expectFile({ exitCode, hash, stderr }: Fetched): void {
  expect(`${exitCode} ${exitCode === 0 ? "" : stderr}`).toBe("0 ");
  expect(hash).toBe(hashOfGenerated(SIZE));
}

// ---- the first path is dead

for (const family of FAMILIES) {
  inNamespaces("nft")(
    `a silent first path over ${family}: MPTCP over the endpoint's path, without a policy rule`,
    async () => {
      const network = await uplinks({ family, rateMbit: 100 });
      await using topology = network.topology;
      await startServer(topology);
      await cut(network, "silent drop", 1);
      await expectSecondPath(network);
    },
  );
}

inNamespaces()("a first path without carrier: MPTCP over the endpoint's path", async () => {
  const network = await uplinks({ family: "IPv4", rateMbit: 100 });
  await using topology = network.topology;
  await startServer(topology);
  await cut(network, "router's link down", 1);
  await expectSecondPath(network);
});

async function expectSecondPath(network: UplinkNetwork): Promise<void> {
  const fetched = await fetchIn(network, ["--mptcp", urlOf(network)]);
  expectFile(fetched);
  expect(localAddressOf(fetched)).toBe(network.uplinks[1]?.address);
  expect(fetched.stderr).toMatch(NEGOTIATED);
  expect(fetched.counters("MPCapableSYNTX")).toBe(2);
  expect(fetched.counters("MPCapableSYNACKRX")).toBe(1);
}

inNamespaces("nft")(
  "a silent first path, a silent second, a third: the third is taken",
  async () => {
    const network = await uplinks({ family: "IPv4", rateMbit: 100, paths: 3 });
    await using topology = network.topology;
    await startServer(topology);
    await cut(network, "silent drop", 1, 2);
    const fetched = await fetchIn(network, ["--mptcp", urlOf(network)]);
    expectFile(fetched);
    expect(localAddressOf(fetched)).toBe(network.uplinks[2]?.address);
    expect(fetched.stderr).toMatch(NEGOTIATED);
  },
);

inNamespaces("nft")(
  "a silent first path under --mptcp-require: the second is MPTCP, so it is fine",
  async () => {
    const network = await uplinks({ family: "IPv4", rateMbit: 100 });
    await using topology = network.topology;
    await startServer(topology);
    await cut(network, "silent drop", 1);
    const fetched = await fetchIn(network, ["--mptcp-require", urlOf(network)]);
    expectFile(fetched);
    expect(fetched.stderr).toMatch(NEGOTIATED);
  },
);

inNamespaces()(
  "no route at all, and an endpoint with a device: MPTCP through that device",
  async () => {
    const network = await withoutRoute();
    await using topology = network.topology;
    await startServer(topology);
    const fetched = await fetchIn(network, ["--mptcp", urlOf(network)]);
    expectFile(fetched);
    expect(localAddressOf(fetched)).toBe("10.9.2.1");
    expect(fetched.stderr).toMatch(NEGOTIATED);
  },
);

/** twoPaths() whose first link is down, and no route leads over the second. */
async function withoutRoute(): Promise<Network> {
  const network = await twoPaths({ family: "IPv4", rateMbit: 100 });
  await network.topology.ip("client", "route del 10.9.1.0/24 via 10.9.2.2 dev c2");
  await network.topology.ip("client", "link set c1 down");
  return network;
}

inNamespaces()(
  "a link that nothing is on and no endpoint: ends like curl, by --connect-timeout",
  async () => {
    const network = await uplinks({ family: "IPv4", rateMbit: 100, endpoints: null });
    await using topology = network.topology;
    await startServer(topology);
    await cut(network, "router's link down", 1);
    const argv = ["--mptcp", "--connect-timeout", "0.8", urlOf(network)];
    const { exitCode, stderr, counters } = await fetchIn(network, argv);
    expect(exitCode).toBe(28);
    expect(stderr.match(/Trying/g)).toHaveLength(1);
    expect(counters("TcpActiveOpens")).toBe(1);
  },
);

inNamespaces()(
  "no route at all and no endpoint: exit 7, the kernel's reason, one try",
  async () => {
    const network = await withoutRoute();
    await using topology = network.topology;
    await topology.ip("client", "mptcp endpoint flush");
    const { exitCode, stderr } = await fetchIn(network, ["--mptcp", urlOf(network)]);
    expect(exitCode).toBe(7);
    expect(stderr).toContain("(10.9.1.2: Network is unreachable)");
    expect(stderr.match(/Trying/g)).toHaveLength(1);
  },
);

inNamespaces()(
  "no route, and a closed port over the endpoint's path: exit 7 names both",
  async () => {
    const network = await withoutRoute();
    await using _ = network.topology;
    const { exitCode, stderr } = await fetchIn(network, ["--mptcp", urlOf(network)]);
    expect(exitCode).toBe(7);
    expect(stderr).toContain(
      "(10.9.1.2: Network is unreachable; 10.9.1.2 from 10.9.2.1 (c2): Connection refused)",
    );
  },
);

inNamespaces()("a closed port is an answer: no other source is tried", async () => {
  const network = await uplinks({ family: "IPv4", rateMbit: 100 });
  await using topology = network.topology;
  const { exitCode, stderr } = await fetchIn(network, ["--mptcp", urlOf(network)]);
  expect(exitCode).toBe(7);
  expect(stderr).toContain("Connection refused");
  expect((await topology.counters("client"))("TcpActiveOpens")).toBe(1);
});

// ---- the network drops MPTCP

const BLACK_HOLES = {
  "SYNs with MPTCP": "tcp flags & (syn|ack) == syn tcp option mptcp exists drop",
  "SYN/ACKs with MPTCP": "tcp flags & (syn|ack) == (syn|ack) tcp option mptcp exists drop",
} as const;

/** What the client's kernel counts before, and when, it switches MPTCP off for an hour. */
const SWITCHED_OFF = ["MPCapableSYNTXDrop", "Blackhole", "MPCapableSYNTXDisabled"];

function expectStillOn({ counters }: Fetched): void {
  expect(SWITCHED_OFF.map((name) => [name, counters(name)])).toEqual(
    SWITCHED_OFF.map((name) => [name, 0]),
  );
}

for (const [what, rule] of Object.entries(BLACK_HOLES)) {
  for (const family of FAMILIES) {
    inNamespaces("nft")(
      `${what} dropped over ${family}: plain TCP after 1.2 s, and MPTCP stays switched on`,
      async () => {
        const network = await throughRouter({ family, rateMbit: 100 });
        await using topology = network.topology;
        await startServer(topology);
        await middlebox(topology, rule);
        const time = ["-w", "%{stderr}time_connect=%{time_connect}\n"];
        const fetched = await fetchIn(network, ["--mptcp", ...time, urlOf(network)]);
        expectFile(fetched);
        expect(fetched.stderr).toMatch(FELL_BACK);
        const connectSeconds = Number(/time_connect=(\S+)/.exec(fetched.stderr)?.[1]);
        process.stderr.write(
          `${what} dropped over ${family}: connected after ${connectSeconds} s\n`,
        );
        expect(connectSeconds).toBeGreaterThan(1.1);
        expect(connectSeconds).toBeLessThan(2.5);
        expectStillOn(fetched);

        await topology.run("router", ["nft", "flush", "ruleset"]);
        const next = await fetchIn(network, ["--mptcp", urlOf(network)]);
        expectFile(next);
        expect(next.stderr).toMatch(NEGOTIATED);
        expectStillOn(next);
      },
    );
  }

  inNamespaces("nft")(
    `${what} dropped under --mptcp-require: exit 120, never a SYN without, and MPTCP stays switched on`,
    async () => {
      const network = await throughRouter({ family: "IPv4", rateMbit: 100 });
      await using topology = network.topology;
      const server = await startServer(topology);
      await middlebox(topology, rule);
      const fetched = await fetchIn(network, ["--mptcp-require", urlOf(network)]);
      expect(fetched.exitCode).toBe(120);
      expect(fetched.stderr).toContain("SYNs with MPTCP had no answer");
      expect(fetched.hash).toBeNull();
      expectStillOn(fetched);
      expect((await topology.counters("server"))("TcpPassiveOpens")).toBe(0);
      expect(server.events().filter(({ event }) => event === "connection")).toEqual([]);
    },
  );
}

inNamespaces("nft")("a closed port behind a black hole: refused, as plain TCP is", async () => {
  const network = await throughRouter({ family: "IPv4", rateMbit: 100 });
  await using topology = network.topology;
  await middlebox(topology, BLACK_HOLES["SYNs with MPTCP"]);
  const fetched = await fetchIn(network, ["--mptcp", urlOf(network)]);
  expect(fetched.exitCode).toBe(7);
  expect(fetched.stderr).toContain("Connection refused");
  expectStillOn(fetched);
});

inNamespaces("nft")(
  "a black hole on the second path, and a silent first: plain TCP over the second",
  async () => {
    const network = await uplinks({ family: "IPv4", rateMbit: 100 });
    await using topology = network.topology;
    await startServer(topology);
    await cut(network, "silent drop", 1);
    await middlebox(topology, BLACK_HOLES["SYNs with MPTCP"], { router: "r2" });
    const fetched = await fetchIn(network, ["--mptcp", urlOf(network)]);
    expectFile(fetched);
    expect(localAddressOf(fetched)).toBe(network.uplinks[1]?.address);
    expect(fetched.stderr).toMatch(FELL_BACK);
    expectStillOn(fetched);
  },
);

inNamespaces("nft")("one lost SYN: MPTCP all the same", async () => {
  const network = await throughRouter({ family: "IPv4", rateMbit: 100 });
  await using topology = network.topology;
  await startServer(topology);
  await middlebox(topology, "tcp flags & (syn|ack) == syn limit rate 1/day burst 1 packets drop");
  const fetched = await fetchIn(network, ["--mptcp", urlOf(network)]);
  expectFile(fetched);
  expect(fetched.stderr).toMatch(NEGOTIATED);
  expectStillOn(fetched);
  expect(fetched.counters("TcpRetransSegs")).toBeGreaterThan(0);
});

inNamespaces("nft")(
  "a network that is dead for longer than the kernel tries MPTCP: plain TCP, and MPTCP stays switched on",
  async () => {
    const network = await throughRouter({ family: "IPv4", rateMbit: 100 });
    await using topology = network.topology;
    await startServer(topology);
    await middlebox(topology, "drop");
    const fetching = fetchIn(network, ["--mptcp", urlOf(network)]);
    await until({
      read: async () => {
        const opened = (await topology.counters("client"))("TcpActiveOpens");
        const waiting = await topology.run("client", ["ss", "-HtnO", "state", "syn-sent"]);
        return { opened, waiting: waiting.stdout.trim().split("\n").length };
      },
      holds: ({ opened, waiting }) => opened === 2 && waiting === 1,
      during: fetching,
    });
    await topology.run("router", ["nft", "flush", "ruleset"]);
    const fetched = await fetching;
    expectFile(fetched);
    expect(fetched.stderr).toMatch(FELL_BACK);
    expectStillOn(fetched);
  },
);

// ---- keep-alive, which is set before the connect

const KEEP_ALIVE = [
  { argv: [], least: 1, most: 15 },
  { argv: ["--mptcp-path-timeout", "100"], least: 30, most: 52 },
  { argv: ["--keepalive-time", "25"], least: 16, most: 25 },
  { argv: ["--mptcp-path-timeout", "0"], least: 30, most: 60 },
];

for (const { argv, least, most } of KEEP_ALIVE) {
  inNamespaces()(`--mptcp ${argv.join(" ")}: every subflow probes within ${most} s`, async () => {
    const timers = await keepAliveTimers(argv);
    for (const seconds of timers) expect(seconds).toBeWithin(least, most + 1);
  });
}

inNamespaces()("--mptcp --no-keepalive: no subflow probes", async () => {
  expect(await keepAliveTimers(["--no-keepalive"])).toEqual([null, null]);
});

/** Seconds until the next probe of each of two subflows, as `ss -o` has them; null: no such timer. */
async function keepAliveTimers(argv: readonly string[]): Promise<(number | null)[]> {
  const network = await twoPaths({ family: "IPv4", rateMbit: 4 });
  await using topology = network.topology;
  await startServer(topology);
  const url = `http://${network.host}:8080/1000000`;
  const fetching = fetchIn(network, ["--mptcp", ...argv, url]);
  const lines = await until({
    read: async () => {
      const { stdout } = await topology.run("client", ["ss", "-HtnoO", "state", "established"]);
      return stdout.trim().split("\n");
    },
    // Until its request is acknowledged a subflow has another timer.
    holds: (all) => all.length === 2 && all.every((line) => !line.includes("timer:(on")),
    during: fetching,
  });
  await fetching;
  return lines.map((line) => {
    const [, minutes = "0", seconds = "0"] =
      /timer:\(keepalive,(?:(\d+)min)?(?:([\d.]+)sec)?/.exec(line) ?? [];
    return line.includes("keepalive") ? Number(minutes) * 60 + Number(seconds) : null;
  });
}
