// --mptcp over two paths (tests/support/mptcp/paths.ts draws them): both carry the file, in both directions and under TLS,
// and when one of them dies in mid-transfer the file still arrives whole. What a path carried is read from its
// device's counters, what the kernel did from its own.
import { expect } from "bun:test";
import { join } from "node:path";
import { hashOfGenerated } from "../support/mptcp/generated-file.ts";
import { ruleTable } from "../support/mptcp/middlebox.ts";
import { type Family, type Network, startServer, twoPaths } from "../support/mptcp/paths.ts";
import { tempDir } from "../support/temp-dir.ts";
import { certificateFor, fetchIn, hashOfAnswer, inNamespaces, until } from "./lab.ts";

const SIZE = 8_000_000;
const RATE_MBIT = 40;

/** What a path of equal speed must carry at least, to say that both did the work. */
const FAIR_SHARE = 0.25 * SIZE;

for (const family of ["IPv4", "IPv6"] satisfies Family[]) {
  inNamespaces()(`two paths over ${family}: both carry the file`, async () => {
    const network = await twoPaths({ family, rateMbit: RATE_MBIT });
    await using topology = network.topology;
    await startServer(topology);
    const url = `http://${network.host}:8080/${SIZE}`;
    const { exitCode, hash, counters } = await fetchIn(network, ["--mptcp", url]);
    expect(exitCode).toBe(0);
    expect(hash).toBe(hashOfGenerated(SIZE));
    expect(counters("MPJoinSynAckRx")).toBe(1);
    for (const share of await received(network)) expect(share).toBeGreaterThan(FAIR_SHARE);
  });
}

inNamespaces()("two paths without --mptcp: only the first carries anything", async () => {
  const network = await twoPaths({ family: "IPv4", rateMbit: RATE_MBIT });
  await using topology = network.topology;
  await startServer(topology);
  await fetchIn(network, [`http://${network.host}:8080/${SIZE}`]);
  const [first = 0, second = 0] = await received(network);
  expect(first).toBeGreaterThan(SIZE);
  expect(second).toBeLessThan(10_000);
});

inNamespaces()("two paths, upload: both carry the file, and the server has all of it", async () => {
  const network = await twoPaths({ family: "IPv4", rateMbit: RATE_MBIT });
  await using topology = network.topology;
  const server = await startServer(topology);
  const source = join(tempDir("upload"), "source");
  const bytes = new Uint8Array(SIZE).fill(120);
  await Bun.write(source, bytes);
  const argv = ["--mptcp", "-T", source, `http://${network.host}:8080/in`];
  const { exitCode, hash } = await fetchIn(network, argv);
  expect(exitCode).toBe(0);
  expect(server.events().at(-1)).toMatchObject({ method: "PUT", uploadedBytes: SIZE });
  expect(hash).toBe(hashOfAnswer(bytes));
  const traffic = await topology.traffic("client");
  expect(traffic.c1?.sentBytes).toBeGreaterThan(FAIR_SHARE);
  expect(traffic.c2?.sentBytes).toBeGreaterThan(FAIR_SHARE);
});

inNamespaces("openssl")("two paths under TLS: both carry the file", async () => {
  const network = await twoPaths({ family: "IPv4", rateMbit: RATE_MBIT });
  await using topology = network.topology;
  const tls = await certificateFor(network.host);
  await startServer(topology, { tls });
  const url = `https://${network.host}:8080/${SIZE}`;
  const fetched = await fetchIn(network, ["--mptcp", "--cacert", tls.certificate, url]);
  expect(fetched.stderr).toContain("TLS");
  expect(fetched.exitCode).toBe(0);
  expect(fetched.hash).toBe(hashOfGenerated(SIZE));
  for (const share of await received(network)) expect(share).toBeGreaterThan(FAIR_SHARE);
});

/** Ways for a path to die, each with what does it. The second path's are like the first's. */
const CUTS = [
  {
    name: "the first path's link goes down",
    cut: ({ topology }: Network) => topology.ip("client", "link set c1 down"),
  },
  {
    name: "the second path's link goes down",
    cut: ({ topology }: Network) => topology.ip("client", "link set c2 down"),
  },
  {
    name: "the second path's address goes away",
    cut: ({ topology }: Network) => topology.ip("client", "address del 10.9.2.1/24 dev c2"),
  },
];

for (const { name, cut } of CUTS) {
  inNamespaces()(`${name} in mid-transfer: the file is whole`, () => cutPath(cut));
}

for (const device of ["s1", "s2"]) {
  inNamespaces("nft")(`${device} drops everything in mid-transfer: the file is whole`, () =>
    cutPath(({ topology }) =>
      topology.nft(
        "server",
        [
          ruleTable(`iifname ${device} drop`, "prerouting"),
          ruleTable(`oifname ${device} drop`, "postrouting"),
        ].join("\n"),
      ),
    ),
  );
}

async function cutPath(cut: (network: Network) => Promise<unknown>): Promise<void> {
  const network = await twoPaths({ family: "IPv4", rateMbit: RATE_MBIT });
  await using topology = network.topology;
  await startServer(topology);
  const fetched = fetchIn(network, ["--mptcp", `http://${network.host}:8080/${SIZE}`]);
  const before = await until({
    read: () => received(network),
    holds: (shares) => shares.every((share) => share > SIZE / 8),
    during: fetched,
  });
  await cut(network);
  const { exitCode, hash, counters } = await fetched;
  expect(before.every((share) => share < SIZE / 2)).toBe(true);
  expect(exitCode).toBe(0);
  expect(hash).toBe(hashOfGenerated(SIZE));
  expect(counters("MPCapableSYNTX")).toBe(1);
  expect(counters("TcpActiveOpens")).toBe(2);
}

/** Bytes received by the first and the second path's device of the client. */
async function received({ topology }: Network): Promise<number[]> {
  const traffic = await topology.traffic("client");
  return ["c1", "c2"].map((device) => traffic[device]?.receivedBytes ?? 0);
}
