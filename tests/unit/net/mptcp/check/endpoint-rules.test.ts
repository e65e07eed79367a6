import { describe, expect, test } from "bun:test";
import {
  type EndpointState,
  endpointStates,
  missingEndpoints,
} from "../../../../../src/net/mptcp/check/endpoint-rules.ts";
import type { MachineFacts, Ways } from "../../../../../src/net/mptcp/check/facts.ts";
import { by, endpoint, machine, uplink, ways } from "../../../../support/check-facts.ts";

const NO_ROUTE = { kind: "none", reason: "Network is unreachable" } as const;
const lo = uplink("lo", "127.0.0.1", { isLoopback: true, defaultRoutes: [] });
const c1 = uplink("c1", "10.9.1.1");
const c2 = uplink("c2", "10.9.2.1");

/** What differs from two good uplinks, and what becomes of the one endpoint. */
const TABLE: readonly {
  readonly name: string;
  readonly facts?: Partial<MachineFacts>;
  readonly ways?: Ways;
  readonly promise: EndpointState["promise"];
  readonly level: "ok" | "note" | "problem";
  readonly says: string;
  readonly remedy?: string;
}[] = [
  {
    name: "a good one",
    promise: "path",
    level: "ok",
    says: "endpoint 2 (10.9.2.1 on c2) would make a path by c2 and 10.9.2.2",
  },
  {
    name: "a server next door",
    ways: ways({ taken: by("c2") }),
    promise: "path",
    level: "ok",
    says: "would make a path by c2",
  },
  {
    name: "a backup",
    facts: { endpoints: [endpoint("subflow backup")] },
    promise: "path",
    level: "ok",
    says: "as a backup",
  },
  {
    name: "one that is only announced",
    facts: { endpoints: [endpoint("signal")] },
    promise: "none",
    level: "problem",
    says: "only announced",
    remedy: "ip mptcp endpoint delete id 2 && ip mptcp endpoint add 10.9.2.1 dev c2 subflow signal",
  },
  {
    name: "fullmesh without subflow",
    facts: { endpoints: [endpoint("fullmesh")] },
    promise: "none",
    level: "problem",
    says: '"fullmesh" without "subflow"',
    remedy:
      "ip mptcp endpoint delete id 2 && ip mptcp endpoint add 10.9.2.1 dev c2 subflow fullmesh",
  },
  {
    name: "laminar, which ip cannot write",
    facts: { endpoints: [endpoint("laminar")] },
    promise: "none",
    level: "note",
    says: '"laminar" without "subflow"',
  },
  {
    name: "the first path's own address, announced",
    facts: { endpoints: [endpoint("signal", { address: "10.9.1.1", device: "c1" })] },
    promise: "none",
    level: "note",
    says: "only announced",
  },
  {
    name: "the address that the connection starts from",
    facts: { endpoints: [endpoint("subflow", { address: "10.9.1.1", device: "c1" })] },
    promise: "none",
    level: "note",
    says: "the first path starts from",
  },
  {
    name: "the other family",
    facts: { endpoints: [endpoint("subflow", { address: "fd09:2::1" })] },
    promise: "none",
    level: "note",
    says: "is of IPv6, and the connection of IPv4",
  },
  {
    name: "an address that nobody has, and the interface has another",
    facts: { endpoints: [endpoint("subflow backup", { address: "10.9.2.99" })] },
    promise: "broken",
    level: "problem",
    says: "c2 has 10.9.2.1 now",
    remedy: "ip mptcp endpoint delete id 2 && ip mptcp endpoint add 10.9.2.1 dev c2 subflow backup",
  },
  {
    name: "an address that nobody has, and no interface to ask",
    facts: { endpoints: [endpoint("subflow", { address: "10.9.2.99", device: null })] },
    promise: "broken",
    level: "problem",
    says: "no interface has the address",
    remedy: "ip mptcp endpoint delete id 2",
  },
  {
    name: "an address that nobody has, on the first path's interface",
    facts: { endpoints: [endpoint("subflow", { address: "10.9.1.99", device: "c1" })] },
    promise: "broken",
    level: "problem",
    says: "no interface has the address",
    remedy: "ip mptcp endpoint delete id 2",
  },
  {
    name: "an address on another interface than it says",
    facts: { endpoints: [endpoint("subflow", { device: "c1" })] },
    promise: "broken",
    level: "problem",
    says: "the address is on c2",
    remedy: "ip mptcp endpoint delete id 2 && ip mptcp endpoint add 10.9.2.1 dev c2 subflow",
  },
  {
    name: "an address of loopback, which may leave by any interface",
    facts: {
      interfaces: [
        { ...lo, addresses: [...lo.addresses, ...c2.addresses] },
        c1,
        { ...c2, addresses: [] },
      ],
    },
    promise: "path",
    level: "ok",
    says: "would make a path",
  },
  {
    name: "an address under duplicate detection",
    facts: {
      interfaces: [
        c1,
        { ...c2, addresses: c2.addresses.map((a) => ({ ...a, isTentative: true })) },
      ],
    },
    promise: "broken",
    level: "problem",
    says: "DAD",
  },
  {
    name: "an interface that is switched off",
    facts: { interfaces: [c1, { ...c2, isUp: false, isRunning: false }] },
    promise: "broken",
    level: "problem",
    says: "switched off",
    remedy: "ip link set c2 up",
  },
  {
    name: "an interface without carrier",
    facts: { interfaces: [c1, { ...c2, isRunning: false }] },
    promise: "broken",
    level: "problem",
    says: "no carrier",
  },
  {
    name: "no route",
    ways: ways({ taken: NO_ROUTE, byOwner: NO_ROUTE }),
    promise: "broken",
    level: "problem",
    says: "(Network is unreachable)",
    remedy: "ip route add default via GATEWAY dev c2 metric 30000",
  },
  {
    name: "a server that is only assumed to be a neighbour",
    ways: ways({ taken: { kind: "assumed", interfaceName: "c2" } }),
    promise: "broken",
    level: "problem",
    says: "for a neighbour on c2",
    remedy: "ip route add default via GATEWAY dev c2 metric 30000",
  },
  {
    name: "bound to nothing, and the wrong way out",
    facts: { endpoints: [endpoint("subflow", { device: null })] },
    ways: ways({ taken: by("c1", "10.9.1.2") }),
    promise: "broken",
    level: "problem",
    says: "leave by c1",
    remedy: "ip mptcp endpoint delete id 2 && ip mptcp endpoint add 10.9.2.1 dev c2 subflow",
  },
  {
    name: "bound to nothing, the wrong way out, and no other",
    facts: { endpoints: [endpoint("subflow", { device: null })] },
    ways: ways({ taken: by("c1"), byOwner: { kind: "assumed", interfaceName: "c2" } }),
    promise: "broken",
    level: "problem",
    says: "leave by c1",
    remedy: "ip route add default via GATEWAY dev c2 metric 30000",
  },
  {
    name: "bound to nothing, and a rule for its packets",
    facts: { endpoints: [endpoint("subflow", { device: null })] },
    ways: ways({ unbound: by("c2", "10.9.2.2") }),
    promise: "path",
    level: "ok",
    says: "endpoint 2 (10.9.2.1) would make a path",
  },
  {
    name: "a strict reverse path filter",
    facts: { interfaces: [c1, { ...c2, reversePathFilter: 1 }] },
    promise: "broken",
    level: "problem",
    says: "strict reverse path filter",
    remedy: "sysctl -w net.ipv4.conf.c2.rp_filter=2",
  },
  {
    name: "a strict reverse path filter, and a rule for its packets",
    facts: { interfaces: [c1, { ...c2, reversePathFilter: 1 }] },
    ways: ways({ unbound: by("c2", "10.9.2.2") }),
    promise: "path",
    level: "ok",
    says: "would make a path",
  },
  {
    name: "a loose reverse path filter",
    facts: { interfaces: [c1, { ...c2, reversePathFilter: 2 }] },
    promise: "path",
    level: "ok",
    says: "would make a path",
  },
  {
    name: "a second address of the first path's interface",
    facts: {
      endpoints: [endpoint("subflow", { address: "10.9.1.7", device: "c1" })],
      interfaces: [{ ...c1, addresses: [...c1.addresses, ...uplink("c1", "10.9.1.7").addresses] }],
    },
    ways: ways({ taken: by("c1", "10.9.1.2") }),
    promise: "same-link",
    level: "note",
    says: "no other link",
  },
  {
    name: "anywhere, without a default route",
    ways: ways({}, { first: NO_ROUTE, source: null, destination: null }),
    promise: "none",
    level: "note",
    says: "shows with a URL",
  },
];

describe("endpointStates", () => {
  for (const { name, facts, ways: to = ways(), promise, level, says, remedy } of TABLE) {
    test(`${level} for ${name}`, () => {
      const [state, ...more] = endpointStates(machine(facts), to);
      expect(more).toEqual([]);
      expect(state?.promise).toBe(promise);
      expect(state?.finding).toMatchObject({ level, topic: "endpoint", remedy: remedy ?? null });
      expect(state?.finding.text).toContain(says);
    });
  }

  test("leave out those that the kernel made itself", () => {
    const endpoints = [endpoint("subflow"), endpoint("implicit", { id: 9 })];
    const states = endpointStates(machine({ endpoints }), ways());
    expect(states.map((state) => state.endpoint.id)).toEqual([2]);
  });

  test("write IPv6 routes as such, and odd interface names so that a shell takes them for one word", () => {
    const device = "c2;reboot";
    const facts = machine({
      endpoints: [endpoint("subflow", { address: "fd09:2::1", device })],
      interfaces: [uplink("c1", "fd09:1::1"), uplink(device, "fd09:2::1")],
    });
    const to = ways({ taken: NO_ROUTE }, { family: "ipv6", source: "fd09:1::1" });
    expect(endpointStates(facts, to)[0]?.finding.remedy).toBe(
      "ip -6 route add default via GATEWAY dev 'c2;reboot' metric 30000",
    );
  });

  test("name the setting of a VLAN's interface as sysctl wants it", () => {
    const vlan = uplink("c2.7", "10.9.2.1", { reversePathFilter: 1 });
    const facts = machine({
      endpoints: [endpoint("subflow", { device: "c2.7" })],
      interfaces: [c1, vlan],
    });
    expect(endpointStates(facts, ways({ taken: by("c2.7") }))[0]?.finding.remedy).toBe(
      "sysctl -w net.ipv4.conf.c2/7.rp_filter=2",
    );
  });
});

describe("missingEndpoints", () => {
  const missing = (facts: MachineFacts, to = ways()) =>
    missingEndpoints(facts, { ways: to, states: endpointStates(facts, to) });

  test("are none where each uplink has one", () => {
    expect(missing(machine())).toEqual([]);
  });

  test("name the interface that could have the first", () => {
    expect(missing(machine({ endpoints: [] }))).toMatchObject([
      { level: "problem", remedy: "ip mptcp endpoint add 10.9.2.1 dev c2 subflow" },
    ]);
  });

  test.each([
    ["the first path's own", endpoint("subflow", { address: "10.9.1.1", device: "c1" })],
    ["of the other family", endpoint("subflow", { address: "fd09:2::1" })],
  ])("are told where the only one is %s", (_, one) => {
    expect(missing(machine({ endpoints: [one] }))[0]?.remedy).toContain("10.9.2.1 dev c2");
  });

  test("prefer an interface with a default route", () => {
    const c0 = uplink("c0", "172.17.0.1", { defaultRoutes: [] });
    const facts = machine({ endpoints: [], interfaces: [c0, c1, c2] });
    expect(missing(facts)[0]?.remedy).toContain("10.9.2.1 dev c2");
  });

  test.each([
    ["down", { isUp: false }],
    ["without carrier", { isRunning: false }],
    ["without an address", { addresses: [] }],
  ])("have no remedy where the only other interface is %s", (_, change) => {
    const facts = machine({ endpoints: [], interfaces: [lo, c1, { ...c2, ...change }] });
    expect(missing(facts)).toMatchObject([{ level: "problem", remedy: null }]);
  });

  test("are a note where there are others", () => {
    const facts = machine({ interfaces: [c1, c2, uplink("c3", "10.9.3.1")] });
    expect(missing(facts)).toMatchObject([{ level: "note", remedy: null }]);
    expect(missing(facts)[0]?.text).toContain("10.9.3.1 on c3");
  });

  test("are not told again where an endpoint's own remedy names the address", () => {
    expect(
      missing(machine({ endpoints: [endpoint("subflow", { address: "10.9.2.99" })] })),
    ).toEqual([]);
    expect(missing(machine({ endpoints: [endpoint("signal")] }))).toEqual([]);
  });

  test("are none towards this machine itself, and no endpoint is called broken for it", () => {
    const to = ways({ taken: NO_ROUTE }, { first: by("lo"), source: "127.0.0.1" });
    expect(missing(machine({ endpoints: [] }), to)).toMatchObject([{ level: "note" }]);
    expect(endpointStates(machine(), to)).toMatchObject([
      { promise: "none", finding: { level: "note", remedy: null } },
    ]);
  });

  test("are not guessed where the kernel does not list", () => {
    expect(missing(machine({ endpoints: [], limits: null }))).toEqual([]);
  });
});
