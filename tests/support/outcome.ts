// Outcomes as a finished transfer leaves them, for tests of what is made of them.

import { newCounters, newTimings, type Outcome } from "../../src/client/outcome.ts";
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
    ...given,
  };
}
