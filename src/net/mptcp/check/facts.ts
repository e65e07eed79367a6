// What a check of MPTCP knows of this machine, as plain data, and small questions about it. Pure.
//
// Not here: reading it (read-facts.ts) and judging it (the rules). Addresses are numeric text, interfaces are named:
// what people read and type.

import type { EndpointFlags } from "#ffi/netlink/mptcp-pm.ts";
import type { MptcpCounters } from "../verdict.ts";

export type IpFamily = "ipv4" | "ipv6";

export interface InterfaceAddress {
  readonly family: IpFamily;
  readonly address: string;
  /** Not link-local, not of this host alone. */
  readonly isGlobal: boolean;
  /** IPv6: not yet, or not at all, found to be nobody else's. */
  readonly isTentative: boolean;
}

export interface InterfaceFacts {
  /** Byte string. */
  readonly name: string;
  readonly isUp: boolean;
  /** It has a carrier. */
  readonly isRunning: boolean;
  readonly isLoopback: boolean;
  readonly addresses: readonly InterfaceAddress[];
  /** Families that have a default route by it in the main table. */
  readonly defaultRoutes: readonly IpFamily[];
  /** What counts for it of rp_filter(ip-sysctl): the larger of its own and that of "all"; null: unreadable. */
  readonly reversePathFilter: number | null;
}

export interface EndpointFacts {
  readonly id: number;
  readonly family: IpFamily;
  readonly address: string;
  /** The interface that it was bound to; null: none. */
  readonly device: string | null;
  readonly flags: EndpointFlags;
}

export interface MachineFacts {
  /** What socket(2) said to IPPROTO_MPTCP; null: it opened one. */
  readonly socketRefusal: { readonly reason: string; readonly isSwitchedOff: boolean } | null;
  /** What became of a connection to ourselves over loopback; the kernel asks no network before it switches MPTCP off. */
  readonly loopback: "mptcp" | "switched-off" | "unknown";
  /** net.mptcp.*, by the last part of the name. */
  readonly settings: ReadonlyMap<string, string>;
  /** Before anything of the check was sent. */
  readonly counters: MptcpCounters;
  /** null: the kernel did not tell; `pathManagerRefusal` says why. */
  readonly limits: { readonly subflows: number; readonly addAddrAccepted: number } | null;
  readonly endpoints: readonly EndpointFacts[];
  readonly pathManagerRefusal: string | null;
  readonly interfaces: readonly InterfaceFacts[];
}

/** The way that a packet would take. "assumed": no route leads there, IPv4 takes the far end for a neighbour. */
export type Way =
  | { readonly kind: "route"; readonly interfaceName: string; readonly gateway: string | null }
  | { readonly kind: "assumed"; readonly interfaceName: string }
  | { readonly kind: "none"; readonly reason: string };

/** The ways that a packet of an endpoint would take to one destination. */
export interface EndpointWays {
  readonly id: number;
  /** As the kernel sends its join: from the endpoint's address, by its device where it has one. */
  readonly taken: Way;
  /** From its address by the interface that has the address; null: none has. */
  readonly byOwner: Way | null;
  /** From its address, by whatever interface: what the reverse path filter compares with. */
  readonly unbound: Way;
}

/** The ways to one destination. */
export interface Ways {
  readonly family: IpFamily;
  /** null: anywhere, by the default route. */
  readonly destination: string | null;
  /** How a connection begins: by itself, or as it did. */
  readonly first: Way;
  /** Its own source address; null where there is no way. */
  readonly source: string | null;
  readonly endpoints: readonly EndpointWays[];
}

/** The interface that has an address. */
export function ownerOf(facts: MachineFacts, address: string): InterfaceFacts | null {
  const has = ({ addresses }: InterfaceFacts): boolean =>
    addresses.some((one) => one.address === address);
  return facts.interfaces.find(has) ?? null;
}

export function interfaceNamed(facts: MachineFacts, name: string): InterfaceFacts | null {
  return facts.interfaces.find((one) => one.name === name) ?? null;
}

/** "endpoint 2 (10.9.2.1 on c2)" */
export function nameOf({ id, address, device }: EndpointFacts): string {
  return `endpoint ${id} (${address}${device === null ? "" : ` on ${device}`})`;
}

/**
 * Whether the kernel opens subflows of its own from it. "fullmesh" and "laminar" alone only answer a server's
 * announcements, "signal" alone announces to peers, and "implicit" ones the kernel made for subflows that there are.
 */
export function opensSubflows({ flags }: EndpointFacts): boolean {
  return flags.subflow;
}

/** Whether the kernel's own path manager works, which endpoints are for. */
export function usesEndpoints({ settings }: MachineFacts): boolean {
  const name = settings.get("path_manager");
  return name === undefined ? (settings.get("pm_type") ?? "0") === "0" : name === "kernel";
}

/** Where a further endpoint could stand: an address of another interface than the first path's, best first. */
export function furtherAddresses(
  facts: MachineFacts,
  { family, first }: Ways,
): { readonly name: string; readonly address: string; readonly hasDefaultRoute: boolean }[] {
  if (first.kind !== "route") return [];
  const taken = new Set(facts.endpoints.map(({ address }) => address));
  const free = facts.interfaces
    .filter(({ isUp, isRunning, isLoopback }) => isUp && isRunning && !isLoopback)
    .filter(({ name }) => name !== first.interfaceName)
    .flatMap(({ name, addresses, defaultRoutes }) => {
      const usable = addresses.find(
        (one) => one.family === family && one.isGlobal && !one.isTentative,
      );
      const isTaken = addresses.some(({ address }) => taken.has(address));
      if (!usable || isTaken) return [];
      const hasDefaultRoute = defaultRoutes.includes(family);
      return [{ name, address: usable.address, hasDefaultRoute }];
    });
  return free.sort((a, b) => Number(b.hasDefaultRoute) - Number(a.hasDefaultRoute));
}
