// What ffi reads of a connection's subflows, in real networks (tests/support/mptcp/paths.ts draws them), against what
// `ss` says of the same: MPTCP_FULL_INFO, the older options that stand in for it, and a room for one that must grow.
// The connection is subflow-looks.ts' own, not the program's: these are the kernel's facts before anybody judges them.
import { expect } from "bun:test";
import { ruleTable } from "../support/mptcp/middlebox.ts";
import type { Topology } from "../support/mptcp/netns.ts";
import { type Network, startServer, twoPaths } from "../support/mptcp/paths.ts";
import { inNamespaces } from "./lab.ts";
import type { Look, LookedConnection } from "./subflow-looks.ts";

const SIZE = 500_000;
const RATE_MBIT = 50;
const ESTABLISHED = 1;
const SYN_SENT = 2;
const CLOSE = 7;

/** Connects to `address` and asks for `sizeBytes`; resolves with a look of which `holds`, one of the future. */
function lookers(topology: Topology, address: string, sizeBytes: number) {
  const script = Bun.fileURLToPath(new URL("subflow-looks.ts", import.meta.url));
  const argv = [process.execPath, script, address, "8080", `${sizeBytes}`];
  const service = topology.start("client", argv);
  return async (holds: (look: Look) => boolean): Promise<Look> => {
    const from = service.lines.length;
    const line = await service.line((text) => {
      return service.lines.indexOf(text) >= from && holds(JSON.parse(text) as Look);
    });
    return JSON.parse(line) as Look;
  };
}

function states(connection: LookedConnection | null): [number, number][] | null {
  return connection?.subflows.map(({ id, tcp }) => [id, tcp.state]) ?? null;
}

/** Whether there are so many subflows, all of them established. */
function established(connection: LookedConnection | null, count: number): boolean {
  const { subflows } = connection ?? { subflows: [] };
  return subflows.length === count && subflows.every(({ tcp }) => tcp.state === ESTABLISHED);
}

/** What stays the same from one system call to the next on a connection where nothing moves. */
function settled(connection: LookedConnection | null) {
  return (
    connection && {
      info: connection.info,
      subflows: connection.subflows.map(({ id, between, tcp }) => {
        const { state, bytesReceived, bytesAcked, totalRetransmissions } = tcp;
        return { id, between, state, bytesReceived, bytesAcked, totalRetransmissions };
      }),
    }
  );
}

/** "local > remote" of each subflow → bytes received on it, as `ss` has them. */
async function subflowsBySs({ topology }: Network): Promise<Record<string, number>> {
  const { stdout } = await topology.run("client", ["ss", "-HtniO", "state", "established"]);
  const lines = stdout.split("\n").filter((line) => line.includes("tcp-ulp-mptcp"));
  return Object.fromEntries(
    lines.map((line) => {
      const [, , local = "", remote = ""] = line.split(/\s+/);
      const words = `${local} > ${remote}`.replaceAll(/%\w+|::ffff:/g, "");
      const plain = words.replaceAll(/\[([\d.]+)\]/g, "$1");
      return [plain, Number(/bytes_received:(\d+)/.exec(line)?.[1] ?? 0)];
    }),
  );
}

/** From the server, every packet that comes in by one device is answered by a reset. */
function resetBy(topology: Topology, device: string): Promise<void> {
  const rule = `iifname "${device}" meta l4proto tcp reject with tcp reset`;
  return topology.nft("server", ruleTable(rule, "input"));
}

for (const [name, family, address] of [
  ["IPv4", "IPv4", "10.9.1.2"],
  ["IPv6", "IPv6", "fd09:1::2"],
  ["IPv4 by an IPv6 socket", "IPv4", "::ffff:10.9.1.2"],
] as const) {
  inNamespaces()(`two paths, ${name}: what ss says, by each way of asking`, async () => {
    const network = await twoPaths({ family, rateMbit: RATE_MBIT });
    await using topology = network.topology;
    await startServer(topology);
    const look = lookers(topology, address, SIZE);
    const { full, older, grown, ...rest } = await look(
      ({ full, receivedBytes }) => receivedBytes > SIZE && established(full, 2),
    );
    expect(states(full)?.map(([id]) => id)).toEqual([1, 2]);
    const received = Object.fromEntries(
      (full?.subflows ?? []).map(({ between, tcp }) => [between ?? "", tcp.bytesReceived]),
    );
    expect(received).toEqual(await subflowsBySs(network));
    expect(full?.info).toMatchObject({
      remoteKeyReceived: true,
      totalSubflows: 2,
      bytesReceived: rest.receivedBytes,
    });
    const [socket = ""] = await topology.mptcpSockets("client");
    expect(socket).toContain(` token:${full?.info.token.toString(16)} `);
    expect(settled(older)).toEqual(settled(full));
    expect(settled(grown)).toEqual(settled(full));
    // Of a connection that is MPTCP, TCP_INFO is the first subflow's.
    expect(rest).toMatchObject({ mptcp: true, unread: false, mptcpSyns: 1 });
    expect(rest.tcp.bytesReceived).toBe(full?.subflows[0]?.tcp.bytesReceived ?? -1);
  });
}

inNamespaces("nft")("paths that are reset: remains of the first, then none left", async () => {
  const network = await twoPaths({ family: "IPv4", rateMbit: RATE_MBIT });
  await using topology = network.topology;
  await startServer(topology);
  const look = lookers(topology, "10.9.1.2", 1_000_000_000);
  await look(({ full }) => established(full, 2));
  await resetBy(topology, "s1");
  // The kernel cleans up after itself a moment after the reset.
  const isRemains = (connection: LookedConnection | null) => connection?.subflows[0]?.id === 0;
  const one = await look(({ full, older }) => isRemains(full) && isRemains(older));
  for (const connection of [one.full, one.older, one.grown]) {
    expect(states(connection)).toEqual([
      [0, CLOSE],
      [2, ESTABLISHED],
    ]);
    expect(connection?.subflows[0]?.between).toBeNull();
    expect(connection?.info.totalSubflows).toBe(1);
  }
  await look(({ receivedBytes }) => receivedBytes > one.receivedBytes);
  await resetBy(topology, "s2");
  const none = await look(({ full }) => full?.subflows.length === 1);
  expect(states(none.full)).toEqual([[0, CLOSE]]);
  expect(none.full?.info.totalSubflows).toBe(0);
  // Nothing else tells: the socket is MPTCP still, and has neither bytes nor an end nor an error to read.
  const later = await look(({ receivedBytes }) => receivedBytes === none.receivedBytes);
  expect(later).toMatchObject({ mptcp: true, unread: false });
});

inNamespaces()("a subflow that goes from the middle: the others keep their numbers", async () => {
  const network = await twoPaths({ family: "IPv4", rateMbit: RATE_MBIT });
  await using topology = network.topology;
  await startServer(topology);
  const look = lookers(topology, "10.9.1.2", SIZE);
  await look(({ full, older }) => established(full, 2) && established(older, 2));
  await topology.ip("client", "address add 10.9.2.3/24 dev c2");
  await topology.ip("client", "mptcp endpoint add 10.9.2.3 dev c2 subflow");
  const three = await look(({ full, older }) => established(full, 3) && established(older, 3));
  await topology.ip("client", "mptcp endpoint delete id 1");
  const two = await look(({ full, older }) => established(full, 2) && established(older, 2));
  for (const connection of [two.full, two.older]) {
    expect(states(connection)?.map(([id]) => id)).toEqual([1, 3]);
    expect(connection?.subflows[1]?.between).toBe(three.full?.subflows[2]?.between ?? "");
  }
});

inNamespaces("nft")("a join that is not answered: listed, and counted", async () => {
  const network = await twoPaths({ family: "IPv4", rateMbit: RATE_MBIT });
  await using topology = network.topology;
  await startServer(topology);
  const rule = 'iifname "s2" tcp flags & (syn | ack) == syn drop';
  await topology.nft("server", ruleTable(rule, "input"));
  const look = lookers(topology, "10.9.1.2", SIZE);
  const { full, older } = await look(({ full }) => full?.subflows.length === 2);
  for (const connection of [full, older]) {
    expect(states(connection)).toEqual([
      [1, ESTABLISHED],
      [2, SYN_SENT],
    ]);
    expect(connection?.info.totalSubflows).toBe(2);
    expect(connection?.subflows[1]?.between).toMatch(/^10\.9\.2\.1:\d+ > 10\.9\.1\.2:8080$/);
  }
});

for (const family of ["IPv4", "IPv6"] as const) {
  inNamespaces()(`a server of plain TCP, ${family}: no MPTCP facts, TCP's own`, async () => {
    const network = await twoPaths({ family, rateMbit: RATE_MBIT });
    await using topology = network.topology;
    await startServer(topology, { plain: true });
    const look = lookers(topology, family === "IPv4" ? "10.9.1.2" : "fd09:1::2", SIZE);
    const found = await look(({ receivedBytes }) => receivedBytes > SIZE);
    expect(found).toMatchObject({ mptcp: false, full: null, older: null, grown: null });
    expect(found.tcp).toMatchObject({ state: ESTABLISHED, bytesReceived: found.receivedBytes });
  });
}
