import { describe, expect, test } from "bun:test";
import {
  decodeEndpoint,
  decodeLimits,
  encodeEndpoint,
  type PmEndpoint,
} from "../../../../ffi/netlink/mptcp-pm.ts";
import { NO_FLAGS } from "../../../support/endpoint-flags.ts";

/** Answers of Linux 6.18, genlmsghdr and attributes. */
const ANSWER_IPV4 =
  "030100003400018006000100020000000600050000000000050002000700000008000600060000000800070003000000080003000a070001";
const ANSWER_IPV6 =
  "0301000038000180060001000a00000006000500000000000500020008000000080006000100000014000400fd010000000000000000000000000001";
const ANSWER_LIMITS = "0601000008000200000000000800030002000000";

const IPV4: PmEndpoint = {
  id: 7,
  family: "ipv4",
  ip: Uint8Array.of(10, 7, 0, 1),
  port: 0,
  flags: { ...NO_FLAGS, subflow: true, backup: true },
  interfaceIndex: 3,
};

const IPV6: PmEndpoint = {
  id: 8,
  family: "ipv6",
  ip: Uint8Array.of(0xfd, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1),
  port: 0,
  flags: { ...NO_FLAGS, signal: true },
  interfaceIndex: 0,
};

const bytes = (hex: string): Uint8Array => Uint8Array.fromHex(hex);

describe("decodeEndpoint", () => {
  test("reads what the kernel answers, IPv4 with its interface and IPv6 without", () => {
    expect(decodeEndpoint(bytes(ANSWER_IPV4))).toEqual(IPV4);
    expect(decodeEndpoint(bytes(ANSWER_IPV6))).toEqual(IPV6);
  });

  test("is null for what is cut off, or has no address", () => {
    const whole = bytes(ANSWER_IPV4);
    for (let length = 0; length < whole.length; length++) {
      expect(decodeEndpoint(whole.subarray(0, length))).toBeNull();
    }
    expect(decodeEndpoint(bytes(ANSWER_LIMITS))).toBeNull();
  });

  test("is null for an address that is shorter than its family's", () => {
    // The IPv6 answer with its family turned into IPv4 has no IPv4 address.
    const wrong = bytes(ANSWER_IPV6);
    wrong[12] = 2;
    expect(decodeEndpoint(wrong)).toBeNull();
  });
});

describe("encodeEndpoint", () => {
  test("writes what decodeEndpoint reads", () => {
    const laminar = { ...IPV4, id: 255, flags: { ...NO_FLAGS, fullmesh: true, laminar: true } };
    for (const endpoint of [IPV4, IPV6, laminar, { ...IPV6, port: 8443 }]) {
      const answer = new Uint8Array([3, 1, 0, 0, ...encodeEndpoint(endpoint)]);
      expect(decodeEndpoint(answer)).toEqual(endpoint);
    }
  });

  test("leaves the id to the kernel where it is 0", () => {
    const length = (endpoint: PmEndpoint): number => encodeEndpoint(endpoint).length;
    expect(length({ ...IPV4, id: 0 })).toBe(length(IPV4) - 8);
  });
});

describe("decodeLimits", () => {
  test("reads what the kernel answers", () => {
    expect(decodeLimits(bytes(ANSWER_LIMITS))).toEqual({ addAddrAccepted: 0, subflows: 2 });
  });
});
