// A download over two uplinks, of which one dies in mid-transfer, in every way that networks have: the file arrives
// whole over the other, the exit code is 0, MPTCP is still what the verdict says, and the report has what each path
// carried and how the dead one ended. And servers that end a connection themselves. When no path is left:
// no-path-left.test.ts; when a dead one goes unnoticed: path-timeout.test.ts.
import { expect } from "bun:test";
import type { JsonPath } from "../../../src/cli/output/mptcp-json.ts";
import { type CutKind, cut, mend } from "../../support/mptcp/cuts.ts";
import { hashOfGenerated } from "../../support/mptcp/generated-file.ts";
import {
  type Family,
  startServer,
  type UplinkNetwork,
  uplinks,
} from "../../support/mptcp/paths.ts";
import {
  connectionOf,
  isTruePrefix,
  sideBySide,
  type Transferred,
  transferIn,
  untilMoved,
} from "../lab.ts";
import {
  BEFORE_CUT,
  bothAtWork,
  expectBytesOfDevices,
  expectOneDied,
  pathOn,
  RATE_MBIT,
  SIZE,
} from "./dying-path.ts";

/** A path's end, as the client can know it before the file is there. */
interface Ending {
  readonly kind: CutKind;
  readonly cause: JsonPath["end_cause"];
}

/** By unanswered probes of --mptcp-path-timeout 1, for which the machine itself may show the reason. */
const ENDINGS: readonly Ending[] = [
  { kind: "silent drop", cause: "unanswered" },
  { kind: "client's link down", cause: "interface-down" },
  { kind: "router's link down", cause: "interface-down" },
  { kind: "address deleted", cause: "address-removed" },
  { kind: "reset", cause: "reset" },
];

const CASES = ENDINGS.flatMap((ending) =>
  ([1, 2] as const).map((path) => ({ ...ending, path, family: "IPv4" as Family })),
).concat(ENDINGS.map((ending) => ({ ...ending, path: 1, family: "IPv6" as Family })));

for (const { kind, cause, path, family } of CASES) {
  sideBySide("nft")(`${kind} on path ${path} of two, ${family}: the file is whole`, async () => {
    const network = await uplinks({ family, rateMbit: RATE_MBIT });
    await using topology = network.topology;
    await startServer(topology);
    const download = fetchFile(network, "--mptcp-path-timeout", "1");
    await bothAtWork(network, download);
    await cut(network, kind, path);
    const done = await download;
    expect(done).toMatchObject({ exitCode: 0, hash: hashOfGenerated(SIZE) });
    const { paths } = connectionOf(done);
    expect(paths.map(({ interface: name }) => name).sort()).toEqual(["c1", "c2"]);
    expectOneDied(network, done, { path, cause });
    await expectBytesOfDevices(network, done, "download");
  });
}

sideBySide()("the endpoints are flushed: the file is whole, over the first path", async () => {
  const network = await uplinks({ family: "IPv4", rateMbit: RATE_MBIT });
  await using topology = network.topology;
  await startServer(topology);
  const download = fetchFile(network);
  await bothAtWork(network, download);
  await topology.ip("client", "mptcp endpoint flush");
  const done = await download;
  expect(done).toMatchObject({ exitCode: 0, hash: hashOfGenerated(SIZE) });
  expect(pathOn(network, done, 1)).toMatchObject({ state: "up", end_cause: null });
  expect(pathOn(network, done, 2)).toMatchObject({ state: "closed", down_ms: expect.any(Number) });
  await expectBytesOfDevices(network, done, "download");
});

sideBySide("nft")("a silent drop that ends: both paths carry again", async () => {
  const network = await uplinks({ family: "IPv4", rateMbit: RATE_MBIT });
  await using topology = network.topology;
  await startServer(topology);
  const download = transferIn(network, [`http://${network.host}:8080/${2 * SIZE}`]);
  await bothAtWork(network, download);
  await cut(network, "silent drop", 2);
  const atCut = (await topology.traffic("client")).c2?.receivedBytes ?? 0;
  await untilMoved(network, { bytes: SIZE / 2, devices: ["c1"], during: download });
  await mend(network, 2);
  const done = await download;
  expect(done).toMatchObject({ exitCode: 0, hash: hashOfGenerated(2 * SIZE) });
  expect(pathOn(network, done, 2)).toMatchObject({ state: "up", down_ms: null });
  expect(pathOn(network, done, 2).bytes_in).toBeGreaterThan(atCut + SIZE / 8);
});

sideBySide()("a link that goes down and comes back: both are told, with the cause", async () => {
  const network = await uplinks({ family: "IPv4", rateMbit: RATE_MBIT });
  await using topology = network.topology;
  await startServer(topology);
  const download = transferIn(network, [`http://${network.host}:8080/${2 * SIZE}`]);
  await bothAtWork(network, download);
  await cut(network, "client's link down", 2);
  const atCut = (await topology.traffic("client")).c1?.receivedBytes ?? 0;
  // More than a second's worth: so often interfaces are asked for.
  await untilMoved(network, { bytes: atCut + SIZE / 2, devices: ["c1"], during: download });
  await mend(network, 2);
  const done = await download;
  expect(done).toMatchObject({ exitCode: 0, hash: hashOfGenerated(2 * SIZE) });
  const told = connectionOf(done).events.filter(({ path_id }) => path_id === 2);
  expect(told.map(({ kind, text }) => [kind, text])).toEqual([
    ["path-up", ""],
    ["path-down", "its interface is down"],
    ["path-recovered", ""],
  ]);
});

for (const kind of ["silent drop", "client's link down", "reset"] as const) {
  sideBySide("nft")(`backup path, ${kind} on the first: the backup takes over`, async () => {
    const network = await uplinks({
      family: "IPv4",
      rateMbit: RATE_MBIT,
      endpoints: "subflow backup",
    });
    await using topology = network.topology;
    await startServer(topology);
    const download = fetchFile(network);
    await untilMoved(network, { bytes: SIZE / 4, devices: ["c1"], during: download });
    const idle = (await topology.traffic("client")).c2?.receivedBytes ?? 0;
    await cut(network, kind, 1);
    const done = await download;
    expect(idle).toBeLessThan(SIZE / 40); // Not 0: lost segments may be sent again on it.
    expect(done).toMatchObject({ exitCode: 0, hash: hashOfGenerated(SIZE) });
    expect(pathOn(network, done, 2).backup).toBe(true);
    expect(pathOn(network, done, 2).bytes_in).toBeGreaterThan(SIZE / 4);
  });
}

sideBySide()("four paths, two of them die: the file is whole over the others", async () => {
  const network = await uplinks({ family: "IPv4", rateMbit: RATE_MBIT, paths: 4 });
  await using topology = network.topology;
  await startServer(topology);
  const download = fetchFile(network, "--mptcp-path-timeout", "1");
  await untilMoved(network, {
    bytes: BEFORE_CUT,
    devices: ["c1", "c2", "c3", "c4"],
    during: download,
  });
  await cut(network, "client's link down", 2, 3);
  const done = await download;
  expect(done).toMatchObject({ exitCode: 0, hash: hashOfGenerated(SIZE) });
  expect(connectionOf(done).subflows).toBe(4);
  for (const number of [2, 3]) {
    expect(pathOn(network, done, number).end_cause).toBe("interface-down");
  }
  for (const number of [1, 4]) expect(pathOn(network, done, number).state).toBe("up");
  await expectBytesOfDevices(network, done, "download");
});

sideBySide()("a server that aborts: exit 56 at once, as on TCP, with a true prefix", async () => {
  const network = await uplinks({ family: "IPv4", rateMbit: RATE_MBIT });
  await using topology = network.topology;
  await startServer(topology);
  const url = `http://${network.host}:8080/${SIZE}?abort=2000000`;
  const done = await transferIn(network, [url]);
  expect(done.exitCode).toBe(56);
  expect(done.stderr).toMatch(/reset by peer/i);
  expect(done.stderr).not.toMatch(/no mptcp path/i);
  expect(isTruePrefix(done)).toBe(true);
  expect((await topology.counters("client"))("MPFastcloseRx")).toBe(1);
});

sideBySide()("a server that closes early: exit 18, with all that it sent", async () => {
  const network = await uplinks({ family: "IPv4", rateMbit: RATE_MBIT });
  await using topology = network.topology;
  await startServer(topology);
  const url = `http://${network.host}:8080/${SIZE}?close=2000000`;
  const done = await transferIn(network, [url]);
  expect(done).toMatchObject({ exitCode: 18, sizeBytes: 2_000_000 });
  expect(isTruePrefix(done)).toBe(true);
  expect(connectionOf(done).verdict).toBe("mptcp");
});

function fetchFile(network: UplinkNetwork, ...argv: string[]): Promise<Transferred> {
  return transferIn(network, [...argv, `http://${network.host}:8080/${SIZE}`]);
}
