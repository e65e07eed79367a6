// One connection on the report's page: why it is TCP, who carried how much, the places of its charts, paths, events.
//
// Here: HTML of one connection. Not here: the page (html.ts), the charts' lines (charts.ts) and their drawing (page.js),
// which finds the figures by their data attributes.

import type { JsonConnection, JsonPath } from "../mptcp-json.ts";
import { type Charts, chartsOf } from "./charts.ts";
import { colourOf, escapeHtml, noteOf, outside, swatch } from "./markup.ts";
import {
  count,
  endCauseWords,
  endedEarly,
  eventWords,
  formatDuration,
  formatEndpoint,
  formatMoment,
  formatShare,
  formatSize,
  pathName,
  reasonWords,
  stateWords,
} from "./words.ts";

export interface ConnectionPlace {
  /** Takes the lines of each connection, null for none; figures name them by their index. */
  readonly charts: (Charts | null)[];
  /** Whether the transfer had no other. */
  readonly isOne: boolean;
}

/** The connection as HTML. */
export function connectionHtml(
  connection: JsonConnection,
  { charts, isOne }: ConnectionPlace,
): string {
  const { connection_id, host, port, paths } = connection;
  const reason = reasonWords(connection);
  const lines = chartsOf(connection);
  charts.push(lines);
  const place = outside(formatEndpoint({ address: host, port }));
  return [
    isOne
      ? '<div class="of-one">'
      : `<div class="connection"><h2>Connection ${connection_id} <small>to ${place}</small></h2>`,
    reason === null
      ? ""
      : noteOf("warn", `<strong>Fell back to TCP:</strong> ${escapeHtml(reason)}`),
    sharesOf(paths),
    ...(lines === null
      ? [paths.length > 0 ? '<p class="none">Too short for a chart.</p>' : ""]
      : [
          figureOf(paths, {
            kind: "throughput",
            index: charts.length - 1,
            title: paths.length > 1 ? "Throughput, stacked by path" : "Throughput",
          }),
          figureOf(paths, { kind: "rtt", index: charts.length - 1, title: "Round-trip time" }),
        ]),
    pathsTable(connection),
    eventsTable(connection),
    "</div>",
  ].join("\n");
}

/** At first sight: who carried how much. */
function sharesOf(paths: readonly JsonPath[]): string {
  if (paths.length < 2) return "";
  const bars = paths.map(
    ({ share }, index) =>
      `<i class="${colourOf(index)}" style="width:${(share * 100).toFixed(2)}%"></i>`,
  );
  const names = paths.map(
    (path, index) =>
      `<li>${swatch(index)}${escapeHtml(pathName(path))} <span>${escapeHtml(formatShare(path.share))}, ${formatSize(path.bytes_in + path.bytes_out)}</span></li>`,
  );
  return `<div class="shares">${bars.join("")}</div><ul class="share-names">${names.join("")}</ul>`;
}

interface FigurePlace {
  readonly kind: "throughput" | "rtt";
  readonly index: number;
  readonly title: string;
}

function figureOf(paths: readonly JsonPath[], { kind, index, title }: FigurePlace): string {
  const names = paths.map(
    (path, at) => `<li>${swatch(at)}${escapeHtml(pathName(path))} <output></output></li>`,
  );
  return `<h2>${title}</h2>
<figure class="chart" data-connection="${index}" data-kind="${kind}">
<ul class="legend">${names.join("")}<li class="when"></li></ul>
<div class="plot"><noscript>The chart needs JavaScript; the table below does not.</noscript></div>
</figure>`;
}

interface Column {
  readonly title: string;
  readonly isNumber?: true;
  /** HTML. */
  readonly cell: (path: JsonPath, index: number) => string;
}

const COLUMNS: readonly Column[] = [
  {
    title: "Path",
    cell: (path, index) => `${swatch(index)}${path.id}`,
  },
  { title: "Interface", cell: (path) => outside(path.interface ?? "?") },
  {
    title: "Local → remote",
    cell: ({ local, remote }) =>
      `<span class="mono">${escapeHtml(formatEndpoint(local))} →<br>${escapeHtml(formatEndpoint(remote))}</span>`,
  },
  {
    title: "State",
    cell: (path) =>
      `<span class="state ${stateTone(path)}">${stateWords(path)}</span>` +
      (endedEarly(path) ? `<br><span class="cause">${endCauseWords(path)}</span>` : ""),
  },
  { title: "Up", isNumber: true, cell: ({ up_ms }) => formatMoment(up_ms) },
  {
    title: "Down",
    isNumber: true,
    cell: ({ down_ms }) => (down_ms === null ? "–" : formatMoment(down_ms)),
  },
  { title: "In", isNumber: true, cell: ({ bytes_in }) => formatSize(bytes_in) },
  { title: "Out", isNumber: true, cell: ({ bytes_out }) => formatSize(bytes_out) },
  { title: "Share", isNumber: true, cell: ({ share }) => escapeHtml(formatShare(share)) },
  {
    title: "RTT",
    isNumber: true,
    cell: ({ rtt_ms, min_rtt_ms }) =>
      rtt_ms === null
        ? "–"
        : formatDuration(rtt_ms) +
          (min_rtt_ms === null
            ? ""
            : `<br><span class="none">min ${formatDuration(min_rtt_ms)}</span>`),
  },
  { title: "Resent", isNumber: true, cell: ({ retransmissions }) => String(retransmissions) },
];

function pathsTable({ paths, bytes_retrans, token }: JsonConnection): string {
  if (paths.length === 0) return "";
  const attributes = ({ isNumber }: Column): string => (isNumber ? ' class="number"' : "");
  const head = COLUMNS.map((column) => `<th${attributes(column)}>${column.title}</th>`);
  const rows = paths.map((path, index) => {
    const cells = COLUMNS.map(
      (column) => `<td${attributes(column)}>${column.cell(path, index)}</td>`,
    );
    return `<tr>${cells.join("")}</tr>`;
  });
  const facts = [
    ...(token === null ? [] : [`token ${token.toString(16).padStart(8, "0")}`]),
    ...(bytes_retrans ? [`${formatSize(bytes_retrans)} sent again on another path`] : []),
  ];
  return `<h2>${paths.length === 1 ? "Path" : "Paths"} <small>${facts.join(" · ")}</small></h2>
<div class="scroll"><table class="paths"><thead><tr>${head.join("")}</tr></thead><tbody>${rows.join("")}</tbody></table></div>`;
}

function stateTone(path: JsonPath): string {
  if (path.state === "up") return "good";
  return endedEarly(path) ? "bad" : "plain";
}

function eventsTable({ events }: JsonConnection): string {
  if (events.length === 0) return "";
  const rows = events.map(({ at_ms, kind, path_id, text }) => {
    const what = eventWords(kind, path_id === null ? [] : [path_id]);
    return `<tr><td>${formatMoment(at_ms)}</td><td>${escapeHtml(what)}</td><td>${outside(text)}</td></tr>`;
  });
  return `<h2>Events <small>${count(events.length, "event")}</small></h2>
<div class="scroll"><table class="events"><tbody>${rows.join("")}</tbody></table></div>`;
}
