// The report as a page for people: one HTML file that holds all it needs and asks no network for anything.
//
// Here: the page around the connections, from the same values as the table. Not here: a connection (connection-html.ts),
// the words (words.ts), the lines (charts.ts), what runs in the browser (page.js, over uPlot) and how it looks
// (page.css); uPlot and the last two are text, taken in when mpcurl is built. Loaded only for a report that ends in
// ".html": its text is large.
//
// What came from outside goes through outside(), which takes the teeth out of control characters and markup; the
// charts' numbers are JSON in a script element that no "<" can end. Beside that the page forbids itself
// (Content-Security-Policy) every load, and every script but its own two, by their hashes.

import chartsScript from "uplot/dist/uPlot.iife.min.js" with { type: "text" };
import chartsCss from "uplot/dist/uPlot.min.css" with { type: "text" };
import { utf8 } from "../../../bytes.ts";
import type { Charts } from "./charts.ts";
import { connectionHtml } from "./connection-html.ts";
import type { JsonReport, JsonTransfer } from "./json.ts";
import { escapeHtml, noteOf, outside } from "./markup.ts";
import pageCss from "./page.css" with { type: "text" };
import pageScript from "./page.js" with { type: "text" };
import { amountWords, failureWords, remarks, verdictWords } from "./words.ts";

/** The file. */
export function htmlReport(report: JsonReport): Uint8Array {
  const charts: (Charts | null)[] = [];
  const sections = report.transfers.map((transfer, index) =>
    sectionOf(transfer, { index, charts }),
  );
  const hasCharts = charts.some((chart) => chart !== null);
  const scripts = hasCharts ? [chartsScript, pageScript] : [];
  const first = report.transfers[0];
  const title = first ? headlineOf(first) : "no transfer";
  const more = report.transfers.length > 1 ? ` and ${report.transfers.length - 1} more` : "";
  return utf8(`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policyFor(scripts)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="generator" content="${escapeHtml(report.program)}">
<title>${escapeHtml(title)}${more}</title>
<style>${hasCharts ? chartsCss : ""}
${pageCss}</style>
</head>
<body>
<header><strong>MPTCP report</strong><span>${escapeHtml(report.program)}${first ? ` · ${timeOf(first.started_at)}` : ""}</span></header>
${contentsOf(report.transfers)}
${sections.join("\n")}
<footer>${footnotes(hasCharts)}</footer>
<script type="application/json" id="charts">${jsonForScript(charts)}</script>
${scripts.map((script) => `<script>${script}</script>`).join("\n")}
</body>
</html>
`);
}

/** Nothing may be loaded from anywhere; styles of elements are the widths of bars, and uPlot's. */
function policyFor(scripts: readonly string[]): string {
  const hashes = scripts.map(
    (text) => `'sha256-${new Bun.CryptoHasher("sha256").update(text).digest("base64")}'`,
  );
  const allowed = hashes.length > 0 ? hashes.join(" ") : "'none'";
  return `default-src 'none'; style-src 'unsafe-inline'; script-src ${allowed}; base-uri 'none'; form-action 'none'`;
}

function headlineOf(transfer: JsonTransfer): string {
  return [verdictWords(transfer), amountWords(transfer)].filter((part) => part !== "").join(" · ");
}

/** Links to the sections, where there are several. */
function contentsOf(transfers: readonly JsonTransfer[]): string {
  if (transfers.length === 0) return "<section><h1>No transfer was made</h1></section>";
  if (transfers.length === 1) return "";
  const items = transfers.map(
    (transfer, index) =>
      `<li><a href="#transfer-${index + 1}">${outside(transfer.url)}</a> <span class="none">${escapeHtml(headlineOf(transfer))}</span></li>`,
  );
  return `<nav><ol>${items.join("")}</ol></nav>`;
}

interface SectionPlace {
  readonly index: number;
  /** Takes the lines of each connection, null for none, in the order of the figures. */
  readonly charts: (Charts | null)[];
}

function sectionOf(transfer: JsonTransfer, { index, charts }: SectionPlace): string {
  const { url, effective_url, connections, error } = transfer;
  const amount = amountWords(transfer);
  const moved =
    effective_url !== null && effective_url !== url ? ` → ${outside(effective_url)}` : "";
  const notes = [
    ...transfer.warnings.map((text) =>
      noteOf("warn", `<strong>Warning:</strong> ${outside(text)}`),
    ),
    ...remarks(transfer).map((text) => noteOf("plain", escapeHtml(text))),
  ];
  return `<section id="transfer-${index + 1}">
<h1><span class="verdict ${toneOf(transfer)}">${escapeHtml(verdictWords(transfer))}</span>${amount === "" ? "" : ` <span class="amount"><span class="dot">· </span>${escapeHtml(amount)}</span>`}</h1>
<p class="url mono">${outside(url)}${moved}</p>
${error === null ? "" : noteOf("bad", `<strong>${failureWords(transfer)}.</strong> ${outside(error)}`)}
${notes.join("\n")}
${connections.map((connection) => connectionHtml(connection, { charts, isOne: connections.length === 1 })).join("\n")}
</section>`;
}

function toneOf({ connections, error }: JsonTransfer): string {
  const verdict = connections.at(-1)?.verdict;
  if (verdict === "fallback") return "warn";
  if (error !== null) return "bad";
  return verdict === "mptcp" ? "good" : "plain";
}

function footnotes(hasCharts: boolean): string {
  const charts = hasCharts
    ? " Throughput is both directions together, averaged over the last half second; drag across a chart to zoom, " +
      "double-click to go back. Charts by uPlot (MIT licence, © 2022 Leon Sorokin)."
    : "";
  return (
    "Bytes of a path are TCP payload: what was sent again on another path counts on both, so the paths' sum can be " +
    "more than what arrived. The round-trip time of a path that only receives is the receiver's estimate." +
    charts
  );
}

function timeOf(iso: string): string {
  return escapeHtml(iso.replace("T", " ").replace(/\.\d+Z$/, " UTC"));
}

/** JSON that holds no "<": nothing in it can end the script element or begin a comment. */
function jsonForScript(value: unknown): string {
  return JSON.stringify(value).replaceAll("<", "\\u003c");
}
