// The paths of one connection over the time that one transfer uses it: the types, a record a path. Pure.
//
// Meter, report, -v and -w all read these records. Here: what a record holds, and questions to it. Not here: who writes
// it (path-tracker.ts), looking (probe.ts), judging (liveness.ts, guard.ts), layout for people (cli). Times are
// milliseconds on the session's clock.

import type { MptcpState } from "./verdict.ts";

export interface PathEndpoint {
  /** Numeric. */
  readonly address: string;
  readonly port: number;
}

/** "up": established · "down": dead by the kernel's evidence, may come back · "closed": the subflow is gone. */
export type PathPhase = "up" | "down" | "closed";

/** Why a path ended, as far as the evidence goes. */
export type PathEndCause =
  /** The connection ended, and its paths with it. */
  | "connection-closed"
  /** A reset arrived or was sent. */
  | "reset"
  /** Nothing was answered for the path timeout, or the kernel gave up for that reason. */
  | "unanswered"
  | "interface-down"
  /** Its local address went away, or the path manager here was told to use it no more. */
  | "address-removed"
  /** The peer took its address back (RmAddr moved). */
  | "removed-by-peer"
  | "unknown";

/** What is known of a path; live while the transfer runs. */
export interface PathRecord {
  /**
   * The kernel's number of the subflow in its connection, from 1; 0 for the one path of a connection that fell back,
   * unless it was seen as MPTCP before: then it keeps its number, and its bytes.
   */
  readonly id: number;
  readonly local: PathEndpoint;
  readonly remote: PathEndpoint;
  /** The interface that has the local address, or had it last; null: not known. */
  interfaceName: string | null;
  phase: PathPhase;
  /** null: this kernel or system does not tell. Set by whoever asks sock_diag. */
  backup: boolean | null;
  /** First seen established. */
  readonly upMs: number;
  /** When the phase last turned to "down" or "closed"; null while up. */
  downMs: number | null;
  /**
   * Of this transfer: what an earlier one moved over the same connection is not counted. TCP payload, so bytes that
   * MPTCP sent on two paths count on both.
   */
  bytesIn: number;
  /** Those that the peer acknowledged: what is sent and lost counts nowhere. */
  bytesOut: number;
  /** When a byte was last seen to have come in on it, or to have been acknowledged; null: never. */
  lastByteMs: number | null;
  /**
   * Smoothed, milliseconds; null: none yet. The receiver's estimate where more came in than went out: the sender's is
   * measured by what is sent, so of a download it knows but the request.
   */
  rttMs: number | null;
  minRttMs: number | null;
  /** Segments sent again. */
  retransmissions: number;
  endCause: PathEndCause | null;
}

export type MptcpEventKind =
  | "negotiated"
  | "fallback"
  | "path-up"
  | "path-down"
  | "path-recovered"
  | "no-path-left";

export interface MptcpEvent {
  readonly atMs: number;
  readonly kind: MptcpEventKind;
  readonly pathId: number | null;
  /** Byte string for people: why, where that is known; else "". */
  readonly text: string;
}

/** One look, for the time series; the n-th entry of `paths` need not be the n-th path. */
export interface PathSample {
  readonly atMs: number;
  readonly paths: readonly {
    readonly id: number;
    readonly bytesIn: number;
    readonly bytesOut: number;
    readonly rttMs: number | null;
  }[];
}

/** What MPTCP did for one transfer on one connection. A transfer with redirects has one for each connection it used. */
export interface MptcpRecord {
  readonly connectionId: number;
  /** The connection's; shared with it. */
  readonly state: Readonly<MptcpState>;
  readonly host: string;
  readonly port: number;
  /** The transfer began to use the connection, and was done with it (null: it still uses it). */
  readonly startedMs: number;
  endedMs: number | null;
  readonly paths: PathRecord[];
  /** Most established at once; a path after a fall back is no subflow. */
  mostSubflows: number;
  /** Bytes that MPTCP sent again on another path; null: the kernel does not tell (before 6.5), or not MPTCP. */
  bytesRetransmitted: number | null;
  readonly events: MptcpEvent[];
  /** Empty unless the series was asked for. */
  readonly samples: PathSample[];
}

/** The paths that are neither down nor closed. */
export function livePaths(record: MptcpRecord): PathRecord[] {
  return record.paths.filter(({ phase }) => phase === "up");
}

/** Words for a cause, as they stand in brackets behind a path. */
export const END_CAUSE_WORDS: { readonly [cause in PathEndCause]: string } = {
  "connection-closed": "the connection was closed",
  reset: "reset",
  unanswered: "no answer",
  "interface-down": "its interface is down",
  "address-removed": "its address was removed",
  "removed-by-peer": "the server took its address back",
  unknown: "cause unknown",
};
