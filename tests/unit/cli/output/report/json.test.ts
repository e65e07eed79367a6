import { describe, expect, test } from "bun:test";
import {
  interruptedAsJson,
  jsonReport,
  SCHEMA,
  SCHEMA_VERSION,
  transferAsJson,
} from "../../../../../src/cli/output/report/json.ts";
import { newCounters, newTimings } from "../../../../../src/client/outcome.ts";
import { CurlError } from "../../../../../src/error.ts";
import { mptcpRecord, outcomeOf, pathRecord, responseHead } from "../../../../support/outcome.ts";

const NOW = { originMs: 500, epochMs: Date.UTC(2026, 0, 2, 3, 4, 5, 678) };

function fileOf(...transfers: ReturnType<typeof transferAsJson>[]) {
  const program = "mpcurl 1.2.3";
  const bytes = jsonReport({ schema: SCHEMA, version: SCHEMA_VERSION, program, transfers });
  return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
}

describe("transferAsJson()", () => {
  test("gives every member of a transfer", () => {
    const outcome = outcomeOf("http://u:p@h.example/x#part", {
      head: responseHead("HTTP/1.1 206 Partial Content"),
      timings: {
        ...newTimings(500),
        nameLookupMs: 1.00049,
        connectMs: 2,
        startTransferMs: 3.5,
        totalMs: 1000,
      },
      counters: { ...newCounters(), downloaded: 7, uploaded: 2 },
      mptcp: {
        records: [mptcpRecord({ startedMs: 502, paths: [pathRecord({ upMs: 502 })] })],
        warnings: ["not vouched for"],
      },
    });
    const transfer = transferAsJson({ outcome, given: "http://u:p@h.example/x#part" }, NOW);
    expect(transfer).toEqual({
      url: "http://h.example/x#part",
      effective_url: "http://h.example/x#part",
      method: "GET",
      response_code: 206,
      exit_code: 0,
      error: null,
      started_at: "2026-01-02T03:04:05.678Z",
      times: {
        namelookup_ms: 1,
        connect_ms: 2,
        appconnect_ms: 0,
        pretransfer_ms: 0,
        starttransfer_ms: 3.5,
        posttransfer_ms: 0,
        redirect_ms: 0,
        total_ms: 1000,
      },
      bytes_downloaded: 7,
      bytes_uploaded: 2,
      mptcp_asked: true,
      warnings: ["not vouched for"],
      connections: [expect.objectContaining({ connection_id: 0, started_ms: 2, ended_ms: null })],
    });
    expect(transfer.connections[0]?.paths).toMatchObject([{ id: 1, up_ms: 2 }]);
  });

  test.each([
    ["http://u:p@h/x", "http://h/x"],
    ["u:p@h/x", "h/x"],
    ["http:///u:p@h/x", "http:///h/x"],
    ["https://u:p%40q@x@h", "https://h"],
    ["http://h/a@b?c@d", "http://h/a@b?c@d"],
    ["http://h?u@p", "http://h?u@p"],
    [" http://u:p@h", " http://h"],
    ["1http://u:p@h", "1http://h"],
  ])("%p is shown as %p", (given, shown) => {
    expect(transferAsJson({ outcome: null, given }, NOW).url).toBe(shown);
  });

  test("a transfer that was not begun has its error and no times", () => {
    const error = new CurlError("URL_MALFORMAT", "URL rejected: Bad hostname");
    expect(transferAsJson({ outcome: null, given: "http://[", error }, NOW)).toMatchObject({
      exit_code: 3,
      error: "URL rejected: Bad hostname",
      times: null,
      effective_url: null,
      mptcp_asked: false,
      connections: [],
    });
  });

  test("the error beside the outcome counts before the outcome's", () => {
    const inside = new CurlError("RECV_ERROR", "inside");
    const beside = new CurlError("WRITE_ERROR", "beside");
    const outcome = outcomeOf("http://h/", { error: inside });
    const given = "http://h/";
    expect(transferAsJson({ outcome, given }, NOW).exit_code).toBe(56);
    expect(transferAsJson({ outcome, given, error: beside }, NOW).exit_code).toBe(23);
  });
});

describe("interruptedAsJson()", () => {
  test("tells what was so far: no exit code, no times, the connection in use", () => {
    const mptcp = mptcpRecord({ startedMs: 510, paths: [pathRecord({ bytesIn: 9 })] });
    const counters = { ...newCounters(), downloaded: 9, mptcp };
    const entry = { given: "http://u@h/", counters, mptcpAsked: true };
    expect(interruptedAsJson(entry, NOW)).toMatchObject({
      url: "http://h/",
      exit_code: null,
      error: "interrupted by a signal",
      times: null,
      bytes_downloaded: 9,
      mptcp_asked: true,
      connections: [{ started_ms: 10, paths: [{ id: 1, bytes_in: 9 }] }],
    });
  });

  test("tells that MPTCP was asked for while nothing is connected yet", () => {
    const entry = { given: "http://h/", counters: newCounters(), mptcpAsked: true };
    expect(interruptedAsJson(entry, NOW)).toMatchObject({ mptcp_asked: true, connections: [] });
  });
});

describe("jsonReport()", () => {
  test("is one object on one line, with schema, version and program", () => {
    const text = fileOf(transferAsJson({ outcome: null, given: "http://h/" }, NOW));
    expect(text.indexOf("\n")).toBe(text.length - 1);
    expect(JSON.parse(text)).toMatchObject({
      schema: "mpcurl-mptcp-report",
      version: 1,
      program: "mpcurl 1.2.3",
      transfers: [{ url: "http://h/" }],
    });
  });

  test("bytes that are UTF-8 become its characters, others U+FFFD; quotes and controls stay JSON", () => {
    const given = 'http://h/\xc3\xa9\xff"\\\x1b\n';
    const error = new CurlError("RECV_ERROR", "from 10.0.0.1 → ‘é’");
    const [transfer] = JSON.parse(fileOf(transferAsJson({ outcome: null, given, error }, NOW)))
      .transfers as { url: string; error: string }[];
    expect(transfer?.url).toBe('http://h/é\uFFFD"\\\x1b\n');
    expect(transfer?.error).toBe("from 10.0.0.1 → ‘é’");
  });
});
