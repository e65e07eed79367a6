// The report's schema: what `--mptcp-report FILE.json` writes, and what the table and the page are made of.
//
// Here: the types, a finished transfer as one of them, the file's text. Not here: a connection's part, which `-w` shares
// (mptcp-json.ts). The file is one JSON object in UTF-8 on one line. A reader should check `schema` and `version`;
// members may be added without a new version, none is renamed, removed or given another meaning. In memory all strings
// are byte strings; a byte that is no UTF-8 becomes U+FFFD in the file, for JSON has no bytes.

import { byteStringOfText, textOf, utf8 } from "../../../bytes.ts";
import type { Counters, Outcome } from "../../../client/outcome.ts";
import type { CurlError } from "../../../error.ts";
import { formatUrl } from "../../../url.ts";
import { connectionAsJson, type JsonConnection } from "../mptcp-json.ts";

export const SCHEMA = "mpcurl-mptcp-report";
export const SCHEMA_VERSION = 1;

export interface JsonReport {
  readonly schema: typeof SCHEMA;
  readonly version: typeof SCHEMA_VERSION;
  /** "mpcurl 0.1.0". */
  readonly program: string;
  readonly transfers: readonly JsonTransfer[];
}

export interface JsonTransfer {
  /** As asked for and as used last; both without user and password. */
  readonly url: string;
  readonly effective_url: string | null;
  readonly method: string | null;
  /** Of the last response; null: none came. */
  readonly response_code: number | null;
  /** 0: the transfer went well; null: a signal ended the program in its midst. */
  readonly exit_code: number | null;
  readonly error: string | null;
  /** ISO 8601, UTC. All `…_ms` count from here. */
  readonly started_at: string;
  /** As `%{time_…}` of -w; null where no transfer was begun, or none ended. */
  readonly times: JsonTimes | null;
  readonly bytes_downloaded: number;
  readonly bytes_uploaded: number;
  /** Whether it ran with --mptcp. */
  readonly mptcp_asked: boolean;
  readonly warnings: readonly string[];
  /** In order of use; empty where there was none, or MPTCP was not asked for. */
  readonly connections: readonly JsonConnection[];
}

export interface JsonTimes {
  readonly namelookup_ms: number;
  readonly connect_ms: number;
  readonly appconnect_ms: number;
  readonly pretransfer_ms: number;
  readonly starttransfer_ms: number;
  readonly posttransfer_ms: number;
  readonly redirect_ms: number;
  readonly total_ms: number;
}

/** What the report is told of a transfer that ended. */
export interface ReportEntry {
  /** null: none was begun. */
  readonly outcome: Outcome | null;
  /** The URL as typed, after globbing. Byte string. */
  readonly given: string;
  /** The error that counts for the exit code. */
  readonly error?: CurlError | undefined;
}

/** What is known of a transfer that runs. */
export interface RunningEntry {
  readonly given: string;
  readonly counters: Counters;
  /** Whether it runs with --mptcp, be there a connection yet or not. */
  readonly mptcpAsked: boolean;
}

/** When a transfer began, on its clock and in milliseconds since 1970. */
export interface Beginning {
  readonly originMs: number;
  readonly epochMs: number;
}

/** A transfer that ended; nothing of the outcome is kept alive by it. */
export function transferAsJson(
  { outcome, given, error }: ReportEntry,
  { originMs, epochMs }: Beginning,
): JsonTransfer {
  const failure = error ?? outcome?.error;
  const mptcp = outcome?.mptcp ?? null;
  return {
    url: withoutCredentials(given),
    effective_url: outcome ? formatUrl(outcome.effectiveUrl, { credentials: false }) : null,
    method: outcome?.method ?? null,
    response_code: outcome?.head?.status ?? null,
    exit_code: failure?.exitCode ?? 0,
    error: failure ? asByteString(failure.message) : null,
    started_at: new Date(epochMs).toISOString(),
    times: outcome ? timesAsJson(outcome) : null,
    bytes_downloaded: outcome?.counters.downloaded ?? 0,
    bytes_uploaded: outcome?.counters.uploaded ?? 0,
    mptcp_asked: mptcp !== null,
    warnings: mptcp?.warnings.map(asByteString) ?? [],
    connections: mptcp?.records.map((record) => connectionAsJson(record, originMs)) ?? [],
  };
}

/** A transfer that will not end, because a signal ends the program: of its connections the one in use. */
export function interruptedAsJson(
  { given, counters, mptcpAsked }: RunningEntry,
  { originMs, epochMs }: Beginning,
): JsonTransfer {
  const { mptcp } = counters;
  return {
    url: withoutCredentials(given),
    effective_url: null,
    method: null,
    response_code: null,
    exit_code: null,
    error: "interrupted by a signal",
    started_at: new Date(epochMs).toISOString(),
    times: null,
    bytes_downloaded: counters.downloaded,
    bytes_uploaded: counters.uploaded,
    mptcp_asked: mptcpAsked,
    warnings: [],
    connections: mptcp === null ? [] : [connectionAsJson(mptcp, originMs)],
  };
}

/** The file. */
export function jsonReport(report: JsonReport): Uint8Array {
  return utf8(`${textOf(JSON.stringify(report))}\n`);
}

function timesAsJson({ timings }: Outcome): JsonTimes {
  const rounded = (ms: number): number => Math.round(ms * 1000) / 1000;
  return {
    namelookup_ms: rounded(timings.nameLookupMs),
    connect_ms: rounded(timings.connectMs),
    appconnect_ms: rounded(timings.appConnectMs),
    pretransfer_ms: rounded(timings.preTransferMs),
    starttransfer_ms: rounded(timings.startTransferMs),
    posttransfer_ms: rounded(timings.postTransferMs),
    redirect_ms: rounded(timings.redirectMs),
    total_ms: rounded(timings.totalMs),
  };
}

/** Typed text may be no URL, nor its scheme a scheme; whatever could be a user and a password before a host goes. */
function withoutCredentials(url: string): string {
  return url.replace(/^([^/?#@]*:\/+)?[^/?#]*@/, "$1");
}

/** Our own sentences may hold any character. */
function asByteString(text: string): string {
  return /[^\0-\xff]/.test(text) ? byteStringOfText(text) : text;
}
