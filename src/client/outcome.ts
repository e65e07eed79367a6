// What a transfer came to: its facts as plain data, for `-w`, the exit code and the library.
//
// Timings and Counters are live while the transfer runs and end as part of the Outcome; the progress meter reads the
// counters by the clock, so that a transfer never waits for whoever watches it.

import type { CurlError } from "../error.ts";
import type { ResponseHead } from "../http1/decoder.ts";
import type { MptcpRecord } from "../net/mptcp/paths.ts";
import type { Connection } from "../net/stream.ts";
import type { Url } from "../url.ts";

/** Milliseconds since the transfer's start, by curl's names for `-w`; 0 where the transfer did not come so far. */
export interface Timings {
  /** When the transfer began, on the session's clock; the others count from here. */
  startedMs: number;
  queueMs: number;
  nameLookupMs: number;
  connectMs: number;
  appConnectMs: number;
  preTransferMs: number;
  postTransferMs: number;
  startTransferMs: number;
  redirectMs: number;
  totalMs: number;
}

/** Live while the transfer runs: the progress meter reads them. All in bytes unless the name says otherwise. */
export interface Counters {
  /** Body bytes as framed on the wire, before decoding. */
  downloaded: number;
  /** Expected `downloaded`, null while unknown. */
  downloadTotal: number | null;
  uploaded: number;
  uploadTotal: number | null;
  /** Bytes handed to the sink's write(). */
  delivered: number;
  /** Bytes of all response heads. */
  headers: number;
  /** Bytes of all request heads and bodies. */
  requests: number;
  connectCount: number;
  redirectCount: number;
  /** Of the connection in use: its paths; null without --mptcp. */
  mptcp: MptcpRecord | null;
}

export interface Outcome {
  /** Transfer.id and Transfer.url, as they were asked for. */
  readonly id: number;
  readonly url: Url;
  /** The last response head. */
  readonly head?: ResponseHead;
  /** Every response head of the transfer in order, informational ones included. */
  readonly heads: readonly ResponseHead[];
  readonly error?: CurlError;
  readonly effectiveUrl: Url;
  /** The method word sent last. */
  readonly method: string;
  /** The Referer sent last; null: none. */
  readonly referer: string | null;
  /** Where a Location that was not followed leads; null: none. */
  readonly redirectUrl: string | null;
  readonly timings: Timings;
  readonly counters: Counters;
  /** The connection used last. */
  readonly connection?: Connection;
  /** What MPTCP did; null for a transfer that did not ask for it. */
  readonly mptcp: MptcpOutcome | null;
}

/** What MPTCP did for a transfer. */
export interface MptcpOutcome {
  /** In order, one for each hop's use of a connection: a kept one that serves two has two. Empty: there was none. */
  readonly records: readonly MptcpRecord[];
  /** What the user should know and no error says; sentences. */
  readonly warnings: readonly string[];
}

export function newTimings(startedMs: number): Timings {
  return {
    startedMs,
    queueMs: 0,
    nameLookupMs: 0,
    connectMs: 0,
    appConnectMs: 0,
    preTransferMs: 0,
    postTransferMs: 0,
    startTransferMs: 0,
    redirectMs: 0,
    totalMs: 0,
  };
}

export function newCounters(): Counters {
  return {
    downloaded: 0,
    downloadTotal: null,
    uploaded: 0,
    uploadTotal: null,
    delivered: 0,
    headers: 0,
    requests: 0,
    connectCount: 0,
    redirectCount: 0,
    mptcp: null,
  };
}
