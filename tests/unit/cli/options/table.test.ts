// The table tested as a table: its form, a parse test a row, and its agreement with the options that curl has.
//
// vectors/curl-options.tsv holds the facts of curl 8.22's options: long, short, arg, multi, scope, group, tier (1 to 3:
// wanted, X: nothing to do for HTTP), and what curl does where it is built without support.

import { describe, expect, test } from "bun:test";
import { cutArgv } from "../../../../src/cli/argv.ts";
import { foldOperations } from "../../../../src/cli/fold.ts";
import { newGlobalSettings, newOperation, type Operation } from "../../../../src/cli/operation.ts";
import type { Option } from "../../../../src/cli/options/option.ts";
import { allOptions, byLong, byShort } from "../../../../src/cli/options/table.ts";

const OPTIONS = allOptions();
const SUPPORTED = OPTIONS.filter((option) => option.support === "full");

function folded(...argv: string[]): { operation: Operation; message: string | undefined } {
  const { operations, error } = foldOperations(cutArgv(argv), { exists: () => true });
  const [operation] = operations;
  if (!operation) throw new Error("no section");
  return { operation, message: error?.message };
}

describe("form", () => {
  test("long names and short letters are unique", () => {
    const longs = OPTIONS.map((option) => option.long);
    const shorts = OPTIONS.flatMap((option) => option.short ?? []);
    expect(new Set(longs).size).toBe(longs.length);
    expect(new Set(shorts).size).toBe(shorts.length);
  });

  test("no name begins with no- or expand-, which are prefixes", () => {
    expect(OPTIONS.filter(({ long }) => /^(no|expand)-/.test(long))).toEqual([]);
  });

  test("a short letter is one character", () => {
    expect(OPTIONS.filter(({ short }) => short !== undefined && short.length !== 1)).toEqual([]);
  });

  test("a row with a value has a hint and is not negatable", () => {
    const wrong = OPTIONS.filter(
      ({ value, negatable }) => value && (negatable || value.hint === ""),
    );
    expect(wrong).toEqual([]);
  });

  test("help is there and under 49 characters, without a full stop", () => {
    const wrong = OPTIONS.filter(
      ({ help }) => help === "" || help.length >= 49 || help.endsWith("."),
    );
    expect(wrong.map((option) => option.long)).toEqual([]);
  });

  test("seeAlso names options that work, and not the row itself", () => {
    for (const { long, seeAlso } of OPTIONS) {
      for (const name of seeAlso) {
        expect([long, name, byLong(name)?.support]).toEqual([long, name, "full"]);
        expect(name).not.toBe(long);
      }
    }
  });

  test("a supported row has a text of one to five sentences and an example that parses", () => {
    for (const { long, doc, examples } of SUPPORTED) {
      expect([long, doc.endsWith("."), examples.length > 0]).toEqual([long, true, true]);
      for (const example of examples) {
        const words = example.slice(example.indexOf("mpcurl ")).split(/ (?:\|\| |\| )/)[0] ?? "";
        const argv = (words.match(/'[^']*'|\S+/g) ?? [])
          .slice(1)
          .map((word) => word.replaceAll("'", ""));
        expect([example, folded(...argv).message]).toEqual([example, undefined]);
      }
    }
  });

  test("byLong and byShort find each row, and nothing else", () => {
    for (const option of OPTIONS) {
      expect(byLong(option.long)).toBe(option);
      if (option.short !== undefined) expect(byShort(option.short)).toBe(option);
    }
    expect(byLong("bogus")).toBeUndefined();
    expect(byLong("__proto__")).toBeUndefined();
    expect(byShort("")).toBeUndefined();
  });
});

/** A row, words that use it, and what they set, by path. */
const CASES: readonly (readonly [string, readonly string[], Readonly<Record<string, unknown>>])[] =
  [
    ["basic", ["--basic"], {}],
    ["user", ["-u", "n:p"], { "auth.user": "n:p" }],
    ["data", ["-d", "a"], { "request.data": [{ kind: "data", text: "a" }] }],
    ["data-ascii", ["--data-ascii", "a"], { "request.data": [{ kind: "data", text: "a" }] }],
    ["data-binary", ["--data-binary", "@a"], { "request.data": [{ kind: "binary", text: "@a" }] }],
    ["data-raw", ["--data-raw", "@a"], { "request.data": [{ kind: "raw", text: "@a" }] }],
    [
      "data-urlencode",
      ["--data-urlencode", "a=b"],
      { "request.data": [{ kind: "urlencode", text: "a=b" }] },
    ],
    ["json", ["--json", "{}"], { "request.data": [{ kind: "json", text: "{}" }] }],
    ["get", ["-G"], { "request.get": true }],
    ["upload-file", ["-T", "f"], { uploads: ["f"] }],
    ["connect-timeout", ["--connect-timeout", "2.5"], { "limits.connectTimeoutMs": 2500 }],
    ["connect-timeout", ["--connect-timeout", "1", "--connect-timeout", "0"], {}],
    ["max-time", ["-m", "0.25"], { "limits.maxTimeMs": 250 }],
    ["connect-to", ["--connect-to", "a:1:b:2"], { "connection.connectTo": ["a:1:b:2"] }],
    ["unix-socket", ["--unix-socket", "/s"], { "connection.unixSocket": "/s" }],
    ["ipv4", ["-6", "-4"], { "connection.family": "ipv4" }],
    ["ipv6", ["-46"], { "connection.family": "ipv6" }],
    ["resolve", ["--resolve", "h:1:::1"], { "connection.resolve": ["h:1:::1"] }],
    ["compressed", ["--compressed"], { "request.compressed": true }],
    ["head", ["-I"], { "request.head": true }],
    ["header", ["-H", "A: b"], { "request.headers": ["A: b"] }],
    ["http1.0", ["-0"], { "request.httpVersion": "1.0" }],
    ["http1.1", ["-0", "--http1.1"], {}],
    ["range", ["-r", "0-9"], { "request.range": "0-9" }],
    ["referer", ["-e", ";auto"], { "request.referer": ";auto" }],
    ["request", ["-XPURGE"], { "request.method": "PURGE" }],
    ["user-agent", ["-A", ""], { "request.userAgent": "" }],
    ["globoff", ["-g"], { globOff: true }],
    ["mptcp", ["--mptcp"], { "connection.mptcp": true }],
    ["mptcp", ["--mptcp-require", "--no-mptcp"], {}],
    ["mptcp-check", ["--mptcp-check"], { "global.mptcpCheck": true }],
    [
      "mptcp-endpoint",
      ["--mptcp-endpoint", "eth1,backup", "--mptcp-endpoint", "auto"],
      { "global.mptcpEndpoints": ["eth1,backup", "auto"] },
    ],
    ["mptcp-path-timeout", ["--mptcp-path-timeout", "2.5"], { "connection.pathTimeoutMs": 2500 }],
    ["mptcp-path-timeout", ["--mptcp-path-timeout", "0"], { "connection.pathTimeoutMs": 0 }],
    ["mptcp-report", ["--mptcp-report", "-"], { "global.mptcpReport": "-" }],
    ["mptcp-report", ["--mptcp-report", "%"], { "global.mptcpReport": "%" }],
    ["mptcp-report", ["--mptcp-report", "d/r.JSON"], { "global.mptcpReport": "d/r.JSON" }],
    ["mptcp-report", ["--mptcp-report", "r.Html"], { "global.mptcpReport": "r.Html" }],
    [
      "mptcp-require",
      ["--mptcp-require"],
      { "connection.mptcp": true, "connection.mptcpRequired": true },
    ],
    ["mptcp-require", ["--no-mptcp-require"], {}],
    ["mptcp-require", ["--mptcp-require", "--no-mptcp-require"], { "connection.mptcp": true }],
    ["keepalive", ["--no-keepalive"], { "connection.keepAlive.enabled": false }],
    ["keepalive-cnt", ["--keepalive-cnt", "3"], { "connection.keepAlive.count": 3 }],
    ["keepalive-cnt", ["--keepalive-cnt", "3", "--keepalive-cnt", "0"], {}],
    ["keepalive-time", ["--keepalive-time", "007"], { "connection.keepAlive.timeSeconds": 7 }],
    [
      "keepalive-time",
      ["--keepalive-time", "4294967300"],
      { "connection.keepAlive.timeSeconds": 2147483647 },
    ],
    ["create-dirs", ["--create-dirs"], { "output.createDirs": true }],
    ["dump-header", ["-D", "%"], { "output.dumpHeader": "%" }],
    ["fail", ["-f"], { "output.fail": "without-body" }],
    ["fail", ["--fail-with-body", "--no-fail"], { "output.fail": "with-body" }],
    ["fail-with-body", ["-f", "--fail-with-body"], { "output.fail": "with-body" }],
    ["include", ["--include"], { "output.showHeaders": true }],
    ["show-headers", ["-i"], { "output.showHeaders": true }],
    ["output", ["-o", "f"], { outputs: [{ kind: "file", path: "f" }] }],
    ["output-dir", ["--output-dir", "d"], { "output.dir": "d" }],
    ["remote-header-name", ["-J"], { "output.remoteHeaderName": true }],
    ["remote-name", ["-O"], { outputs: [{ kind: "remote-name" }] }],
    ["remote-name", ["--no-remote-name"], {}],
    ["write-out", ["-w", "@f"], { "output.writeOut": "@f" }],
    ["location", ["-L"], { "redirect.follow": true }],
    ["max-redirs", ["--max-redirs", "-1"], { "redirect.maxRedirects": Number.POSITIVE_INFINITY }],
    ["cacert", ["--cacert", "f"], { "tls.cacert": "f" }],
    ["capath", ["--capath", "d"], { "tls.capath": "d" }],
    ["cert", ["-E", "c:p"], { "tls.cert": "c", "tls.passphrase": "p" }],
    ["cert", ["--pass", "p", "-E", "c"], { "tls.cert": "c", "tls.passphrase": "p" }],
    ["insecure", ["-k"], { "tls.insecure": true }],
    ["key", ["--key", "k"], { "tls.key": "k" }],
    ["pass", ["-E", "c:p", "--pass", "q"], { "tls.cert": "c", "tls.passphrase": "q" }],
    ["tls-max", ["--tls-max", "1.2"], { "tls.maxVersion": 771 }],
    ["tls-max", ["--tls-max", "1.0", "--tls-max", "default"], {}],
    ["tlsv1", ["-1"], { "tls.minVersion": 769 }],
    ["tlsv1.0", ["--tlsv1.0"], { "tls.minVersion": 769 }],
    ["tlsv1.1", ["--tlsv1.1"], { "tls.minVersion": 770 }],
    ["tlsv1.2", ["--tlsv1.3", "--tlsv1.2"], {}],
    ["tlsv1.3", ["--tlsv1.3"], { "tls.minVersion": 772 }],
    ["progress-bar", ["-#"], { "global.progressBar": true }],
    ["progress-meter", ["--no-progress-meter"], { "global.progressMeter": false }],
    ["show-error", ["-S"], { "global.showError": true }],
    ["silent", ["-s"], { "global.silent": true }],
    ["verbose", ["-vv"], { "global.verbose": true }],
    ["url", ["--url", "h", "k"], { urls: ["h", "k"] }],
  ];

/** Every leaf of an operation by its path. */
function leaves(value: unknown, path = ""): Record<string, unknown> {
  if (value === null || typeof value !== "object" || Array.isArray(value)) return { [path]: value };
  const entries = Object.entries(value).map(([name, inner]) =>
    leaves(inner, path === "" ? name : `${path}.${name}`),
  );
  return Object.assign({}, ...entries);
}

/** Whose --no- form does something where nothing else was said. */
const ON_BY_DEFAULT = ["keepalive", "progress-meter"];

const FRESH = leaves(newOperation(newGlobalSettings()));

describe("parse", () => {
  test.each(CASES)("%s: %j sets %j and nothing else", (_long, argv, changes) => {
    const { operation, message } = folded(...argv);
    expect(message).toBeUndefined();
    expect(leaves(operation)).toEqual({ ...FRESH, ...changes });
  });

  test("each row that stores something has a case", () => {
    const tested = new Set(CASES.map(([long]) => long));
    const untested = SUPPORTED.filter(({ long, control }) => !control && !tested.has(long));
    expect(untested.map((option) => option.long)).toEqual([]);
  });

  test("--no-NAME takes back what --NAME set", () => {
    for (const { long, scope, negatable, control } of SUPPORTED) {
      // --no-mptcp-require takes back the demand and not --mptcp: it has a case above.
      if (long === "mptcp-require") continue;
      if (!negatable || control || scope === "url" || ON_BY_DEFAULT.includes(long)) continue;
      expect([long, leaves(folded(`--${long}`, `--no-${long}`).operation)]).toEqual([long, FRESH]);
    }
    for (const long of ON_BY_DEFAULT) {
      const { operation } = folded(`--no-${long}`, `--${long}`);
      expect([long, leaves(operation)]).toEqual([long, FRESH]);
    }
  });

  test("a row that is not supported stores nothing: refused by name, or without effect", () => {
    for (const { long, value, support, control } of OPTIONS) {
      if (support === "full" || control) continue;
      const { operation, message } = folded(`--${long}`, ...(value ? ["7"] : []));
      expect([long, leaves(operation)]).toEqual([long, FRESH]);
      if (support === "refused") expect(message).toStartWith(`option --${long}: `);
    }
  });
});

const VECTORS = (await Bun.file(`${import.meta.dir}/../../../vectors/curl-options.tsv`).text())
  .split("\n")
  .slice(1)
  .filter((line) => line !== "")
  .map((line) => {
    const [long = "", short = "", arg = "", multi = "", scope = "", , tier = "", fate = ""] =
      line.split("\t");
    return { long, short, arg, multi, scope, tier, fate };
  });

describe("agreement with curl", () => {
  test("the list of curl's options is there", () => {
    expect(VECTORS.length).toBeGreaterThan(260);
  });

  test.each(VECTORS)("--$long: letter, arity, negation, repeats, scope", (fact) => {
    const option = byLong(fact.long);
    const takesValue = /^(string|file)/.test(fact.arg);
    expect(option && facts(option)).toEqual({
      short: fact.short.replace(/^-/, ""),
      takesValue,
      valueOptional: fact.arg.includes("optional"),
      namesFile: fact.arg === "file",
      negatable: fact.arg.startsWith("bool"),
      appends: fact.multi === "append",
      scope: fact.multi === "per-URL" ? "url" : fact.scope,
    });
  });

  test("no row is missing on curl's side but those that only mpcurl has", () => {
    const known = new Set(VECTORS.map((fact) => fact.long));
    const ours = OPTIONS.filter(({ long }) => !known.has(long));
    expect(ours.filter(({ group, long }) => group !== "mptcp" || !/^mptcp-/.test(long))).toEqual(
      [],
    );
  });

  test.each(
    VECTORS.filter(({ tier, fate }) => tier === "X" && /^(silent no-op|warning|error)/.test(fate)),
  )("--$long: $fate", ({ long, arg, fate }) => {
    const words = [`--${long}`, ...(arg.startsWith("bool") || arg === "none" ? [] : ["x"])];
    const { warnings, error } = foldOperations(cutArgv(words), { exists: () => true });
    const text = /'([^']+)'/.exec(fate)?.[1] ?? "";
    if (fate.startsWith("error")) expect(error?.message).toBe(`option --${long}: ${text}`);
    else expect(error).toBeNull();
    if (fate.startsWith("warning")) expect(warnings[0]).toEndWith(text);
    else expect(warnings).toEqual([]);
  });
});

function facts(option: Option): Record<string, unknown> {
  return {
    short: option.short ?? "",
    takesValue: option.value !== undefined,
    valueOptional: option.value?.optional === true,
    namesFile: option.value?.kind === "file",
    negatable: option.negatable,
    appends: option.repeat === "append",
    scope: option.scope,
  };
}
