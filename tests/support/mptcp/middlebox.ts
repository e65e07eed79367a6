// What something on the way does to packets, as a rule of nft: at a router of paths.ts' networks, or at any other hook
// of a namespace. Which rules there are is the business of who asks; a path that dies altogether is cuts.ts'.
import type { Topology } from "./netns.ts";

type Hook = "prerouting" | "input" | "forward" | "postrouting";

/** Text for nft: `rule` for every packet that comes by a hook. */
export function ruleTable(rule: string, hook: Hook = "forward"): string {
  return `table inet middlebox { chain ${hook} { type filter hook ${hook} priority 0; ${rule}; }; }`;
}

/** Has a router do this to the packets that it forwards, from now on; more rules come behind the first. */
export function middlebox(
  topology: Topology,
  rule: string,
  { router = "router" }: { readonly router?: string } = {},
): Promise<void> {
  return topology.nft(router, ruleTable(rule));
}
