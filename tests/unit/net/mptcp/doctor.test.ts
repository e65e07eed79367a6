import { describe, expect, test } from "bun:test";
import type { MachineFacts, Ways } from "../../../../src/net/mptcp/check/facts.ts";
import { exitCodeOf, judgeMachine, type Part } from "../../../../src/net/mptcp/doctor.ts";
import { by, endpoint, machine, uplink, ways } from "../../../support/check-facts.ts";

const NONE = { kind: "none", reason: "Network is unreachable" } as const;
const ANYWHERE = ways({}, { destination: null });
const NOWHERE: Ways = { ...ANYWHERE, family: "ipv6", first: NONE, source: null, endpoints: [] };

function judged(
  facts: Partial<MachineFacts> = {},
  to: readonly Ways[] = [ANYWHERE, NOWHERE],
): Part {
  return judgeMachine(machine(facts), to);
}

describe("judgeMachine", () => {
  test("promises a path for each endpoint with a link of its own", () => {
    const { paths, conclusion, findings } = judged();
    expect(paths).toBe(2);
    expect(conclusion).toBe("MPTCP would work over 2 paths");
    expect(findings.every(({ level }) => level === "ok")).toBe(true);
  });

  test.each<readonly [string, Partial<MachineFacts>, number]>([
    ["no endpoint", { endpoints: [] }, 1],
    ["no extra subflow allowed", { limits: { subflows: 0, addAddrAccepted: 0 } }, 1],
    ["a program's path manager", { settings: new Map([["path_manager", "userspace"]]) }, 1],
    ["an endpoint that is only announced", { endpoints: [endpoint("signal")] }, 1],
    ["a black hole", { loopback: "switched-off" }, 0],
  ])("with %s promises less", (_, facts, paths) => {
    expect(judged(facts).paths).toBe(paths);
  });

  test("counts two endpoints on one link once", () => {
    const both = [2, 3].map((id) => endpoint("subflow", { id, address: `10.9.2.${id - 1}` }));
    const addresses = both.flatMap(({ address }) => uplink("c2", address).addresses);
    const interfaces = [uplink("c1", "10.9.1.1"), uplink("c2", "10.9.2.1", { addresses })];
    const to = [2, 3].flatMap((id) => ways({ id }).endpoints);
    expect(judged({ endpoints: both, interfaces }, [{ ...ANYWHERE, endpoints: to }]).paths).toBe(2);
  });

  test("takes the better family, and only notes what the other lacks", () => {
    const first = by("c1", "fe80::1");
    const v6 = { ...NOWHERE, first, source: "fd09:1::1" };
    const interfaces = [
      uplink("c1", "10.9.1.1"),
      uplink("c2", "10.9.2.1"),
      uplink("c3", "fd09:3::1"),
    ];
    const { paths, findings } = judged({ interfaces }, [ANYWHERE, v6]);
    expect(paths).toBe(2);
    expect(findings.some(({ text }) => text.includes("over IPv6"))).toBe(true);
    expect(findings.some(({ level }) => level === "problem")).toBe(false);
  });

  test("asks for one endpoint only where both families lack one", () => {
    const v6 = { ...NOWHERE, first: by("c1", "fe80::1"), source: "fd09:1::1" };
    const interfaces = [uplink("c1", "10.9.1.1"), uplink("c3", "fd09:3::1")];
    const problems = judged({ endpoints: [], interfaces }, [ANYWHERE, v6]).findings.filter(
      ({ level }) => level === "problem",
    );
    expect(problems.map(({ remedy }) => remedy)).toEqual([
      "ip mptcp endpoint add fd09:3::1 dev c3 subflow",
    ]);
  });

  test("without a default route promises one path, and asks for a URL", () => {
    const { paths, findings } = judged({}, [{ ...NOWHERE, family: "ipv4" }, NOWHERE]);
    expect(paths).toBe(1);
    expect(findings.at(-1)?.text).toContain("name a URL");
  });

  test("without a default route asks for no URL where one was named", () => {
    const ways = [{ ...NOWHERE, family: "ipv4" } as const, NOWHERE];
    const { findings } = judgeMachine(machine({}), ways, { hasUrl: true });
    expect(findings.at(-1)?.text).toBe("there is no default route");
  });
});

describe("exitCodeOf", () => {
  const part = (paths: number): Part => ({ findings: [], paths, conclusion: "" });

  test.each([
    [[2], 0],
    [[3, 2], 0],
    [[2, 1], 1],
    [[1], 1],
    [[2, 0, 1], 2],
  ] as const)("of parts with %p paths is %p", (paths, code) => {
    expect(exitCodeOf(paths.map(part))).toBe(code);
  });
});
