// A middlebox takes MPTCP out of packets after the handshake. Where the client falls back and the server does not,
// the server sends bytes again that the client would take for new ones: Content-Length does not catch it, and curl
// --mptcp writes them. What must hold: a file is whole, or all that is there of it is right and the exit code is not 0.
import { expect } from "bun:test";
import { hashOfGenerated } from "../../support/mptcp/generated-file.ts";
import { middlebox } from "../../support/mptcp/middlebox.ts";
import { startServer, throughRouter } from "../../support/mptcp/paths.ts";
import {
  certificateFor,
  connectionOf,
  isTruePrefix,
  sideBySide,
  transferIn,
  untilMoved,
} from "../lab.ts";

const SIZE = 8_000_000;
const RATE_MBIT = 40;

const FROM_SERVER = "tcp sport 8080 tcp flags & syn == 0 reset tcp option mptcp";
const FROM_BOTH = "tcp flags & syn == 0 reset tcp option mptcp";

sideBySide("nft")(
  "stripped from the start, GET: repeated once on plain TCP, and right",
  async () => {
    const network = await throughRouter({ family: "IPv4", rateMbit: RATE_MBIT });
    await using topology = network.topology;
    const server = await startServer(topology);
    await middlebox(topology, FROM_SERVER);
    const done = await transferIn(network, [`http://${network.host}:8080/1000000`]);
    expect(done).toMatchObject({ exitCode: 0, hash: hashOfGenerated(1_000_000) });
    expect(server.events().filter(({ event }) => event === "connection")).toHaveLength(2);
    expect(server.events().filter(({ event }) => event === "request")).toHaveLength(2);
    expect((await topology.counters("client"))("MPCapableSYNTX")).toBe(1);
    const [first] = done.transfer.connections;
    expect(first).toMatchObject({ verdict: "fallback", reason: { cause: "stripped" } });
    expect(done.stderr).toMatch(/^\* .*fell back to TCP/m);
  },
);

sideBySide("nft")("stripped from the start, POST: sent once, with a warning", async () => {
  const network = await throughRouter({ family: "IPv4", rateMbit: RATE_MBIT });
  await using topology = network.topology;
  const server = await startServer(topology);
  await middlebox(topology, FROM_SERVER);
  const done = await transferIn(network, [
    "--no-silent",
    "-d",
    "once",
    `http://${network.host}:8080/in`,
  ]);
  expect(done.exitCode).toBe(0);
  const requests = server.events().filter(({ event }) => event === "request");
  expect(requests).toMatchObject([{ method: "POST", uploadedBytes: 4 }]);
  expect(done.transfer.warnings).toHaveLength(1);
  expect(done.stderr).toMatch(/^Warning: .*MPTCP/m);
});

for (const argv of [[], ["-d", "once"]]) {
  const method = argv.length === 0 ? "GET" : "POST";
  sideBySide("nft")(
    `stripped from the start, ${method} with --mptcp-require: exit 120`,
    async () => {
      const network = await throughRouter({ family: "IPv4", rateMbit: RATE_MBIT });
      await using topology = network.topology;
      const server = await startServer(topology);
      await middlebox(topology, FROM_SERVER);
      const url = `http://${network.host}:8080/1000000`;
      const done = await transferIn(network, ["--mptcp-require", ...argv, url]);
      expect(done).toMatchObject({ exitCode: 120, sizeBytes: 0, hash: "" });
      expect(done.stderr).toContain("--mptcp-require");
      expect(server.events().filter(({ event }) => event === "connection")).toHaveLength(1);
    },
  );
}

/** Bytes at which the middlebox wakes up: with each the first doubtful chunk is another one. */
const MOMENTS = [200_000, 500_000, 1_000_000, 1_700_000, 2_500_000, 4_000_000, 6_000_000];

for (const [rule, name] of [
  [FROM_SERVER, "from the server's packets"],
  [FROM_BOTH, "from all packets"],
] as const) {
  for (const bytes of MOMENTS) {
    sideBySide("nft")(`stripped ${name} at ${bytes} bytes: exit 56, a true prefix`, async () => {
      const network = await throughRouter({ family: "IPv4", rateMbit: RATE_MBIT });
      await using topology = network.topology;
      await startServer(topology);
      const transfer = transferIn(network, ["-m", "20", `http://${network.host}:8080/${SIZE}`]);
      await untilMoved(network, { bytes, devices: ["c1"], during: transfer });
      await middlebox(topology, rule);
      const done = await transfer;
      expect(done.exitCode).toBe(56);
      expect(done.sizeBytes).toBeGreaterThan(0.8 * bytes);
      expect(isTruePrefix(done)).toBe(true);
      expect(done.stderr).toMatch(/^mpcurl: \(56\) MPTCP ended/m);
      expect(connectionOf(done)).toMatchObject({ verdict: "fallback", reason: { cause: "late" } });
    });
  }
}

for (const bytes of [0, 1_000_000]) {
  sideBySide("nft", "openssl")(
    `stripped at ${bytes} bytes inside TLS: told, never wrong`,
    async () => {
      const network = await throughRouter({ family: "IPv4", rateMbit: RATE_MBIT });
      await using topology = network.topology;
      const tls = await certificateFor(network.host);
      await startServer(topology, { tls });
      if (bytes === 0) await middlebox(topology, FROM_BOTH);
      const url = `https://${network.host}:8080/${SIZE}`;
      const transfer = transferIn(network, ["--cacert", tls.certificate, "-m", "20", url]);
      if (bytes > 0) {
        await untilMoved(network, { bytes, devices: ["c1"], during: transfer });
        await middlebox(topology, FROM_BOTH);
      }
      const done = await transfer;
      if (done.exitCode === 0) expect(done.hash).toBe(hashOfGenerated(SIZE));
      expect(isTruePrefix(done)).toBe(true);
      expect(done.stderr).toMatch(/^\* .*fell back to TCP/m);
      expect(connectionOf(done).verdict).toBe("fallback");
    },
  );
}
