import { describe, expect, test } from "bun:test";
import { literalCandidate } from "../../../src/net/literal.ts";

/** Index of the loopback interface, which is the first in every network namespace. */
const LOOPBACK = 1;

describe("literalCandidate", () => {
  test("knows both families, and no name", () => {
    expect(literalCandidate("192.0.2.1", 80, null)).toEqual({
      family: "ipv4",
      address: "192.0.2.1",
      port: 80,
      scopeId: 0,
    });
    expect(literalCandidate("2001:db8::1", 443, null)).toEqual({
      family: "ipv6",
      address: "2001:db8::1",
      port: 443,
      scopeId: 0,
    });
    for (const name of ["example.com", "1.2.3", "a1::g", "", "1.2.3.4%lo"]) {
      expect(literalCandidate(name, 80, null)).toBeNull();
    }
  });

  test("takes a zone by name and by index, beside the address or behind it", () => {
    expect(literalCandidate("fe80::1", 80, "lo")).toHaveProperty("scopeId", LOOPBACK);
    expect(literalCandidate("fe80::1", 80, "7")).toHaveProperty("scopeId", 7);
    expect(literalCandidate("fe80::1%lo", 80, null)).toMatchObject({
      address: "fe80::1",
      scopeId: LOOPBACK,
    });
  });

  for (const zone of ["no-such-interface", "0"]) {
    test(`refuses zone "${zone}" with 7`, () => {
      expect(() => literalCandidate("fe80::1", 80, zone)).toThrow(
        expect.objectContaining({ exitCode: 7, message: expect.stringContaining(`'${zone}'`) }),
      );
    });
  }
});
