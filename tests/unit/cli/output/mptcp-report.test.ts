import { describe, expect, test } from "bun:test";
import { createMptcpReport } from "../../../../src/cli/output/mptcp-report.ts";
import { newCounters, newTimings } from "../../../../src/client/outcome.ts";
import { CurlError } from "../../../../src/error.ts";
import { VirtualClock } from "../../../support/client/virtual-clock.ts";
import { MemoryHost } from "../../../support/memory-host.ts";
import { mptcpRecord, outcomeOf, pathRecord } from "../../../support/outcome.ts";

const clock = new VirtualClock(10_000);

const ENTRY = {
  outcome: outcomeOf("http://h/", {
    timings: { ...newTimings(9000), totalMs: 1000 },
    mptcp: { records: [mptcpRecord({ paths: [pathRecord()] })], warnings: [] },
  }),
  given: "http://h/",
};

describe("createMptcpReport()", () => {
  test("makes the file at once and writes JSON to it at the end", async () => {
    const host = new MemoryHost();
    const report = createMptcpReport("r.json", host, { clock });
    expect(host.files.get("r.json")).toBe("");
    report.add(ENTRY);
    report.add({ ...ENTRY, given: "http://second/" });
    expect(host.files.get("r.json")).toBe("");
    await report.finish();
    expect(JSON.parse(host.files.get("r.json") ?? "")).toMatchObject({
      schema: "mpcurl-mptcp-report",
      version: 1,
      transfers: [
        // The virtual clock's epoch is its start.
        { url: "http://h/", started_at: "1970-01-01T00:00:09.000Z", connections: [{ port: 8080 }] },
        { url: "http://second/" },
      ],
    });
    expect(host.openFiles).toBe(0);
    expect(host.pendingTerminations).toBe(0);
  });

  test("writes a page to a file that ends in .html, whatever the case", async () => {
    for (const name of ["r.html", "R.HTML"]) {
      const host = new MemoryHost();
      const report = createMptcpReport(name, host, { clock });
      report.add(ENTRY);
      await report.finish();
      expect(host.files.get(name)).toStartWith("<!doctype html>");
      expect(host.openFiles).toBe(0);
    }
  });

  test("writes the table to standard output for -, to standard error for %", async () => {
    for (const [target, stream, other] of [
      ["-", "stdout", "stderr"],
      ["%", "stderr", "stdout"],
    ] as const) {
      const host = new MemoryHost();
      const report = createMptcpReport(target, host, { clock });
      report.add(ENTRY);
      await report.finish();
      expect(host[stream].text).toStartWith("MPTCP used over 1 path");
      expect(host[other].text).toBe("");
      expect([...host.files.keys()]).toEqual([]);
    }
  });

  test("a file that cannot be made fails before the first transfer, naming it", () => {
    const host = new MemoryHost();
    let error: unknown;
    try {
      createMptcpReport("no/such/r.json", host, { clock });
    } catch (caught) {
      error = caught;
    }
    expect(error).toBeInstanceOf(CurlError);
    expect(error).toMatchObject({
      code: "WRITE_ERROR",
      message:
        "Failed to open the file 'no/such/r.json' of --mptcp-report: No such file or directory",
    });
    expect(host.pendingTerminations).toBe(0);
  });

  test("a full disk is a write error, and the file is closed", async () => {
    const host = new MemoryHost({ diskBytes: 10 });
    const report = createMptcpReport("r.json", host, { clock });
    report.add(ENTRY);
    const error = await report.finish().catch((caught: unknown) => caught);
    expect(error).toMatchObject({ code: "WRITE_ERROR" });
    expect(host.openFiles).toBe(0);
  });

  test("a signal writes what there is: what ended, and what runs", async () => {
    const host = new MemoryHost();
    const report = createMptcpReport("r.json", host, { clock });
    report.add(ENTRY);
    const counters = {
      ...newCounters(),
      downloaded: 500,
      mptcp: mptcpRecord({ startedMs: 10_000, paths: [pathRecord({ bytesIn: 500 })] }),
    };
    report.begin({ given: "http://running/", counters, mptcpAsked: true });
    host.terminate();
    const { transfers } = JSON.parse(host.files.get("r.json") ?? "") as { transfers: object[] };
    expect(transfers).toMatchObject([
      { url: "http://h/", exit_code: 0 },
      {
        url: "http://running/",
        exit_code: null,
        bytes_downloaded: 500,
        connections: [{ started_ms: 0, paths: [{ bytes_in: 500 }] }],
      },
    ]);
  });

  test("a transfer that ended is told once, though a signal comes before the next", () => {
    const host = new MemoryHost();
    const report = createMptcpReport("r.json", host, { clock });
    report.begin({ given: "http://h/", counters: newCounters(), mptcpAsked: true });
    report.add(ENTRY);
    host.terminate();
    const { transfers } = JSON.parse(host.files.get("r.json") ?? "") as { transfers: object[] };
    expect(transfers).toMatchObject([{ url: "http://h/", exit_code: 0 }]);
  });
});
