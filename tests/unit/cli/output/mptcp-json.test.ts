import { describe, expect, test } from "bun:test";
import {
  connectionAsJson,
  mptcpAsJson,
  pathsAsJson,
} from "../../../../src/cli/output/mptcp-json.ts";
import { mptcpRecord, pathRecord } from "../../../support/outcome.ts";

const FIRST = pathRecord({
  upMs: 1001.5,
  bytesIn: 3000,
  bytesOut: 120,
  lastByteMs: 1900,
  rttMs: 1.23456,
  minRttMs: 1,
});
const SECOND = pathRecord({
  id: 2,
  local: { address: "2001:db8::1", port: 40001 },
  remote: { address: "2001:db8::2", port: 443 },
  interfaceName: null,
  phase: "closed",
  backup: null,
  upMs: 1100,
  downMs: 1500.0004,
  bytesIn: 1000,
  retransmissions: 7,
  endCause: "reset",
});
const RECORD = mptcpRecord({
  startedMs: 1000,
  endedMs: 2000,
  paths: [FIRST, SECOND],
  mostSubflows: 2,
  bytesRetransmitted: 512,
  events: [
    { atMs: 1001.5, kind: "negotiated", pathId: null, text: "" },
    { atMs: 1500, kind: "path-down", pathId: 2, text: "a reset" },
  ],
  samples: [
    { atMs: 1100, paths: [{ id: 1, bytesIn: 10, bytesOut: 20, rttMs: null }] },
    { atMs: 1200, paths: [{ id: 2, bytesIn: 30, bytesOut: 0, rttMs: 0.12345 }] },
  ],
});

const PATHS = [
  {
    id: 1,
    interface: "c1",
    local: { address: "10.9.1.1", port: 40000 },
    remote: { address: "10.9.1.2", port: 8080 },
    state: "up",
    backup: false,
    up_ms: 1.5,
    down_ms: null,
    bytes_in: 3000,
    bytes_out: 120,
    share: 0.7573,
    last_byte_ms: 900,
    rtt_ms: 1.235,
    min_rtt_ms: 1,
    retransmissions: 0,
    end_cause: null,
  },
  {
    id: 2,
    interface: null,
    local: { address: "2001:db8::1", port: 40001 },
    remote: { address: "2001:db8::2", port: 443 },
    state: "closed",
    backup: null,
    up_ms: 100,
    down_ms: 500,
    bytes_in: 1000,
    bytes_out: 0,
    share: 0.2427,
    last_byte_ms: null,
    rtt_ms: null,
    min_rtt_ms: null,
    retransmissions: 7,
    end_cause: "reset",
  },
] as const;

describe("pathsAsJson()", () => {
  test("gives every member of every path, times from the origin", () => {
    expect(pathsAsJson(RECORD, 1000)).toEqual([...PATHS]);
  });

  test("gives shares of 0 where nothing moved, and a time before the origin as negative", () => {
    const [path] = pathsAsJson(mptcpRecord({ paths: [pathRecord({ upMs: 10 })] }), 30);
    expect(path).toMatchObject({ share: 0, up_ms: -20 });
  });
});

describe("mptcpAsJson()", () => {
  test("is null for a transfer without --mptcp", () => {
    expect(mptcpAsJson(null, { originMs: 0 })).toBeNull();
  });

  test("tells of the connection used last, and how many there were", () => {
    const earlier = mptcpRecord({ connectionId: RECORD.connectionId + 1 });
    const outcome = { records: [earlier, RECORD], warnings: ["beware"] };
    expect(mptcpAsJson(outcome, { originMs: 1000 })).toEqual({
      verdict: "mptcp",
      reason: null,
      token: 0xbeef,
      subflows: 2,
      bytes_retrans: 512,
      paths: [...PATHS],
      connections: 2,
      warnings: ["beware"],
    });
  });

  test("counts a connection once that served several hops", () => {
    const records = [0, 1, 0].map((connectionId) => mptcpRecord({ connectionId }));
    expect(mptcpAsJson({ records, warnings: [] }, { originMs: 0 })?.connections).toBe(2);
  });

  test("has no verdict where there was no connection", () => {
    expect(mptcpAsJson({ records: [], warnings: [] }, { originMs: 0 })).toEqual({
      verdict: null,
      reason: null,
      token: null,
      subflows: 0,
      bytes_retrans: null,
      paths: [],
      connections: 0,
      warnings: [],
    });
  });

  test("gives the reason of a fall back with the event's sentence", () => {
    const reason = { cause: "late", certain: false, blackholeTimeoutSeconds: null } as const;
    const record = mptcpRecord({
      state: { verdict: "fallback", reason, token: 7 },
      events: [
        { atMs: 1, kind: "negotiated", pathId: null, text: "" },
        { atMs: 5, kind: "fallback", pathId: null, text: "taken out in mid-transfer" },
      ],
    });
    expect(mptcpAsJson({ records: [record], warnings: [] }, { originMs: 0 })).toMatchObject({
      verdict: "fallback",
      reason: { cause: "late", certain: false, text: "taken out in mid-transfer" },
      token: 7,
    });
  });
});

describe("connectionAsJson()", () => {
  test("gives the whole record with events and samples", () => {
    expect(connectionAsJson(RECORD, 1000)).toEqual({
      connection_id: 0,
      host: "10.9.1.2",
      port: 8080,
      verdict: "mptcp",
      reason: null,
      token: 0xbeef,
      started_ms: 0,
      ended_ms: 1000,
      subflows: 2,
      bytes_retrans: 512,
      paths: [...PATHS],
      events: [
        { at_ms: 1.5, kind: "negotiated", path_id: null, text: "" },
        { at_ms: 500, kind: "path-down", path_id: 2, text: "a reset" },
      ],
      samples: [
        { at_ms: 100, paths: [{ id: 1, bytes_in: 10, bytes_out: 20, rtt_ms: null }] },
        { at_ms: 200, paths: [{ id: 2, bytes_in: 30, bytes_out: 0, rtt_ms: 0.123 }] },
      ],
    });
  });

  test("an ended time that is not known is null", () => {
    expect(connectionAsJson(mptcpRecord({ endedMs: null }), 0).ended_ms).toBeNull();
  });
});
