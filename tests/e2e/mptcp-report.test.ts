// --mptcp-report by the program as it is shipped: compiled, and packed for Bun, for the page's texts are taken in by the
// bundler. Where each form goes, when the file is made, and what a failure or a signal leaves. The page's content is
// tests/unit/cli/output/report, real paths are tests/mptcp.

import { expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { join } from "node:path";
import type { JsonReport } from "../../src/cli/output/report/json.ts";
import { type Run, run, start } from "../support/program.ts";
import { packedCliPath, programPath } from "../support/program-path.ts";
import { describeWith, needs } from "../support/requirement.ts";
import { type Piece, startRawServer } from "../support/servers/raw-server.ts";
import { tempDir } from "../support/temp-dir.ts";

const HEAD = "HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\n";
const QUICK = { send: `${HEAD}12345678` };
/** A body that takes long enough for a chart. */
const PACED = { send: [HEAD, ...[..."12345678"].flatMap((byte): Piece[] => [60, byte])] };

const UPLOT = "/*! https://github.com/leeoniya/uPlot";

function fileOf({ files }: Run, name: string): string {
  const file = files.get(name);
  if (file === undefined) throw new Error(`there is no ${name}: ${[...files.keys()].join(", ")}`);
  return new TextDecoder("utf-8", { fatal: true }).decode(file.bytes);
}

function reportOf(result: Run, name = "r.json"): JsonReport {
  return JSON.parse(fileOf(result, name)) as JsonReport;
}

/** The data of the page's charts: one entry a connection. */
function chartsIn(page: string): ({ paths: { name: string; rate: number[] }[] } | null)[] {
  const data = /<script type="application\/json" id="charts">(.*?)<\/script>/.exec(page)?.[1];
  return JSON.parse(data ?? "[]");
}

for (const [form, need, words] of [
  ["compiled", "program", () => [programPath()]],
  ["packed", "packed CLI", () => [process.execPath, packedCliPath()]],
] as const) {
  needs(need, "mptcp")(`the ${form} program carries the page with its charts`, async () => {
    const server = startRawServer([PACED], { mptcp: true });
    const [program, ...first] = words();
    const url = `http://127.0.0.1:${server.port}/`;
    const argv = [...first, "-sS", "--mptcp", "--mptcp-report", "r.html", url];
    const result = await run(argv, { ...(program && { program }) });
    server.stop();
    expect(result.stderr).toBe("");
    expect(result.out).toBe("12345678");
    expect(result.exitCode).toBe(0);
    const page = fileOf(result, "r.html");
    expect(page).toStartWith("<!doctype html>");
    expect(page).toContain("MPTCP used over 1 path");
    expect(page).toContain(UPLOT);
    expect(page).toContain("--path-1:");
    const charts = chartsIn(page);
    expect(charts.length).toBe(1);
    expect(charts[0]?.paths.map(({ name }) => name)).toEqual(["1 · lo"]);
  });
}

describeWith(["program", "mptcp"], "--mptcp-report", () => {
  test("the table goes to standard output behind the body, or to standard error", async () => {
    const server = startRawServer([QUICK, QUICK], { mptcp: true });
    const url = `http://127.0.0.1:${server.port}/`;
    const dash = await run(["-sS", "--mptcp", "--mptcp-report", "-", url]);
    const percent = await run(["-sS", "--mptcp", "--mptcp-report", "%", url]);
    server.stop();
    expect(dash.out).toStartWith("12345678MPTCP used over 1 path ");
    expect(dash.out).toContain("127.0.0.1:");
    expect(dash.stderr).toBe("");
    expect(percent.out).toBe("12345678");
    expect(percent.stderr).toStartWith("MPTCP used over 1 path ");
  });

  test("each transfer of the command line has its section, one without --mptcp too", async () => {
    const server = startRawServer([QUICK, QUICK], { mptcp: true });
    const url = `http://me:secret@127.0.0.1:${server.port}/`;
    const report = ["--mptcp-report", "r.json"];
    const result = await run(["-sS", ...report, "--mptcp", url, "--next", "-sS", url]);
    server.stop();
    const { schema, version, transfers } = reportOf(result);
    expect([schema, version]).toEqual(["mpcurl-mptcp-report", 1]);
    expect(transfers.map(({ mptcp_asked }) => mptcp_asked)).toEqual([true, false]);
    expect(transfers.map(({ bytes_downloaded }) => bytes_downloaded)).toEqual([8, 8]);
    expect(transfers[0]?.connections[0]).toMatchObject({ verdict: "mptcp", host: "127.0.0.1" });
    expect(fileOf(result, "r.json")).not.toContain("secret");
  });

  test("a file that cannot be made ends the run before anything is sent", async () => {
    const server = startRawServer([QUICK], { mptcp: true });
    const url = `http://127.0.0.1:${server.port}/`;
    const result = await run(["-sS", "--mptcp", "--mptcp-report", "no/such/r.json", url]);
    const received = server.received();
    server.stop();
    expect(received).toEqual([]);
    expect(result.exitCode).toBe(23);
    expect(result.stderr).toContain("'no/such/r.json'");
    expect(result.out).toBe("");
  });

  test("a transfer that fails is told of", async () => {
    const argv = ["-sS", "--mptcp", "--mptcp-report", "r.json", "http://127.0.0.1:1/"];
    const result = await run(argv);
    expect(result.exitCode).toBe(7);
    expect(reportOf(result).transfers).toMatchObject([
      { url: "http://127.0.0.1:1/", exit_code: 7, error: expect.stringContaining("127.0.0.1") },
    ]);
  });

  test("a signal leaves what there was until then", async () => {
    const server = startRawServer([{ send: `${HEAD}1234`, after: "stall" }], { mptcp: true });
    const cwd = tempDir("report");
    const url = `http://127.0.0.1:${server.port}/`;
    const program = start(["-sS", "-o", "out", "--mptcp", "--mptcp-report", "r.json", url], {
      cwd,
    });
    const out = join(cwd, "out");
    let hasEnded = false;
    program.finished.then(() => {
      hasEnded = true;
    });
    while (!hasEnded && (!existsSync(out) || Bun.file(out).size < 4)) await Bun.sleep(5);
    program.kill("SIGTERM");
    const result = await program.finished;
    server.stop();
    expect(result.signal).toBe("SIGTERM");
    expect(reportOf(result).transfers).toMatchObject([
      {
        exit_code: null,
        bytes_downloaded: 4,
        mptcp_asked: true,
        connections: [{ verdict: "mptcp", ended_ms: null, paths: [{ id: 1, state: "up" }] }],
      },
    ]);
  });
});
