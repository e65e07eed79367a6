// A machine with two uplinks as the facts of a check of MPTCP, all well unless a test says otherwise:
//
//     c1 10.9.1.1 ── 10.9.1.2 ── default route, metric 0
//     c2 10.9.2.1 ── 10.9.2.2 ── default route of a worse metric; endpoint 2

import type {
  EndpointFacts,
  EndpointWays,
  InterfaceFacts,
  MachineFacts,
  Way,
  Ways,
} from "../../src/net/mptcp/check/facts.ts";
import type { TrialFacts } from "../../src/net/mptcp/check/trial.ts";

export const SERVER = "10.9.100.1";

/** `words` are ip-mptcp(8)'s flags. */
export function endpoint(
  words: string,
  { id = 2, address = "10.9.2.1", device = "c2" as string | null } = {},
): EndpointFacts {
  const has = (word: string): boolean => words.split(" ").includes(word);
  return {
    id,
    family: address.includes(":") ? "ipv6" : "ipv4",
    address,
    device,
    flags: {
      signal: has("signal"),
      subflow: has("subflow"),
      backup: has("backup"),
      fullmesh: has("fullmesh"),
      implicit: has("implicit"),
      laminar: has("laminar"),
    },
  };
}

export function uplink(
  name: string,
  address: string,
  changes: Partial<InterfaceFacts> = {},
): InterfaceFacts {
  const family = address.includes(":") ? "ipv6" : "ipv4";
  return {
    name,
    isUp: true,
    isRunning: true,
    isLoopback: false,
    addresses: [{ family, address, isGlobal: true, isTentative: false }],
    defaultRoutes: [family],
    reversePathFilter: 0,
    ...changes,
  };
}

export function machine(changes: Partial<MachineFacts> = {}): MachineFacts {
  return {
    socketRefusal: null,
    loopback: "mptcp",
    settings: new Map([
      ["enabled", "1"],
      ["path_manager", "kernel"],
      ["blackhole_timeout", "3600"],
    ]),
    counters: new Map(),
    limits: { subflows: 2, addAddrAccepted: 2 },
    endpoints: [endpoint("subflow")],
    pathManagerRefusal: null,
    interfaces: [
      uplink("lo", "127.0.0.1", { isLoopback: true, defaultRoutes: [] }),
      uplink("c1", "10.9.1.1"),
      uplink("c2", "10.9.2.1"),
    ],
    ...changes,
  };
}

export function by(interfaceName: string, gateway: string | null = null): Way {
  return { kind: "route", interfaceName, gateway };
}

/** Ways from the machine; those of endpoint 2 as given, the rest by c1. */
export function ways(
  second: Partial<EndpointWays> = {},
  changes: Partial<Ways> = {},
): Ways & { readonly destination: string | null } {
  const way: EndpointWays = {
    id: 2,
    taken: by("c2", "10.9.2.2"),
    byOwner: by("c2", "10.9.2.2"),
    unbound: by("c1", "10.9.1.2"),
    ...second,
  };
  const first = by("c1", "10.9.1.2");
  const base = { family: "ipv4", destination: SERVER, first, source: "10.9.1.1" } as const;
  return { ...base, endpoints: [way], ...changes };
}

/** A connection over both uplinks. */
export function trial(changes: Partial<TrialFacts> = {}): TrialFacts {
  return {
    local: "10.9.1.1",
    remote: SERVER,
    family: "ipv4",
    state: { verdict: "mptcp", reason: null, token: 1 },
    subflows: [
      { local: "10.9.1.1", remote: SERVER, state: "established" },
      { local: "10.9.2.1", remote: SERVER, state: "established" },
    ],
    change: new Map(),
    ended: "joined",
    hasReply: true,
    ...changes,
  };
}
