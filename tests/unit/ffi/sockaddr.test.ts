import { describe, expect, test } from "bun:test";
import {
  decodeSocketAddress,
  domainOf,
  encodeSocketAddress,
  formatIpv6,
  parseIpv4,
  parseIpv6,
  type SocketAddress,
} from "../../../ffi/sockaddr.ts";

/** What people write, and RFC 5952's text of it. */
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
  ["::192.0.2.1", "::c000:201"],
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

describe("parseIpv6 and formatIpv6", () => {
  for (const [written, text] of IPV6) {
    test(`"${written}" is "${text}"`, () => {
      const bytes = parseIpv6(written);
      expect(bytes).toHaveLength(16);
      expect(formatIpv6(bytes ?? new Uint8Array(0))).toBe(text);
      expect(parseIpv6(text)).toEqual(bytes);
    });
  }
  for (const text of NO_IPV6) {
    test(`"${text}" is no address`, () => expect(parseIpv6(text)).toBeNull());
  }
});

describe("parseIpv4", () => {
  test("takes a dotted quad", () => {
    expect([...(parseIpv4("192.0.2.255") ?? [])]).toEqual([192, 0, 2, 255]);
    expect([...(parseIpv4("0.0.0.0") ?? [])]).toEqual([0, 0, 0, 0]);
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

describe("encodeSocketAddress", () => {
  test("writes struct sockaddr_in", () => {
    const bytes = encodeSocketAddress({ family: "ipv4", address: "192.0.2.1", port: 0x1f90 });
    expect([...bytes]).toEqual([2, 0, 0x1f, 0x90, 192, 0, 2, 1, 0, 0, 0, 0, 0, 0, 0, 0]);
  });

  test("writes struct sockaddr_in6 with its scope", () => {
    const bytes = encodeSocketAddress({
      family: "ipv6",
      address: "fe80::1",
      port: 443,
      scopeId: 0x0102,
    });
    expect([...bytes]).toEqual([
      10, 0, 1, 187, 0, 0, 0, 0, 0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 1, 0, 0,
    ]);
  });

  test("writes a Unix path with its NUL, an abstract name without", () => {
    expect([...encodeSocketAddress({ family: "unix", path: "/s\xe9" })]).toEqual([
      1, 0, 47, 115, 0xe9, 0,
    ]);
    expect([...encodeSocketAddress({ family: "unix", path: "\0ab" })]).toEqual([1, 0, 0, 97, 98]);
  });

  test("takes a Unix path as long as sun_path, and none longer", () => {
    const length = (path: string): number => encodeSocketAddress({ family: "unix", path }).length;
    expect(length("p".repeat(107))).toBe(110);
    expect(() => length("p".repeat(108))).toThrow(RangeError);
    expect(length(`\0${"p".repeat(107)}`)).toBe(110);
    expect(() => length(`\0${"p".repeat(108)}`)).toThrow(RangeError);
  });

  test("refuses what is no address of the family", () => {
    expect(() => encodeSocketAddress({ family: "ipv4", address: "::1", port: 1 })).toThrow(
      "not an ipv4 address: ::1",
    );
    expect(() =>
      encodeSocketAddress({ family: "ipv6", address: "name", port: 1, scopeId: 0 }),
    ).toThrow(RangeError);
  });
});

describe("decodeSocketAddress", () => {
  const ADDRESSES: readonly SocketAddress[] = [
    { family: "ipv4", address: "203.0.113.7", port: 65535 },
    { family: "ipv6", address: "2001:db8::1", port: 1, scopeId: 0 },
    { family: "ipv6", address: "fe80::1", port: 80, scopeId: 3 },
    { family: "unix", path: "/run/a.sock" },
    { family: "unix", path: "\0abstract\0name" },
  ];
  for (const address of ADDRESSES) {
    test(`gives back ${JSON.stringify(address)}`, () => {
      const bytes = encodeSocketAddress(address);
      // The kernel's buffer is larger than what it writes.
      const buffer = new Uint8Array(128).fill(0xee);
      buffer.set(bytes);
      expect(decodeSocketAddress(buffer, bytes.length)).toEqual(address);
    });
  }

  test("of a Unix socket without name is the empty path", () => {
    expect(decodeSocketAddress(Uint8Array.of(1, 0, 0xee, 0xee), 2)).toEqual({
      family: "unix",
      path: "",
    });
  });

  test("of a path that the kernel gave without NUL is the whole", () => {
    expect(decodeSocketAddress(Uint8Array.of(1, 0, 47, 97), 4)).toEqual({
      family: "unix",
      path: "/a",
    });
  });

  test("reads a view into a larger buffer", () => {
    const whole = new Uint8Array(40);
    whole.set(encodeSocketAddress({ family: "ipv4", address: "1.2.3.4", port: 5 }), 7);
    expect(decodeSocketAddress(whole.subarray(7), 16)).toEqual({
      family: "ipv4",
      address: "1.2.3.4",
      port: 5,
    });
  });
});

test("domainOf gives the kernel's numbers", () => {
  expect([domainOf("unix"), domainOf("ipv4"), domainOf("ipv6")]).toEqual([1, 2, 10]);
});
