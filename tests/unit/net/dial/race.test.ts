import { describe, expect, test } from "bun:test";
import { ATTEMPT_DELAY_MS, type Candidate, raceOrder } from "../../../../src/net/dial/race.ts";

function candidate(address: string): Candidate {
  return { family: address.includes(":") ? "ipv6" : "ipv4", address, port: 80, scopeId: 0 };
}

/** What the resolver said, what is tried: addresses without dot or colon stand for their family and place. */
const TABLE: readonly (readonly [string, string])[] = [
  ["", ""],
  ["1.1.1.1", "1.1.1.1"],
  ["::1", "::1"],
  ["1.1.1.1 ::1", "::1 1.1.1.1"],
  ["1.1.1.1 2.2.2.2 ::1 ::2", "::1 1.1.1.1 ::2 2.2.2.2"],
  ["::1 ::2 ::3 1.1.1.1", "::1 1.1.1.1 ::2 ::3"],
  ["1.1.1.1 2.2.2.2 3.3.3.3 ::1", "::1 1.1.1.1 2.2.2.2 3.3.3.3"],
  ["2.2.2.2 1.1.1.1", "2.2.2.2 1.1.1.1"],
];

describe("raceOrder", () => {
  for (const [given, order] of TABLE) {
    test(`of "${given}" is "${order}"`, () => {
      const candidates = given.split(" ").filter(Boolean).map(candidate);
      const tried = raceOrder(candidates);
      expect(tried.map(({ address }) => address).join(" ")).toBe(order);
    });
  }

  test("leaves the resolver's answer as it is", () => {
    const candidates = ["1.1.1.1", "::1"].map(candidate);
    raceOrder(candidates);
    expect(candidates.map(({ address }) => address)).toEqual(["1.1.1.1", "::1"]);
  });
});

describe("ATTEMPT_DELAY_MS", () => {
  test("is curl's 200 ms", () => {
    expect(ATTEMPT_DELAY_MS).toBe(200);
  });
});
