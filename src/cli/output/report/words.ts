// The report in words: numbers with units, states, causes, and the line that says how it went. Pure.
//
// Here: what the table and the page both say, as plain text; what came from outside went through printable(). Not here:
// layout (table.ts, html.ts) and the reasons of a fall back, which come as sentences. Sizes are decimal (1 MB is
// 1,000,000 bytes), so that 10 MB in 1 s is 80 Mbit/s.

import type { JsonConnection, JsonEvent, JsonPath } from "../mptcp-json.ts";
import { bracketed, printable } from "../terminal-text.ts";
import type { JsonTransfer } from "./json.ts";

const SIZES = ["B", "kB", "MB", "GB", "TB"] as const;
const RATES = ["bit/s", "kbit/s", "Mbit/s", "Gbit/s", "Tbit/s"] as const;

/** "312 B", "31.2 MB". */
export function formatSize(bytes: number): string {
  return scaled(bytes, SIZES);
}

/** "94 Mbit/s". */
export function formatRate(bitsPerSecond: number): string {
  return scaled(bitsPerSecond, RATES);
}

/** A unit for a whole chart, by its largest value. @returns its name, and how many bit/s are one of it */
export function rateUnit(largestBitsPerSecond: number): { name: string; bitsPerSecond: number } {
  const power = thousands(largestBitsPerSecond, RATES.length);
  return { name: RATES[power] ?? "bit/s", bitsPerSecond: 1000 ** power };
}

/** "0.84 ms", "340 ms", "5.11 s", "12 min 3 s". */
export function formatDuration(ms: number): string {
  if (ms < 1000) return `${threeDigits(ms)} ms`;
  const seconds = Math.round(ms / 1000);
  if (seconds < 120) return `${threeDigits(ms / 1000)} s`;
  if (seconds < 7200) return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
  return `${Math.floor(seconds / 3600)} h ${Math.floor((seconds % 3600) / 60)} min`;
}

/** A moment of the transfer: "0.021 s", "12.34 s"; what was before its start is "before". */
export function formatMoment(ms: number): string {
  return ms < 0 ? "before" : `${(ms / 1000).toFixed(ms < 9999.5 ? 3 : 2)} s`;
}

/** "52 %". */
export function formatShare(share: number): string {
  const percent = share * 100;
  return `${percent > 0 && percent < 1 ? "<1" : Math.round(percent)} %`;
}

/** "10.0.0.1:80", "[2001:db8::1]:80". */
export function formatEndpoint({ address, port }: JsonPath["local"]): string {
  return `${bracketed(address)}:${port}`;
}

/** "1 · eth0"; without an interface its address; the one path after a fall back is "TCP · eth0". */
export function pathName({ id, interface: name, local }: JsonPath): string {
  return `${id === 0 ? "TCP" : id} · ${printable(name ?? local.address)}`;
}

const END_CAUSES: Readonly<Record<NonNullable<JsonPath["end_cause"]>, string>> = {
  "connection-closed": "connection ended",
  reset: "reset",
  unanswered: "no answer",
  "interface-down": "interface down",
  "address-removed": "address removed",
  "removed-by-peer": "taken back by the server",
  unknown: "cause not known",
};

/** Why a path ended; "" while it is up. */
export function endCauseWords({ end_cause }: JsonPath): string {
  return end_cause === null ? "" : END_CAUSES[end_cause];
}

/** The end of the whole connection says nothing of a path: as if it were up to the end. */
export function endedEarly(path: JsonPath): boolean {
  return path.state !== "up" && path.end_cause !== "connection-closed";
}

/** "up", "up, backup", "down", "closed"; of a path that lasted as long as its connection "ended". */
export function stateWords(path: JsonPath): string {
  const state = path.state === "closed" && !endedEarly(path) ? "ended" : path.state;
  return path.backup === true ? `${state}, backup` : state;
}

const EVENTS: Readonly<Record<JsonEvent["kind"], string>> = {
  negotiated: "MPTCP negotiated",
  fallback: "fell back to TCP",
  "path-up": "up",
  "path-down": "down",
  "path-recovered": "back",
  "no-path-left": "no path left",
};

/** "paths 1, 2 up", "path 1 down", "no path left"; all events of one kind. */
export function eventWords(kind: JsonEvent["kind"], pathIds: readonly number[]): string {
  if (!kind.startsWith("path-") || pathIds.length === 0) return EVENTS[kind];
  if (pathIds.every((id) => id === 0)) return `TCP ${EVENTS[kind]}`;
  const paths = pathIds.length === 1 ? "path" : "paths";
  return `${paths} ${pathIds.join(", ")} ${EVENTS[kind]}`;
}

/** The first words of a transfer: what became of MPTCP. */
export function verdictWords({ mptcp_asked, connections, times }: JsonTransfer): string {
  const connection = connections.at(-1);
  if (times === null && connection === undefined) return "No transfer";
  if (!mptcp_asked) return "MPTCP was not asked for";
  if (connection === undefined) return "No connection";
  switch (connection.verdict) {
    case "mptcp":
      return `MPTCP used over ${count(connection.paths.length, "path")}`;
    case "fallback":
      return connection.reason?.cause === "late"
        ? "Fell back to TCP in mid-transfer"
        : "Fell back to TCP";
    case "unknown":
      return "MPTCP asked for, but this kernel cannot tell whether it was used";
  }
}

/** "60 MB in 5.11 s · 94 Mbit/s"; "" where no transfer was begun. */
export function amountWords({ times, bytes_downloaded, bytes_uploaded }: JsonTransfer): string {
  const bytes = bytes_downloaded + bytes_uploaded;
  const amount = [
    ...(bytes_downloaded > 0 ? [formatSize(bytes_downloaded)] : []),
    ...(bytes_uploaded > 0 ? [`${formatSize(bytes_uploaded)} sent`] : []),
  ].join(" and ");
  if (times === null) return amount;
  const inTime = `in ${formatDuration(times.total_ms)}`;
  if (bytes === 0) return `nothing moved ${inTime}`;
  if (times.total_ms <= 0) return amount;
  return `${amount} ${inTime} · ${formatRate((bytes * 8 * 1000) / times.total_ms)}`;
}

/** "Failed, exit code 56"; null where the transfer went well. */
export function failureWords({ exit_code, error }: JsonTransfer): string | null {
  if (error === null) return null;
  return exit_code === null ? "Not finished" : `Failed, exit code ${exit_code}`;
}

/** What a reader should know beside verdict, numbers and the transfer's own warnings. */
export function remarks(transfer: JsonTransfer): string[] {
  if (!transfer.mptcp_asked) {
    if (transfer.times === null) return [];
    return ["This transfer ran without --mptcp, over plain TCP: there are no paths to tell of."];
  }
  const connection = transfer.connections.at(-1);
  const isLonely = connection?.verdict === "mptcp" && connection.paths.length === 1;
  return [
    ...(isLonely
      ? ["No second path was made. To learn why: mpcurl --mptcp-check with this URL."]
      : []),
  ];
}

/** Why the connection is TCP, as a sentence; null where it is not. */
export function reasonWords({ reason }: JsonConnection): string | null {
  if (reason === null) return null;
  if (reason.text !== "") return printable(reason.text);
  return `${reason.certain ? "" : "probably "}${reason.cause.replaceAll("-", " ")}`;
}

/** "1 path", "2 paths". */
export function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? "" : "s"}`;
}

function scaled(value: number, units: readonly string[]): string {
  const power = thousands(value, units.length);
  return `${threeDigits(value / 1000 ** power)} ${units[power]}`;
}

/** How often a value can be divided by 1000 and stay 1 or more, as it will be printed: 999.7 prints as 1000. */
function thousands(value: number, most: number): number {
  let power = 0;
  for (let rest = value; rest >= 999.5 && power < most - 1; rest /= 1000) power++;
  return power;
}

/** Three significant digits, without zeros at the end of a fraction. */
function threeDigits(value: number): string {
  if (value >= 99.95) return String(Math.round(value));
  return String(Number(value.toPrecision(3)));
}
