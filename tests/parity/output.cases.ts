// Where bytes go: -o, -O, -J, directories, -i, -D, -f and its kin.

import { answer, ok, type ParityCase } from "./parity-case.ts";

const NOT_FOUND = answer("404 Not Found", "nope");
const NAMED = (value: string): string => ok("hello\n", `Content-Disposition: ${value}`);

function remote(name: string, value: string, file: string): ParityCase {
  return {
    name: `-OJ ${name}`,
    argv: ["-OJ", "<base>/u.txt"],
    replies: [NAMED(value)],
    expect: { exit: 0, stdout: "", files: { [file]: "hello\n" } },
  };
}

const FILES: readonly ParityCase[] = [
  {
    name: "-o",
    argv: ["-o", "f", "<base>/"],
    expect: { exit: 0, stdout: "", files: { f: "hello\n" } },
    mptcp: true,
  },
  {
    name: "-o truncates what is there",
    argv: ["-o", "f", "<base>/"],
    files: { f: "something longer than the answer" },
    expect: { exit: 0, files: { f: "hello\n" } },
  },
  {
    name: "-o takes URLs in order",
    argv: ["-o", "1", "<base>/1", "-o", "2", "<base>/2", "<base>/3"],
    replies: [ok("one"), ok("two"), ok("three")],
    expect: { exit: 0, stdout: "three", files: { 1: "one", 2: "two" } },
  },
  {
    name: "-o and -O mixed",
    argv: ["<base>/a", "<base>/b", "-o", "x", "-O"],
    replies: [ok("one"), ok("two")],
    expect: { exit: 0, stdout: "", files: { x: "one", b: "two" } },
  },
  {
    name: "-o for more URLs than there are",
    argv: ["-o", "1", "-o", "2", "<base>/"],
    loud: true,
    expect: {
      exit: 0,
      files: { 1: "hello\n" },
      message: /^Warning: Got more output options than URLs/m,
    },
  },
  { name: "-o -", argv: ["-o", "-", "<base>/"], expect: { exit: 0, stdout: "hello\n", files: {} } },
  {
    name: "-O drops the query and keeps percent codes",
    argv: ["-O", "<base>/d/a%20b.txt?x=/y"],
    expect: { exit: 0, files: { "a%20b.txt": "hello\n" } },
  },
  {
    name: "-O of a directory takes its name",
    argv: ["-O", "<base>/d/e/"],
    expect: { exit: 0, files: { e: "hello\n" } },
  },
  {
    name: "-O without any name",
    argv: ["-O", "<base>/"],
    expect: { exit: 0, files: { curl_response: "hello\n" } },
  },
  {
    name: "-O twice",
    argv: ["-O", "<base>/a", "-O", "<base>/b"],
    expect: { exit: 0, files: { a: "hello\n", b: "hello\n" } },
  },
  {
    name: "an empty answer makes an empty file",
    argv: ["-o", "f", "<base>/"],
    replies: [ok("")],
    expect: { exit: 0, files: { f: "" } },
  },
  {
    name: "304 makes no file",
    argv: ["-o", "f", "<base>/"],
    replies: ["HTTP/1.1 304 Not Modified\r\n\r\n"],
    expect: { exit: 0 },
  },
  {
    name: "a failed connection makes no file",
    argv: ["-o", "f", "http://127.0.0.1:<refused>/"],
    expect: { exit: 7, files: {} },
  },
  {
    name: "-o where there is no directory",
    argv: ["-o", "no/f", "<base>/"],
    expect: { exit: 23, files: {}, message: /\(23\) / },
  },
  {
    name: "-o onto a directory",
    argv: ["-o", "d", "<base>/"],
    files: { "d/x": "" },
    expect: { exit: 23, files: {}, message: /\(23\) / },
  },
  {
    name: "--create-dirs",
    argv: ["--create-dirs", "-o", "a/b/f", "<base>/"],
    expect: { exit: 0, files: { "a/": "", "a/b/": "", "a/b/f": "hello\n" } },
  },
  {
    name: "--output-dir with -o and -O",
    argv: ["--output-dir", "d", "-o", "f", "<base>/", "-O", "<base>/g"],
    files: { "d/x": "" },
    expect: { exit: 0, files: { "d/f": "hello\n", "d/g": "hello\n" } },
  },
  {
    name: "--output-dir that is not there",
    argv: ["--output-dir", "d", "-O", "<base>/g"],
    expect: { exit: 23, files: {} },
  },
  {
    name: "--output-dir with --create-dirs",
    argv: ["--output-dir", "d/e", "--create-dirs", "-O", "<base>/g"],
    expect: { exit: 0, files: { "d/": "", "d/e/": "", "d/e/g": "hello\n" } },
  },
  {
    name: "-o keeps what arrived of a cut body",
    argv: ["-o", "f", "<base>/"],
    replies: [{ send: "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc", after: "close" }],
    expect: { exit: 18, files: { f: "abc" }, message: /\(18\) / },
  },
];

const REMOTE_NAMES: readonly ParityCase[] = [
  remote("in quotes", 'attachment; filename="named.txt"', "named.txt"),
  remote("without quotes", "attachment; filename=named.txt", "named.txt"),
  remote("with further parameters", 'attachment; filename="a b.txt"; size=3', "a b.txt"),
  remote("with directories", 'attachment; filename="../../etc/x"', "x"),
  remote("with backslashes", 'attachment; filename="..\\..\\x"', "x"),
  remote("with an absolute path", 'attachment; filename="/tmp/x"', "x"),
  remote("in capitals is not read", 'ATTACHMENT; FILENAME="up.txt"', "u.txt"),
  remote("filename* is not read", "attachment; filename*=UTF-8''star.txt", "u.txt"),
  {
    name: "-OJ without Content-Disposition",
    argv: ["-OJ", "<base>/u.txt"],
    expect: { exit: 0, files: { "u.txt": "hello\n" } },
  },
  {
    name: "-OJ does not overwrite",
    argv: ["-OJ", "<base>/u.txt"],
    files: { "named.txt": "mine" },
    replies: [NAMED('attachment; filename="named.txt"')],
    expect: { exit: 23, files: {}, message: /\(23\) / },
  },
  {
    name: "-OJ --output-dir",
    argv: ["-OJ", "--output-dir", "d", "<base>/u.txt"],
    files: { "d/x": "" },
    replies: [NAMED('attachment; filename="named.txt"')],
    expect: { exit: 0, files: { "d/named.txt": "hello\n" } },
  },
  {
    name: "-OJ -i",
    argv: ["-OJi", "<base>/u.txt"],
    replies: [NAMED('attachment; filename="named.txt"')],
    expect: { exit: 0 },
  },
];

const HEAD_OK = "HTTP/1.1 200 OK\r\nX: y\r\nContent-Length: 6\r\n\r\n";

const HEADERS: readonly ParityCase[] = [
  {
    name: "-i",
    argv: ["-i", "<base>/"],
    replies: [`${HEAD_OK}hello\n`],
    expect: { exit: 0, stdout: `${HEAD_OK}hello\n` },
    bytewise: true,
  },
  {
    name: "-i -o",
    argv: ["-i", "-o", "f", "<base>/"],
    replies: [`${HEAD_OK}hello\n`],
    expect: { exit: 0, stdout: "", files: { f: `${HEAD_OK}hello\n` } },
  },
  {
    name: "-D file",
    argv: ["-D", "h", "<base>/"],
    replies: [`${HEAD_OK}hello\n`],
    expect: { exit: 0, stdout: "hello\n", files: { h: HEAD_OK } },
    bytewise: true,
  },
  {
    name: "-D -",
    argv: ["-D", "-", "<base>/"],
    replies: [`${HEAD_OK}hello\n`],
    expect: { exit: 0, stdout: `${HEAD_OK}hello\n` },
  },
  {
    name: "-D over two URLs",
    argv: ["-D", "h", "<base>/1", "<base>/2"],
    replies: [`${HEAD_OK}hello\n`, `${HEAD_OK}hello\n`],
    expect: { exit: 0, stdout: "hello\nhello\n", files: { h: HEAD_OK + HEAD_OK } },
  },
  {
    name: "-D truncates what is there",
    argv: ["-D", "h", "<base>/"],
    files: { h: "x".repeat(500) },
    replies: [`${HEAD_OK}hello\n`],
    expect: { exit: 0, files: { h: HEAD_OK } },
  },
  {
    name: "-D where there is no directory",
    argv: ["-D", "no/h", "<base>/"],
    expect: { exit: 23, files: {} },
    incomparable: ["wire"],
  },
  {
    name: "-D with lines that end with LF alone",
    argv: ["-D", "h", "<base>/"],
    replies: ["HTTP/1.1 200 OK\nX: y\nContent-Length: 6\n\nhello\n"],
    expect: { exit: 0, stdout: "hello\n" },
  },
  {
    name: "-I -o",
    argv: ["-I", "-o", "f", "<base>/"],
    replies: [HEAD_OK],
    expect: { exit: 0, stdout: "", files: { f: HEAD_OK } },
  },
];

const FAILING: readonly ParityCase[] = [
  {
    name: "404 is no error by itself",
    argv: ["<base>/"],
    replies: [NOT_FOUND],
    expect: { exit: 0, stdout: "nope" },
  },
  {
    name: "-f",
    argv: ["-f", "-o", "f", "<base>/"],
    replies: [NOT_FOUND],
    sameStderr: true,
    expect: {
      exit: 22,
      stdout: "",
      files: {},
      message: /^curl: \(22\) The requested URL returned error: 404$/m,
    },
    mptcp: true,
  },
  {
    name: "-f -i",
    argv: ["-f", "-i", "<base>/"],
    replies: [NOT_FOUND],
    expect: { exit: 22, stdout: "HTTP/1.1 404 Not Found\r\nContent-Length: 4\r\n\r\n" },
  },
  {
    name: "-f below 400",
    argv: ["-f", "<base>/"],
    replies: [answer("399 Odd", "fine")],
    expect: { exit: 0, stdout: "fine" },
  },
  {
    name: "--fail-with-body",
    argv: ["--fail-with-body", "-o", "f", "<base>/"],
    replies: [NOT_FOUND],
    expect: {
      exit: 22,
      files: { f: "nope" },
      message: /\(22\) The requested URL returned error: 404/,
    },
  },
  {
    name: "-f over two URLs: the last one's code",
    argv: ["-f", "<base>/1", "<base>/2"],
    replies: [NOT_FOUND, ok("fine")],
    expect: { exit: 0, stdout: "fine", message: /\(22\) / },
  },
  {
    name: "-f over two URLs, the second fails",
    argv: ["-f", "<base>/1", "<base>/2"],
    replies: [ok("fine"), answer("500 Oops", "x")],
    expect: { exit: 22, stdout: "fine", message: /\(22\) The requested URL returned error: 500/ },
  },
  {
    name: "-f makes the connection close where the body is left unread",
    argv: ["-f", "<base>/1", "<base>/2"],
    replies: [answer("404 N", "x".repeat(100_000)), ok("fine")],
    expect: { exit: 0, stdout: "fine" },
    incomparable: ["wire"],
  },
];

export const OUTPUT_CASES: readonly ParityCase[] = [
  ...FILES,
  ...REMOTE_NAMES,
  ...HEADERS,
  ...FAILING,
];
