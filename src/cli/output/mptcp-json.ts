// What MPTCP did for a transfer, as plain values for machines: the one schema of `-w %{mptcp_paths}`, the mptcp object
// of `%{json}` and the JSON report.
//
// Here: the types, which are the schema's documentation, and MptcpRecord → these values. Not here: the text around
// them (write-out.ts, report/json.ts). Names are in snake_case with their unit last, like curl's; what is not known is
// null, so that every member is always there. Times are milliseconds with three decimals since `originMs`, the start of
// the transfer: a path of a reused connection that was up before has a negative `up_ms`. Strings are byte strings.

import type { MptcpOutcome } from "../../client/outcome.ts";
import type {
  MptcpEvent,
  MptcpEventKind,
  MptcpRecord,
  PathEndCause,
  PathPhase,
  PathRecord,
  PathSample,
} from "../../net/mptcp/paths.ts";
import type { FallbackCause, Verdict } from "../../net/mptcp/verdict.ts";

/** One subflow over its life; after a fall back the one TCP path. */
export interface JsonPath {
  /** The kernel's number of the subflow in its connection, from 1; 0 for the one TCP path after a fall back. */
  readonly id: number;
  /** Name of the interface that has the local address; null: none has it any more, or it is not known. */
  readonly interface: string | null;
  readonly local: { readonly address: string; readonly port: number };
  readonly remote: { readonly address: string; readonly port: number };
  /** "up": established · "down": dead by the kernel's evidence, may come back · "closed": the subflow is gone. */
  readonly state: PathPhase;
  readonly backup: boolean | null;
  /** First seen established. */
  readonly up_ms: number;
  /** When the state last turned to "down" or "closed"; null while up. */
  readonly down_ms: number | null;
  /** TCP payload of this transfer, what was sent again on another path counted there too. */
  readonly bytes_in: number;
  readonly bytes_out: number;
  /** Its part of the bytes of all paths, 0 to 1, four decimals. */
  readonly share: number;
  /** When a byte was last seen to come in, or to be acknowledged; null: never. */
  readonly last_byte_ms: number | null;
  /** Smoothed; of a pure downloader the receiver's estimate. */
  readonly rtt_ms: number | null;
  readonly min_rtt_ms: number | null;
  /** Segments sent again. */
  readonly retransmissions: number;
  /** Why it ended, as far as the evidence goes; null while up. */
  readonly end_cause: PathEndCause | null;
}

/** Why a connection that was asked for as MPTCP is TCP. */
export interface JsonReason {
  readonly cause: FallbackCause;
  /** false: other connections of this machine could have moved the counters that say so. */
  readonly certain: boolean;
  /** The sentence for people; "" where there is none. */
  readonly text: string;
}

/** The mptcp object of `%{json}`: the connection used last. */
export interface JsonMptcp {
  /** "unknown": the kernel cannot tell (before Linux 5.16); null: there was no connection. */
  readonly verdict: Verdict | null;
  readonly reason: JsonReason | null;
  /** By which `ss` names the connection. */
  readonly token: number | null;
  /** Most established at once. */
  readonly subflows: number;
  /** Bytes that MPTCP sent again on another path. */
  readonly bytes_retrans: number | null;
  readonly paths: readonly JsonPath[];
  /** Connections that the transfer used, redirects included; one that served two hops is one. */
  readonly connections: number;
  readonly warnings: readonly string[];
}

export interface JsonEvent {
  readonly at_ms: number;
  readonly kind: MptcpEventKind;
  readonly path_id: number | null;
  /** Why, where that is known; else "". */
  readonly text: string;
}

/** One look at the paths, 100 ms after the last; bytes are totals since the start of the transfer. */
export interface JsonSample {
  readonly at_ms: number;
  readonly paths: readonly {
    readonly id: number;
    readonly bytes_in: number;
    readonly bytes_out: number;
    readonly rtt_ms: number | null;
  }[];
}

/** One connection for as long as one hop of a transfer used it, whole: for the report. */
export interface JsonConnection {
  readonly connection_id: number;
  readonly host: string;
  readonly port: number;
  readonly verdict: Verdict;
  readonly reason: JsonReason | null;
  readonly token: number | null;
  /** When the transfer began to use it, and was done with it. */
  readonly started_ms: number;
  readonly ended_ms: number | null;
  readonly subflows: number;
  readonly bytes_retrans: number | null;
  readonly paths: readonly JsonPath[];
  readonly events: readonly JsonEvent[];
  readonly samples: readonly JsonSample[];
}

/** @param originMs the transfer's start on the clock of the record: Timings.startedMs */
export function pathsAsJson(record: MptcpRecord, originMs: number): JsonPath[] {
  const allBytes = record.paths.reduce((sum, path) => sum + bytesOfPath(path), 0);
  return record.paths.map((path) => ({
    id: path.id,
    interface: path.interfaceName,
    local: { address: path.local.address, port: path.local.port },
    remote: { address: path.remote.address, port: path.remote.port },
    state: path.phase,
    backup: path.backup,
    up_ms: since(originMs, path.upMs),
    down_ms: sinceOrNull(originMs, path.downMs),
    bytes_in: path.bytesIn,
    bytes_out: path.bytesOut,
    share: allBytes === 0 ? 0 : Math.round((bytesOfPath(path) / allBytes) * 10_000) / 10_000,
    last_byte_ms: sinceOrNull(originMs, path.lastByteMs),
    rtt_ms: roundedOrNull(path.rttMs),
    min_rtt_ms: roundedOrNull(path.minRttMs),
    retransmissions: path.retransmissions,
    end_cause: path.endCause,
  }));
}

/** The mptcp object of `%{json}`; null for a transfer without --mptcp. */
export function mptcpAsJson(
  mptcp: MptcpOutcome | null,
  { originMs }: { readonly originMs: number },
): JsonMptcp | null {
  if (mptcp === null) return null;
  const record = mptcp.records.at(-1);
  return {
    verdict: record?.state.verdict ?? null,
    reason: record ? reasonAsJson(record) : null,
    token: record?.state.token ?? null,
    subflows: record?.mostSubflows ?? 0,
    bytes_retrans: record?.bytesRetransmitted ?? null,
    paths: record ? pathsAsJson(record, originMs) : [],
    connections: new Set(mptcp.records.map(({ connectionId }) => connectionId)).size,
    warnings: mptcp.warnings,
  };
}

/** One connection with its events and its time series. */
export function connectionAsJson(record: MptcpRecord, originMs: number): JsonConnection {
  return {
    connection_id: record.connectionId,
    host: record.host,
    port: record.port,
    verdict: record.state.verdict,
    reason: reasonAsJson(record),
    token: record.state.token,
    started_ms: since(originMs, record.startedMs),
    ended_ms: sinceOrNull(originMs, record.endedMs),
    subflows: record.mostSubflows,
    bytes_retrans: record.bytesRetransmitted,
    paths: pathsAsJson(record, originMs),
    events: record.events.map((event) => eventAsJson(event, originMs)),
    samples: record.samples.map((sample) => sampleAsJson(sample, originMs)),
  };
}

/** The sentence is the event's: only net knows how to say a cause. */
function reasonAsJson({ state, events }: MptcpRecord): JsonReason | null {
  if (state.reason === null) return null;
  return {
    cause: state.reason.cause,
    certain: state.reason.certain,
    text: events.findLast(({ kind }) => kind === "fallback")?.text ?? "",
  };
}

function eventAsJson({ atMs, kind, pathId, text }: MptcpEvent, originMs: number): JsonEvent {
  return { at_ms: since(originMs, atMs), kind, path_id: pathId, text };
}

function sampleAsJson({ atMs, paths }: PathSample, originMs: number): JsonSample {
  return {
    at_ms: since(originMs, atMs),
    paths: paths.map(({ id, bytesIn, bytesOut, rttMs }) => ({
      id,
      bytes_in: bytesIn,
      bytes_out: bytesOut,
      rtt_ms: roundedOrNull(rttMs),
    })),
  };
}

function bytesOfPath({ bytesIn, bytesOut }: PathRecord): number {
  return bytesIn + bytesOut;
}

function since(originMs: number, atMs: number): number {
  return rounded(atMs - originMs);
}

function sinceOrNull(originMs: number, atMs: number | null): number | null {
  return atMs === null ? null : since(originMs, atMs);
}

function roundedOrNull(value: number | null): number | null {
  return value === null ? null : rounded(value);
}

/** To microseconds: more digits are noise of the clock's fractions. Never -0, which JSON would keep out of sight. */
function rounded(ms: number): number {
  return Math.round(ms * 1000) / 1000 + 0;
}
