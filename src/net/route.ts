// placeholder
import type { ConnectToRule, ResolveRule } from "./resolve.ts";
export interface RouteSpec {
  readonly protocol: "mptcp" | "tcp";
  readonly family: "any" | "ipv4" | "ipv6";
  readonly resolve: readonly ResolveRule[];
  readonly connectTo: readonly ConnectToRule[];
  readonly unixSocket: string | null;
}
