// An upload over two uplinks, of which one dies in mid-transfer: the server has all of the file, the exit code is 0,
// MPTCP is still what the verdict says, and the report has what each path carried. The uploader's kernel sees its data
// go unacknowledged, so it knows of a dead path without probes.
import { expect } from "bun:test";
import { join } from "node:path";
import type { JsonPath } from "../../../src/cli/output/mptcp-json.ts";
import { type CutKind, cut, mend } from "../../support/mptcp/cuts.ts";
import { type Family, startServer, uplinks } from "../../support/mptcp/paths.ts";
import { tempDir } from "../../support/temp-dir.ts";
import { connectionOf, hashOfAnswer, sideBySide, transferIn, untilMoved } from "../lab.ts";
import {
  bothAtWork,
  expectBytesOfDevices,
  expectOneDied,
  pathOn,
  RATE_MBIT,
  SIZE,
} from "./dying-path.ts";

const BODY = new Uint8Array(SIZE).fill(120);
const ANSWER = hashOfAnswer(BODY);

interface Case {
  readonly kind: CutKind;
  readonly path: 1 | 2;
  readonly family: Family;
  readonly cause: JsonPath["end_cause"];
}

const CASES: readonly Case[] = [
  { kind: "silent drop", path: 1, family: "IPv4", cause: "unanswered" },
  { kind: "silent drop", path: 2, family: "IPv6", cause: "unanswered" },
  { kind: "client's link down", path: 1, family: "IPv4", cause: "interface-down" },
  { kind: "client's link down", path: 2, family: "IPv4", cause: "interface-down" },
  { kind: "router's link down", path: 1, family: "IPv6", cause: "interface-down" },
  { kind: "address deleted", path: 2, family: "IPv4", cause: "address-removed" },
  { kind: "reset", path: 1, family: "IPv4", cause: "reset" },
  { kind: "reset", path: 2, family: "IPv4", cause: "reset" },
];

for (const { kind, path, family, cause } of CASES) {
  sideBySide("nft")(
    `${kind} on path ${path} of two, ${family}: the server has it all`,
    async () => {
      const network = await uplinks({ family, rateMbit: RATE_MBIT });
      await using topology = network.topology;
      const server = await startServer(topology);
      const source = join(tempDir("upload"), "source");
      await Bun.write(source, BODY);
      const url = `http://${network.host}:8080/in`;
      const upload = transferIn(network, ["--mptcp-path-timeout", "1", "-T", source, url]);
      await bothAtWork(network, upload);
      await cut(network, kind, path);
      const done = await upload;
      expect(done).toMatchObject({ exitCode: 0, hash: ANSWER });
      expect(server.events().at(-1)).toMatchObject({ method: "PUT", uploadedBytes: SIZE });
      expectOneDied(network, done, { path, cause });
      await expectBytesOfDevices(network, done, "upload");
    },
  );
}

sideBySide("nft")("a silent drop that ends: the path is down, recovers, and works", async () => {
  const network = await uplinks({ family: "IPv4", rateMbit: RATE_MBIT });
  await using topology = network.topology;
  await startServer(topology);
  const source = join(tempDir("upload"), "source");
  await Bun.write(source, new Uint8Array(2 * SIZE));
  const url = `http://${network.host}:8080/in`;
  const upload = transferIn(network, ["--mptcp-path-timeout", "1", "-T", source, url]);
  await bothAtWork(network, upload);
  await cut(network, "silent drop", 2);
  await untilMoved(network, { bytes: SIZE, devices: ["c1"], during: upload });
  await mend(network, 2);
  const done = await upload;
  expect(done.exitCode).toBe(0);
  const { id, state, down_ms } = pathOn(network, done, 2);
  expect({ state, down_ms }).toEqual({ state: "up", down_ms: null });
  const life = connectionOf(done).events.filter(({ path_id }) => path_id === id);
  expect(life.map(({ kind }) => kind)).toEqual(["path-up", "path-down", "path-recovered"]);
  expect(done.stderr).toMatch(/^\* MPTCP: .*recovered/m);
});

sideBySide()("a server that aborts an upload: an error at once, and no talk of paths", async () => {
  const network = await uplinks({ family: "IPv4", rateMbit: RATE_MBIT });
  await using topology = network.topology;
  await startServer(topology);
  const source = join(tempDir("upload"), "source");
  await Bun.write(source, BODY);
  const done = await transferIn(network, [
    "-T",
    source,
    `http://${network.host}:8080/in?abort=1000000`,
  ]);
  expect([55, 56]).toContain(done.exitCode);
  expect(done.stderr).not.toMatch(/no mptcp path/i);
});
