// Which paths come of which endpoints and limits, and what the program tells of them: the numbers of paths, their
// addresses and their backup flags, as the report has them, beside the kernel's counters. The network is
// tests/support/mptcp/paths.ts' twoPaths(): client 10.9.1.1 and 10.9.2.1, server 10.9.1.2 and 10.9.2.2.
import { expect } from "bun:test";
import { hashOfGenerated } from "../support/mptcp/generated-file.ts";
import { middlebox } from "../support/mptcp/middlebox.ts";
import {
  type Network,
  startServer,
  throughRouter,
  twoPaths,
  uplinks,
} from "../support/mptcp/paths.ts";
import {
  connectionOf,
  pathFrom,
  sideBySide,
  type Transferred,
  transferIn,
  untilMoved,
} from "./lab.ts";

const SIZE = 2_000_000;
const RATE_MBIT = 30;
const FIRST = "10.9.1.1 > 10.9.1.2";

interface Case {
  readonly name: string;
  /** `ip` words for either side, before the transfer. */
  readonly client?: readonly string[];
  readonly server?: readonly string[];
  /** On the server. */
  readonly sysctl?: readonly [name: string, value: number];
  readonly paths: readonly string[];
  /** Counters of the client's kernel that must have grown. */
  readonly counted?: readonly string[];
}

const SUBFLOW = "mptcp endpoint add 10.9.2.1 dev c2 subflow";
const SIGNAL = "mptcp endpoint add 10.9.2.2 dev s2 signal";

const CASES: readonly Case[] = [
  { name: "no endpoints: one path", paths: [FIRST] },
  {
    name: "a subflow endpoint, the server as it comes: two paths",
    client: [SUBFLOW],
    server: ["mptcp limits set subflows 2 add_addr_accepted 0"],
    paths: [FIRST, "10.9.2.1 > 10.9.1.2"],
  },
  {
    name: "a server that allows no subflows: the join is rejected",
    client: [SUBFLOW],
    server: ["mptcp limits set subflows 0 add_addr_accepted 0"],
    paths: [FIRST],
    counted: ["MPJoinSynAckRx", "MPRstTx"],
  },
  {
    name: "the server signals, the client accepts none: one path",
    client: ["mptcp limits set subflows 8 add_addr_accepted 0"],
    server: [SIGNAL],
    paths: [FIRST],
    counted: ["AddAddr"],
  },
  {
    name: "the server signals, the client accepts: its address, from where routes lead",
    server: [SIGNAL],
    paths: [FIRST, "10.9.2.1 > 10.9.2.2"],
  },
  {
    name: "signal and a subflow endpoint: three paths",
    client: [SUBFLOW],
    server: [SIGNAL],
    paths: [FIRST, "10.9.2.1 > 10.9.1.2", "10.9.2.1 > 10.9.2.2"],
  },
  {
    name: "signal and fullmesh on both: four paths",
    client: [
      "route add 10.9.2.0/24 via 10.9.1.2 dev c1 metric 2000",
      "mptcp endpoint add 10.9.1.1 dev c1 subflow fullmesh",
      "mptcp endpoint add 10.9.2.1 dev c2 subflow fullmesh",
    ],
    server: [SIGNAL],
    paths: [FIRST, "10.9.1.1 > 10.9.2.2", "10.9.2.1 > 10.9.1.2", "10.9.2.1 > 10.9.2.2"],
  },
  {
    name: "a server that forbids joins to its first address: no second path",
    client: [SUBFLOW],
    sysctl: ["net.mptcp.allow_join_initial_addr_port", 0],
    paths: [FIRST],
  },
  {
    name: "such a server, and it signals another: that one is joined",
    client: [SUBFLOW],
    server: [SIGNAL],
    sysctl: ["net.mptcp.allow_join_initial_addr_port", 0],
    paths: [FIRST, "10.9.2.1 > 10.9.2.2"],
  },
  {
    name: "an endpoint of the connection's own address: no duplicate",
    client: ["mptcp endpoint add 10.9.1.1 dev c1 subflow"],
    paths: [FIRST],
  },
  {
    name: "an endpoint whose address is not there: one path",
    client: ["mptcp endpoint add 10.9.2.77 dev c2 subflow"],
    paths: [FIRST],
    counted: ["MPJoinSynTxBindErr"],
  },
];

for (const { name, client = [], server = [], sysctl, paths, counted = [] } of CASES) {
  sideBySide()(name, async () => {
    const network = await twoPaths({ family: "IPv4", rateMbit: RATE_MBIT, endpoint: false });
    await using topology = network.topology;
    await startServer(topology);
    if (sysctl) await topology.sysctl("server", ...sysctl);
    for (const words of client) await topology.ip("client", words);
    for (const words of server) await topology.ip("server", words);
    const done = await fetchFile(network);
    expect(done).toMatchObject({ exitCode: 0, hash: hashOfGenerated(SIZE) });
    expect(betweens(done)).toEqual([...paths]);
    expect(connectionOf(done).subflows).toBe(paths.length);
    const counters = await topology.counters("client");
    for (const counter of counted) expect([counter, counters(counter)]).not.toEqual([counter, 0]);
  });
}

// Linux 6.18 and later; iproute2 6.1 cannot add one, and an older kernel takes the same way without it.
sideBySide()(
  "a laminar endpoint and signal: one further path, from it to the signalled",
  async () => {
    const network = await twoPaths({ family: "IPv4", rateMbit: RATE_MBIT, endpoint: false });
    await using topology = network.topology;
    await startServer(topology);
    const manager = Bun.fileURLToPath(new URL("../../ffi/netlink/mptcp-pm.ts", import.meta.url));
    const flags = {
      signal: false,
      subflow: false,
      backup: false,
      fullmesh: false,
      implicit: false,
    };
    const endpoint = `{ id: 0, family: "ipv4", ip: Uint8Array.of(10, 9, 2, 1), port: 0,
    flags: { ...${JSON.stringify(flags)}, laminar: true }, interfaceIndex: 0 }`;
    const script = `(await import(${JSON.stringify(manager)})).addEndpoint(${endpoint})`;
    const added = await topology.run("client", [process.execPath, "-e", script]);
    expect(added).toMatchObject({ exitCode: 0, stderr: "" });
    await topology.ip("server", SIGNAL);
    const done = await fetchFile(network);
    expect(done).toMatchObject({ exitCode: 0, hash: hashOfGenerated(SIZE) });
    expect(betweens(done)).toEqual([FIRST, "10.9.2.1 > 10.9.2.2"]);
  },
);

sideBySide()("IPv6, a server that signals an IPv4 address: a path of each family", async () => {
  const network = await twoPaths({ family: "IPv6", rateMbit: RATE_MBIT, endpoint: false });
  await using topology = network.topology;
  await startServer(topology);
  await topology.ip("client", "address add 10.9.2.1/24 dev c2");
  await topology.ip("server", "address add 10.9.2.2/24 dev s2");
  await topology.ip("server", SIGNAL);
  const done = await fetchFile(network);
  expect(done).toMatchObject({ exitCode: 0, hash: hashOfGenerated(SIZE) });
  expect(betweens(done)).toEqual(["10.9.2.1 > 10.9.2.2", "fd09:1::1 > fd09:1::2"]);
  expect(pathFrom(done, "10.9.2.1").interface).toBe("c2");
});

/** What the second path's router does to a join. */
const JOIN_BLOCKERS = [
  { name: "stripped", rule: "tcp option mptcp subtype 1 reset tcp option mptcp" },
  { name: "dropped", rule: "tcp option mptcp subtype 1 drop" },
] as const;

for (const { name, rule } of JOIN_BLOCKERS) {
  sideBySide("nft")(`MP_JOIN is ${name} on the way: one path, told as one`, async () => {
    const network = await uplinks({ family: "IPv4", rateMbit: RATE_MBIT });
    await using topology = network.topology;
    await startServer(topology);
    await middlebox(topology, rule, { router: "r2" });
    const done = await fetchFile(network);
    expect(done).toMatchObject({ exitCode: 0, hash: hashOfGenerated(SIZE) });
    expect(betweens(done)).toEqual(["10.9.1.1 > 10.9.100.1"]);
    expect(connectionOf(done)).toMatchObject({ verdict: "mptcp", subflows: 1 });
    expect((await topology.counters("client"))("MPJoinSynTx")).toBeGreaterThan(0);
  });
}

sideBySide()("a backup endpoint: a path marked as backup that carries nothing", async () => {
  // Fast enough for the shaper's queue to hold the file: what is lost, the kernel may send again on the backup.
  const network = await uplinks({ family: "IPv4", rateMbit: 200, endpoints: "subflow backup" });
  await using topology = network.topology;
  const server = await startServer(topology);
  const done = await fetchFile(network);
  expect(done).toMatchObject({ exitCode: 0, hash: hashOfGenerated(SIZE) });
  expect(pathFrom(done, "10.9.1.1")).toMatchObject({ backup: false, share: 1 });
  expect(pathFrom(done, "10.9.2.1")).toMatchObject({ backup: true, bytes_in: 0, state: "up" });
  expect((await topology.counters("server"))("MPJoinSynBackupRx")).toBe(1);
  expect(server.events().filter(({ event }) => event === "connection")).toHaveLength(1);
});

sideBySide()("an endpoint that turns into a backup in mid-transfer: its path idles", async () => {
  const network = await uplinks({ family: "IPv4", rateMbit: 20 });
  await using topology = network.topology;
  await startServer(topology);
  const transfer = transferIn(network, [`http://${network.host}:8080/8000000`]);
  await untilMoved(network, { bytes: 500_000, devices: ["c1", "c2"], during: transfer });
  await topology.ip("client", "mptcp endpoint change id 2 backup");
  const done = await transfer;
  expect(done).toMatchObject({ exitCode: 0, hash: hashOfGenerated(8_000_000) });
  expect((await topology.counters("client"))("MPPrioTx")).toBe(1);
  const path = pathFrom(done, "10.9.2.1");
  expect(path).toMatchObject({ backup: true, state: "up" });
  // It would have been a half.
  expect(path.share).toBeLessThan(0.3);
});

sideBySide()("an endpoint that comes in mid-transfer, and goes: a path that does too", async () => {
  const network = await uplinks({ family: "IPv4", rateMbit: 20, endpoints: null });
  await using topology = network.topology;
  await startServer(topology);
  const transfer = transferIn(network, [`http://${network.host}:8080/8000000`]);
  await untilMoved(network, { bytes: 500_000, devices: ["c1"], during: transfer });
  await topology.ip("client", "mptcp endpoint add 10.9.2.1 dev c2 id 2 subflow");
  await untilMoved(network, { bytes: 1_000_000, devices: ["c2"], during: transfer });
  await topology.ip("client", "mptcp endpoint del id 2");
  const done = await transfer;
  expect(done).toMatchObject({ exitCode: 0, hash: hashOfGenerated(8_000_000) });
  const path = pathFrom(done, "10.9.2.1");
  expect(path).toMatchObject({ id: 2, interface: "c2", state: "closed" });
  // Not known: what came behind the last look, 100 ms, and was in the shaper's queue, 100 ms.
  expect(path.bytes_in).toBeGreaterThan(400_000);
  expect(path.up_ms).toBeGreaterThan(pathFrom(done, "10.9.1.1").up_ms);
  const life = connectionOf(done).events.filter(({ path_id }) => path_id === 2);
  expect(life.map(({ kind }) => kind)).toEqual(["path-up", "path-down"]);
});

sideBySide()("a connection behind one router, without endpoints: one path, named", async () => {
  const network = await throughRouter({ family: "IPv6", rateMbit: RATE_MBIT });
  await using topology = network.topology;
  await startServer(topology);
  const done = await fetchFile(network);
  expect(connectionOf(done).paths).toMatchObject([
    {
      id: 1,
      interface: "c1",
      local: { address: "fd09:1::1" },
      remote: { address: "fd09:3::2", port: 8080 },
      state: "up",
      backup: false,
      share: 1,
    },
  ]);
});

function fetchFile(network: Network): Promise<Transferred> {
  return transferIn(network, [`http://${network.host}:8080/${SIZE}`]);
}

/** Each path as "local > remote", in order. */
function betweens(done: Transferred): string[] {
  return connectionOf(done)
    .paths.map(({ local, remote }) => `${local.address} > ${remote.address}`)
    .sort();
}
