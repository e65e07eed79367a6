// The record of each path against what the kernel itself says: `ss` for ids, addresses and bytes, the devices'
// counters for shares; and the one record in all its places: report, -w, %{json}. Which paths there are: joins.test.ts.
import { expect } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { JsonMptcp, JsonPath } from "../../src/cli/output/mptcp-json.ts";
import type { JsonReport } from "../../src/cli/output/report/json.ts";
import { hashOfGenerated } from "../support/mptcp/generated-file.ts";
import type { Topology } from "../support/mptcp/netns.ts";
import { prepareNginx } from "../support/mptcp/nginx.ts";
import { type Family, startServer, uplinks } from "../support/mptcp/paths.ts";
import { programPath } from "../support/program-path.ts";
import { tempDir } from "../support/temp-dir.ts";
import { connectionOf, inNamespaces, sideBySide, transferIn, until } from "./lab.ts";

const SIZE = 4_000_000;
const RATE_MBIT = 30;

for (const family of ["IPv4", "IPv6"] satisfies Family[]) {
  sideBySide()(
    `two transfers on one connection, ${family}: each path's bytes, as ss has them`,
    async () => {
      const network = await uplinks({ family, rateMbit: RATE_MBIT });
      await using topology = network.topology;
      const server = await startServer(topology);
      const directory = tempDir("mptcp");
      const url = `http://${network.host}:8080`;
      const urls = [`${url}/${SIZE}`, "-o", "two", `${url}/1000000?wait=1`];
      const argv = ["-sS", "--mptcp", "--mptcp-report", "report.json", "-o", "one", ...urls];
      const run = topology.run("client", [programPath(), ...argv], { cwd: directory });
      // While the server thinks about the second request, nothing moves.
      await until({
        read: async () => server.events(),
        holds: (events) => events.at(-1)?.event === "waiting",
        during: run,
      });
      const seen = await subflowsOf(topology);
      const [connection] = await topology.mptcpSockets("client");
      expect(await run).toMatchObject({ exitCode: 0 });
      const { transfers } = (await Bun.file(join(directory, "report.json")).json()) as JsonReport;
      const [first, second] = transfers.map(({ connections }) => connections[0]);
      expect(first?.paths.map(({ local }) => local.address).sort()).toEqual(
        [...seen.keys()].sort(),
      );
      for (const path of first?.paths ?? []) {
        const { ports, bytesReceived } = seen.get(path.local.address) ?? {};
        expect(ports).toBe(`${path.local.port} ${path.remote.port}`);
        expect(bytesReceived).toBe(path.bytes_in);
      }
      expect(connection).toContain(`token:${first?.token?.toString(16)}`);
      expect(second?.connection_id).toBe(first?.connection_id);
      const secondBytes = sum(second?.paths ?? []);
      expect(secondBytes).toBeGreaterThan(1_000_000);
      expect(secondBytes).toBeLessThan(1_300_000);
    },
  );
}

inNamespaces("nginx", "mptcpize")(
  "nginx, four paths: shares are those of the devices",
  async () => {
    const network = await uplinks({ family: "IPv4", rateMbit: RATE_MBIT, paths: 4 });
    await using topology = network.topology;
    const root = tempDir("nginx");
    const argv = prepareNginx({ root, address: "0.0.0.0", port: 8080 });
    writeFileSync(join(root, "www/file"), Buffer.alloc(2 * SIZE, "nginx "));
    const { ended } = topology.start("server", argv);
    await until({
      read: () => topology.run("server", ["ss", "-HMlnt"]),
      holds: ({ stdout }) => stdout.includes("0.0.0.0:8080"),
      during: ended,
    });
    const done = await transferIn(network, [`http://${network.host}:8080/file`]);
    expect(done).toMatchObject({ exitCode: 0, sizeBytes: 2 * SIZE });
    const { paths, subflows } = connectionOf(done);
    expect(subflows).toBe(4);
    const traffic = await topology.traffic("client");
    const devices = network.uplinks.map(({ device }) => traffic[device]?.receivedBytes ?? 0);
    const all = devices.reduce((total, bytes) => total + bytes, 0);
    for (const { number, device } of network.uplinks) {
      const path = paths.find((candidate) => candidate.interface === device);
      const received = devices[number - 1] ?? 0;
      expect(path?.bytes_in).toBeLessThanOrEqual(received);
      expect(path?.bytes_in).toBeGreaterThan(0.9 * received);
      expect(Math.abs((path?.share ?? 0) - received / all)).toBeLessThan(0.03);
      expect(path?.rtt_ms).toBeGreaterThan(0);
    }
  },
);

sideBySide()(
  "the time series: grows to the end, one entry for each path, 100 ms apart",
  async () => {
    const network = await uplinks({ family: "IPv4", rateMbit: RATE_MBIT });
    await using topology = network.topology;
    await startServer(topology);
    const done = await transferIn(network, [`http://${network.host}:8080/${SIZE}`]);
    const { samples, paths, started_ms, ended_ms } = connectionOf(done);
    const seconds = ((ended_ms ?? 0) - started_ms) / 1000;
    expect(samples.length).toBeGreaterThan(4 * seconds);
    expect(samples.length).toBeLessThan(12 * seconds + 4);
    for (const { id, bytes_in } of paths) {
      const series = samples.map(
        (sample) => sample.paths.find((path) => path.id === id)?.bytes_in ?? 0,
      );
      expect(series).toEqual(series.toSorted((a, b) => a - b));
      expect(series.at(-1)).toBe(bytes_in);
    }
  },
);

sideBySide()("-w: the same facts as in the report", async () => {
  const network = await uplinks({ family: "IPv4", rateMbit: RATE_MBIT });
  await using topology = network.topology;
  await startServer(topology);
  const format =
    "%{mptcp}|%{mptcp_reason}|%{mptcp_subflows}|%{mptcp_bytes_retrans}\n%{mptcp_paths}\n%{json}";
  const done = await transferIn(network, ["-w", format, `http://${network.host}:8080/${SIZE}`]);
  expect(done).toMatchObject({ exitCode: 0, hash: hashOfGenerated(SIZE) });
  const [words = "", paths = "", json = ""] = done.stdout.split("\n");
  const connection = connectionOf(done);
  expect(words).toBe(`mptcp||2|${connection.bytes_retrans}`);
  expect(JSON.parse(paths)).toEqual(connection.paths);
  const { mptcp } = JSON.parse(json) as { mptcp: JsonMptcp };
  expect(mptcp.paths).toEqual(connection.paths);
  expect(mptcp).toMatchObject({ verdict: "mptcp", reason: null, token: connection.token });
});

sideBySide()("-w without --mptcp: null in %{json}, and no MPTCP to speak of", async () => {
  const network = await uplinks({ family: "IPv4", rateMbit: RATE_MBIT });
  await using topology = network.topology;
  await startServer(topology);
  const words = ["-sS", "-o", "/dev/null", "-w", "%{mptcp}\n%{json}"];
  const url = `http://${network.host}:8080/1000`;
  const { stdout } = await topology.run("client", [programPath(), ...words, url]);
  const [verdict, json = ""] = stdout.split("\n");
  expect(verdict).toBe("tcp");
  expect((JSON.parse(json) as { mptcp: unknown }).mptcp).toBeNull();
});

sideBySide()("a server without MPTCP: one TCP path with all the bytes", async () => {
  const network = await uplinks({ family: "IPv4", rateMbit: RATE_MBIT });
  await using topology = network.topology;
  await startServer(topology, { plain: true });
  const done = await transferIn(network, ["-w", "%{mptcp}", `http://${network.host}:8080/${SIZE}`]);
  expect(done.stdout).toBe("fallback");
  const { verdict, reason, paths } = connectionOf(done);
  expect({ verdict, cause: reason?.cause }).toEqual({ verdict: "fallback", cause: "not-answered" });
  expect(paths).toMatchObject([{ id: 0, interface: "c1", share: 1, backup: null }]);
  expect(paths[0]?.bytes_in).toBeGreaterThanOrEqual(SIZE);
  expect(paths[0]?.bytes_in).toBeLessThan(SIZE + 1000);
});

interface SubflowSeen {
  readonly ports: string;
  readonly bytesReceived: number;
}

/** The client's established subflows by local address, as `ss` tells. */
async function subflowsOf(topology: Topology): Promise<Map<string, SubflowSeen>> {
  const { stdout } = await topology.run("client", ["ss", "-HtniO", "state", "established"]);
  const lines = stdout.split("\n").filter((line) => line !== "");
  return new Map(
    lines.map((line) => {
      const [, , local = "", remote = ""] = line.trim().split(/ +/);
      const [address = "", port] = splitAddress(local);
      const bytesReceived = Number(/bytes_received:(\d+)/.exec(line)?.[1] ?? 0);
      return [address, { ports: `${port} ${splitAddress(remote)[1]}`, bytesReceived }];
    }),
  );
}

/** "[fd09:2::1]%c2:40000", of a socket that is bound to a device. */
function splitAddress(text: string): [string, string] {
  const colon = text.lastIndexOf(":");
  return [text.slice(0, colon).replace(/[[\]]|%.*/g, ""), text.slice(colon + 1)];
}

function sum(paths: readonly JsonPath[]): number {
  return paths.reduce((total, { bytes_in }) => total + bytes_in, 0);
}
