// The last path of a connection is reset. The kernel would keep the socket, silent, for 60 s: the program ends it with
// 56 a second later and says which path went last, unless a path comes back; and it never does so where the silence
// has another reason. A promise about time, so time is measured here, with margins for slow machines.
import { expect } from "bun:test";
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { cut, mend, rejoin, resetByServer } from "../../support/mptcp/cuts.ts";
import { hashOfFile, hashOfGenerated } from "../../support/mptcp/generated-file.ts";
import { type Family, type Network, startServer, uplinks } from "../../support/mptcp/paths.ts";
import { programPath } from "../../support/program-path.ts";
import { tempDir } from "../../support/temp-dir.ts";
import { connectionOf, isTruePrefix, sideBySide, transferIn, until, untilMoved } from "../lab.ts";

const SIZE = 6_000_000;
const RATE_MBIT = 20;
const BODY = new Uint8Array(SIZE).fill(120);

/** Promised: 1.1 s after the last path went. The rest is the machine's. */
const SOON_MS = 2500;
const GRACE_MS = 900;

interface Case {
  readonly paths: 1 | 2;
  readonly direction: "download" | "upload";
  readonly family: Family;
}

const CASES: readonly Case[] = [
  { paths: 1, direction: "download", family: "IPv4" },
  { paths: 1, direction: "download", family: "IPv6" },
  { paths: 1, direction: "upload", family: "IPv4" },
  { paths: 2, direction: "download", family: "IPv4" },
  { paths: 2, direction: "upload", family: "IPv6" },
];

for (const { paths, direction, family } of CASES) {
  const which = paths === 1 ? "the only path" : "both paths";
  sideBySide("nft")(`reset of ${which}, ${direction}, ${family}: exit 56 in a second`, async () => {
    const network = await uplinks({ family, rateMbit: RATE_MBIT, paths });
    await using topology = network.topology;
    await startServer(topology);
    const source = join(tempDir("upload"), "source");
    await Bun.write(source, BODY);
    const url = `http://${network.host}:8080`;
    const argv = direction === "upload" ? ["-T", source, `${url}/in`] : [`${url}/${SIZE}`];
    const transfer = transferIn(network, argv);
    const devices = network.uplinks.map(({ device }) => device);
    await untilMoved(network, { bytes: 400_000, devices, during: transfer });
    await cut(network, "reset", ...network.uplinks.map(({ number }) => number));
    const cutAt = performance.now();
    const done = await transfer;
    expect(done.exitCode).toBe(56);
    expect(done.stderr).toMatch(
      /No MPTCP path to \S+:8080 is left: path [12] \(c[12], .* went last, \d/,
    );
    expect(done.endedAt - cutAt).toBeLessThan(SOON_MS);
    expect(done.endedAt - cutAt).toBeGreaterThan(GRACE_MS);
    if (direction === "download") expect(isTruePrefix(done)).toBe(true);
    const connection = connectionOf(done);
    expect(connection.verdict).toBe("mptcp");
    expect(connection.paths).toHaveLength(paths);
    for (const path of connection.paths) {
      expect(path).toMatchObject({ state: "closed", end_cause: "reset" });
    }
    expect(connection.events.at(-1)).toMatchObject({ kind: "no-path-left" });
  });
}

sideBySide()("reset while the server is silent: exit 56 in a second", async () => {
  const network = await uplinks({ family: "IPv4", rateMbit: RATE_MBIT });
  await using topology = network.topology;
  await startServer(topology);
  const transfer = transferIn(network, [`http://${network.host}:8080/1000?wait=60`]);
  await untilJoined(network, transfer);
  await Bun.sleep(300); // Paths are looked at every 100 ms: the second must have been seen.
  await resetByServer(network, 1);
  await resetByServer(network, 2);
  const resetAt = performance.now();
  const done = await transfer;
  expect(done.exitCode).toBe(56);
  expect(done.stderr).toMatch(/No MPTCP path to \S+:8080 is left: path 2 /);
  expect(done.endedAt - resetAt).toBeLessThan(SOON_MS);
});

sideBySide()(
  "reset before anybody looked at the paths: the path is named all the same",
  async () => {
    const network = await uplinks({ family: "IPv4", rateMbit: RATE_MBIT, paths: 1 });
    await using topology = network.topology;
    const server = await startServer(topology);
    // Neither -v nor a report: the paths are looked at once the transfer has lasted 100 ms.
    const words = ["-sS", "--mptcp", "-o", "/dev/null", `http://${network.host}:8080/1000?wait=60`];
    const transfer = topology.run("client", [programPath(), ...words]);
    await server.service.line((line) => line.includes("waiting"));
    await resetByServer(network, 1);
    const { exitCode, stderr } = await transfer;
    expect(exitCode).toBe(56);
    expect(stderr).toContain("path 1 (c1, 10.9.1.1 to 10.9.100.1) went last");
  },
);

sideBySide("nft")("a path that comes back within a second: the file is whole", async () => {
  const network = await uplinks({ family: "IPv4", rateMbit: RATE_MBIT });
  await using topology = network.topology;
  await startServer(topology);
  const transfer = transferIn(network, [`http://${network.host}:8080/${SIZE}`]);
  await untilMoved(network, { bytes: 400_000, devices: ["c1", "c2"], during: transfer });
  await cut(network, "reset", 1, 2);
  await until({
    read: () => topology.mptcpSockets("client"),
    holds: ([line]) => line?.includes("subflows:") === false,
    during: transfer,
  });
  await mend(network, 1, 2);
  await rejoin(network, 2);
  const done = await transfer;
  expect(done).toMatchObject({ exitCode: 0, hash: hashOfGenerated(SIZE) });
  const { paths } = connectionOf(done);
  expect(paths.filter(({ state }) => state === "closed")).toHaveLength(2);
  expect(paths.find(({ state }) => state === "up")).toMatchObject({
    id: 3,
    interface: "c2",
    end_cause: null,
  });
});

sideBySide()("a connection that fell back and is silent: left alone", async () => {
  const network = await uplinks({ family: "IPv4", rateMbit: RATE_MBIT });
  await using topology = network.topology;
  await startServer(topology, { plain: true });
  const done = await transferIn(network, [`http://${network.host}:8080/1000?wait=3`]);
  expect(done).toMatchObject({ exitCode: 0, hash: hashOfGenerated(1000) });
  expect(connectionOf(done).verdict).toBe("fallback");
});

sideBySide("nft")("a connection that fell back, reset: exit 56 in the kernel's words", async () => {
  const network = await uplinks({ family: "IPv4", rateMbit: RATE_MBIT });
  await using topology = network.topology;
  await startServer(topology, { plain: true });
  const transfer = transferIn(network, [`http://${network.host}:8080/${SIZE}`]);
  await untilMoved(network, { bytes: 400_000, devices: ["c1"], during: transfer });
  await cut(network, "reset", 1);
  const done = await transfer;
  expect(done.exitCode).toBe(56);
  expect(done.stderr).not.toMatch(/no mptcp path/i);
  expect(isTruePrefix(done)).toBe(true);
});

sideBySide()("one of two paths reset while the server is silent: left alone", async () => {
  const network = await uplinks({ family: "IPv4", rateMbit: RATE_MBIT });
  await using topology = network.topology;
  await startServer(topology);
  const transfer = transferIn(network, [`http://${network.host}:8080/1000?wait=4`]);
  await untilJoined(network, transfer);
  await resetByServer(network, 1);
  const done = await transfer;
  expect(done).toMatchObject({ exitCode: 0, hash: hashOfGenerated(1000) });
  const { paths } = connectionOf(done);
  expect(paths.map(({ state, end_cause }) => [state, end_cause])).toEqual([
    ["closed", "reset"],
    ["up", null],
  ]);
});

sideBySide("nft")("bytes that nobody has read yet: they are delivered first", async () => {
  const network = await uplinks({ family: "IPv4", rateMbit: RATE_MBIT, paths: 1 });
  await using topology = network.topology;
  await startServer(topology);
  const directory = tempDir("mptcp");
  // The reader behind the pipe takes nothing before "go" is there.
  const script = `"$0" -sS --mptcp "$1" | { until [ -e go ]; do sleep 0.05; done; cat > file; }
    echo "\${PIPESTATUS[0]}" > code`;
  const url = `http://${network.host}:8080/${SIZE}`;
  const words = ["bash", "-c", script, programPath(), url];
  const transfer = topology.run("client", words, { cwd: directory });
  const unread = async () => Number((await topology.mptcpSockets("client"))[0]?.split(/ +/)[1]);
  // Once as much as the socket holds has come, nothing comes any more.
  let before = -1;
  await until({
    read: async () => {
      const now = await unread();
      await Bun.sleep(100);
      const grown = now !== before;
      before = now;
      return grown ? 0 : now;
    },
    holds: (bytes) => bytes > 50_000,
    during: transfer,
  });
  const received = (await topology.traffic("client")).c1?.receivedBytes ?? 0;
  await cut(network, "reset", 1);
  await Bun.sleep(2500); // Longer than a connection without a path may live when all is read.
  expect(existsSync(join(directory, "code"))).toBe(false);
  writeFileSync(join(directory, "go"), "");
  const { stderr } = await transfer;
  expect((await Bun.file(join(directory, "code")).text()).trim()).toBe("56");
  expect(stderr).toMatch(/No MPTCP path/);
  const file = Bun.file(join(directory, "file"));
  expect(file.size).toBeGreaterThan(0.85 * received);
  expect(await hashOfFile(join(directory, "file"))).toBe(hashOfGenerated(file.size));
});

async function untilJoined({ topology }: Network, during: Promise<unknown>): Promise<void> {
  await until({
    read: () => topology.mptcpSockets("client"),
    holds: ([line]) => line?.includes("subflows:1") === true,
    during,
  });
}
