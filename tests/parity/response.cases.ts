// Responses as RFC 9112 would not have them, and the framing rules: what is taken, what is refused
// with which number, and that bytes which came before the trouble are delivered.

import type { Reply } from "../support/servers/raw-server.ts";
import { ok, type ParityCase } from "./parity-case.ts";

interface Outcome {
  readonly exit: number;
  readonly stdout?: string;
  readonly message?: RegExp;
}

function raw(
  name: string,
  send: string,
  outcome: Outcome,
  more: Partial<ParityCase> & { readonly after?: Reply["after"] } = {},
): ParityCase {
  const { after, ...rest } = more;
  return {
    name,
    argv: ["<base>/"],
    replies: [{ send, after: after ?? "close" }],
    expect: outcome,
    ...rest,
  };
}

/** A case that older curls take without complaint. */
function stricter(test: ParityCase, because: string, stdout: string): ParityCase {
  return {
    ...test,
    differs: { because, since: "8.22", older: { exit: 0, stdout, message: /^$/ } },
  };
}

function head(...fields: readonly string[]): string {
  return ["HTTP/1.1 200 OK", ...fields, "", ""].join("\r\n");
}

const CHUNKED = head("Transfer-Encoding: chunked");

const FRAMING: readonly ParityCase[] = [
  raw(
    "length by the end of the connection",
    `${head()}abc`,
    { exit: 0, stdout: "abc" },
    {
      bytewise: true,
      mptcp: true,
    },
  ),
  raw(
    "chunked",
    `${CHUNKED}3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n`,
    { exit: 0, stdout: "abcde" },
    {
      after: "keep",
      bytewise: true,
      mptcp: true,
    },
  ),
  raw(
    "chunk extensions and trailers",
    `${CHUNKED}3;x=y;z="q"\r\nabc\r\n0;last\r\nX-Trailer: 1\r\nY: 2\r\n\r\n`,
    { exit: 0, stdout: "abc" },
    { after: "keep", bytewise: true },
  ),
  raw(
    "-i shows trailers behind the body",
    `${CHUNKED}3\r\nabc\r\n0\r\nX-Trailer: 1\r\n\r\n`,
    { exit: 0 },
    { after: "keep", argv: ["-i", "<base>/"] },
  ),
  raw(
    "chunk sizes in capitals with leading zeros",
    `${CHUNKED}00A\r\n0123456789\r\n000\r\n\r\n`,
    { exit: 0, stdout: "0123456789" },
    { after: "keep" },
  ),
  raw(
    "chunk lines that end with LF alone",
    `${CHUNKED}3\nabc\n0\n\n`,
    { exit: 0, stdout: "abc" },
    { after: "keep" },
  ),
  raw(
    "chunked on HTTP/1.0",
    "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n",
    { exit: 0, stdout: "a" },
  ),
  raw(
    "Transfer-Encoding beats Content-Length",
    `${head("Content-Length: 2", "Transfer-Encoding: chunked")}3\r\nabc\r\n0\r\n\r\n`,
    { exit: 0, stdout: "abc" },
    { bytewise: true },
  ),
  raw(
    "Transfer-Encoding before Content-Length",
    `${head("Transfer-Encoding: chunked", "Content-Length: 2")}3\r\nabc\r\n0\r\n\r\n`,
    { exit: 0, stdout: "abc" },
  ),
  raw(
    "equal Content-Lengths",
    `${head("Content-Length: 3", "Content-Length: 3")}abc`,
    { exit: 0, stdout: "abc" },
    { after: "keep" },
  ),
  raw(
    "interim answers are skipped",
    `HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n${ok("fin")}`,
    { exit: 0, stdout: "fin" },
    { after: "keep", bytewise: true },
  ),
  raw(
    "-i shows interim answers",
    `HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n${ok("fin")}`,
    { exit: 0 },
    { after: "keep", argv: ["-i", "<base>/"] },
  ),
  raw(
    "LF alone ends header lines",
    "HTTP/1.1 200 OK\nContent-Length: 3\n\nabc",
    { exit: 0, stdout: "abc" },
    { after: "keep", bytewise: true },
  ),
  raw(
    "no reason phrase",
    "HTTP/1.1 200\r\nContent-Length: 3\r\n\r\nabc",
    { exit: 0, stdout: "abc" },
    { after: "keep" },
  ),
  raw(
    "a folded line",
    `${head("X: a", "  b", "Content-Length: 1")}z`,
    { exit: 0, stdout: "z" },
    { after: "keep" },
  ),
  raw(
    "blanks around the length",
    `${head("Content-Length:   3  ")}abc`,
    { exit: 0, stdout: "abc" },
    { after: "keep" },
  ),
  raw(
    "an empty field value",
    `${head("X-Empty:", "Content-Length: 1")}z`,
    { exit: 0, stdout: "z" },
    { after: "keep" },
  ),
  raw(
    "status 999",
    "HTTP/1.1 999 Odd\r\nContent-Length: 1\r\n\r\nz",
    { exit: 0, stdout: "z" },
    { after: "keep" },
  ),
  raw(
    "Transfer-Encoding: identity",
    `${head("Transfer-Encoding: identity", "Content-Length: 3")}abc`,
    { exit: 0, stdout: "abc" },
  ),
  raw(
    "bytes beyond the body are not output",
    `${ok("abc")}EXCESS`,
    { exit: 0, stdout: "abc" },
    { after: "keep", bytewise: true },
  ),
  raw("an empty body", head("Content-Length: 0"), { exit: 0, stdout: "" }, { after: "keep" }),
];

const CUT: readonly ParityCase[] = [
  raw(
    "cut with a Content-Length",
    `${head("Content-Length: 9")}abc`,
    { exit: 18, stdout: "abc", message: /\(18\) end of response with 6 bytes missing/ },
    { mptcp: true, bytewise: true },
  ),
  raw("cut in a chunk", `${CHUNKED}9\r\nabc`, { exit: 18, stdout: "abc", message: /\(18\) / }),
  raw(
    "cut between chunks",
    `${CHUNKED}3\r\nabc\r\n`,
    {
      exit: 18,
      stdout: "abc",
      message: /\(18\) transfer closed with outstanding read data remaining/,
    },
    { mptcp: true },
  ),
  raw("cut before the chunks' last line", `${CHUNKED}3\r\nabc\r\n0\r\n`, {
    exit: 18,
    stdout: "abc",
  }),
  raw("cut within the header", "HTTP/1.1 200 OK\r\nX: y\r\n", { exit: 0, stdout: "" }),
  raw("cut within the header, a length known", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n", {
    exit: 18,
    stdout: "",
  }),
  raw(
    "closed without a word",
    "",
    { exit: 52, message: /\(52\) Empty reply from server/ },
    { mptcp: true },
  ),
  raw("cut within the status line", "HTTP/1.1 20", { exit: 52 }),
  raw(
    "reset without a word",
    "",
    { exit: 56, message: /\(56\) Recv failure: Connection reset by peer/ },
    { after: "reset" },
  ),
  raw(
    "reset within the body",
    `${head("Content-Length: 9")}abc`,
    { exit: 56 },
    {
      replies: [{ send: [`${head("Content-Length: 9")}abc`, 150], after: "reset" }],
      expect: { exit: 56, stdout: "abc", message: /\(56\) Recv failure: Connection reset by peer/ },
    },
  ),
  raw("closed where the end of the connection ends the body, half way in UTF-8", `${head()}\xc3`, {
    exit: 0,
    stdout: "\xc3",
  }),
];

const MALFORMED: readonly ParityCase[] = [
  raw("HTTP/0.9", "just text\n", {
    exit: 1,
    stdout: "",
    message: /\(1\) Received HTTP\/0\.9 when not allowed/,
  }),
  raw("HTTP/1.2", "HTTP/1.2 200 OK\r\n\r\n", {
    exit: 1,
    message: /\(1\) Unsupported HTTP\/1 subversion/,
  }),
  stricter(
    raw("HTTP/2 in a status line", "HTTP/2 200\r\n\r\n", { exit: 1, message: /\(1\) / }),
    "older ones read any version here",
    "",
  ),
  stricter(
    raw("HTTP/3.0 in a status line", "HTTP/3.0 200 OK\r\n\r\n", { exit: 1, message: /\(1\) / }),
    "older ones read any version here",
    "",
  ),
  raw("two digits of status", "HTTP/1.1 20 OK\r\n\r\n", { exit: 1, message: /\(1\) / }),
  raw("status below 100", "HTTP/1.1 099 Low\r\n\r\n", { exit: 1, message: /\(1\) / }),
  raw("a header without a colon", `${head("nonsense")}`, {
    exit: 8,
    message: /\(8\) Header without colon/,
  }),
  raw("NUL in a header", head("X: a\0b"), { exit: 8, message: /\(8\) Nul byte in header/ }),
  stricter(
    raw("different Content-Lengths", `${head("Content-Length: 3", "Content-Length: 4")}abcd`, {
      exit: 8,
      message: /\(8\) /,
    }),
    "older ones take the last",
    "abcd",
  ),
  raw("negative Content-Length", `${head("Content-Length: -3")}abc`, {
    exit: 8,
    message: /\(8\) /,
  }),
  raw("Content-Length with a plus", `${head("Content-Length: +3")}abc`, {
    exit: 8,
    message: /\(8\) /,
  }),
  stricter(
    raw("Content-Length with a tail", `${head("Content-Length: 3x")}abc`, {
      exit: 8,
      message: /\(8\) /,
    }),
    "older ones read the digits",
    "abc",
  ),
  raw("Content-Length that is empty", `${head("Content-Length:")}abc`, {
    exit: 8,
    message: /\(8\) /,
  }),
  raw("Content-Length beyond 64 bits", `${head("Content-Length: 99999999999999999999")}abc`, {
    exit: 0,
    stdout: "abc",
  }),
  raw("a list of Content-Lengths that agree", `${head("Content-Length: 3, 3")}abc`, {
    exit: 0,
    stdout: "abc",
  }),
  stricter(
    raw("a list of Content-Lengths that differ", `${head("Content-Length: 3, 4")}abc`, {
      exit: 8,
      message: /\(8\) /,
    }),
    "older ones read the first number",
    "abc",
  ),
  raw("unasked Transfer-Encoding", `${head("Transfer-Encoding: gzip")}abc`, {
    exit: 61,
    message: /\(61\) /,
  }),
  raw("unknown Transfer-Encoding", `${head("Transfer-Encoding: blurp, chunked")}0\r\n\r\n`, {
    exit: 61,
    message: /\(61\) /,
  }),
  raw(
    "chunked twice",
    `${head("Transfer-Encoding: chunked", "Transfer-Encoding: chunked")}1\r\na\r\n0\r\n\r\n`,
    { exit: 0, stdout: "a" },
  ),
  raw(
    "a chunk size that is no number",
    `${CHUNKED}zz\r\nabc\r\n0\r\n\r\n`,
    { exit: 56, message: /\(56\) chunk hex-length char not a hex digit: 0x7a/ },
    { bytewise: true },
  ),
  raw("a chunk size of 17 digits", `${CHUNKED}11111111111111111\r\nabc`, {
    exit: 56,
    message: /\(56\) /,
  }),
  raw("a negative chunk size", `${CHUNKED}-3\r\nabc`, { exit: 56, message: /\(56\) / }),
  raw("no CRLF behind a chunk", `${CHUNKED}3\r\nabcdef\r\n0\r\n\r\n`, {
    exit: 56,
    stdout: "abc",
    message: /\(56\) /,
  }),
  stricter(
    raw("a fold as the first header", "HTTP/1.1 200 OK\r\n X: a\r\nContent-Length: 1\r\n\r\nz", {
      exit: 8,
    }),
    "older ones skip it",
    "z",
  ),
  raw("a header line over 100 KB", head(`X: ${"a".repeat(110_000)}`), {
    exit: 100,
    message: /\(100\) /,
  }),
  raw(
    "a header block over 300 KB",
    head(...Array.from({ length: 40 }, (_, index) => `X-${index}: ${"a".repeat(9000)}`)),
    { exit: 56, message: /\(56\) Too large response headers: / },
  ),
  raw(
    "an unasked 101 is the answer",
    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\nabc",
    { exit: 0 },
    { incomparable: ["stdout"] },
  ),
  raw("blank before the colon of a length", `${head("Content-Length : 2")}abc`, {
    exit: 0,
    stdout: "abc",
  }),
];

export const RESPONSE_CASES: readonly ParityCase[] = [...FRAMING, ...CUT, ...MALFORMED];
