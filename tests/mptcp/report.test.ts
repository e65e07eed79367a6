// --mptcp-report over two real paths (tests/support/mptcp/paths.ts draws them): what the JSON says is what the file, the
// devices and the kernel say, and the page shows the same paths.
import { expect } from "bun:test";
import { join } from "node:path";
import { startServer, twoPaths } from "../support/mptcp/paths.ts";
import { programPath } from "../support/program-path.ts";
import { tempDir } from "../support/temp-dir.ts";
import { connectionOf, inNamespaces, transferIn } from "./lab.ts";

const SIZE = 8_000_000;
const RATE_MBIT = 40;

inNamespaces()(
  "the report of two paths agrees with the devices, from sample to sample",
  async () => {
    const network = await twoPaths({ family: "IPv4", rateMbit: RATE_MBIT });
    await using topology = network.topology;
    await startServer(topology);
    const transferred = await transferIn(network, [`http://${network.host}:8080/${SIZE}`]);
    expect(transferred.transfer).toMatchObject({ exit_code: 0, bytes_downloaded: SIZE });
    const { paths, samples, events } = connectionOf(transferred);
    const traffic = await topology.traffic("client");
    for (const { interface: name, bytes_in, share } of paths) {
      const onWire = traffic[name ?? ""]?.receivedBytes ?? 0;
      expect(bytes_in).toBeLessThan(onWire);
      expect(bytes_in).toBeGreaterThan(0.9 * onWire);
      expect(share).toBeGreaterThan(0.25);
    }
    expect(paths.reduce((sum, { bytes_in }) => sum + bytes_in, 0)).toBeGreaterThanOrEqual(SIZE);
    expect(events.map(({ kind }) => kind)).toEqual(["negotiated", "path-up", "path-up"]);
    // 64 Mbit at 80 Mbit/s take 0.8 s at least, a look every 100 ms.
    expect(samples.length).toBeGreaterThanOrEqual(7);
    for (const { id } of paths) {
      const climb = samples.flatMap((sample) => sample.paths.filter((path) => path.id === id));
      const bytes = climb.map(({ bytes_in }) => bytes_in);
      expect(bytes).toEqual([...bytes].sort((a, b) => a - b));
      expect(bytes.at(-1)).toBeGreaterThan(0);
    }
  },
);

inNamespaces()("the page of two paths has a line and a row for each", async () => {
  const network = await twoPaths({ family: "IPv4", rateMbit: RATE_MBIT });
  await using topology = network.topology;
  await startServer(topology);
  const cwd = tempDir("report");
  const url = `http://${network.host}:8080/${SIZE}`;
  const words = ["-sS", "-o", "file", "--mptcp", "--mptcp-report", "r.html", url];
  const { exitCode } = await topology.run("client", [programPath(), ...words], { cwd });
  expect(exitCode).toBe(0);
  const page = await Bun.file(join(cwd, "r.html")).text();
  expect(page).toContain("<title>MPTCP used over 2 paths · 8 MB in ");
  const data = /<script type="application\/json" id="charts">(.*?)<\/script>/.exec(page)?.[1];
  const [chart] = JSON.parse(data ?? "[]") as { paths: { name: string; rate: number[] }[] }[];
  expect(chart?.paths.map(({ name }) => name)).toEqual(["1 · c1", "2 · c2"]);
  for (const { rate } of chart?.paths ?? []) expect(Math.max(...rate)).toBeGreaterThan(10);
  expect(page).toMatch(/10\.9\.1\.1:\d+ →<br>10\.9\.1\.2:8080/);
  expect(page).toMatch(/10\.9\.2\.1:\d+ →<br>10\.9\.1\.2:8080/);
});
