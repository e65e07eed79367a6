// The report as text, for a terminal or a log: a headline, the reason where there is one, and the paths in columns.
//
//   MPTCP used over 2 paths · 60 MB in 5.11 s · 94 Mbit/s
//   http://192.0.2.7/file
//
//   path  interface  state       up     down       in    out  share     RTT  resent
//      1  eth0       ended  0.001 s  5.110 s  31.2 MB  120 B   52 %  1.2 ms       0
//         192.0.2.1:35190 → 192.0.2.7:80
//
// Each path has two lines: addresses beside the numbers would not fit 80 columns. Pure. Text from outside goes through
// printable(), so that no name obeys in a terminal.

import type { JsonConnection, JsonPath } from "../mptcp-json.ts";
import { printable } from "../terminal-text.ts";
import type { JsonTransfer } from "./json.ts";
import {
  amountWords,
  endCauseWords,
  endedEarly,
  failureWords,
  formatDuration,
  formatEndpoint,
  formatMoment,
  formatShare,
  formatSize,
  reasonWords,
  remarks,
  stateWords,
  verdictWords,
} from "./words.ts";

interface Column {
  readonly title: string;
  readonly align: "left" | "right";
  readonly cell: (path: JsonPath) => string;
}

const COLUMNS: readonly Column[] = [
  { title: "path", align: "right", cell: ({ id }) => String(id) },
  { title: "interface", align: "left", cell: (path) => printable(path.interface ?? "?") },
  { title: "state", align: "left", cell: stateWords },
  { title: "up", align: "right", cell: ({ up_ms }) => formatMoment(up_ms) },
  {
    title: "down",
    align: "right",
    cell: ({ down_ms }) => (down_ms === null ? "-" : formatMoment(down_ms)),
  },
  { title: "in", align: "right", cell: ({ bytes_in }) => formatSize(bytes_in) },
  { title: "out", align: "right", cell: ({ bytes_out }) => formatSize(bytes_out) },
  { title: "share", align: "right", cell: ({ share }) => formatShare(share) },
  {
    title: "RTT",
    align: "right",
    cell: ({ rtt_ms }) => (rtt_ms === null ? "-" : formatDuration(rtt_ms)),
  },
  { title: "resent", align: "right", cell: ({ retransmissions }) => String(retransmissions) },
];

/** All transfers, a blank line between them; ends with a line end. */
export function tableReport(transfers: readonly JsonTransfer[]): string {
  return transfers.map(transferText).join("\n");
}

function transferText(transfer: JsonTransfer): string {
  const headline = [verdictWords(transfer), amountWords(transfer)].filter((part) => part !== "");
  const lines = [headline.join(" · "), printable(transfer.url)];
  const effective = transfer.effective_url;
  if (effective !== null && effective !== transfer.url) lines.push(`→ ${printable(effective)}`);
  if (transfer.error !== null) {
    lines.push(`${failureWords(transfer)}: ${printable(transfer.error)}`);
  }
  for (const connection of transfer.connections) {
    const several = transfer.connections.length > 1;
    const { host, port } = connection;
    const place = printable(formatEndpoint({ address: host, port }));
    if (several) lines.push("", `connection ${connection.connection_id} to ${place}`);
    const reason = reasonWords(connection);
    if (reason !== null) lines.push(`Fell back to TCP: ${reason}`);
    if (connection.paths.length > 0) lines.push("", ...pathLines(connection));
  }
  const notes = [
    ...transfer.warnings.map((text) => `Warning: ${printable(text)}`),
    ...remarks(transfer),
  ];
  if (notes.length > 0) lines.push("", ...notes);
  return `${lines.join("\n")}\n`;
}

function pathLines({ paths }: JsonConnection): string[] {
  const rows = paths.map((path) => COLUMNS.map(({ cell }) => cell(path)));
  const widths = COLUMNS.map(({ title }, index) =>
    Math.max(title.length, ...rows.map((row) => row[index]?.length ?? 0)),
  );
  const line = (cells: readonly string[]): string =>
    COLUMNS.map(({ align }, index) => {
      const cell = cells[index] ?? "";
      const width = widths[index] ?? 0;
      return align === "left" ? cell.padEnd(width) : cell.padStart(width);
    }).join("  ");
  const indent = " ".repeat((widths[0] ?? 0) + 2);
  return [
    line(COLUMNS.map(({ title }) => title)),
    ...paths.flatMap((path, index) => {
      const addresses = `${formatEndpoint(path.local)} → ${formatEndpoint(path.remote)}`;
      const cause = endedEarly(path) ? `  ${endCauseWords(path)}` : "";
      return [line(rows[index] ?? []), `${indent}${addresses}${cause}`];
    }),
  ];
}
