// Which connections are made, kept, replaced or given up; where names lead.

import { ok, type ParityCase } from "./parity-case.ts";

const GET_1 = "GET /1 HTTP/1.1|STD||";
const GET_2 = "GET /2 HTTP/1.1|STD||";
const CLOSING_1 = "GET /1 HTTP/1.1|STD|Connection: close||";
const CLOSING_2 = "GET /2 HTTP/1.1|STD|Connection: close||";
const TWO = ["<base>/1", "<base>/2"];

const REUSE: readonly ParityCase[] = [
  {
    name: "two URLs share a connection",
    argv: TWO,
    expect: { exit: 0, wire: [GET_1 + GET_2], stdout: "hello\nhello\n" },
    bytewise: true,
    mptcp: true,
  },
  {
    name: "chunked answers leave the connection usable",
    argv: TWO,
    replies: ["HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n", ok("b")],
    expect: { exit: 0, wire: [GET_1 + GET_2], stdout: "ab" },
  },
  {
    name: "Connection: close",
    argv: TWO,
    replies: [ok("a", "Connection: close"), ok("b")],
    expect: { exit: 0, wire: [GET_1, GET_2], stdout: "ab" },
  },
  {
    name: "HTTP/1.0 closes",
    argv: TWO,
    replies: ["HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\na", ok("b")],
    expect: { exit: 0, wire: [GET_1, GET_2], stdout: "ab" },
  },
  {
    name: "HTTP/1.0 with keep-alive stays, and is spoken to in HTTP/1.0",
    argv: TWO,
    replies: ["HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 1\r\n\r\na", ok("b")],
    expect: { exit: 0, wire: [`${GET_1}GET /2 HTTP/1.0|STD||`], stdout: "ab" },
  },
  {
    name: "-H Connection: close ends it",
    argv: ["-H", "Connection: close", ...TWO],
    expect: {
      exit: 0,
      wire: [CLOSING_1, CLOSING_2],
      stdout: "hello\nhello\n",
    },
    differs: {
      because: "RFC 9112 9.6: who sends close must not send another request; curl does",
      since: null,
      older: { wire: [CLOSING_1 + CLOSING_2] },
    },
  },
  {
    name: "--resolve holds behind --next",
    argv: [
      "--resolve",
      "name.invalid:<port>:127.0.0.1",
      "http://name.invalid:<port>/1",
      "--next",
      "-sS",
      "http://name.invalid:<port>/2",
    ],
    expect: { exit: 0, stdout: "hello\nhello\n" },
  },
  {
    name: "bytes beyond the body end it",
    argv: TWO,
    replies: [`${ok("a")}EXCESS`, ok("b")],
    expect: { exit: 0, wire: [GET_1, GET_2], stdout: "ab" },
  },
  {
    name: "HEAD and GET share",
    argv: ["-I", "<base>/1", "--next", "-sS", "<base>/2"],
    replies: ["HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n", ok("b")],
    expect: { exit: 0, wire: [`HEAD /1 HTTP/1.1|STD||${GET_2}`] },
  },
  {
    name: "204 leaves the connection usable",
    argv: TWO,
    replies: ["HTTP/1.1 204 No\r\n\r\n", ok("b")],
    expect: { exit: 0, wire: [GET_1 + GET_2], stdout: "b" },
  },
  {
    name: "a kept connection that dies is replaced",
    argv: TWO,
    replies: [ok("a"), { send: "", after: "close" }, ok("b")],
    expect: { exit: 0, wire: [GET_1 + GET_2, GET_2], stdout: "ab" },
  },
  {
    name: "a cut body does not stop the next URL",
    argv: TWO,
    replies: [{ send: "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\na", after: "close" }, ok("b")],
    expect: { exit: 0, wire: [GET_1, GET_2], stdout: "ab", message: /\(18\) / },
  },
  {
    name: "the last transfer's code is the exit code",
    argv: ["<base>/1", "http://127.0.0.1:<refused>/"],
    expect: { exit: 7, wire: [GET_1], stdout: "hello\n" },
  },
  {
    name: "another host is another connection",
    argv: ["<base>/1", "http://localhost:<port>/2"],
    expect: {
      exit: 0,
      wire: [GET_1, "GET /2 HTTP/1.1|Host: localhost:PORT|User-Agent: UA|Accept: */*||"],
    },
  },
  {
    name: "--next starts afresh",
    argv: ["-H", "X: 1", "-d", "a", "<base>/1", "--next", "<base>/2"],
    expect: {
      exit: 0,
      wire: [
        `POST /1 HTTP/1.1|STD|X: 1|Content-Length: 1|Content-Type: application/x-www-form-urlencoded||a${GET_2}`,
      ],
      stdout: "hello\nhello\n",
    },
  },
  {
    name: "-: is --next",
    argv: ["-o", "1", "<base>/1", "-:", "-o", "2", "<base>/2"],
    expect: { exit: 0, wire: [GET_1 + GET_2], files: { 1: "hello\n", 2: "hello\n" } },
  },
];

const WHERE: readonly ParityCase[] = [
  {
    name: "--resolve",
    argv: ["--resolve", "example.com:<port>:127.0.0.1", "http://example.com:<port>/1"],
    expect: {
      exit: 0,
      wire: ["GET /1 HTTP/1.1|Host: example.com:PORT|User-Agent: UA|Accept: */*||"],
    },
    mptcp: true,
  },
  {
    name: "--resolve of any host",
    argv: ["--resolve", "*:<port>:127.0.0.1", "http://any.example:<port>/1"],
    expect: {
      exit: 0,
      wire: ["GET /1 HTTP/1.1|Host: any.example:PORT|User-Agent: UA|Accept: */*||"],
    },
  },
  {
    name: "--resolve with a second address when the first refuses",
    argv: ["--resolve", "a.example:<port>:127.0.0.9,127.0.0.1", "http://a.example:<port>/1"],
    expect: {
      exit: 0,
      wire: ["GET /1 HTTP/1.1|Host: a.example:PORT|User-Agent: UA|Accept: */*||"],
    },
  },
  {
    name: "--resolve that cannot be parsed",
    argv: ["--resolve", "nonsense", "<base>/1"],
    expect: { exit: 49, wire: [], message: /\(49\) / },
  },
  {
    name: "--connect-to",
    argv: ["--connect-to", "a.example:80:127.0.0.1:<port>", "http://a.example/1"],
    expect: { exit: 0, wire: ["GET /1 HTTP/1.1|Host: a.example|User-Agent: UA|Accept: */*||"] },
    mptcp: true,
  },
  {
    name: "--connect-to with empty parts matches everything",
    argv: ["--connect-to", "::127.0.0.1:<port>", "http://a.example:81/1"],
    expect: { exit: 0, wire: ["GET /1 HTTP/1.1|Host: a.example:81|User-Agent: UA|Accept: */*||"] },
  },
  {
    name: "--connect-to for another host does nothing",
    argv: ["--connect-to", "b.example:80:127.0.0.1:<refused>", "<base>/1"],
    expect: { exit: 0, wire: [GET_1] },
  },
  {
    name: "--connect-to with a bad port",
    argv: ["--connect-to", "a.example:80:127.0.0.1:x", "http://a.example/"],
    expect: { exit: 49, wire: [], message: /\(49\) / },
  },
  {
    name: "--unix-socket",
    unix: true,
    argv: ["--unix-socket", "<sock>", "http://somewhere/1"],
    expect: { exit: 0, wire: ["GET /1 HTTP/1.1|Host: somewhere|User-Agent: UA|Accept: */*||"] },
    mptcp: true,
  },
  {
    name: "--unix-socket that is not there",
    argv: ["--unix-socket", "missing.sock", "http://somewhere/1"],
    expect: { exit: 7, message: /\(7\) Failed to connect to somewhere/ },
  },
  {
    name: "-4 localhost",
    argv: ["-4", "http://localhost:<port>/1"],
    expect: {
      exit: 0,
      wire: ["GET /1 HTTP/1.1|Host: localhost:PORT|User-Agent: UA|Accept: */*||"],
    },
  },
  {
    name: "-4 with an IPv6 literal",
    argv: ["-4", "http://[::1]:<port>/1"],
    expect: { exit: 7, wire: [] },
  },
  {
    name: "-6 with an IPv4 literal connects",
    argv: ["-6", "<base>/1"],
    expect: { exit: 0, wire: [GET_1] },
    differs: {
      because: "older ones let -6 refuse an IPv4 literal",
      since: "8.22",
      older: { exit: 7, wire: [] },
    },
  },
  {
    name: "refused",
    argv: ["http://127.0.0.1:<refused>/"],
    expect: { exit: 7, stdout: "", message: /^curl: \(7\) Failed to connect to 127\.0\.0\.1/m },
    mptcp: true,
  },
  {
    name: "a name that does not exist",
    argv: ["http://nowhere.invalid/"],
    expect: { exit: 6, message: /^curl: \(6\) Could not resolve host: nowhere\.invalid$/m },
  },
  {
    name: "--connect-timeout",
    argv: ["--connect-timeout", "0.3", "http://127.0.0.1:<full>/"],
    expect: { exit: 28, message: /\(28\) (Connection timed out|Failed to connect)/ },
    mptcp: true,
  },
  {
    name: "-m before the header",
    argv: ["-m", "0.4", "<base>/1"],
    replies: [{ send: "", after: "stall" }],
    expect: {
      exit: 28,
      wire: [GET_1],
      message: /\(28\) Operation timed out after \d+ milliseconds with 0 bytes received/,
    },
    mptcp: true,
  },
  {
    name: "-m within the body keeps what came",
    argv: ["-m", "0.5", "-o", "f", "<base>/1"],
    replies: [{ send: "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc", after: "stall" }],
    expect: {
      exit: 28,
      files: { f: "abc" },
      message: /\(28\) Operation timed out after \d+ milliseconds with 3 out of 9 bytes received/,
    },
  },
];

const PROBES: readonly ParityCase[] = [
  ...[
    ["--no-keepalive"],
    ["--no-keepalive", "--keepalive"],
    ["--keepalive-time", "5", "--keepalive-cnt", "3"],
    ["--keepalive-time", "0", "--keepalive-cnt", "0"],
    // More than the kernel takes, and more than an int holds: the socket keeps what it has.
    ["--keepalive-time", "40000", "--keepalive-cnt", "300"],
    ["--keepalive-time", "9223372036854775807", "--keepalive-cnt", "4294967296"],
  ].map(
    (words): ParityCase => ({
      name: words.join(" "),
      argv: [...words, "<base>/1"],
      expect: { exit: 0, wire: [GET_1], stdout: "hello\n" },
      mptcp: true,
    }),
  ),
  ...[
    ["--keepalive-time", "-1"],
    ["--keepalive-time", ""],
    ["--keepalive-time", "5s"],
    ["--keepalive-time", "1.5"],
    ["--keepalive-time", "+5"],
    ["--keepalive-time", "9223372036854775808"],
    ["--keepalive-cnt", "-1"],
    ["--keepalive-cnt", "many"],
    ["--no-keepalive-time", "5"],
    ["--no-keepalive-cnt", "5"],
  ].map(
    (words): ParityCase => ({
      name: `${words.join(" ")} is refused`,
      argv: [...words, "<base>/1"],
      sameStderr: true,
      expect: { exit: 2, wire: [] },
    }),
  ),
];

export const CONNECTION_CASES: readonly ParityCase[] = [...REUSE, ...WHERE, ...PROBES];
