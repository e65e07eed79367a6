import { describe, expect, test } from "bun:test";
import { bracketed, lineWidth, printable } from "../../../../src/cli/output/terminal-text.ts";
import { MemoryHost } from "../../../support/memory-host.ts";

describe("printable", () => {
  test.each([
    ["plain text", "plain text"],
    ["a\x1b]0;title\x07b", "a\\x1b]0;title\\x07b"],
    ["tab\tand\nline", "tab\tand\nline"],
    ["line\r\n", "line\r\n"],
    ["over\rwritten", "over\\x0dwritten"],
    ["nul\0del\x7f", "nul\\x00del\\x7f"],
    ["caf\xc3\xa9", "café"],
    ["C1 in UTF-8 \xc2\x9b31m", "C1 in UTF-8 \\x9b31m"],
    ["C1 as a byte \x9b31m", "C1 as a byte \uFFFD31m"],
    ["our own “words”", "our own “words”"],
  ])("makes %j harmless", (bytes, shown) => {
    expect(printable(bytes)).toBe(shown);
  });
});

describe("lineWidth", () => {
  test.each([
    [{ COLUMNS: "60" }, 100, 60],
    [{ COLUMNS: "20" }, 100, 100],
    [{ COLUMNS: "10001" }, 100, 100],
    [{ COLUMNS: "wide" }, undefined, 79],
    [{}, undefined, 79],
    [{}, 0, 79],
  ])("COLUMNS %j on a terminal of %p columns", (env, columns, width) => {
    const terminal = columns === undefined ? {} : { columns };
    expect(lineWidth(new MemoryHost({ env, ...terminal }))).toBe(width);
  });
});

describe("bracketed", () => {
  test.each([
    ["192.0.2.1", "192.0.2.1"],
    ["2001:db8::1", "[2001:db8::1]"],
  ])("%s stands before a port as %s", (address, text) => {
    expect(bracketed(address)).toBe(text);
  });
});
