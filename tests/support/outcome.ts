// Outcomes as a finished transfer leaves them, and what MPTCP did for it, for tests of what is made of them.

import { newCounters, newTimings, type Outcome } from "../../src/client/outcome.ts";
import { HeaderList } from "../../src/headers.ts";
import type { ResponseHead } from "../../src/http1/decoder.ts";
import type { MptcpRecord, PathRecord } from "../../src/net/mptcp/paths.ts";
import { parseUrl } from "../../src/url.ts";

/** A head from its lines, the status line first. */
export function responseHead(...lines: string[]): ResponseHead {
  const raw = [...lines, "", ""].join("\r\n");
  const [, version = "1.1", status = "0", reason = ""] =
    /^HTTP\/([\d.]+) (\d+) ?(.*)$/.exec(lines[0] ?? "") ?? [];
  const fields = lines.slice(1).map((line): [string, string] => {
    const colon = line.indexOf(":");
    return [line.slice(0, colon), line.slice(colon + 1).trim()];
  });
  return {
    version: version === "1.0" ? "1.0" : "1.1",
    status: Number(status),
    reason,
    fields: new HeaderList(fields),
    raw,
    sizeBytes: raw.length,
  };
}

/** The outcome of a transfer of `url`. */
export function outcomeOf(url: string, given: Partial<Outcome> = {}): Outcome {
  const parsed = parseUrl(url);
  return {
    id: 0,
    url: parsed,
    heads: given.head ? [given.head] : [],
    effectiveUrl: parsed,
    method: "GET",
    referer: null,
    redirectUrl: null,
    timings: newTimings(0),
    counters: newCounters(),
    mptcp: null,
    ...given,
  };
}

/** A path that is up: interface c1, as most tests' networks have it. */
export function pathRecord(given: Partial<PathRecord> = {}): PathRecord {
  return {
    id: 1,
    local: { address: "10.9.1.1", port: 40000 },
    remote: { address: "10.9.1.2", port: 8080 },
    interfaceName: "c1",
    phase: "up",
    backup: false,
    upMs: 0,
    downMs: null,
    bytesIn: 0,
    bytesOut: 0,
    lastByteMs: null,
    rttMs: null,
    minRttMs: null,
    retransmissions: 0,
    endCause: null,
    ...given,
  };
}

/** A connection over MPTCP that is in use since 0 ms. */
export function mptcpRecord(given: Partial<MptcpRecord> = {}): MptcpRecord {
  return {
    connectionId: 0,
    state: { verdict: "mptcp", reason: null, token: 0xbeef },
    host: "10.9.1.2",
    port: 8080,
    startedMs: 0,
    endedMs: null,
    paths: [],
    mostSubflows: given.paths?.length ?? 0,
    bytesRetransmitted: 0,
    events: [],
    samples: [],
    ...given,
  };
}
