// Command lines that are cut, and command lines that are refused.

import type { ParityCase } from "./parity-case.ts";

function refused(name: string, argv: readonly string[], reason: RegExp, exit = 2): ParityCase {
  return {
    name,
    argv,
    loud: true,
    sameStderr: true,
    expect: { exit, wire: [], stdout: "", message: reason },
  };
}

export const USAGE_CASES: readonly ParityCase[] = [
  refused(
    "unknown long option",
    ["--nonsense", "<base>/"],
    /^curl: option --nonsense: is unknown$/m,
  ),
  refused("unknown short option", ["-sSé", "<base>/"], /^curl: option /m),
  refused(
    "an abbreviation is unknown",
    ["--outp", "f", "<base>/"],
    /^curl: option --outp: is unknown$/m,
  ),
  refused("a lone dash", ["-", "<base>/"], /^curl: option -: is unknown$/m),
  refused("value missing, long", ["--output"], /^curl: option --output: requires parameter$/m),
  refused("value missing, short", ["-sSo"], /^curl: option -sSo: requires parameter$/m),
  refused("not a number", ["-m", "abc", "<base>/"], /expected a proper numerical parameter$/m),
  refused("negative time", ["-m", "-1", "<base>/"], /^curl: option -m: /m),
  refused("--max-redirs of text", ["--max-redirs", "x", "<base>/"], /proper numerical parameter$/m),
  refused("--connect-timeout of text", ["--connect-timeout", "x1", "<base>/"], /^curl: option /m),
  refused(
    "--no- of an option with a value",
    ["--no-output", "<base>/"],
    /^curl: option --no-output: /m,
  ),
  refused(
    "--no- of what is unknown",
    ["--no-nonsense", "<base>/"],
    /^curl: option --no-nonsense: is unknown$/m,
  ),
  refused("no URL", ["-s"], /^curl: \(2\) no URL specified$/m),
  refused("nothing at all", [], /^curl: try /m),
  refused(
    "usage errors show under -s too",
    ["-s", "--nonsense"],
    /^curl: option --nonsense: is unknown$/m,
  ),
  refused("--data at the end", ["<base>/", "--data"], /requires parameter$/m),
  refused("--next before any URL", ["--next", "<base>/"], /missing URL before --next/),
  {
    name: "--opt=value",
    argv: ["--data=a=1", "<base>/"],
    expect: {
      exit: 0,
      wire: [
        "POST / HTTP/1.1|STD|Content-Length: 3|Content-Type: application/x-www-form-urlencoded||a=1",
      ],
    },
    differs: {
      because: "a value joined by = to a long option is newer",
      since: "8.16",
      older: { exit: 2, wire: [], message: /^curl: option --data=a=1: is unknown$/m },
    },
  },
  {
    name: "-o=x is the file =x",
    argv: ["-o=x", "<base>/"],
    expect: { exit: 0, stdout: "", files: { "=x": "hello\n" } },
  },
  {
    name: "short options in one word, the last takes the rest",
    argv: ["-sSfLoout", "<base>/"],
    expect: { exit: 0, stdout: "", files: { out: "hello\n" } },
  },
  {
    name: "options behind the URL count for it",
    argv: ["<base>/", "-o", "out", "-d", "x"],
    expect: { exit: 0, stdout: "", files: { out: "hello\n" } },
  },
  {
    name: "-- ends the options",
    argv: ["-o", "out", "--", "<base>/"],
    expect: { exit: 0, stdout: "", files: { out: "hello\n" } },
  },
  {
    name: "behind -- a word with a dash is a URL",
    argv: ["--", "-x.localhost:<port>"],
    expect: { exit: 0, stdout: "hello\n" },
  },
  {
    name: "the last of a single option wins",
    argv: ["-A", "one", "-A", "two", "-X", "PUT", "-X", "LOCK", "<base>/"],
    expect: {
      exit: 0,
      wire: ["LOCK / HTTP/1.1|Host: 127.0.0.1:PORT|User-Agent: two|Accept: */*||"],
    },
  },
  {
    name: "--no-silent takes -s back",
    argv: ["-s", "--no-silent", "--no-progress-meter", "http://127.0.0.1:<refused>/"],
    loud: true,
    expect: { exit: 7, message: /^curl: \(7\) /m },
  },
  {
    name: "--no-location takes -L back",
    argv: ["-L", "--no-location", "<base>/"],
    replies: ["HTTP/1.1 302 F\r\nLocation: /y\r\nContent-Length: 2\r\n\r\nno"],
    expect: { exit: 0, stdout: "no", wire: ["GET / HTTP/1.1|STD||"] },
  },
  {
    name: "--url",
    argv: ["--url", "<base>/1", "--url", "<base>/2"],
    expect: {
      exit: 0,
      wire: ["GET /1 HTTP/1.1|STD||GET /2 HTTP/1.1|STD||"],
      stdout: "hello\nhello\n",
    },
  },
  {
    name: "--no-progress-meter keeps errors",
    argv: ["--no-progress-meter", "-f", "<base>/"],
    loud: true,
    replies: ["HTTP/1.1 404 N\r\nContent-Length: 0\r\n\r\n"],
    sameStderr: true,
    expect: {
      exit: 22,
      stdout: "",
      message: /^curl: \(22\) The requested URL returned error: 404$/m,
    },
  },
  {
    name: "-s hides the error, not the exit code",
    argv: ["-s", "-f", "<base>/"],
    loud: true,
    replies: ["HTTP/1.1 404 N\r\nContent-Length: 0\r\n\r\n"],
    sameStderr: true,
    expect: { exit: 22, stdout: "", message: /^$/ },
  },
];
