// Outcomes as a finished transfer leaves them, for tests of what is made of them.

import { newCounters, newTimings, type Outcome } from "../../src/client/outcome.ts";
import type { Transfer } from "../../src/client/transfer.ts";
import { HeaderList } from "../../src/headers.ts";
import type { ResponseHead } from "../../src/http1/decoder.ts";
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
  const transfer: Transfer = {
    id: 0,
    url: parsed,
    request: {
      method: "GET",
      customMethod: null,
      httpVersion: "1.1",
      headers: [],
      userAgent: "mpcurl",
      referer: null,
      refererAuto: false,
      range: null,
      compressed: false,
      json: false,
    },
    body: null,
    credentials: null,
    route: { protocol: "tcp", family: "any", resolve: [], connectTo: [], unixSocket: null },
    tls: {
      verify: true,
      trust: { kind: "system" },
      minVersion: 771,
      maxVersion: 772,
      clientCertificate: null,
      collectCertificates: false,
    },
    redirects: { follow: false, maxRedirects: 50 },
    limits: { connectTimeoutMs: 0, maxTimeMs: 0 },
    failOnStatus: "no",
  };
  return {
    transfer,
    heads: given.head ? [given.head] : [],
    effectiveUrl: parsed,
    method: "GET",
    referer: null,
    redirectUrl: null,
    timings: newTimings(0),
    counters: newCounters(),
    ...given,
  };
}
