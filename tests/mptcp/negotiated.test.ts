// --mptcp against servers that speak it: the kernel's counters say that MPTCP was asked for and agreed on; and the
// cases in which it must not be asked for. Two paths: paths.test.ts. Servers and middleboxes without it: fallback.
import { expect } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { hashOfGenerated } from "../support/mptcp/generated-file.ts";
import { prepareNginx } from "../support/mptcp/nginx.ts";
import { type Family, startServer, throughRouter, twoPaths } from "../support/mptcp/paths.ts";
import { tempDir } from "../support/temp-dir.ts";
import { fetchIn, inNamespaces, until } from "./lab.ts";

const SIZE = 1_000_000;
const FAMILIES: readonly Family[] = ["IPv4", "IPv6"];

for (const family of FAMILIES) {
  inNamespaces()(`--mptcp over ${family}: MPTCP is negotiated, and the file is right`, async () => {
    const network = await throughRouter({ family, rateMbit: 500 });
    await using topology = network.topology;
    await startServer(topology);
    const { exitCode, stderr, hash, counters } = await fetchIn(network, [
      "--mptcp",
      `http://${network.host}:8080/${SIZE}`,
    ]);
    expect({ exitCode, stderr }).toMatchObject({ exitCode: 0 });
    expect(hash).toBe(hashOfGenerated(SIZE));
    expect(counters("MPCapableSYNTX")).toBe(1);
    expect(counters("MPCapableSYNACKRX")).toBe(1);
    expect((await topology.counters("server"))("MPCapableACKRX")).toBe(1);
    expect(stderr).not.toMatch(/fell back/i);
  });

  inNamespaces()(`without --mptcp over ${family}: no SYN asks for MPTCP`, async () => {
    const network = await throughRouter({ family, rateMbit: 500 });
    await using topology = network.topology;
    await startServer(topology);
    const { exitCode, hash, counters } = await fetchIn(network, [
      `http://${network.host}:8080/${SIZE}`,
    ]);
    expect(exitCode).toBe(0);
    expect(hash).toBe(hashOfGenerated(SIZE));
    expect(counters("TcpActiveOpens")).toBe(1);
    expect(counters("MPCapableSYNTX")).toBe(0);
  });
}

inNamespaces()("--mptcp --no-mptcp: no SYN asks for MPTCP", async () => {
  const network = await throughRouter({ family: "IPv4", rateMbit: 500 });
  await using topology = network.topology;
  await startServer(topology);
  const url = `http://${network.host}:8080/${SIZE}`;
  const { exitCode, counters } = await fetchIn(network, ["--mptcp", "--no-mptcp", url]);
  expect(exitCode).toBe(0);
  expect(counters("TcpActiveOpens")).toBe(1);
  expect(counters("MPCapableSYNTX")).toBe(0);
});

inNamespaces()("--mptcp with two URLs of one server: one MPTCP connection", async () => {
  const network = await throughRouter({ family: "IPv4", rateMbit: 500 });
  await using topology = network.topology;
  const server = await startServer(topology);
  const url = `http://${network.host}:8080/${SIZE}`;
  const { exitCode, counters } = await fetchIn(network, ["--mptcp", url, "-o", "/dev/null", url]);
  expect(exitCode).toBe(0);
  expect(counters("MPCapableSYNTX")).toBe(1);
  expect(counters("MPCapableSYNACKRX")).toBe(1);
  expect(server.events().filter(({ event }) => event === "connection")).toHaveLength(1);
  expect(server.events().filter(({ event }) => event === "request")).toHaveLength(2);
});

inNamespaces()("--mptcp while it runs: ss lists the connection as MPTCP", async () => {
  const network = await twoPaths({ family: "IPv4", rateMbit: 20 });
  await using topology = network.topology;
  await startServer(topology);
  const fetched = fetchIn(network, ["--mptcp", `http://${network.host}:8080/2000000`]);
  const sockets = await until({
    read: () => topology.mptcpSockets("client"),
    holds: (lines) => lines.some((line) => line.includes("subflows:1")),
    during: fetched,
  });
  expect(sockets).toHaveLength(1);
  expect(sockets[0]).toContain("10.9.1.2:8080");
  expect((await fetched).exitCode).toBe(0);
});

inNamespaces("nginx", "mptcpize")("--mptcp against nginx under mptcpize: negotiated", async () => {
  const network = await throughRouter({ family: "IPv4", rateMbit: 500 });
  await using topology = network.topology;
  const root = tempDir("nginx");
  const argv = prepareNginx({ root, address: "0.0.0.0", port: 8080 });
  writeFileSync(join(root, "www/hello"), "hello\n");
  const { ended } = topology.start("server", argv);
  await until({
    read: () => topology.run("server", ["ss", "-HMlnt"]),
    holds: ({ stdout }) => stdout.includes("0.0.0.0:8080"),
    during: ended,
  });
  const url = `http://${network.host}:8080/hello`;
  const { exitCode, hash, counters } = await fetchIn(network, ["--mptcp", url]);
  expect(exitCode).toBe(0);
  expect(hash).toBe(new Bun.CryptoHasher("sha256").update("hello\n").digest("hex"));
  expect(counters("MPCapableSYNACKRX")).toBe(1);
});

inNamespaces()(
  "--mptcp with --unix-socket: no effect, even where MPTCP is switched off",
  async () => {
    const network = await throughRouter({ family: "IPv4", rateMbit: 500 });
    await using topology = network.topology;
    await topology.sysctl("client", "net.mptcp.enabled", 0);
    const path = join(tempDir("unix"), "socket");
    using _server = Bun.serve({ unix: path, fetch: () => new Response("by path") });
    const argv = ["--mptcp", "--unix-socket", path, "http://server.test/"];
    const { exitCode, hash, counters } = await fetchIn(network, argv);
    expect(exitCode).toBe(0);
    expect(hash).toBe(new Bun.CryptoHasher("sha256").update("by path").digest("hex"));
    expect(counters("MPCapableSYNTX")).toBe(0);
  },
);
