import { describe, expect, test } from "bun:test";
import { splitHostPort } from "../../../src/net/host-port.ts";

type Parts = readonly [host: string | null, port: number | null, rest: string] | null;

const FIRST: readonly (readonly [string, Parts])[] = [
  ["host:80:rest", ["host", 80, "rest"]],
  ["host:80:", ["host", 80, ""]],
  ["host::rest", ["host", null, "rest"]],
  [":80:rest", [null, 80, "rest"]],
  ["::rest", [null, null, "rest"]],
  ["::", [null, null, ""]],
  ["host:80:a:b:c", ["host", 80, "a:b:c"]],
  ["host:80:[::1]:90", ["host", 80, "[::1]:90"]],
  ["[::1]:80:rest", ["::1", 80, "rest"]],
  ["[]:80:rest", [null, 80, "rest"]],
  ["host:65535:x", ["host", 65535, "x"]],
  ["host:0:x", ["host", 0, "x"]],
  ["host:65536:x", null],
  ["host:80", null],
  ["host", null],
  ["", null],
  ["host:http:rest", null],
  ["host:-1:rest", null],
  ["host: 80:rest", null],
  ["[::1:80:rest", null],
  ["[::1]x:80:rest", null],
];

const LAST: readonly (readonly [string, Parts])[] = [
  ["host:80", ["host", 80, ""]],
  ["host:", ["host", null, ""]],
  ["host", ["host", null, ""]],
  [":80", [null, 80, ""]],
  [":", [null, null, ""]],
  ["", [null, null, ""]],
  ["[fe80::1]:443", ["fe80::1", 443, ""]],
  ["[fe80::1]", ["fe80::1", null, ""]],
  ["host:80:", null],
  ["host:80:90", null],
  ["host:http", null],
  ["host:99999", null],
  ["::1", null],
];

function shown(parts: ReturnType<typeof splitHostPort>): Parts {
  return parts && [parts.host, parts.port, parts.rest];
}

describe("splitHostPort", () => {
  for (const [text, parts] of FIRST) {
    test(`cuts "${text}"`, () => expect(shown(splitHostPort(text))).toEqual(parts));
  }
  for (const [text, parts] of LAST) {
    test(`cuts "${text}", where the port is last`, () =>
      expect(shown(splitHostPort(text, { lastPort: true }))).toEqual(parts));
  }
});
