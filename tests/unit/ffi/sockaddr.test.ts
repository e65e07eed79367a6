import { describe, expect, test } from "bun:test";
import {
  decodeSocketAddress,
  domainOf,
  encodeSocketAddress,
  type SocketAddress,
} from "../../../ffi/sockaddr.ts";

const IPV4 = Uint8Array.of(192, 0, 2, 1);
/** fe80::1 */
const LINK_LOCAL = Uint8Array.of(0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1);

describe("encodeSocketAddress", () => {
  test("writes struct sockaddr_in", () => {
    const bytes = encodeSocketAddress({ family: "ipv4", ip: IPV4, port: 0x1f90 });
    expect([...bytes]).toEqual([2, 0, 0x1f, 0x90, 192, 0, 2, 1, 0, 0, 0, 0, 0, 0, 0, 0]);
  });

  test("writes struct sockaddr_in6 with its scope", () => {
    const bytes = encodeSocketAddress({
      family: "ipv6",
      ip: LINK_LOCAL,
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
    expect(() => encodeSocketAddress({ family: "ipv4", ip: LINK_LOCAL, port: 1 })).toThrow(
      "no ipv4 address has 16 bytes",
    );
    expect(() => encodeSocketAddress({ family: "ipv6", ip: IPV4, port: 1, scopeId: 0 })).toThrow(
      RangeError,
    );
  });
});

describe("decodeSocketAddress", () => {
  const ADDRESSES: readonly SocketAddress[] = [
    { family: "ipv4", ip: IPV4, port: 65535 },
    { family: "ipv6", ip: LINK_LOCAL, port: 1, scopeId: 0 },
    { family: "ipv6", ip: LINK_LOCAL, port: 80, scopeId: 3 },
    { family: "unix", path: "/run/a.sock" },
    { family: "unix", path: "\0abstract\0name" },
  ];
  for (const address of ADDRESSES) {
    test(`gives back ${JSON.stringify(Object.values(address).map(String))}`, () => {
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
    whole.set(encodeSocketAddress({ family: "ipv4", ip: IPV4, port: 5 }), 7);
    expect(decodeSocketAddress(whole.subarray(7), 16)).toEqual({
      family: "ipv4",
      ip: IPV4,
      port: 5,
    });
  });
});

test("domainOf gives the kernel's numbers", () => {
  expect([domainOf("unix"), domainOf("ipv4"), domainOf("ipv6")]).toEqual([1, 2, 10]);
});
