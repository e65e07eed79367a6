// Methods and request bodies: GET, HEAD, POST in all its forms, -G, -X.

import { answer, ok, type ParityCase } from "./parity-case.ts";

const FORM = "Content-Type: application/x-www-form-urlencoded";

function posted(body: string): string[] {
  return [
    `POST / HTTP/1.1|STD|Content-Length: ${body.length}|${FORM}||${body.replaceAll("\r\n", "|")}`,
  ];
}

function data(name: string, argv: readonly string[], body: string, more: Partial<ParityCase> = {}) {
  return { name, argv: [...argv, "<base>/"], expect: { exit: 0, wire: posted(body) }, ...more };
}

const HEAD_REPLY = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX-Note: y\r\n\r\n";

const GET_CASES: readonly ParityCase[] = [
  {
    name: "a plain GET",
    argv: ["<base>/x?y=1"],
    expect: { exit: 0, wire: ["GET /x?y=1 HTTP/1.1|STD||"], stdout: "hello\n", files: {} },
    bytewise: true,
    mptcp: true,
  },
  {
    name: "-X replaces the word only",
    argv: ["-X", "DELETE", "<base>/x"],
    expect: { exit: 0, wire: ["DELETE /x HTTP/1.1|STD||"] },
  },
  {
    name: "-XPOST alone sends no Content-Length",
    argv: ["-XPOST", "<base>/"],
    expect: { exit: 0, wire: ["POST / HTTP/1.1|STD||"] },
  },
  {
    name: "-X PATCH -d",
    argv: ["-X", "PATCH", "-d", "a=1", "<base>/"],
    expect: { exit: 0, wire: [`PATCH / HTTP/1.1|STD|Content-Length: 3|${FORM}||a=1`] },
  },
  {
    name: "-I prints the header and reads no body",
    argv: ["-I", "<base>/"],
    replies: [HEAD_REPLY],
    expect: { exit: 0, wire: ["HEAD / HTTP/1.1|STD||"], stdout: HEAD_REPLY },
    bytewise: true,
    mptcp: true,
  },
  {
    name: "-I -X GET sends GET and reads no body",
    argv: ["-I", "-X", "GET", "<base>/"],
    replies: [HEAD_REPLY],
    expect: { exit: 0, wire: ["GET / HTTP/1.1|STD||"], stdout: HEAD_REPLY },
  },
  {
    name: "-I of a chunked answer",
    argv: ["-I", "<base>/"],
    replies: ["HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"],
    expect: { exit: 0, stdout: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" },
  },
  {
    name: "-0 speaks HTTP/1.0",
    argv: ["-0", "<base>/"],
    expect: { exit: 0, wire: ["GET / HTTP/1.0|STD||"] },
  },
  {
    name: "-0 -d",
    argv: ["-0", "-d", "a", "<base>/"],
    expect: { exit: 0, wire: [`POST / HTTP/1.0|STD|Content-Length: 1|${FORM}||a`] },
  },
  {
    name: "-r as text",
    argv: ["-r", "0-4", "<base>/"],
    replies: [answer("206 Partial Content", "hello", "Content-Range: bytes 0-4/9")],
    expect: {
      exit: 0,
      wire: ["GET / HTTP/1.1|Host: 127.0.0.1:PORT|Range: bytes=0-4|User-Agent: UA|Accept: */*||"],
      stdout: "hello",
    },
    mptcp: true,
  },
  {
    name: "-r with several ranges",
    argv: ["-r", "0-1,3-4,-2", "<base>/"],
    expect: {
      exit: 0,
      wire: [
        "GET / HTTP/1.1|Host: 127.0.0.1:PORT|Range: bytes=0-1,3-4,-2|User-Agent: UA|Accept: */*||",
      ],
    },
  },
  {
    name: "-r with a single number asks for the rest",
    argv: ["-r", "5", "<base>/"],
    loud: true,
    expect: {
      exit: 0,
      wire: ["GET / HTTP/1.1|Host: 127.0.0.1:PORT|Range: bytes=5-|User-Agent: UA|Accept: */*||"],
      message: /^Warning: /m,
    },
  },
  {
    name: "-r of a tail",
    argv: ["-r", "-5", "<base>/"],
    expect: {
      exit: 0,
      wire: ["GET / HTTP/1.1|Host: 127.0.0.1:PORT|Range: bytes=-5|User-Agent: UA|Accept: */*||"],
    },
  },
];

const DATA_CASES: readonly ParityCase[] = [
  data("-d", ["-d", "a=1"], "a=1", { mptcp: true }),
  data("-d pieces join with &", ["-d", "a=1", "-d", "b=2"], "a=1&b=2"),
  data("-d '' has a length of zero", ["-d", ""], ""),
  data("-d '' -d x", ["-d", "", "-d", "x"], "x"),
  data("-d value with a dash in front", ["-d", "-5"], "-5"),
  data("-dvalue in one word", ["-da=1"], "a=1"),
  data("-d @file drops CR, LF and NUL", ["-d", "@f"], "abcd", { files: { f: "a\r\nb\0c\nd" } }),
  data("-d @- reads stdin", ["-d", "@-"], "line1line2", { stdin: "line1\nline2\n" }),
  data("-d @ of an empty file", ["-d", "@f"], "", { files: { f: "" } }),
  data("--data-raw has no @", ["--data-raw", "@f"], "@f"),
  data("--data-ascii is -d", ["--data-ascii", "x"], "x"),
  data("--data-binary @file is exact", ["--data-binary", "@f"], "a\r\nb\0c\n", {
    files: { f: "a\r\nb\0c\n" },
  }),
  data("--data-binary @- is exact", ["--data-binary", "@-"], "a\r\n\xff", { stdin: "a\r\n\xff" }),
  data("--data-binary text joins", ["--data-binary", "a", "-d", "b"], "a&b"),
  data("--data-urlencode text", ["--data-urlencode", "a b&c"], "a+b%26c"),
  data("--data-urlencode =text", ["--data-urlencode", "=a b=c"], "a+b%3Dc"),
  data("--data-urlencode name=text", ["--data-urlencode", "n m=a b"], "n m=a+b"),
  data("--data-urlencode @file", ["--data-urlencode", "@f"], "a+b%0A", { files: { f: "a b\n" } }),
  data("--data-urlencode name@file", ["--data-urlencode", "n@f"], "n=%00%FF", {
    files: { f: "\0\xff" },
  }),
  data("--data-urlencode looks for = first", ["--data-urlencode", "a@b=c@"], "a@b=c%40"),
  data(
    "--data-urlencode keeps the unreserved",
    ["--data-urlencode", "AZaz09-._~!*'()"],
    "AZaz09-._~%21%2A%27%28%29",
  ),
  data("--data-urlencode encodes UTF-8 by byte", ["--data-urlencode", "n=ä€"], "n=%C3%A4%E2%82%AC"),
  data(
    "kinds of data mix in order",
    ["-d", "a", "--data-urlencode", "b c", "--data-raw", "@d", "--data-binary", "e"],
    "a&b+c&@d&e",
  ),
  {
    name: "-d @missing",
    argv: ["-d", "@missing", "<base>/"],
    expect: { exit: 26, wire: [], stdout: "" },
  },
  {
    name: "--data-binary @directory-that-is-not",
    argv: ["--data-binary", "@no/such", "<base>/"],
    expect: { exit: 26, wire: [] },
  },
  {
    name: "-d with a Content-Type of one's own",
    argv: ["-d", "{}", "-H", "Content-Type: application/json", "<base>/"],
    expect: {
      exit: 0,
      wire: ["POST / HTTP/1.1|STD|Content-Type: application/json|Content-Length: 2||{}"],
    },
  },
  {
    name: "-d without Content-Type",
    argv: ["-d", "x", "-H", "Content-Type:", "<base>/"],
    expect: { exit: 0, wire: ["POST / HTTP/1.1|STD|Content-Length: 1||x"] },
  },
  {
    name: "-d with Transfer-Encoding: chunked",
    argv: ["-d", "hello", "-H", "Transfer-Encoding: chunked", "<base>/"],
    expect: {
      exit: 0,
      wire: [`POST / HTTP/1.1|STD|Transfer-Encoding: chunked|${FORM}||5|hello|0||`],
    },
  },
  {
    name: "--json",
    argv: ["--json", '{"a":1}', "<base>/"],
    expect: {
      exit: 0,
      wire: [
        "POST / HTTP/1.1|Host: 127.0.0.1:PORT|User-Agent: UA|Content-Type: application/json|Accept: application/json|Content-Length: 7||" +
          '{"a":1}',
      ],
    },
  },
  {
    name: "--json twice has no separator",
    argv: ["--json", '{"a":', "--json", "1}", "<base>/"],
    expect: {
      exit: 0,
      wire: [
        "POST / HTTP/1.1|Host: 127.0.0.1:PORT|User-Agent: UA|Content-Type: application/json|Accept: application/json|Content-Length: 7||" +
          '{"a":1}',
      ],
    },
  },
  {
    name: "--json @file keeps line ends; -H wins over its fields",
    argv: ["--json", "@f", "-H", "Accept: */*", "-H", "Content-Type: text/x", "<base>/"],
    files: { f: "[1,\n2]\n" },
    expect: {
      exit: 0,
      wire: ["POST / HTTP/1.1|STD|Content-Type: text/x|Content-Length: 7||[1,\n2]\n"],
    },
  },
];

const GET_DATA_CASES: readonly ParityCase[] = [
  {
    name: "-G makes the data the query",
    argv: ["-G", "-d", "a=1", "--data-urlencode", "b=x y", "<base>/p"],
    expect: { exit: 0, wire: ["GET /p?a=1&b=x+y HTTP/1.1|STD||"] },
  },
  {
    name: "-G adds to the query of the URL, before the fragment",
    argv: ["-G", "-d", "a=1", "<base>/p?x=0#frag"],
    expect: { exit: 0, wire: ["GET /p?x=0&a=1 HTTP/1.1|STD||"] },
  },
  {
    name: "-G on a URL without a path",
    argv: ["-G", "-d", "a=1", "<base>"],
    expect: { exit: 0, wire: ["GET /?a=1 HTTP/1.1|STD||"] },
  },
  {
    name: "-G -I",
    argv: ["-G", "-I", "-d", "a=1", "<base>/p"],
    replies: [HEAD_REPLY],
    expect: { exit: 0, wire: ["HEAD /p?a=1 HTTP/1.1|STD||"] },
  },
  {
    name: "-I with -d is refused",
    argv: ["-I", "-d", "a", "<base>/"],
    expect: { exit: 2, wire: [], message: /You can only select one HTTP request/ },
    loud: true,
  },
  {
    name: "-T with -d is refused",
    argv: ["-T", "f", "-d", "a", "<base>/"],
    files: { f: "x" },
    expect: { exit: 2, wire: [], message: /You can only select one HTTP request/ },
    loud: true,
  },
  {
    name: "a GET's answer is not touched by a body in 204",
    argv: ["-i", "<base>/"],
    replies: ["HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n"],
    expect: { exit: 0, stdout: "HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n" },
  },
  {
    name: "304 has no body",
    argv: ["-i", "<base>/"],
    replies: ["HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n", ok("x")],
    expect: { exit: 0, stdout: "HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n" },
  },
];

export const BODY_CASES: readonly ParityCase[] = [...GET_CASES, ...DATA_CASES, ...GET_DATA_CASES];
