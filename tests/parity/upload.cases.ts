// Uploads (-T) and the Expect: 100-continue dance.

import { answer, ok, type ParityCase } from "./parity-case.ts";

const FORM = "Content-Type: application/x-www-form-urlencoded";
const CONTINUE = "HTTP/1.1 100 Continue\r\n\r\n";
const BIG = "b".repeat(1_048_577);

function put(path: string, body: string): string {
  return `PUT ${path} HTTP/1.1|STD|Content-Length: ${body.length}||${body}`;
}

export const UPLOAD_CASES: readonly ParityCase[] = [
  {
    name: "-T file",
    argv: ["-T", "f", "<base>/x"],
    files: { f: "data\r\n\0" },
    expect: { exit: 0, wire: ["PUT /x HTTP/1.1|STD|Content-Length: 7||data|\0"] },
    mptcp: true,
  },
  {
    name: "-T file to a directory URL takes the file's name",
    argv: ["-T", "dir/a b%.txt", "<base>/up/"],
    files: { "dir/a b%.txt": "x" },
    expect: { exit: 0, wire: [put("/up/a%20b%25.txt", "x")] },
  },
  {
    name: "-T file to a URL without a path",
    argv: ["-T", "f", "<base>"],
    files: { f: "x" },
    expect: { exit: 0, wire: [put("/f", "x")] },
  },
  {
    name: "-T to a URL with a query keeps it",
    argv: ["-T", "f", "<base>/d/?q=1"],
    files: { f: "x" },
    expect: { exit: 0, wire: [put("/d/?q=1", "x")] },
  },
  {
    name: "-T of an empty file",
    argv: ["-T", "f", "<base>/x"],
    files: { f: "" },
    expect: { exit: 0, wire: [put("/x", "")] },
  },
  {
    name: "-T of a directory",
    argv: ["-T", ".", "-T", "dir", "<base>/one", "<base>/two"],
    files: { "dir/f": "x" },
    stdin: "s",
    replies: [ok("one"), { on: "head", body: false, send: [] }],
    incomparable: ["wire"],
    expect: {
      exit: 26,
      stdout: "one",
      message: /\(26\) Failed to read the data to send: Is a directory/,
    },
    differs: {
      because: "curl sends an empty body in its place; what cannot be read must not pass for empty",
      since: null,
      older: { exit: 52, message: /\(52\)/ },
    },
  },
  {
    name: "-T - is chunked",
    argv: ["-T", "-", "<base>/x"],
    stdin: "hello",
    replies: [{ interim: CONTINUE, send: ok("done") }],
    expect: {
      exit: 0,
      wire: ["PUT /x HTTP/1.1|STD|Transfer-Encoding: chunked|Expect: 100-continue||5|hello|0||"],
      stdout: "done",
    },
    mptcp: true,
  },
  {
    name: "-T - with HTTP/1.0",
    argv: ["-0", "-T", "-", "<base>/x"],
    stdin: "hello",
    expect: { exit: 25, message: /\(25\)/ },
    incomparable: ["wire"],
  },
  {
    name: "-T missing",
    argv: ["-T", "missing", "<base>/x"],
    expect: { exit: 26, wire: [], stdout: "" },
  },
  {
    name: "-T missing ends the run",
    argv: ["-T", "missing", "<base>/x", "<base>/y"],
    expect: { exit: 26, wire: [], stdout: "" },
  },
  {
    name: "-T '' uploads nothing",
    argv: ["-T", "", "<base>/x"],
    expect: { exit: 0, wire: ["GET /x HTTP/1.1|STD||"] },
  },
  {
    name: "-T file -X POST",
    argv: ["-T", "f", "-X", "POST", "<base>/x"],
    files: { f: "abc" },
    expect: { exit: 0, wire: ["POST /x HTTP/1.1|STD|Content-Length: 3||abc"] },
  },
  {
    name: "-T file with Transfer-Encoding: chunked",
    argv: ["-T", "f", "-H", "Transfer-Encoding: chunked", "-H", "Expect:", "<base>/x"],
    files: { f: "abc" },
    expect: { exit: 0, wire: ["PUT /x HTTP/1.1|STD|Transfer-Encoding: chunked||3|abc|0||"] },
  },
  {
    name: "two -T for two URLs",
    argv: ["-T", "f", "-T", "g", "<base>/1", "<base>/2"],
    files: { f: "F", g: "GG" },
    expect: { exit: 0, wire: [put("/1", "F") + put("/2", "GG")], stdout: "hello\nhello\n" },
  },
  {
    name: "Expect by force, and a 100 in time",
    argv: ["-H", "Expect: 100-continue", "-d", "abc", "<base>/"],
    replies: [{ interim: CONTINUE, send: ok("done") }],
    expect: {
      exit: 0,
      wire: [`POST / HTTP/1.1|STD|Expect: 100-continue|Content-Length: 3|${FORM}||abc`],
      stdout: "done",
    },
    bytewise: true,
  },
  {
    name: "Expect by force, and no 100: the body follows after a second",
    argv: ["-H", "Expect: 100-continue", "-d", "abc", "<base>/"],
    expect: {
      exit: 0,
      wire: [`POST / HTTP/1.1|STD|Expect: 100-continue|Content-Length: 3|${FORM}||abc`],
      stdout: "hello\n",
    },
  },
  {
    name: "417 to an Expect by force",
    argv: ["-H", "Expect: 100-continue", "-d", "abc", "<base>/"],
    replies: [
      { on: "head", body: false, send: answer("417 Expectation Failed", "no") },
      ok("done"),
    ],
    expect: {
      exit: 0,
      wire: [
        `POST / HTTP/1.1|STD|Expect: 100-continue|Content-Length: 3|${FORM}||POST / HTTP/1.1|STD|Content-Length: 3|${FORM}||abc`,
      ],
      stdout: "done",
    },
    differs: {
      because: "repeating what the server has just turned down can only be turned down again",
      since: null,
      older: {
        wire: [
          `POST / HTTP/1.1|STD|Expect: 100-continue|Content-Length: 3|${FORM}||POST / HTTP/1.1|STD|Expect: 100-continue|Content-Length: 3|${FORM}||abc`,
        ],
      },
    },
  },
  {
    name: "-O does not take the name that -T adds to the URL",
    argv: ["-T", "mine", "-O", "<base>/dir/"],
    files: { mine: "mine" },
    replies: [ok("reply")],
    expect: { exit: 0, wire: [put("/dir/mine", "mine")], files: { dir: "reply" } },
  },
  {
    name: "417 repeats the request without Expect",
    argv: ["-T", "big", "<base>/x"],
    files: { big: BIG },
    replies: [
      { on: "head", body: false, send: answer("417 Expectation Failed", "no") },
      ok("done"),
    ],
    expect: {
      exit: 0,
      wire: [`PUT /x HTTP/1.1|STD|Content-Length: 1048577|Expect: 100-continue||${put("/x", BIG)}`],
      stdout: "done",
    },
  },
  {
    name: "a body of more than 1 MiB asks first",
    argv: ["--data-binary", "@big", "<base>/"],
    files: { big: BIG },
    replies: [{ interim: CONTINUE, send: ok("done") }],
    expect: {
      exit: 0,
      wire: [`POST / HTTP/1.1|STD|Content-Length: 1048577|${FORM}|Expect: 100-continue||${BIG}`],
      stdout: "done",
    },
    mptcp: true,
  },
  {
    name: "-T of exactly 1 MiB does not ask",
    argv: ["-T", "big", "<base>/x"],
    files: { big: BIG.slice(1) },
    expect: { exit: 0, wire: [put("/x", BIG.slice(1))] },
  },
  {
    name: "-H Expect: switches asking off",
    argv: ["-T", "big", "-H", "Expect:", "<base>/x"],
    files: { big: BIG },
    expect: { exit: 0, wire: [put("/x", BIG)] },
  },
  {
    name: "413 in place of 100: the answer is kept, no body goes out",
    argv: ["-i", "-T", "big", "<base>/x"],
    files: { big: BIG },
    replies: [{ on: "head", body: false, send: answer("413 Too Large", "big!") }],
    expect: {
      exit: 0,
      wire: ["PUT /x HTTP/1.1|STD|Content-Length: 1048577|Expect: 100-continue||"],
      stdout: "HTTP/1.1 413 Too Large\r\nContent-Length: 4\r\n\r\nbig!",
    },
  },
  {
    name: "413 in place of 100 with -f",
    argv: ["-f", "-T", "big", "<base>/x"],
    files: { big: BIG },
    replies: [{ on: "head", body: false, send: answer("413 Too Large", "big!") }],
    expect: { exit: 22, stdout: "", message: /\(22\) The requested URL returned error: 413/ },
  },
  {
    name: "the answer before the body's end, then the connection stays",
    argv: ["-T", "-", "-H", "Expect:", "<base>/x"],
    stdin: "late",
    replies: [{ send: answer("201 Created", "made") }],
    expect: {
      exit: 0,
      wire: ["PUT /x HTTP/1.1|STD|Transfer-Encoding: chunked||4|late|0||"],
      stdout: "made",
    },
  },
];
