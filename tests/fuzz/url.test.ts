// Seeded texts through the URL parser: it never throws anything but CurlError, what it accepts it can write down and
// read again, and nothing that breaks a request line comes out of it. MPCURL_FUZZ_SEED repeats a run.

import { expect, test } from "bun:test";
import { CurlError } from "../../src/error.ts";
import {
  authority,
  formatUrl,
  parseUrl,
  requestTarget,
  resolveUrl,
  type Url,
} from "../../src/url.ts";
import { Dice } from "../support/dice.ts";

const SEED = Number(process.env.MPCURL_FUZZ_SEED ?? Date.now() % 2 ** 31);
const ROUNDS = 20_000;
const PIECES = [
  "http://",
  "https:",
  "HTTP:/",
  "http:///",
  "ftp.",
  "file:///",
  "a",
  "h",
  "x.y",
  "//",
  "/",
  "\\",
  ":",
  "80",
  "65536",
  "@",
  "u:p@",
  "?",
  "#",
  "&",
  "=",
  "%",
  "%2e",
  "%2E",
  "%25",
  "%00",
  "%41",
  "%zz",
  "%c3%bc",
  "%7f",
  ".",
  "..",
  "/../",
  "/./",
  "[",
  "]",
  "[::1]",
  "[fe80::1%25lo]",
  "[1:2:3:4:5:6:7:8]",
  "::",
  "%lo",
  "127.1",
  "0x7f",
  "017",
  "4294967295",
  " ",
  "\t",
  "\r\n",
  "\0",
  "\x7f",
  "\x80",
  "\xff",
  "\xc3\xbc",
  "\xc2\xad",
  "\xe3\x80\x82",
  "\xef\xbc\x91",
  "xn--",
];

function texts(dice: Dice): string {
  let text = dice.rare(2) ? "http://h" : "";
  for (let i = dice.below(8); i >= 0; i--) {
    text += dice.rare(10) ? String.fromCharCode(dice.below(256)) : dice.one(PIECES);
  }
  return text;
}

function attempt(run: () => Url): Url | null {
  try {
    return run();
  } catch (error) {
    if (error instanceof CurlError) return null;
    throw error;
  }
}

function check(url: Url, pathAsIs: boolean): void {
  const text = formatUrl(url);
  const again = parseUrl(text, { pathAsIs });
  expect(again).toEqual(url);
  expect(formatUrl(again)).toBe(text);
  expect(requestTarget(url)).toMatch(/^\/[!-~\x80-\xff]*$/);
  expect(authority(url)).toMatch(/^[!-~]+$/);
  expect(formatUrl(url, { credentials: false })).toStartWith(`${url.scheme}://`);
}

test(`parseUrl, formatUrl and resolveUrl agree (seed ${SEED})`, () => {
  const dice = new Dice(SEED);
  let accepted = 0;
  const base = parseUrl("http://u:p@base:8080/d/e?q#f");
  for (let i = 0; i < ROUNDS; i++) {
    const text = texts(dice);
    const pathAsIs = dice.rare(5);
    try {
      const url = attempt(() => parseUrl(text, { pathAsIs }));
      if (url) check(url, pathAsIs);
      const resolved = attempt(() => resolveUrl(url ?? base, text, { pathAsIs }));
      if (resolved) check(resolved, pathAsIs);
      accepted += (url ? 1 : 0) + (resolved ? 1 : 0);
    } catch (error) {
      throw new Error(`seed ${SEED}, round ${i}, text ${JSON.stringify(text)}`, { cause: error });
    }
  }
  // The generator must reach the accepting paths, or the checks above check nothing.
  expect(accepted).toBeGreaterThan(ROUNDS / 10);
});
