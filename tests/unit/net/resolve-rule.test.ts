import { describe, expect, test } from "bun:test";
import { parseResolveRule, type ResolveRule } from "../../../src/net/resolve-rule.ts";

const READ: readonly (readonly [string, ResolveRule])[] = [
  ["h:80:1.2.3.4", { host: "h", port: 80, addresses: ["1.2.3.4"], remove: false }],
  ["+h:80:1.2.3.4", { host: "h", port: 80, addresses: ["1.2.3.4"], remove: false }],
  ["H.Example:80:1.2.3.4", { host: "h.example", port: 80, addresses: ["1.2.3.4"], remove: false }],
  ["*:443:::1", { host: "*", port: 443, addresses: ["::1"], remove: false }],
  ["h:80:[::1]", { host: "h", port: 80, addresses: ["::1"], remove: false }],
  [
    "h:80:1.2.3.4,[2001:db8::1],::2",
    { host: "h", port: 80, addresses: ["1.2.3.4", "2001:db8::1", "::2"], remove: false },
  ],
  ["[::1]:80:127.0.0.1", { host: "::1", port: 80, addresses: ["127.0.0.1"], remove: false }],
  ["h:80:fe80::1%lo", { host: "h", port: 80, addresses: ["fe80::1%lo"], remove: false }],
  ["-h:80", { host: "h", port: 80, addresses: [], remove: true }],
];

const REFUSED = [
  "",
  "h",
  "h:80",
  "h:80:",
  "h::1.2.3.4",
  ":80:1.2.3.4",
  "h:http:1.2.3.4",
  "h:70000:1.2.3.4",
  "h:80:name",
  "h:80:1.2.3",
  "h:80:1.2.3.4,",
  "h:80:1.2.3.4 ,::1",
  "-h",
  "-:80",
];

describe("parseResolveRule", () => {
  for (const [text, rule] of READ) {
    test(`reads "${text}"`, () => expect(parseResolveRule(text)).toEqual(rule));
  }
  for (const text of REFUSED) {
    test(`refuses "${text}" with 49 and names it`, () => {
      expect(() => parseResolveRule(text)).toThrow(
        expect.objectContaining({
          exitCode: 49,
          message: expect.stringContaining(`Could not parse CURLOPT_RESOLVE entry '${text}'`),
        }),
      );
    });
  }
});
