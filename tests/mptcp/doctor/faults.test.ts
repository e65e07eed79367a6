// --mptcp-check in networks that each have one thing wrong on either end. What is asked of it: the exit code says how
// many paths there are, the finding says why, and the command that it names, run where it says, mends the network.
//
//     client c1 10.9.1.1 ── r1 ── server 10.9.100.1      (uplinks() of tests/support/mptcp/paths.ts)
//            c2 10.9.2.1 ── r2 ──┘
import { expect } from "bun:test";
import type { Topology } from "../../support/mptcp/netns.ts";
import { type Family, startServer, uplinks } from "../../support/mptcp/paths.ts";
import { inNamespaces } from "../lab.ts";
import { check, mend, urlOf } from "./checked.ts";

/** Where c2's packets go next. */
function gatewayOf(family: Family): string {
  return family === "IPv4" ? "10.9.2.2" : "fd09:2::2";
}

interface Fault {
  readonly name: string;
  readonly family?: Family;
  readonly cause: (topology: Topology) => Promise<unknown>;
  /** Seen with a URL. */
  readonly exitCode: 1 | 2;
  readonly says: RegExp;
  /** Seen without one. */
  readonly withoutUrl: 0 | 1 | 2;
  /** The commands that mend it, one check each; empty: none here can. */
  readonly remedies: readonly RegExp[];
}

const REPLACED =
  /^ip mptcp endpoint delete id \d+ && ip mptcp endpoint add 10\.9\.2\.1 dev c2 subflow/;

async function onlyEndpoint(topology: Topology, words: string): Promise<void> {
  await topology.ip("client", "mptcp endpoint flush");
  await topology.ip("client", `mptcp endpoint add ${words}`);
}

const FAULTS: readonly Fault[] = [
  {
    name: "no endpoint",
    cause: (topology) => topology.ip("client", "mptcp endpoint flush"),
    exitCode: 1,
    says: /no endpoint for a second path/,
    withoutUrl: 1,
    remedies: [/^ip mptcp endpoint add 10\.9\.2\.1 dev c2 subflow$/],
  },
  {
    name: "net.mptcp.enabled=0",
    cause: (topology) => topology.sysctl("client", "net.mptcp.enabled", 0),
    exitCode: 2,
    says: /switched off in this network namespace/,
    withoutUrl: 2,
    remedies: [/^sysctl -w net\.mptcp\.enabled=1$/],
  },
  {
    name: "an endpoint whose address is nobody's",
    cause: (topology) => onlyEndpoint(topology, "10.9.2.99 dev c2 subflow"),
    exitCode: 1,
    says: /no interface has the address/,
    withoutUrl: 1,
    remedies: [REPLACED],
  },
  {
    name: "an endpoint that is bound to no interface",
    cause: (topology) => onlyEndpoint(topology, "10.9.2.1 subflow"),
    exitCode: 1,
    says: /leave by c1/,
    withoutUrl: 1,
    remedies: [REPLACED],
  },
  {
    name: "an endpoint that is bound to the wrong interface",
    cause: (topology) => onlyEndpoint(topology, "10.9.2.1 dev c1 subflow"),
    exitCode: 1,
    says: /the address is on c2/,
    withoutUrl: 1,
    remedies: [REPLACED],
  },
  {
    name: "an endpoint that is only announced",
    cause: (topology) => onlyEndpoint(topology, "10.9.2.1 dev c2 signal"),
    exitCode: 1,
    says: /only announced to peers/,
    withoutUrl: 1,
    remedies: [REPLACED],
  },
  {
    name: "fullmesh without subflow",
    cause: (topology) => onlyEndpoint(topology, "10.9.2.1 dev c2 fullmesh"),
    exitCode: 1,
    says: /"fullmesh" without "subflow"/,
    withoutUrl: 1,
    remedies: [REPLACED],
  },
  ...(["IPv4", "IPv6"] satisfies Family[]).map(
    (family): Fault => ({
      name: `no route by the second interface, ${family}`,
      family,
      cause: (topology) =>
        topology.ip("client", `${family === "IPv4" ? "" : "-6 "}route delete default dev c2`),
      exitCode: 1,
      says: /no route leads from it/,
      withoutUrl: 1,
      remedies: [/^ip (-6 )?route add default via GATEWAY dev c2 metric 30000$/],
    }),
  ),
  {
    name: "the second interface switched off, which takes its route with it",
    cause: (topology) => topology.ip("client", "link set c2 down"),
    exitCode: 1,
    says: /interface c2 is switched off/,
    withoutUrl: 1,
    remedies: [/^ip link set c2 up$/, /^ip route add default via GATEWAY dev c2/],
  },
  {
    name: "a strict reverse path filter",
    cause: (topology) => topology.sysctl("client", "net.ipv4.conf.c2.rp_filter", 1),
    exitCode: 1,
    says: /strict reverse path filter/,
    withoutUrl: 1,
    remedies: [/^sysctl -w net\.ipv4\.conf\.c2\.rp_filter=2$/],
  },
  {
    name: "no extra subflows",
    cause: (topology) => topology.ip("client", "mptcp limits set subflows 0"),
    exitCode: 1,
    says: /the limit of 0 paths/,
    withoutUrl: 1,
    remedies: [/^ip mptcp limits set subflows 2$/],
  },
  {
    name: "another path manager, and none that runs",
    cause: (topology) => topology.sysctl("client", "net.mptcp.pm_type", 1),
    exitCode: 1,
    says: /opens no paths from its endpoints/,
    withoutUrl: 1,
    remedies: [/^sysctl -w net\.mptcp\.(path_manager=kernel|pm_type=0)$/],
  },
  {
    name: "a server that rejects joins",
    cause: (topology) => topology.ip("server", "mptcp limits set subflows 0"),
    exitCode: 1,
    says: /made no path: the server rejected its join/,
    withoutUrl: 0,
    remedies: [/^ip mptcp limits set subflows 2$/],
  },
  {
    name: "a server with the C flag",
    cause: (topology) => topology.sysctl("server", "net.mptcp.allow_join_initial_addr_port", 0),
    exitCode: 1,
    says: /the C flag/,
    withoutUrl: 0,
    remedies: [/^sysctl -w net\.mptcp\.allow_join_initial_addr_port=1$/],
  },
];

for (const { name, family = "IPv4", cause, exitCode, says, withoutUrl, remedies } of FAULTS) {
  inNamespaces()(`${name}: ${exitCode}, the reason, and the remedy mends it`, async () => {
    const network = await uplinks({ family, rateMbit: 500 });
    await using topology = network.topology;
    await startServer(topology);
    await cause(topology);
    expect((await check(topology, [])).exitCode).toBe(withoutUrl);
    let seen = await check(topology, [urlOf(network)]);
    expect(seen.exitCode).toBe(exitCode);
    expect(seen.problems.map(({ text }) => text).join("\n")).toMatch(says);
    for (const remedy of remedies) {
      expect(seen.exitCode).toBeGreaterThan(0);
      expect(await mend(topology, seen, gatewayOf(family))).toMatch(remedy);
      seen = await check(topology, [urlOf(network)]);
    }
    expect(seen).toMatchObject({ exitCode: 0, problems: [] });
    expect((await check(topology, [])).exitCode).toBe(0);
  });
}
