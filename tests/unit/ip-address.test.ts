import { describe, expect, test } from "bun:test";
import { formatIpAddress, isIpAddress, parseIpv4, parseIpv6 } from "../../src/ip-address.ts";

/** What people write, and its canonical text. */
const IPV6: readonly (readonly [written: string, text: string])[] = [
  ["::", "::"],
  ["::1", "::1"],
  ["1::", "1::"],
  ["0:0:0:0:0:0:0:1", "::1"],
  ["2001:DB8:0:0:0:0:0:1", "2001:db8::1"],
  ["2001:0db8::0001", "2001:db8::1"],
  ["2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"],
  ["2001:0:0:1:0:0:0:1", "2001:0:0:1::1"],
  ["2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"],
  ["0:0:1:0:0:0:0:0", "0:0:1::"],
  ["1:0:0:0:0:0:0:0", "1::"],
  ["1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0"],
  ["::2:3:4:5:6:7:8", "0:2:3:4:5:6:7:8"],
  ["fe80::ABCD:ef01", "fe80::abcd:ef01"],
  ["::ffff:192.0.2.1", "::ffff:192.0.2.1"],
  ["::ffff:c000:201", "::ffff:192.0.2.1"],
  ["::ffff:0:0", "::ffff:0.0.0.0"],
  ["::192.0.2.1", "::192.0.2.1"],
  ["64:ff9b::192.0.2.33", "64:ff9b::c000:221"],
  ["1:2:3:4:5:6:1.2.3.4", "1:2:3:4:5:6:102:304"],
  ["ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"],
];

const NO_IPV6 = [
  "",
  ":",
  ":::",
  "1",
  "1:2:3:4:5:6:7",
  "1:2:3:4:5:6:7:8:9",
  "1:2:3:4:5:6:7:8::",
  "1:2:3:4::5:6:7:8",
  "::1::",
  "1::2::3",
  ":1:2:3:4:5:6:7",
  "1:2:3:4:5:6:7:",
  "::12345",
  "::g",
  "::1 ",
  "[::1]",
  "::1%lo",
  "1.2.3.4",
  "1.2.3.4::",
  "::1.2.3.4:5",
  "::1.2.3",
  "::01.2.3.4",
  "1:2:3:4:5:6:7:1.2.3.4",
];

describe("parseIpv6 and formatIpAddress", () => {
  for (const [written, text] of IPV6) {
    test(`"${written}" is "${text}"`, () => {
      const bytes = parseIpv6(written);
      expect(bytes).toHaveLength(16);
      expect(formatIpAddress(bytes ?? new Uint8Array(0))).toBe(text);
      expect(parseIpv6(text)).toEqual(bytes);
    });
  }
  for (const text of NO_IPV6) {
    test(`"${text}" is no address`, () => expect(parseIpv6(text)).toBeNull());
  }
});

describe("parseIpv4", () => {
  test("takes a dotted quad, and formatIpAddress gives it back", () => {
    expect(parseIpv4("192.0.2.255")).toEqual(Uint8Array.of(192, 0, 2, 255));
    for (const text of ["0.0.0.0", "10.20.30.40", "255.255.255.255"]) {
      expect(formatIpAddress(parseIpv4(text) ?? new Uint8Array(0))).toBe(text);
    }
  });

  for (const text of [
    "",
    "1.2.3",
    "1.2.3.4.5",
    "256.0.0.1",
    "01.2.3.4",
    "1.2.3.x",
    "1..3.4",
    "+1.2.3.4",
    " 1.2.3.4",
  ]) {
    test(`"${text}" is no address`, () => expect(parseIpv4(text)).toBeNull());
  }
});

test("isIpAddress takes either family, and nothing around it", () => {
  expect(["127.0.0.1", "::1"].map(isIpAddress)).toEqual([true, true]);
  expect(["127.1", "[::1]", "::1%lo", "localhost", ""].some(isIpAddress)).toBe(false);
});
