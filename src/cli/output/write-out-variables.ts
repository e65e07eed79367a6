// The variables of -w: one row each, how to read it and how to print it.
//
// Here: the table, the numbers' formats, JSON. Not here: the format's syntax and the writing (write-out.ts), what MPTCP
// did as plain values (mptcp-json.ts, loaded where the format asks). Values are byte strings. Where the transfer did
// not come so far, or there was none because the URL is no URL, a row gives what curl gives then: 0, -1 for ports,
// nothing for text (null in JSON). The rows of MPTCP, which curl has not, are one member of %{json}.

import { byteStringOfText } from "../../bytes.ts";
import type { Outcome } from "../../client/outcome.ts";
import type { CurlError } from "../../error.ts";
import { formatUrl, type Url } from "../../url.ts";
import type { JsonMptcp } from "./mptcp-json.ts";

/** What -w needs beside the outcome of a transfer. */
export interface WriteOutFacts {
  /** As typed, after globbing. A byte string, like all text here. */
  readonly url: string;
  /** Which URL of the command line, from 0. */
  readonly urlNumber: number;
  /** What the sink wrote to; null for standard output. */
  readonly filenameEffective: string | null;
  /** Header bytes that -i put into the output. */
  readonly headerBytesDelivered: number;
  /** Retries done. */
  readonly retries: number;
  /** The method that would have been sent, where nothing was. */
  readonly method: string;
  /** mpcurl's, e.g. "0.1.0". */
  readonly version: string;
  /** Now, milliseconds since 1970. */
  readonly epochMs: number;
  /** An error that is not in the outcome: of the URL, or of the sink's finish(). */
  readonly error?: CurlError;
}

/** An outcome, or null where no transfer was begun, and the facts beside it. */
export interface WriteOutSource {
  readonly outcome: Outcome | null;
  readonly facts: WriteOutFacts;
}

/** And what MPTCP did; null for a transfer that did not ask for it, or where no variable does. */
export interface VariableSource extends WriteOutSource {
  readonly mptcp: JsonMptcp | null;
}

/**
 * text: as it is, in JSON a string, null where there is none · code: three digits, in JSON a plain number ·
 * integer: a whole number · seconds: milliseconds, printed as seconds with six decimals
 */
type Variable =
  | { readonly format: "text"; readonly read: (source: WriteOutSource) => string | null }
  | {
      readonly format: "code" | "integer" | "seconds";
      readonly read: (source: WriteOutSource) => number;
    };

type UrlPart = (url: Url) => string | null;

// As written, not decoded. curl knows "options", a part of mail URLs' userinfo; no URL of ours has one.
const URL_PARTS: { readonly [part: string]: UrlPart } = {
  scheme: (url) => url.scheme,
  user: (url) => url.userinfo?.replace(/:.*/s, "") ?? null,
  password: (url) => /:(.*)/s.exec(url.userinfo ?? "")?.[1] ?? null,
  options: () => null,
  host: (url) => url.givenHost,
  port: (url) => String(url.port),
  path: (url) => url.path,
  query: (url) => url.query,
  fragment: (url) => url.fragment,
  zoneid: (url) => url.zoneId,
};

const VARIABLES: { readonly [name: string]: Variable } = {
  certs: text(({ outcome }) => certificateText(outcome?.connection?.certificates ?? [])),
  conn_id: integer(({ outcome }) => outcome?.connection?.id ?? (outcome ? 0 : -1)),
  content_type: text(({ outcome }) => outcome?.head?.fields.get("content-type") ?? null),
  errormsg: text((source) => {
    const message = errorOf(source)?.message;
    return message === undefined ? null : asByteString(message);
  }),
  exitcode: integer((source) => errorOf(source)?.exitCode ?? 0),
  filename_effective: text(({ facts }) => facts.filenameEffective),
  ftp_entry_path: text(() => null),
  http_code: { format: "code", read: statusOf },
  http_connect: { format: "code", read: () => 0 },
  http_version: text(({ outcome }) => HTTP_VERSIONS[outcome?.head?.version ?? ""] ?? "0"),
  local_ip: text(({ outcome }) => outcome?.connection?.localAddress ?? ""),
  local_port: integer(({ outcome }) => outcome?.connection?.localPort ?? -1),
  method: text(({ outcome, facts }) => outcome?.method ?? facts.method),
  num_certs: integer(({ outcome }) => outcome?.connection?.certificates.length ?? 0),
  num_connects: counter("connectCount"),
  num_headers: integer(({ outcome }) => outcome?.head?.fields.size ?? 0),
  num_redirects: counter("redirectCount"),
  num_retries: integer(({ facts }) => facts.retries),
  proxy_ssl_verify_result: integer(() => 0),
  proxy_used: integer(() => 0),
  redirect_url: text(({ outcome }) => outcome?.redirectUrl ?? null),
  referer: text(({ outcome }) => outcome?.referer ?? null),
  remote_ip: text(({ outcome }) => outcome?.connection?.remoteAddress ?? ""),
  remote_port: integer(({ outcome }) => outcome?.connection?.remotePort ?? -1),
  response_code: { format: "code", read: statusOf },
  scheme: text(({ outcome }) => outcome?.effectiveUrl.scheme ?? null),
  size_delivered: integer(
    ({ outcome, facts }) => (outcome?.counters.delivered ?? 0) + facts.headerBytesDelivered,
  ),
  size_download: counter("downloaded"),
  size_header: counter("headers"),
  size_request: counter("requests"),
  size_upload: counter("uploaded"),
  speed_download: speed("downloaded"),
  speed_upload: speed("uploaded"),
  ssl_verify_result: integer(({ outcome }) => outcome?.connection?.tlsVerifyResult ?? 0),
  time_appconnect: seconds("appConnectMs"),
  time_connect: seconds("connectMs"),
  time_namelookup: seconds("nameLookupMs"),
  time_posttransfer: seconds("postTransferMs"),
  time_pretransfer: seconds("preTransferMs"),
  time_queue: seconds("queueMs"),
  time_redirect: seconds("redirectMs"),
  time_starttransfer: seconds("startTransferMs"),
  time_total: seconds("totalMs"),
  tls_earlydata: integer(() => 0),
  url: text(({ facts }) => facts.url),
  url_effective: text(({ outcome, facts }) =>
    outcome ? formatUrl(outcome.effectiveUrl) : facts.url,
  ),
  urlnum: integer(({ facts }) => facts.urlNumber),
  xfer_id: integer(({ outcome }) => outcome?.id ?? 0),
  ...urlRows("url", ({ outcome }) => outcome?.url ?? null),
  ...urlRows("urle", ({ outcome }) => outcome?.effectiveUrl ?? null),
};

/** What only mpcurl has. A number that is not known is nothing as text, and null in %{json}'s mptcp object. */
const MPTCP_VARIABLES: { readonly [name: string]: (source: VariableSource) => string } = {
  mptcp: ({ outcome, mptcp }) => (outcome && !mptcp ? "tcp" : (mptcp?.verdict ?? "")),
  mptcp_bytes_retrans: ({ mptcp }) => String(mptcp?.bytes_retrans ?? ""),
  mptcp_paths: ({ mptcp }) => JSON.stringify(mptcp?.paths ?? []),
  mptcp_reason: ({ mptcp }) => mptcp?.reason?.text ?? "",
  mptcp_subflows: ({ mptcp }) => String(mptcp?.subflows ?? 0),
};

const HTTP_VERSIONS: { readonly [version: string]: string } = { "1.0": "1", "1.1": "1.1" };

/** The error that counts for the exit code. */
export function errorOf({ outcome, facts }: WriteOutSource): CurlError | undefined {
  return facts.error ?? outcome?.error;
}

/** `%{name}` as text; undefined for a name that is none. */
export function variableText(name: string, source: VariableSource): string | undefined {
  if (name === "json") return allAsJson(source);
  if (name === "header_json") return headersAsJson(source);
  if (Object.hasOwn(MPTCP_VARIABLES, name)) return MPTCP_VARIABLES[name]?.(source);
  const row = Object.hasOwn(VARIABLES, name) ? VARIABLES[name] : undefined;
  if (row === undefined) return undefined;
  switch (row.format) {
    case "text":
      return row.read(source) ?? "";
    case "code":
      return String(row.read(source)).padStart(3, "0");
    case "integer":
      return String(row.read(source));
    case "seconds":
      return secondsText(row.read(source));
  }
}

/** Every variable in the alphabet's order; `curl_version` last, as in curl. */
function allAsJson(source: VariableSource): string {
  const members = [...Object.keys(VARIABLES), "mptcp"].sort().map((name) => {
    const row = VARIABLES[name];
    return `"${name}":${row ? jsonValue(row, source) : JSON.stringify(source.mptcp)}`;
  });
  return `{${members.join(",")},"curl_version":${jsonString(`mpcurl/${source.facts.version}`)}}`;
}

function jsonValue(row: Variable, source: WriteOutSource): string {
  switch (row.format) {
    case "text": {
      const value = row.read(source);
      return value === null ? "null" : jsonString(value);
    }
    case "code":
    case "integer":
      return String(row.read(source));
    case "seconds":
      return secondsText(row.read(source));
  }
}

/** The last response's fields: lower-case names, each with a list of its values. curl's line breaks. */
function headersAsJson({ outcome }: WriteOutSource): string {
  const values = new Map<string, string[]>();
  for (const [name, value] of outcome?.head?.fields.lines ?? []) {
    const key = name.toLowerCase();
    const list = values.get(key);
    if (list) list.push(jsonString(value));
    else values.set(key, [jsonString(value)]);
  }
  const members = [...values].map(([name, list]) => `${jsonString(name)}:[${list.join(",")}]`);
  return `{${members.join(",\n")}\n}`;
}

/** A byte string as a JSON string; bytes from 0x80 on go through, so that UTF-8 stays UTF-8. */
function jsonString(value: string): string {
  // JSON.stringify escapes what must be and knows no bytes; lone surrogates, its other case, cannot occur here.
  return JSON.stringify(value);
}

function text(read: (source: WriteOutSource) => string | null): Variable {
  return { format: "text", read };
}

function integer(read: (source: WriteOutSource) => number): Variable {
  return { format: "integer", read };
}

function counter(
  name: "connectCount" | "redirectCount" | "downloaded" | "uploaded" | "headers" | "requests",
): Variable {
  return integer(({ outcome }) => outcome?.counters[name] ?? 0);
}

/** Bytes a second over the whole transfer. */
function speed(name: "downloaded" | "uploaded"): Variable {
  return integer(({ outcome }) => {
    if (outcome === null || outcome.timings.totalMs <= 0) return 0;
    return Math.floor((outcome.counters[name] * 1000) / outcome.timings.totalMs);
  });
}

function seconds(name: Exclude<keyof Outcome["timings"], "startedMs">): Variable {
  return { format: "seconds", read: ({ outcome }) => outcome?.timings[name] ?? 0 };
}

function urlRows(
  prefix: string,
  pick: (source: WriteOutSource) => Url | null,
): { readonly [name: string]: Variable } {
  return Object.fromEntries(
    Object.entries(URL_PARTS).map(([part, read]) => [
      `${prefix}.${part}`,
      text((source) => {
        const url = pick(source);
        return url === null ? null : read(url);
      }),
    ]),
  );
}

function statusOf({ outcome }: WriteOutSource): number {
  return outcome?.head?.status ?? 0;
}

function secondsText(ms: number): string {
  const micros = Math.max(0, Math.floor(ms * 1000));
  return `${Math.floor(micros / 1_000_000)}.${String(micros % 1_000_000).padStart(6, "0")}`;
}

function certificateText(certificates: readonly string[]): string {
  return certificates.map((pem) => (pem.endsWith("\n") ? pem : `${pem}\n`)).join("");
}

function asByteString(message: string): string {
  return /[^\0-\xff]/.test(message) ? byteStringOfText(message) : message;
}
