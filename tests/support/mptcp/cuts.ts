// Ways for a path of paths.ts' uplinks() to die in mid-transfer, and how it is mended.
//
// Each kind is what one misfortune of real networks does: a link that goes down here or one hop on, packets that
// vanish, an address that is taken away, a middlebox that resets. mend() undoes all of them at once, because after a
// link was down its addresses (IPv6) and routes are gone too. The kernel does not open a lost subflow again by itself,
// only rejoin() makes it. Not here: what follows from a cut for the program (tests/mptcp).
import { ruleTable } from "./middlebox.ts";
import type { Uplink, UplinkNetwork } from "./paths.ts";

export const CUT_KINDS = [
  "silent drop",
  "client's link down",
  "router's link down",
  "address deleted",
  "reset",
] as const;

export type CutKind = (typeof CUT_KINDS)[number];

/** In the router of a path, for every packet that it forwards. */
function forwardRule(router: string, rule: string): string {
  return `ip netns exec ${router} nft '${ruleTable(rule)}'`;
}

const CUTS: Record<CutKind, (uplink: Uplink) => string> = {
  "silent drop": ({ router }) => forwardRule(router, "drop"),
  "client's link down": ({ device }) => `ip -n client link set ${device} down`,
  "router's link down": ({ router, near }) => `ip -n ${router} link set ${near} down`,
  "address deleted": ({ prefixed, device }) => `ip -n client address del ${prefixed} dev ${device}`,
  // Answers whatever comes from either side with a reset to that side.
  reset: ({ router }) => forwardRule(router, "meta l4proto tcp reject with tcp reset"),
};

/** Cuts paths, given by number, at once. */
export function cut(network: UplinkNetwork, kind: CutKind, ...paths: number[]): Promise<void> {
  const lines = paths.map((path) => CUTS[kind](pathOf(network, path)));
  return network.topology.shell(lines.join("\n"));
}

/** Undoes every cut of these paths. A subflow that the kernels gave up stays lost. */
export function mend(network: UplinkNetwork, ...paths: number[]): Promise<void> {
  const lines = paths.flatMap((path) => {
    const { router, device, near, far, layout } = pathOf(network, path);
    return [
      `ip netns exec ${router} nft flush ruleset`,
      `ip -n client link set ${device} up`,
      `ip -n ${router} link set ${near} up`,
      `ip -n ${router} link set ${far} up`,
      ...layout,
    ];
  });
  return network.topology.shell(lines.join("\n"));
}

/** Has the server's kernel end a path's subflows: a reset that arrives even where nobody sends anything. */
export async function resetByServer(network: UplinkNetwork, path: number): Promise<void> {
  const { address } = pathOf(network, path);
  const { exitCode, stderr } = await network.topology.run("server", [
    "ss",
    "-K",
    "-tn",
    "dst",
    address,
  ]);
  if (exitCode !== 0) throw new Error(`ss -K: ${stderr.trim()}`);
}

/** Has the client's kernel open subflows from these paths again, as a network manager does for an interface that is back. */
export function rejoin(network: UplinkNetwork, ...paths: number[]): Promise<void> {
  const lines = paths.flatMap((path) => {
    const { number, endpoint } = pathOf(network, path);
    if (endpoint === null) throw new Error(`path ${path} has no endpoint`);
    return [`ip -n client mptcp endpoint del id ${number} || true`, `ip -n client ${endpoint}`];
  });
  return network.topology.shell(lines.join("\n"));
}

function pathOf({ uplinks }: UplinkNetwork, number: number): Uplink {
  const found = uplinks[number - 1];
  if (found === undefined) throw new Error(`there is no path ${number}`);
  return found;
}
