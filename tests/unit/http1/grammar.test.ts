// What the grammar's functions promise beyond what the decoder's cases show.

import { describe, expect, test } from "bun:test";
import {
  isHexDigit,
  listMembers,
  parseContentLength,
  parseStatusLine,
  trimOws,
  trimOwsStart,
} from "../../../src/http1/grammar.ts";

test("trimOws takes SP and HTAB away and no other blank", () => {
  expect(trimOws(" \t a b\t ")).toBe("a b");
  expect(trimOws("\xa0a\x0b")).toBe("\xa0a\x0b");
  expect(trimOws(" \t ")).toBe("");
  expect(trimOwsStart("\t a ")).toBe("a ");
});

test("listMembers joins lines, drops empty members, keeps case", () => {
  expect(listMembers(["a, B ,", "", " ,c"])).toEqual(["a", "B", "c"]);
});

test("parseContentLength takes digits only and drops leading zeros", () => {
  expect(["0", "000", "007", "12345678901234567890"].map(parseContentLength)).toEqual([
    "0",
    "0",
    "7",
    "12345678901234567890",
  ]);
  expect(["", "+1", "1.0", "1\n", "\xb2", "1 "].map(parseContentLength)).toEqual([
    null,
    null,
    null,
    null,
    null,
    null,
  ]);
});

test("isHexDigit is true for the bytes of 0-9 A-F a-f alone", () => {
  const digits = Array.from({ length: 256 }, (_, byte) => byte).filter(isHexDigit);
  expect(String.fromCharCode(...digits)).toBe("0123456789ABCDEFabcdef");
});

describe("parseStatusLine", () => {
  test("takes what follows three digits for the reason, as curl does", () => {
    expect(parseStatusLine("HTTP/1.1 200OK")).toEqual({
      version: "1.1",
      status: 200,
      reason: "OK",
    });
    expect(parseStatusLine("HTTP/1.0 2000")).toEqual({ version: "1.0", status: 200, reason: "0" });
  });
});
