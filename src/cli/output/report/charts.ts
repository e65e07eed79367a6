// The time series of a connection as lines to draw: throughput and round-trip time a path, and marks for events. Pure.
//
// Throughput is the slope of the bytes over the half second before each moment, so that a path begins at 0 and a cut
// shows behind its mark, never before. The samples are 100 ms apart, and what the kernel hands on in that time jumps.
// The bytes between two samples are taken to come evenly, so none is lost or counted twice however few points are
// drawn. Long runs are thinned to MOST_POINTS: windows as wide as the points are apart, of round-trip times the largest.
// Not here: the drawing (page.js).

import type { JsonConnection, JsonEvent, JsonPath } from "../mptcp-json.ts";
import { eventWords, pathName, rateUnit } from "./words.ts";

export interface Charts {
  /** Seconds since the transfer's start, growing. */
  readonly times: readonly number[];
  readonly unit: string;
  readonly paths: readonly ChartPath[];
  readonly marks: readonly Mark[];
}

export interface ChartPath {
  readonly name: string;
  /** In `unit`, both directions, one a time. */
  readonly rate: readonly number[];
  /** Milliseconds; null: not known then. */
  readonly rtt: readonly (number | null)[];
}

export interface Mark {
  /** Seconds since the transfer's start. */
  readonly at: number;
  readonly kind: JsonEvent["kind"];
  readonly label: string;
}

export const MOST_POINTS = 2000;
const WIDEST_WINDOW_MS = 500;
const NARROWEST_WINDOW_MS = 200;
/** Below this there is nothing to see but the start. */
const SHORTEST_MS = 200;
/** Events of one kind as near as that, of all the time, share a mark. */
const SAME_MARK_SHARE = 0.015;

/** The lines of a connection; null where it was too short for any. */
export function chartsOf(connection: JsonConnection): Charts | null {
  const { samples, paths } = connection;
  const start = connection.started_ms;
  const end = Math.max(connection.ended_ms ?? start, samples.at(-1)?.at_ms ?? start);
  if (samples.length < 2 || end - start < SHORTEST_MS) return null;
  const times = timesToDraw(connection, { start, end });
  const stepMs = (end - start) / Math.max(1, times.length - 1);
  const smoothMs = Math.min(WIDEST_WINDOW_MS, Math.max(NARROWEST_WINDOW_MS, (end - start) / 8));
  const windowMs = Math.max(smoothMs, stepMs);
  const rates = paths.map((path) => {
    const climb = bytesOverTime(connection, { path, end });
    return times.map((at) => {
      const from = Math.max(climb.at[0] ?? start, at - windowMs);
      const bytes = bytesAt(climb, at) - bytesAt(climb, from);
      return (bytes * 8000) / Math.max(at - from, NARROWEST_WINDOW_MS / 2);
    });
  });
  const totals = times.map((_, index) => rates.reduce((sum, rate) => sum + (rate[index] ?? 0), 0));
  const unit = rateUnit(totals.reduce((most, total) => Math.max(most, total), 0));
  return {
    times: times.map((at) => round(at / 1000)),
    unit: unit.name,
    paths: paths.map((path, index) => ({
      name: pathName(path),
      rate: (rates[index] ?? []).map((rate) => round(rate / unit.bitsPerSecond)),
      rtt: rttOverTime(connection, { path, times }),
    })),
    marks: marksOf(connection.events, (end - start) * SAME_MARK_SHARE),
  };
}

function timesToDraw(
  { samples }: JsonConnection,
  { start, end }: { readonly start: number; readonly end: number },
): number[] {
  if (samples.length > MOST_POINTS) {
    const step = (end - start) / (MOST_POINTS - 1);
    return Array.from({ length: MOST_POINTS }, (_, index) => start + index * step);
  }
  const inside = samples.map(({ at_ms }) => at_ms).filter((at) => at > start && at < end);
  return [start, ...inside, end];
}

/** Points of a line that never falls: times and the bytes until then. */
interface Climb {
  readonly at: number[];
  readonly bytes: number[];
}

function bytesOverTime(
  { started_ms, samples }: JsonConnection,
  { path, end }: { readonly path: JsonPath; readonly end: number },
): Climb {
  const climb: Climb = { at: [], bytes: [] };
  const push = (at: number, bytes: number): void => {
    // A clock's last microsecond must not make a step without width, nor a late look a fall.
    if (at <= (climb.at.at(-1) ?? Number.NEGATIVE_INFINITY)) return;
    climb.at.push(at);
    climb.bytes.push(Math.max(bytes, climb.bytes.at(-1) ?? 0));
  };
  // A path that a look finds has moved bytes since the look before: its "up" is when it was seen.
  const first = samples.findIndex(({ paths }) => paths.some(({ id }) => id === path.id));
  const unseenMs = samples[first - 1]?.at_ms ?? started_ms;
  const isOlder = (samples[first]?.at_ms ?? Number.POSITIVE_INFINITY) <= path.up_ms;
  push(Math.max(started_ms, isOlder ? unseenMs : path.up_ms), 0);
  for (const { at_ms, paths } of samples) {
    const seen = paths.find(({ id }) => id === path.id);
    if (seen) push(at_ms, seen.bytes_in + seen.bytes_out);
  }
  push(Math.min(end, path.down_ms ?? end), path.bytes_in + path.bytes_out);
  return climb;
}

function bytesAt({ at, bytes }: Climb, moment: number): number {
  let low = 0;
  let high = at.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((at[middle] ?? 0) <= moment) low = middle + 1;
    else high = middle;
  }
  const [before = 0, after] = [bytes[low - 1], bytes[low]];
  if (low === 0 || after === undefined) return before;
  const from = at[low - 1] ?? 0;
  return before + ((after - before) * (moment - from)) / ((at[low] ?? from) - from);
}

/** For each time the largest value since the one before. */
function rttOverTime(
  { samples }: JsonConnection,
  { path, times }: { readonly path: JsonPath; readonly times: readonly number[] },
): (number | null)[] {
  let next = 0;
  return times.map((time) => {
    let largest: number | null = null;
    for (; next < samples.length; next++) {
      const sample = samples[next];
      if (sample === undefined || sample.at_ms > time) break;
      const rtt = sample.paths.find(({ id }) => id === path.id)?.rtt_ms ?? null;
      if (rtt !== null) largest = Math.max(largest ?? 0, rtt);
    }
    return largest;
  });
}

/** MPTCP being negotiated is where every chart begins, and needs no mark. */
function marksOf(events: readonly JsonEvent[], nearMs: number): Mark[] {
  const groups: { at: number; kind: JsonEvent["kind"]; ids: Set<number> }[] = [];
  for (const { at_ms, kind, path_id } of events) {
    if (kind === "negotiated") continue;
    const last = groups.findLast((group) => group.kind === kind);
    const group =
      last && at_ms - last.at <= nearMs ? last : { at: at_ms, kind, ids: new Set<number>() };
    if (group !== last) groups.push(group);
    if (path_id !== null) group.ids.add(path_id);
  }
  return groups.map(({ at, kind, ids }) => ({
    at: round(at / 1000),
    kind,
    label: eventWords(kind, [...ids]),
  }));
}

/** Digits that nobody sees would make the page large. */
function round(value: number): number {
  return Math.round(value * 1000) / 1000;
}
