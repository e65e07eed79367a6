// Paths that are dead and look alive: packets vanish, or a link is down, and the kernel says nothing for a quarter of
// an hour, or ever. --mptcp-path-timeout ends such a connection with 56 and says of each path when its last byte came;
// it must not end one whose server is merely slow to speak, or slow to read. Each test that waits for nothing to happen
// waits three times the timeout.
import { expect } from "bun:test";
import { join } from "node:path";
import { type CutKind, cut } from "../../support/mptcp/cuts.ts";
import { hashOfGenerated } from "../../support/mptcp/generated-file.ts";
import { type Family, type Network, startServer, uplinks } from "../../support/mptcp/paths.ts";
import { tempDir } from "../../support/temp-dir.ts";
import { connectionOf, isTruePrefix, sideBySide, transferIn, until, untilMoved } from "../lab.ts";

const SIZE = 6_000_000;
const RATE_MBIT = 20;
const BODY = new Uint8Array(SIZE).fill(120);
const TIMEOUT = ["--mptcp-path-timeout", "2"];

/** Above the timeout of 2 s; the kernel's probes go out once a second. */
const SOON_MS = 6000;

interface Case {
  readonly doing: "download" | "upload" | "idle";
  readonly kind: CutKind;
  readonly paths: 1 | 2;
  readonly family: Family;
}

const CASES: readonly Case[] = [
  { doing: "download", kind: "silent drop", paths: 1, family: "IPv4" },
  { doing: "upload", kind: "silent drop", paths: 1, family: "IPv4" },
  { doing: "idle", kind: "silent drop", paths: 1, family: "IPv4" },
  { doing: "idle", kind: "silent drop", paths: 1, family: "IPv6" },
  { doing: "download", kind: "client's link down", paths: 1, family: "IPv4" },
  { doing: "upload", kind: "client's link down", paths: 1, family: "IPv6" },
  { doing: "download", kind: "router's link down", paths: 1, family: "IPv6" },
  { doing: "download", kind: "address deleted", paths: 1, family: "IPv4" },
  { doing: "download", kind: "silent drop", paths: 2, family: "IPv4" },
  { doing: "download", kind: "silent drop", paths: 2, family: "IPv6" },
  { doing: "upload", kind: "silent drop", paths: 2, family: "IPv4" },
  { doing: "idle", kind: "silent drop", paths: 2, family: "IPv4" },
  { doing: "download", kind: "client's link down", paths: 2, family: "IPv4" },
];

for (const { doing, kind, paths, family } of CASES) {
  const which = paths === 1 ? "the only path" : "both paths";
  sideBySide("nft")(`${doing}, ${kind} on ${which}, ${family}: exit 56, each named`, async () => {
    const network = await uplinks({ family, rateMbit: RATE_MBIT, paths });
    await using topology = network.topology;
    await startServer(topology);
    const source = join(tempDir("upload"), "source");
    await Bun.write(source, BODY);
    const url = `http://${network.host}:8080`;
    const argv = {
      download: [`${url}/${SIZE}`],
      upload: ["-T", source, `${url}/in`],
      idle: [`${url}/1000?wait=60`],
    }[doing];
    const transfer = transferIn(network, [...TIMEOUT, ...argv]);
    const devices = network.uplinks.map(({ device }) => device);
    if (doing === "idle") await untilSubflows(network, paths, transfer);
    else await untilMoved(network, { bytes: 400_000, devices, during: transfer });
    await cut(network, kind, ...network.uplinks.map(({ number }) => number));
    const cutAt = performance.now();
    const done = await transfer;
    expect(done.exitCode).toBe(56);
    expect(done.endedAt - cutAt).toBeLessThan(SOON_MS);
    for (const { device } of network.uplinks)
      expect(done.stderr).toMatch(namedWithItsLastByte(device));
    if (doing === "download") expect(isTruePrefix(done)).toBe(true);
    const connection = connectionOf(done);
    expect(connection.verdict).toBe("mptcp");
    expect(connection.paths.map(({ state }) => state)).toEqual(
      paths === 1 ? ["down"] : ["down", "down"],
    );
  });
}

for (const paths of [1, 2] as const) {
  sideBySide()(`a server silent for 3 × the timeout, ${paths} path(s): exit 0`, async () => {
    const network = await uplinks({ family: "IPv4", rateMbit: RATE_MBIT, paths });
    await using topology = network.topology;
    await startServer(topology);
    const url = `http://${network.host}:8080/1000?wait=6`;
    const done = await transferIn(network, [...TIMEOUT, url]);
    expect(done).toMatchObject({ exitCode: 0, hash: hashOfGenerated(1000) });
    expect(connectionOf(done).paths.map(({ state }) => state)).toEqual(Array(paths).fill("up"));
  });
}

for (const dropped of [1, 2]) {
  sideBySide("nft")(
    `a silent server, path ${dropped} of two dropped: exit 0, one path down`,
    async () => {
      const network = await uplinks({ family: "IPv4", rateMbit: RATE_MBIT });
      await using topology = network.topology;
      await startServer(topology);
      const transfer = transferIn(network, [...TIMEOUT, `http://${network.host}:8080/1000?wait=6`]);
      await untilSubflows(network, 2, transfer);
      await cut(network, "silent drop", dropped);
      const done = await transfer;
      expect(done).toMatchObject({ exitCode: 0, hash: hashOfGenerated(1000) });
      const dead = connectionOf(done).paths.find(({ interface: name }) => name === `c${dropped}`);
      expect(dead?.end_cause).toBe("unanswered");
      const live = connectionOf(done).paths.find(({ interface: name }) => name !== `c${dropped}`);
      expect(live?.state).toBe("up");
    },
  );
}

sideBySide()("a server that reads nothing for 3 × the timeout: the upload goes on", async () => {
  const network = await uplinks({ family: "IPv4", rateMbit: RATE_MBIT });
  await using topology = network.topology;
  const server = await startServer(topology);
  const source = join(tempDir("upload"), "source");
  await Bun.write(source, BODY);
  const url = `http://${network.host}:8080/in?stall=6`;
  const done = await transferIn(network, [...TIMEOUT, "-T", source, url]);
  expect(done.exitCode).toBe(0);
  expect(server.events().at(-1)).toMatchObject({ method: "PUT", uploadedBytes: SIZE });
});

sideBySide("nft")("--mptcp-path-timeout 0: a dead path is waited for", async () => {
  const network = await uplinks({ family: "IPv4", rateMbit: RATE_MBIT, paths: 1 });
  await using topology = network.topology;
  await startServer(topology);
  const argv = ["--mptcp-path-timeout", "0", "-m", "6", `http://${network.host}:8080/${SIZE}`];
  const transfer = transferIn(network, argv);
  await untilMoved(network, { bytes: 400_000, devices: ["c1"], during: transfer });
  await cut(network, "silent drop", 1);
  const done = await transfer;
  expect(done.exitCode).toBe(28);
  expect(isTruePrefix(done)).toBe(true);
});

for (const [argv, areProbed] of [
  [[], true],
  [["--keepalive-time", "60"], false],
] as const) {
  const name = areProbed ? "an idle path is probed in time" : "--keepalive-time has precedence";
  sideBySide()(`${name}: exit 0, probes or none`, async () => {
    const network = await uplinks({ family: "IPv4", rateMbit: RATE_MBIT });
    await using topology = network.topology;
    await startServer(topology);
    const url = `http://${network.host}:8080/1000?wait=4`;
    const done = await transferIn(network, [...TIMEOUT, ...argv, url]);
    expect(done).toMatchObject({ exitCode: 0, hash: hashOfGenerated(1000) });
    const probes = (await topology.counters("client"))("TcpExtTCPKeepAlive");
    expect(probes > 0).toBe(areProbed);
  });
}

function namedWithItsLastByte(device: string): RegExp {
  return new RegExp(`path \\d+ \\(${device}, [^)]*\\): (last byte at|never a byte)`);
}

/** Waits until a connection stands and so many subflows with it. */
async function untilSubflows(
  { topology }: Network,
  count: number,
  during: Promise<unknown>,
): Promise<void> {
  await until({
    read: () => topology.run("client", ["ss", "-HtnO", "state", "established"]),
    holds: ({ stdout }) => stdout.split("\n").length > count,
    during,
  });
}
