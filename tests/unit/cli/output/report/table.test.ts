import { describe, expect, test } from "bun:test";
import { transferAsJson } from "../../../../../src/cli/output/report/json.ts";
import { tableReport } from "../../../../../src/cli/output/report/table.ts";
import { newCounters, newTimings, type Outcome } from "../../../../../src/client/outcome.ts";
import { CurlError } from "../../../../../src/error.ts";
import type { MptcpRecord } from "../../../../../src/net/mptcp/paths.ts";
import { mptcpRecord, outcomeOf, pathRecord } from "../../../../support/outcome.ts";

const URL_TEXT = "http://10.9.1.2:8080/60MB";
const NOW = { originMs: 0, epochMs: 0 };

function outcomeWith(records: readonly MptcpRecord[], given: Partial<Outcome> = {}): Outcome {
  return outcomeOf(URL_TEXT, {
    timings: { ...newTimings(0), totalMs: 5110 },
    counters: { ...newCounters(), downloaded: 60_000_000 },
    mptcp: { records, warnings: [] },
    ...given,
  });
}

function tableOf(outcome: Outcome | null, error?: CurlError): string {
  return tableReport([transferAsJson({ outcome, given: URL_TEXT, error }, NOW)]);
}

const TWO_PATHS = [
  pathRecord({
    interfaceName: "eth0",
    phase: "closed",
    endCause: "connection-closed",
    upMs: 1.2,
    downMs: 5110,
    bytesIn: 31_200_000,
    bytesOut: 120,
    rttMs: 1.2,
  }),
  pathRecord({
    id: 2,
    local: { address: "10.9.2.1", port: 40639 },
    interfaceName: "wlan0",
    phase: "down",
    endCause: "unanswered",
    backup: true,
    upMs: 21,
    downMs: 1804,
    bytesIn: 28_800_000,
    retransmissions: 12,
  }),
];

describe("tableReport()", () => {
  test("says what became of MPTCP, of what size, and each path in columns", () => {
    expect(tableOf(outcomeWith([mptcpRecord({ paths: TWO_PATHS })]))).toBe(
      [
        "MPTCP used over 2 paths · 60 MB in 5.11 s · 93.9 Mbit/s",
        "http://10.9.1.2:8080/60MB",
        "",
        "path  interface  state              up     down       in    out  share     RTT  resent",
        "   1  eth0       ended         0.001 s  5.110 s  31.2 MB  120 B   52 %  1.2 ms       0",
        "      10.9.1.1:40000 → 10.9.1.2:8080",
        "   2  wlan0      down, backup  0.021 s  1.804 s  28.8 MB    0 B   48 %       -      12",
        "      10.9.2.1:40639 → 10.9.1.2:8080  no answer",
        "",
      ].join("\n"),
    );
  });

  test("fits 80 columns with IPv4 and without backup paths", () => {
    const path = pathRecord({
      local: { address: "192.168.100.200", port: 65535 },
      remote: { address: "192.168.200.100", port: 65535 },
      interfaceName: "enp0s3",
      upMs: 61_000,
      downMs: 99_990,
      phase: "closed",
      endCause: "interface-down",
      bytesIn: 312_345_678,
      bytesOut: 123_456_789,
      rttMs: 999,
      retransmissions: 12345,
    });
    const lines = tableOf(outcomeWith([mptcpRecord({ paths: [path] })])).split("\n");
    const widths = lines.slice(2).map((line) => line.length);
    expect(Math.max(...widths)).toBeLessThanOrEqual(80);
  });

  test("says why it is TCP, and names the one path", () => {
    const reason = { cause: "not-answered", certain: true, blackholeTimeoutSeconds: null } as const;
    const record = mptcpRecord({
      state: { verdict: "fallback", reason, token: null },
      paths: [pathRecord({ id: 0 })],
      events: [{ atMs: 1, kind: "fallback", pathId: null, text: "the server speaks no MPTCP" }],
    });
    const text = tableOf(outcomeWith([record]));
    expect(text).toStartWith("Fell back to TCP · 60 MB");
    expect(text).toContain("\nFell back to TCP: the server speaks no MPTCP\n");
    expect(text).toContain("\n   0  c1 ");
  });

  test("says that a transfer ran without --mptcp", () => {
    const text = tableOf(outcomeWith([], { mptcp: null }));
    expect(text).toStartWith("MPTCP was not asked for · 60 MB");
    expect(text).toContain("without --mptcp");
  });

  test("says how a second path could be had where there is one only", () => {
    const text = tableOf(outcomeWith([mptcpRecord({ paths: [pathRecord()] })]));
    expect(text).toStartWith("MPTCP used over 1 path · ");
    expect(text).toContain("--mptcp-check");
  });

  test("says why a transfer failed, warnings, and what was never begun", () => {
    const error = new CurlError("RECV_ERROR", "no path left");
    const mptcp = {
      records: [mptcpRecord({ paths: TWO_PATHS })],
      warnings: ["something rewrites"],
    };
    const failed = tableOf(outcomeWith([], { mptcp }), error);
    expect(failed).toContain("\nFailed, exit code 56: no path left\n");
    expect(failed).toContain("\nWarning: something rewrites\n");
    const refused = tableOf(null, new CurlError("URL_MALFORMAT", "URL rejected"));
    expect(refused).toBe(`No transfer\n${URL_TEXT}\nFailed, exit code 3: URL rejected\n`);
    expect(tableOf(outcomeWith([]), error)).toStartWith("No connection · ");
  });

  test("tells of each connection where redirects made several", () => {
    const records = [
      mptcpRecord({ connectionId: 0, paths: [pathRecord()] }),
      mptcpRecord({ connectionId: 1, host: "2001:db8::2", paths: TWO_PATHS }),
    ];
    const text = tableOf(outcomeWith(records));
    expect(text).toContain("\nconnection 0 to 10.9.1.2:8080\n");
    expect(text).toContain("\nconnection 1 to [2001:db8::2]:8080\n");
  });

  test("has a section for each transfer, a blank line between", () => {
    const one = transferAsJson({ outcome: outcomeWith([]), given: "http://a/" }, NOW);
    const two = transferAsJson({ outcome: outcomeWith([]), given: "http://b/" }, NOW);
    expect(tableReport([one, two]).split("\n\n").length).toBe(2);
  });

  test("lets no name obey in a terminal", () => {
    const record = mptcpRecord({
      paths: [pathRecord({ interfaceName: "\x1b]0;x\x07" })],
      state: {
        verdict: "fallback",
        reason: { cause: "late", certain: true, blackholeTimeoutSeconds: null },
        token: null,
      },
      events: [{ atMs: 1, kind: "fallback", pathId: null, text: "why\x1b[2J" }],
    });
    const outcome = outcomeWith([record]);
    const error = new CurlError("RECV_ERROR", "bad\x1b[31m");
    const given = "http://h/\x1b[1m";
    const text = tableReport([transferAsJson({ outcome, given, error }, NOW)]);
    expect(text).not.toContain("\x1b");
    expect(text).toContain("\\x1b]0;x\\x07");
  });
});
