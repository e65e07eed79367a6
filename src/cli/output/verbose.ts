// -v: the facts of a transfer as lines on standard error.
//
//   "* " what happened      "> " a header line sent      "< " a header line received
//
// Here: one sentence for each TraceEvent. Where scripts search curl's lines these are curl's (8.22), for MPTCP, of
// which curl says nothing, our own. Passwords and tokens in header lines are shown, as curl shows them: who asks for
// -v wants to see what went over the wire. Not here: --trace, and the byte counts that curl writes for each chunk of
// a body ("{ [N bytes data]"): no event is made for a chunk.

import { bytesOf, utf8 } from "../../bytes.ts";
import type { AttemptFacts, CertificateFacts, PathFacts, Trace, TraceEvent } from "../../trace.ts";
import type { Host } from "../host.ts";
import { stderrWriter } from "./ordered-writer.ts";
import { bracketed, printable } from "./terminal-text.ts";

/** A listener that writes -v's lines to `host.stderr`; bytes as they came, but harmless where that is a terminal. */
export function verboseTrace(host: Host): Trace {
  const writer = stderrWriter(host);
  const encode = host.stderr.isTerminal ? (text: string) => utf8(printable(text)) : bytesOf;
  // curl says this once for each connection, when the first request is about to go out.
  let isFresh = false;

  return (event) => {
    let text: string;
    if (event.type === "request-head") {
      text = `${isFresh ? "* using HTTP/1.x\n" : ""}${headLines(event.raw, "> ")}`;
      isFresh = false;
    } else if (event.type === "response-head") {
      text = headLines(event.raw, "< ");
    } else {
      if (event.type === "connected") isFresh = true;
      text = infoLines(event)
        .map((line) => `* ${line}\n`)
        .join("");
    }
    if (text !== "") writer.write(encode(text));
  };
}

/** Header lines with a prefix each; CR LF is shown as LF, the empty line too. */
function headLines(raw: string, prefix: string): string {
  const lines = raw.split(/\r?\n/);
  if (lines.at(-1) === "") lines.pop();
  return lines.map((line) => `${prefix}${line}\n`).join("");
}

type InfoEvent = Exclude<TraceEvent, { readonly type: "request-head" | "response-head" }>;

function infoLines(event: InfoEvent): string[] {
  switch (event.type) {
    case "resolved":
    case "attempt":
    case "attempt-failed":
    case "socket-failed":
    case "connected":
    case "reused":
    case "connection-died":
    case "connection-kept":
    case "connection-closed":
      return connectionLines(event);
    case "mptcp":
    case "mptcp-path":
    case "mptcp-repeat":
    case "mptcp-doubt":
      return [mptcpLine(event)];
    case "tls-start":
      return [
        "ALPN: curl offers http/1.1",
        ...(event.trust === "" ? [] : [` CAfile: ${event.trust}`]),
      ];
    case "tls":
      return tlsLines(event);
    case "auth":
      return [`Server auth using ${event.scheme} with user '${event.user}'`];
    case "request-sent":
      return [
        event.uploadedBytes > 0
          ? `upload completely sent off: ${event.uploadedBytes} bytes`
          : "Request completely sent off",
      ];
    case "continue-timeout":
      return ["Done waiting for 100-continue"];
    case "upload-stopped":
      return ["HTTP error before end of send, stop sending"];
    case "excess":
      return [`Excess found writing body: ${event.sizeBytes} bytes behind the end of the response`];
    case "body-ignored":
      return ["Ignoring the response-body"];
    case "redirect":
      return [`Issue another request to this URL: '${event.url}'`];
  }
}

type ConnectionEvent = Extract<
  InfoEvent,
  {
    readonly type:
      | "resolved"
      | "attempt"
      | "attempt-failed"
      | "socket-failed"
      | "connected"
      | "reused"
      | "connection-died"
      | "connection-kept"
      | "connection-closed";
  }
>;

/** Why a connection is not kept, by http1's CloseReason; what another line has said already is not here. */
const CLOSE_REASONS: { readonly [reason: string]: readonly string[] } = {
  "server-asked": ["the server asked to close the connection"],
  "client-asked": ["the request asked to close the connection"],
  "http-1.0": ["the server speaks HTTP/1.0 and does not keep the connection"],
  "close-delimited": ["no chunk, no close, no size. Assume close to signal end"],
  "ambiguous-length": [
    "the length of the response was given twice, or in a way that HTTP/1.0 does not know",
  ],
  upgraded: ["the server switched to another protocol"],
};

function connectionLines(event: ConnectionEvent): string[] {
  switch (event.type) {
    case "resolved":
      return [
        `Host ${event.host}:${event.port} was resolved.`,
        `IPv6: ${event.ipv6.join(", ") || "(none)"}`,
        `IPv4: ${event.ipv4.join(", ") || "(none)"}`,
      ];
    case "attempt":
      return [`  Trying ${bracketed(event.address)}:${shownPort(event.port)}${wayOut(event)}...`];
    case "attempt-failed":
      return [
        `connect to ${event.address} port ${event.port}${wayOut(event)} failed: ${event.reason}`,
      ];
    case "socket-failed":
      return [`failed to open socket: ${event.reason}`];
    case "connected":
      // The blank at the end is curl's.
      return [
        `Established connection to ${event.host} (${event.address} port ${shownPort(event.port)}) ` +
          `from ${event.localAddress} port ${shownPort(event.localPort)} `,
      ];
    case "reused":
      return [`Reusing existing ${event.scheme}: connection with host ${event.host}`];
    case "connection-died":
      return [`Connection died, retrying a fresh connect (retry count: ${event.retry})`];
    case "connection-kept":
      return [`Connection #${event.connectionId} to host ${event.host}:${event.port} left intact`];
    case "connection-closed":
      return [...(CLOSE_REASONS[event.reason] ?? []), `closing connection #${event.connectionId}`];
  }
}

type MptcpTraceEvent = Extract<
  InfoEvent,
  { readonly type: "mptcp" | "mptcp-path" | "mptcp-repeat" | "mptcp-doubt" }
>;

function mptcpLine(event: MptcpTraceEvent): string {
  switch (event.type) {
    case "mptcp":
      return `MPTCP: ${verdictText(event)}`;
    case "mptcp-path":
      return `MPTCP: ${pathText(event)}`;
    case "mptcp-doubt":
      return "MPTCP: the reply is taken, and cannot be vouched for";
    case "mptcp-repeat":
      return "MPTCP: the request is sent again over plain TCP";
  }
}

function verdictText(event: Extract<TraceEvent, { readonly type: "mptcp" }>): string {
  switch (event.verdict) {
    case "mptcp":
      return event.token === null
        ? "negotiated"
        : `negotiated (token 0x${event.token.toString(16).padStart(8, "0")})`;
    case "fallback":
      return `fell back to TCP: ${event.reason}`;
    case "unknown":
      return "the kernel does not say whether it is used";
  }
}

function pathText({ change, path }: Extract<TraceEvent, { readonly type: "mptcp-path" }>): string {
  if (change === "none-left") {
    if (path === null) return "no path left";
    const why = path.why === "" ? "" : `; ${path.why}`;
    return `no path left: path ${path.id} (${wayText(path)}${why}) went last`;
  }
  if (path === null) return `a path is ${change}`;
  const why = change !== "down" || path.why === "" ? "" : ` (${path.why})`;
  return `path ${path.id} ${change}: ${wayText(path)}${why}`;
}

/** "c2 10.9.2.1 -> 10.9.1.2:8080" */
function wayText({ interfaceName, localAddress, remoteAddress, remotePort }: PathFacts): string {
  const via = interfaceName === null ? "" : `${interfaceName} `;
  return `${via}${localAddress} -> ${bracketed(remoteAddress)}:${remotePort}`;
}

function tlsLines(event: Extract<TraceEvent, { readonly type: "tls" }>): string[] {
  return [
    `SSL connection using ${event.version} / ${event.cipher}`,
    event.alpn === null
      ? "ALPN: server did not agree on a protocol. Uses default."
      : `ALPN: server accepted ${event.alpn}`,
    ...(event.certificate === null ? [] : certificateLines(event.certificate)),
    event.problem === null
      ? " SSL certificate verify ok."
      : ` SSL certificate verify result: ${event.problem}, continuing anyway.`,
  ];
}

function certificateLines(certificate: CertificateFacts): string[] {
  return [
    "Server certificate:",
    ` subject: ${certificate.subject}`,
    ` start date: ${certificate.validFrom}`,
    ` expire date: ${certificate.validTo}`,
    ` subjectAltName: ${certificate.names}`,
    ` issuer: ${certificate.issuer}`,
  ];
}

/** What curl never does: going out from another address, or as plain TCP beside MPTCP. */
function wayOut({ from, protocol }: AttemptFacts): string {
  const source = from ? ` from ${from.address} (${from.interfaceName})` : "";
  return protocol === "tcp" ? `${source} over plain TCP` : source;
}

/** Unix sockets have none (-1); curl writes 0 then. */
function shownPort(port: number): number {
  return Math.max(0, port);
}
