import { describe, expect, test } from "bun:test";
import { newGlobalSettings } from "../../../../src/cli/operation.ts";
import { createMessages, wrap } from "../../../../src/cli/output/messages.ts";
import { CurlError } from "../../../../src/error.ts";
import { MemoryHost } from "../../../support/memory-host.ts";

const UNRESOLVED = new CurlError("COULDNT_RESOLVE_HOST", "Could not resolve host: x");
const USAGE = new CurlError("FAILED_INIT", "option -y: is unknown");

async function said(
  settings: { silent?: boolean; showError?: boolean; verbose?: boolean },
  options: ConstructorParameters<typeof MemoryHost>[0] = {},
): Promise<string[]> {
  const host = new MemoryHost(options);
  const messages = createMessages(host, { ...newGlobalSettings(), ...settings });
  await messages.warning("careful");
  await messages.note("by the way");
  await messages.error(UNRESOLVED);
  await messages.usage(USAGE);
  return host.stderr.text.split("\n");
}

const WARNING = "Warning: careful";
const NOTE = "Note: by the way";
const ERROR = "mpcurl: (6) Could not resolve host: x";
const USAGE_LINES = [
  "mpcurl: option -y: is unknown",
  "mpcurl: try 'mpcurl --help' for more information",
];

describe("createMessages", () => {
  test.each([
    [{}, [WARNING, ERROR]],
    [{ verbose: true }, [WARNING, NOTE, ERROR]],
    [{ silent: true }, []],
    [{ silent: true, verbose: true }, []],
    [{ silent: true, showError: true }, [ERROR]],
  ])("says under %j what curl says", async (settings, lines) => {
    expect(await said(settings)).toEqual([...lines, ...USAGE_LINES, ""]);
  });

  test("repeats equal messages as often as they are given", async () => {
    const host = new MemoryHost();
    const messages = createMessages(host, newGlobalSettings());
    for (let count = 0; count < 10; count++) await messages.error(UNRESOLVED);
    expect(host.stderr.text).toBe(`${ERROR}\n`.repeat(10));
  });

  test("keeps the order of calls that nobody awaits", async () => {
    const host = new MemoryHost();
    const messages = createMessages(host, newGlobalSettings());
    await Promise.all([messages.warning("1"), messages.error(UNRESOLVED), messages.warning("2")]);
    expect(host.stderr.text).toBe(`Warning: 1\n${ERROR}\nWarning: 2\n`);
  });

  test("wraps warnings at COLUMNS and repeats the prefix", async () => {
    const host = new MemoryHost({ env: { COLUMNS: "30" } });
    await createMessages(host, newGlobalSettings()).warning("one two three four five six seven");
    expect(host.stderr.text).toBe("Warning: one two three four \nWarning: five six seven\n");
  });

  test("leaves errors in one line, however long", async () => {
    const host = new MemoryHost();
    const long = "word ".repeat(60).trim();
    await createMessages(host, newGlobalSettings()).error(new CurlError("READ_ERROR", long));
    expect(host.stderr.text).toBe(`mpcurl: (26) ${long}\n`);
  });

  test("makes a server's escape sequences harmless", async () => {
    const host = new MemoryHost();
    const messages = createMessages(host, newGlobalSettings());
    await messages.error(new CurlError("WEIRD_SERVER_REPLY", "Header \x1b[2J caf\xc3\xa9"));
    expect(Buffer.from(host.stderr.text, "latin1").toString()).toBe(
      "mpcurl: (8) Header \\x1b[2J café\n",
    );
  });

  test("usage without a text of its own is the hint alone; several lines each get the prefix", async () => {
    const host = new MemoryHost();
    const messages = createMessages(host, newGlobalSettings());
    await messages.usage(new CurlError("FAILED_INIT", ""));
    await messages.usage(new CurlError("READ_ERROR", "cannot open 'x'\noption -d: no file"));
    expect(host.stderr.text.split("\n")).toEqual([
      "mpcurl: try 'mpcurl --help' for more information",
      "mpcurl: cannot open 'x'",
      "mpcurl: option -d: no file",
      "mpcurl: try 'mpcurl --help' for more information",
      "",
    ]);
  });

  test("an untrusted certificate comes with advice", async () => {
    const host = new MemoryHost();
    const messages = createMessages(host, newGlobalSettings());
    await messages.error(new CurlError("PEER_FAILED_VERIFICATION", "it expired"));
    expect(host.stderr.text).toStartWith("mpcurl: (60) it expired\n");
    expect(host.stderr.text).toContain("--cacert");
  });

  test("a bug shows its stack and asks for a report, also under -s", async () => {
    const host = new MemoryHost();
    const messages = createMessages(host, { ...newGlobalSettings(), silent: true });
    await messages.bug(new TypeError("x is undefined"));
    expect(host.stderr.text).toContain("TypeError: x is undefined\n    at ");
    expect(host.stderr.text).toContain("please report");
  });
});

describe("wrap", () => {
  test.each([
    ["fits", 10, ["fits"]],
    ["exactly ten", 11, ["exactly ten"]],
    ["two words", 5, ["two ", "words"]],
    ["abcdefghij", 4, ["abcd", "efgh", "ij"]],
    ["a abcdefgh", 4, ["a ", "abcd", "efgh"]],
    ["first\nsecond", 20, ["first", "second"]],
    ["", 20, [""]],
  ])("%j at %d columns", (text, width, lines) => {
    expect(wrap(text, width)).toEqual(lines);
  });
});
