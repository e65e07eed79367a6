import { describe, expect, test } from "bun:test";
import { verboseTrace } from "../../../../src/cli/output/verbose.ts";
import type { PathFacts, TraceEvent } from "../../../../src/trace.ts";
import { MemoryHost } from "../../../support/memory-host.ts";

const CONNECTED: TraceEvent = {
  type: "connected",
  connectionId: 0,
  host: "localhost",
  address: "127.0.0.1",
  port: 80,
  localAddress: "127.0.0.1",
  localPort: 40000,
};
const REQUEST: TraceEvent = { type: "request-head", raw: "GET / HTTP/1.1\r\nHost: h\r\n\r\n" };

function lines(events: readonly TraceEvent[], isStderrTerminal = false): string[] {
  const host = new MemoryHost({ isStderrTerminal });
  const trace = verboseTrace(host);
  for (const event of events) trace(event);
  expect(host.stderr.text === "" || host.stderr.text.endsWith("\n")).toBe(true);
  return host.stderr.text.split("\n").slice(0, -1);
}

type MptcpEvent = Extract<TraceEvent, { readonly type: "mptcp" }>;
type PathEvent = Extract<TraceEvent, { readonly type: "mptcp-path" }>;

function mptcp(verdict: MptcpEvent["verdict"], given: Partial<MptcpEvent>): MptcpEvent {
  return { type: "mptcp", connectionId: 0, verdict, reason: "", token: null, ...given };
}

function path(change: PathEvent["change"], given: Partial<PathFacts>): PathEvent {
  const facts: PathFacts = {
    id: 2,
    interfaceName: "c2",
    localAddress: "10.9.2.1",
    remoteAddress: "10.9.1.2",
    remotePort: 8080,
    why: "",
  };
  return { type: "mptcp-path", connectionId: 0, change, path: { ...facts, ...given } };
}

describe("verboseTrace", () => {
  test("shows a transfer as curl does", () => {
    expect(
      lines([
        {
          type: "resolved",
          host: "localhost",
          port: 80,
          ipv6: [],
          ipv4: ["127.0.0.1", "127.0.0.2"],
        },
        { type: "attempt", address: "127.0.0.1", port: 80 },
        CONNECTED,
        REQUEST,
        { type: "request-sent", uploadedBytes: 0 },
        { type: "response-head", raw: "HTTP/1.1 200 OK\r\nA: b\r\n\r\n" },
        { type: "connection-kept", connectionId: 0, host: "localhost", port: 80 },
      ]),
    ).toEqual([
      "* Host localhost:80 was resolved.",
      "* IPv6: (none)",
      "* IPv4: 127.0.0.1, 127.0.0.2",
      "*   Trying 127.0.0.1:80...",
      "* Established connection to localhost (127.0.0.1 port 80) from 127.0.0.1 port 40000 ",
      "* using HTTP/1.x",
      "> GET / HTTP/1.1",
      "> Host: h",
      "> ",
      "* Request completely sent off",
      "< HTTP/1.1 200 OK",
      "< A: b",
      "< ",
      "* Connection #0 to host localhost:80 left intact",
    ]);
  });

  test("names the protocol once a connection", () => {
    const reused: TraceEvent = { type: "reused", connectionId: 0, scheme: "http", host: "h" };
    expect(
      lines([CONNECTED, REQUEST, reused, REQUEST]).filter((l) => l.includes("HTTP/1.x")),
    ).toEqual(["* using HTTP/1.x"]);
  });

  const SINGLE: [TraceEvent, string[]][] = [
    [{ type: "attempt", address: "::1", port: 80 }, ["*   Trying [::1]:80..."]],
    [{ type: "attempt", address: "/run/sock", port: -1 }, ["*   Trying /run/sock:0..."]],
    [
      {
        type: "attempt",
        address: "10.9.1.2",
        port: 8080,
        from: { address: "10.9.2.1", interfaceName: "c2" },
      },
      ["*   Trying 10.9.1.2:8080 from 10.9.2.1 (c2)..."],
    ],
    [
      { type: "attempt", address: "10.9.1.2", port: 8080, from: null, protocol: "tcp" },
      ["*   Trying 10.9.1.2:8080 over plain TCP..."],
    ],
    [
      {
        type: "attempt-failed",
        address: "10.9.1.2",
        port: 8080,
        from: { address: "10.9.2.1", interfaceName: "c2" },
        reason: "No route to host",
      },
      ["* connect to 10.9.1.2 port 8080 from 10.9.2.1 (c2) failed: No route to host"],
    ],
    [
      { type: "attempt-failed", address: "::1", port: 80, reason: "Connection refused" },
      ["* connect to ::1 port 80 failed: Connection refused"],
    ],
    [
      { type: "socket-failed", reason: "Protocol not available" },
      ["* failed to open socket: Protocol not available"],
    ],
    [mptcp("mptcp", { token: 0xbeef }), ["* MPTCP: negotiated (token 0x0000beef)"]],
    [mptcp("mptcp", {}), ["* MPTCP: negotiated"]],
    [
      mptcp("fallback", { reason: "the server does not speak it" }),
      ["* MPTCP: fell back to TCP: the server does not speak it"],
    ],
    [mptcp("unknown", {}), ["* MPTCP: the kernel does not say whether it is used"]],
    [path("up", {}), ["* MPTCP: path 2 up: c2 10.9.2.1 -> 10.9.1.2:8080"]],
    [
      path("down", { why: "reset" }),
      ["* MPTCP: path 2 down: c2 10.9.2.1 -> 10.9.1.2:8080 (reset)"],
    ],
    [path("down", { interfaceName: null }), ["* MPTCP: path 2 down: 10.9.2.1 -> 10.9.1.2:8080"]],
    [
      path("recovered", { localAddress: "fd00::2", remoteAddress: "fd00::1" }),
      ["* MPTCP: path 2 recovered: c2 fd00::2 -> [fd00::1]:8080"],
    ],
    [
      path("none-left", {}),
      ["* MPTCP: no path left: path 2 (c2 10.9.2.1 -> 10.9.1.2:8080) went last"],
    ],
    [
      path("none-left", { why: "no answer" }),
      ["* MPTCP: no path left: path 2 (c2 10.9.2.1 -> 10.9.1.2:8080; no answer) went last"],
    ],
    [
      { type: "mptcp-path", connectionId: 0, change: "none-left", path: null },
      ["* MPTCP: no path left"],
    ],
    [
      { type: "mptcp-repeat", method: "GET" },
      ["* MPTCP: the request is sent again over plain TCP"],
    ],
    [
      { type: "mptcp-doubt", method: "POST" },
      ["* MPTCP: the reply is taken, and cannot be vouched for"],
    ],
    [
      { type: "reused", connectionId: 0, scheme: "http", host: "h" },
      ["* Reusing existing http: connection with host h"],
    ],
    [{ type: "auth", scheme: "Basic", user: "u" }, ["* Server auth using Basic with user 'u'"]],
    [{ type: "request-sent", uploadedBytes: 3 }, ["* upload completely sent off: 3 bytes"]],
    [{ type: "continue-timeout" }, ["* Done waiting for 100-continue"]],
    [{ type: "upload-stopped" }, ["* HTTP error before end of send, stop sending"]],
    [{ type: "body-ignored" }, ["* Ignoring the response-body"]],
    [
      { type: "redirect", url: "http://h/x", method: "GET" },
      ["* Issue another request to this URL: 'http://h/x'"],
    ],
    [
      { type: "connection-died", retry: 1 },
      ["* Connection died, retrying a fresh connect (retry count: 1)"],
    ],
    [{ type: "connection-closed", connectionId: 2, reason: "" }, ["* closing connection #2"]],
    [
      {
        type: "connection-closed",
        connectionId: 2,
        reason: "server-asked",
      },
      ["* the server asked to close the connection", "* closing connection #2"],
    ],
  ];

  test.each(SINGLE)("says %j", (event, expected) => {
    expect(lines([event])).toEqual(expected);
  });

  test("tells of TLS and the certificate", () => {
    const certificate = {
      subject: "CN=h",
      issuer: "CN=CA",
      validFrom: "from",
      validTo: "to",
      names: "DNS:h",
    };
    expect(
      lines([
        { type: "tls-start", trust: "/etc/ca.pem", serverName: "h" },
        {
          type: "tls",
          version: "TLSv1.3",
          cipher: "C",
          alpn: "http/1.1",
          certificate,
          problem: null,
        },
      ]),
    ).toEqual([
      "* ALPN: curl offers http/1.1",
      "*  CAfile: /etc/ca.pem",
      "* SSL connection using TLSv1.3 / C",
      "* ALPN: server accepted http/1.1",
      "* Server certificate:",
      "*  subject: CN=h",
      "*  start date: from",
      "*  expire date: to",
      "*  subjectAltName: DNS:h",
      "*  issuer: CN=CA",
      "*  SSL certificate verify ok.",
    ]);
    const problem: TraceEvent = {
      type: "tls",
      version: "TLSv1.2",
      cipher: "C",
      alpn: null,
      certificate: null,
      problem: "self-signed certificate (18)",
    };
    expect(lines([problem])).toContain(
      "*  SSL certificate verify result: self-signed certificate (18), continuing anyway.",
    );
  });

  test("gives a file the server's bytes, a terminal their harmless form", () => {
    const head: TraceEvent = { type: "response-head", raw: "HTTP/1.1 200 \x1b[2J\xe9\r\n\r\n" };
    expect(lines([head])).toEqual(["< HTTP/1.1 200 \x1b[2J\xe9", "< "]);
    expect(lines([head], true)[0]).toBe("< HTTP/1.1 200 \\x1b[2J\xef\xbf\xbd");
  });
});
