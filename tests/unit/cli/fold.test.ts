// What a command line means: sections, settings that survive them, warnings, and every way to be refused.

import { describe, expect, test } from "bun:test";
import { cutArgv } from "../../../src/cli/argv.ts";
import { checkOperation, type Folded, foldOperations } from "../../../src/cli/fold.ts";
import type { Operation } from "../../../src/cli/operation.ts";
import { isUsageError } from "../../../src/cli/usage-error.ts";

const FILES = new Set(["ca.pem"]);

function fold(...argv: string[]): Folded {
  return foldOperations(cutArgv(argv), { exists: (path) => FILES.has(path) });
}

function only(...argv: string[]): Operation {
  const { operations, error } = fold(...argv);
  const [operation] = operations;
  if (error || !operation || operations.length !== 1) throw error ?? new Error("not one section");
  return operation;
}

describe("foldOperations", () => {
  test("options after a URL hold for it, the last of a single-valued one counts, others add up", () => {
    const operation = only("u1", "-A", "a", "u2", "-A", "b", "-H", "X: 1", "-H", "Y: 2", "-L");
    expect(operation.urls).toEqual(["u1", "u2"]);
    expect(operation.request.userAgent).toBe("b");
    expect(operation.request.headers).toEqual(["X: 1", "Y: 2"]);
    expect(operation.redirect.follow).toBe(true);
  });

  test("outputs and uploads keep their order", () => {
    const operation = only("u1", "-o", "f", "-O", "--no-remote-name", "-T", "a", "-T", "", "u2");
    expect(operation.outputs).toEqual([{ kind: "file", path: "f" }, { kind: "remote-name" }]);
    expect(operation.uploads).toEqual(["a", ""]);
  });

  test("the -d family keeps kinds and order", () => {
    expect(only("-d", "a", "--json", "{}", "--data-raw", "@b", "u").request.data).toEqual([
      { kind: "data", text: "a" },
      { kind: "json", text: "{}" },
      { kind: "raw", text: "@b" },
    ]);
  });

  test("--next starts with fresh options; global ones survive, wherever they stand", () => {
    const { operations, error } = fold(
      "-L",
      "--mptcp",
      "-d",
      "x",
      "u1",
      "--next",
      "-s",
      "u2",
      "-:",
      "u3",
    );
    expect(error).toBeNull();
    expect(operations.map((operation) => operation.urls)).toEqual([["u1"], ["u2"], ["u3"]]);
    expect(operations.map((operation) => operation.connection.mptcp)).toEqual([true, false, false]);
    expect(operations.map((operation) => operation.redirect.follow)).toEqual([true, false, false]);
    expect(operations.map((operation) => operation.request.data.length)).toEqual([1, 0, 0]);
    expect(operations.map((operation) => operation.global.silent)).toEqual([true, true, true]);
  });

  test("--next without a URL before it is refused, its first line silenced by -s", () => {
    expect(fold("--next").error?.message).toBe(
      "missing URL before --next\noption --next: is badly used here",
    );
    expect(fold("-s", "-:", "u").error?.message).toBe("option -:: is badly used here");
  });

  test("a trailing --next makes a section without URL", () => {
    expect(fold("u", "--next").operations.map((operation) => operation.urls.length)).toEqual([
      1, 0,
    ]);
  });

  test("no word at all is an error of which only the line about --help is printed", () => {
    const { error } = fold();
    expect(error?.message).toBe("");
    expect(isUsageError(error)).toBe(true);
  });

  test.each<[string[], Folded["action"]]>([
    [["-h"], { kind: "help", topic: null }],
    [["-h", ""], { kind: "help", topic: null }],
    [["u", "--help", "tls", "--bogus"], { kind: "help", topic: "tls" }],
    [["-V", "--bogus"], { kind: "version" }],
    [["-I", "-d", "x", "-V"], { kind: "version" }],
    [["--dump-ca-embed", "--bogus"], { kind: "nothing" }],
    [["--no-version", "u"], null],
  ])("%j acts as %j", (argv, action) => {
    const folded = fold(...argv);
    expect(folded.action).toEqual(action);
    expect(folded.error).toBeNull();
  });

  test("complaints come in the order of the words", () => {
    expect(fold("-m", "x", "--bogus").error?.message).toBe(
      "option -m: expected a proper numerical parameter",
    );
    expect(fold("--bogus", "-V").error?.message).toBe("option --bogus: is unknown");
    expect(fold("-m", "x", "-V").error?.message).toBe(
      "option -m: expected a proper numerical parameter",
    );
  });

  test.each<[string[], string]>([
    [["-m", "abc", "u"], "option -m: expected a proper numerical parameter"],
    [["-sLm", "abc", "u"], "option -sLm: expected a proper numerical parameter"],
    [["--max-time=abc", "u"], "option --max-time=abc: expected a proper numerical parameter"],
    [["--max-redirs", "-2", "u"], "option --max-redirs: expected a proper numerical parameter"],
    [["--tls-max", "1.5", "u"], "option --tls-max: is badly used here"],
    [
      ["--keepalive-time", "", "u"],
      "option --keepalive-time: expected a proper numerical parameter",
    ],
    [
      ["--keepalive-cnt", "1.5", "u"],
      "option --keepalive-cnt: expected a proper numerical parameter",
    ],
    [
      ["--keepalive-cnt", "-1", "u"],
      "option --keepalive-cnt: expected a positive numerical parameter",
    ],
    [
      ["--no-keepalive-time", "5", "u"],
      "option --no-keepalive-time: the given option cannot be reversed with a --no- prefix",
    ],
    [
      ["--mptcp-path-timeout", "x", "u"],
      "option --mptcp-path-timeout: expected a proper numerical parameter",
    ],
    [
      ["--mptcp-endpoint", "", "u"],
      "option --mptcp-endpoint: blank argument where content is expected",
    ],
    [
      ["--mptcp-report", "", "u"],
      "option --mptcp-report: blank argument where content is expected",
    ],
    ...["r.txt", "json", "r.json.gz", "--", "%%"].map((name): [string[], string] => [
      ["--mptcp-report", name, "u"],
      "option --mptcp-report: takes a name that ends in .json or .html, - for standard output or % for standard error",
    ]),
    [["-o", "", "u"], "option -o: blank argument where content is expected"],
    [["-X", "", "u"], "option -X: blank argument where content is expected"],
    [[""], "option : blank argument where content is expected"],
    [["--url", ""], "option --url: blank argument where content is expected"],
    [
      ["--url", "@list"],
      "option --url: reading URLs from a file is not supported by this version of mpcurl",
    ],
    [["--proxy", "p", "u"], "option --proxy: is not supported by this version of mpcurl"],
    [["-sx", "p", "u"], "option --proxy: is not supported by this version of mpcurl"],
    [["-N", "u"], "option --no-buffer: is not supported by this version of mpcurl"],
    [["--http2", "u"], "option --http2: the installed libcurl version does not support this"],
    [
      ["--no-proxy-ntlm", "u"],
      "option --no-proxy-ntlm: the installed libcurl version does not support this",
    ],
    [["--httpsig-key", "k", "u"], "option --httpsig-key: is unknown"],
    [["--libcurl", "c", "u"], "option --libcurl: is unknown"],
    [["--hostpubmd5", "x", "u"], "option --hostpubmd5: is badly used here"],
    [
      ["--create-file-mode", "999", "u"],
      "option --create-file-mode: expected a proper numerical parameter",
    ],
    [["--create-file-mode", "1000", "u"], "option --create-file-mode: too large number"],
    [
      ["--tftp-blksize", "-5", "u"],
      "option --tftp-blksize: expected a positive numerical parameter",
    ],
    [["--upload-flags", "bad", "u"], "option --upload-flags: is unknown"],
    [
      ["--cacert", "nope", "u"],
      "The file 'nope' provided to --cacert does not exist\noption --cacert: is badly used here",
    ],
    [
      ["--knownhosts", "nope", "u"],
      "The file 'nope' provided to --knownhosts does not exist\noption --knownhosts: is badly used here",
    ],
  ])("%j is a usage error, exit 2: %s", (argv, message) => {
    const { error } = fold(...argv);
    expect(error?.message).toBe(message);
    expect(error?.exitCode).toBe(2);
    expect(isUsageError(error)).toBe(true);
  });

  test.each<[string[], string]>([
    [["-o", "-x", "u"], "The filename argument '-x' looks like a flag."],
    [["-2", "u"], "--sslv2 is deprecated and has no function anymore"],
    [["--no-npn", "u"], "--npn is deprecated and has no function anymore"],
    [["--ssl", "u"], "--ssl is an insecure option, consider --ssl-reqd instead"],
    [["--delegation", "foo", "u"], "unrecognized delegation method 'foo', using none"],
    [["--ftp-method", "x", "u"], "unrecognized ftp file method 'x', using default"],
    [
      ["-r", "5", "u"],
      "A specified range MUST include at least one dash (-). Appending one for you",
    ],
    [["-H", "foo", "u"], "The provided HTTP header 'foo' does not look like a header?"],
    [["-f", "--fail-with-body", "u"], "--fail-with-body deselects --fail here"],
    [["--fail-with-body", "-f", "u"], "--fail deselects --fail-with-body here"],
  ])("%j warns and goes on: %s", (argv, warning) => {
    const folded = fold(...argv);
    expect(folded.warnings).toEqual([warning]);
    expect(folded.error).toBeNull();
    expect(fold("-s", ...argv).warnings).toEqual([]);
    expect(fold(...argv, "-s").warnings).toEqual([warning]);
  });

  test.each([
    [["--ftp-pasv", "u"]],
    [["--no-ssl", "u"]],
    [["--no-ntlm", "u"]],
    [["--delegation", "POLICY", "u"]],
    [["--mail-from", "x", "u"]],
    [["-o", "-", "u"]],
    [["--cacert", "ca.pem", "u"]],
    [["--knownhosts", "ca.pem", "u"]],
    [["--create-file-mode", "0644", "u"]],
    [["--upload-flags", "seen,draft", "u"]],
    [["-H", "", "-H", "a:", "-H", "b;", "-H", "@f", "u"]],
    [["--mptcp-endpoint", "auto", "u", "--mptcp"]],
    [["--mptcp-endpoint", "auto", "--mptcp-require", "u"]],
    [["--mptcp-endpoint", "auto", "u", "--next", "--mptcp", "v"]],
    [["--mptcp-endpoint", "auto", "--mptcp-check", "u"]],
    [["--mptcp-report", "-", "u"]],
    [["--mptcp-report", "a/B.JSON", "u"]],
  ])("%j passes without a word", (argv) => {
    const { warnings, error } = fold(...argv);
    expect({ warnings, error }).toEqual({ warnings: [], error: null });
  });

  test("--mptcp-endpoint is warned about where no section asks for --mptcp, unless -s stands anywhere", () => {
    const words = ["--mptcp-endpoint", "auto"];
    const warning = "--mptcp-endpoint has no effect without --mptcp.";
    expect(fold(...words, "u").warnings).toEqual([warning]);
    expect(fold("--mptcp-require", ...words, "--no-mptcp", "u").warnings).toEqual([warning]);
    expect(fold("u", ...words, "--next", "v").warnings).toEqual([warning]);
    expect(fold(...words, "u", "-s").warnings).toEqual([]);
    expect(fold(...words, "u", "-V").warnings).toEqual([]);
  });

  test("a warning before the error is kept", () => {
    const { warnings, error } = fold("-o", "-x", "--bogus");
    expect(warnings).toEqual(["The filename argument '-x' looks like a flag."]);
    expect(error?.message).toBe("option --bogus: is unknown");
    expect(fold("--libcurl", "c").warnings).toEqual([
      "--libcurl option was disabled at build-time",
    ]);
  });

  test.each([
    ["5", "5-"],
    ["007", "7-"],
    ["1,5", "1-"],
    ["0-4,7-", "0-4,7-"],
    ["-500", "-500"],
    ["0", "0-"],
  ])("-r %s asks for bytes=%s", (typed, sent) => {
    expect(only("-r", typed, "u").request.range).toBe(sent);
  });
});

describe("checkOperation", () => {
  test("a section without URL", () => {
    const { error } = checkOperation(only("-s"));
    expect(error?.message).toBe("(2) no URL specified");
    expect(error?.exitCode).toBe(2);
    expect(isUsageError(error)).toBe(true);
  });

  const POST_HEAD = "POST (-d, --data) and HEAD (-I, --head)";
  test.each<[string[], string]>([
    [["-I", "-d", "x"], POST_HEAD],
    [["-d", "x", "-I"], POST_HEAD],
    [["-T", "f", "-d", "x"], "PUT (-T, --upload-file) and POST (-d, --data)"],
    [["-T", "f", "-I"], "PUT (-T, --upload-file) and HEAD (-I, --head)"],
    [["-T", "f", "-G", "-d", "x"], "PUT (-T, --upload-file) and GET (-G, --get)"],
  ])("%j asks for two kinds of request", (argv, kinds) => {
    const { warnings, error } = checkOperation(only(...argv, "u"));
    expect(warnings).toEqual([
      `You can only select one HTTP request method! You asked for both ${kinds}.`,
    ]);
    expect(error?.exitCode).toBe(2);
    expect(error?.message).toBe("");
    expect(isUsageError(error)).toBe(false);
    expect(checkOperation(only(...argv, "-s", "u")).warnings).toEqual([]);
  });

  test.each([
    [["-G", "-d", "x"]],
    [["-G", "-d", "x", "-I"]],
    [["-I", "--no-head", "-d", "x"]],
    [["-T", "f", "-G"]],
    [["-T", "", "-d", "x"]],
    [["-T", "f"]],
  ])("%j asks for one kind of request", (argv) => {
    expect(checkOperation(only(...argv, "u"))).toEqual({ warnings: [], notes: [], error: null });
  });

  test.each<[string[], string | null]>([
    [["--tlsv1.3", "--tls-max", "1.2"], "The highest TLS version allowed is below the lowest one"],
    [["--tls-max", "1.1"], "The highest TLS version allowed is below the lowest one"],
    [["--tls-max", "1.1", "--tlsv1"], null],
    [["--tls-max", "1.2"], null],
    [["--tlsv1.3"], null],
  ])("TLS versions of %j", (argv, message) => {
    const { error } = checkOperation(only(...argv, "u"));
    expect(error?.message ?? null).toBe(message);
    expect(error?.exitCode ?? 2).toBe(2);
  });

  test("--mptcp-path-timeout without --mptcp is warned about, in its own section", () => {
    const warning = "--mptcp-path-timeout has no effect without --mptcp.";
    const warnings = (...argv: string[]): readonly string[] =>
      fold(...argv).operations.flatMap((operation) => checkOperation(operation).warnings);
    expect(warnings("--mptcp-path-timeout", "5", "u")).toEqual([warning]);
    expect(warnings("--mptcp-path-timeout", "0", "u", "-s")).toEqual([]);
    expect(warnings("--mptcp-path-timeout", "5", "--mptcp", "u")).toEqual([]);
    expect(warnings("u", "--mptcp-require", "--mptcp-path-timeout", "5")).toEqual([]);
    expect(
      warnings(
        "--mptcp",
        "--mptcp-path-timeout",
        "5",
        "u",
        "--next",
        "--mptcp-path-timeout",
        "5",
        "v",
      ),
    ).toEqual([warning]);
    expect(warnings("u")).toEqual([]);
  });

  test.each<[string[], string]>([
    [["-X", "GET"], "GET"],
    [["-X", "post", "-d", "x"], "POST"],
    [["-X", "PUT", "-T", "f"], "PUT"],
    [["-X", "HEAD", "-I"], "HEAD"],
    [["-X", "GET", "-G", "-d", "x"], "GET"],
  ])("-v notes that %j says %s twice", (argv, method) => {
    const notes = [`Unnecessary use of -X or --request, ${method} is already inferred.`];
    expect(checkOperation(only(...argv, "-v", "u")).notes).toEqual(notes);
    expect(checkOperation(only(...argv, "u")).notes).toEqual([]);
    expect(checkOperation(only(...argv, "-sv", "u")).notes).toEqual([]);
  });

  test("-X HEAD without -I is warned about", () => {
    expect(checkOperation(only("-X", "HEAD", "u")).warnings).toEqual([
      "Setting custom HTTP method to HEAD with -X/--request may not work the way you want. Consider using -I/--head instead.",
    ]);
  });
});
