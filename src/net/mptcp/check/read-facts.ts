// Reads what a check of MPTCP knows of this machine. Everything here may be asked by everyone.
//
// Here: the questions to the kernel, and its answers as plain data (facts.ts). What cannot be read is told as unknown:
// a check must come to its end on any machine. Not here: any judgement.
//
// Whether an earlier black hole keeps MPTCP switched off is in no file. It shows in a connect: one that the kernel
// makes plain TCP by itself is so before a packet has left (measured, 6.18: TCP_IS_MPTCP is 0 as soon as a non-blocking
// connect(2) returns, on loopback too), so that a port of our own on loopback is asked, and nobody is bothered.

import { SyscallError } from "#ffi/errno.ts";
import { isMptcp } from "#ffi/mptcp.ts";
import { whyNoMptcpSocket } from "#ffi/mptcp-socket.ts";
import { listEndpoints, type PmEndpoint, readLimits } from "#ffi/netlink/mptcp-pm.ts";
import {
  type AddressFacts,
  isAssumedOnLink,
  type LinkFacts,
  listAddresses,
  listDefaultRoutes,
  listLinks,
  lookUpRoute,
  type RouteFacts,
  type RouteQuery,
} from "#ffi/netlink/rtnetlink.ts";
import { mptcpCountersOf, readNetstat, readSysctl } from "#ffi/proc.ts";
import { bindSocket, closeSocket, localAddress, openSocket, startConnect } from "#ffi/socket.ts";
import { formatIpAddress, parseIpv4, parseIpv6 } from "../../../ip-address.ts";
import type { MptcpCounters } from "../verdict.ts";
import {
  type EndpointFacts,
  type EndpointWays,
  type InterfaceFacts,
  type IpFamily,
  type MachineFacts,
  ownerOf,
  type Way,
  type Ways,
} from "./facts.ts";

/** All of net.mptcp on Linux 6.18 that are settings of this machine (mptcp-sysctl). */
const SETTINGS = [
  "enabled",
  "path_manager",
  "pm_type",
  "scheduler",
  "blackhole_timeout",
  "syn_retrans_before_tcp_fallback",
  "add_addr_timeout",
  "allow_join_initial_addr_port",
  "checksum_enabled",
  "close_timeout",
  "stale_loss_cnt",
];

/** Somewhere that the default route leads to, for looking it up; nothing is sent there (a.root-servers.net). */
const FAR_AWAY: { readonly [family in IpFamily]: Uint8Array } = {
  ipv4: Uint8Array.of(198, 41, 0, 4),
  ipv6: Uint8Array.of(0x20, 0x01, 0x05, 0x03, 0xba, 0x3e, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0x30),
};

/** rtnetlink: type of a route that leads somewhere, and of one that leads to ourselves. */
const ROUTES_THAT_LEAD = new Set([1, 2]);

/** @throws LibcUnavailable where there is no C library to ask through */
export function readMachineFacts(): MachineFacts {
  const counters = readCounters();
  const links = orElse(listLinks, []);
  const pathManager = readPathManager();
  const socketRefusal = trySocket();
  return {
    socketRefusal,
    loopback: socketRefusal === null ? tryLoopback() : "unknown",
    settings: readSettings(),
    counters,
    limits: pathManager.limits,
    endpoints: pathManager.endpoints.map((endpoint) => describeEndpoint(endpoint, links)),
    pathManagerRefusal: pathManager.refusal,
    interfaces: describeInterfaces(links),
  };
}

/** The MPTcpExt counters now; empty where they cannot be read. */
export function readCounters(): MptcpCounters {
  return mptcpCountersOf(readNetstat() ?? "");
}

/**
 * The ways to one destination.
 * @param to its numeric address, null: anywhere; and where a connection to it began, null: where one would
 */
export function readWays(
  facts: MachineFacts,
  to: {
    readonly family: IpFamily;
    readonly address: string | null;
    readonly source: string | null;
  },
): Ways {
  const destination = to.address === null ? FAR_AWAY[to.family] : bytesOfAddress(to.address);
  const links = orElse(listLinks, []);
  const look = (source: string | null, device: string | null): Way =>
    lookUp(links, {
      destination,
      source: source === null ? null : bytesOfAddress(source),
      interfaceIndex: links.find(({ name }) => name === device)?.index ?? 0,
    });
  const endpoints = facts.endpoints
    .filter(({ family }) => family === to.family)
    .map(({ id, address, device }): EndpointWays => {
      const owner = ownerOf(facts, address);
      return {
        id,
        taken: look(address, device),
        byOwner: owner === null ? null : look(address, owner.name),
        unbound: look(address, null),
      };
    });
  const source = to.source ?? preferredSource(destination);
  return { ...to, destination: to.address, first: look(to.source, null), source, endpoints };
}

/** The interface that packets between two addresses leave by, as the endpoints bind them; null: unknown. */
export function readEgress(
  facts: MachineFacts,
  { local, remote }: { readonly local: string; readonly remote: string },
): string | null {
  const device = facts.endpoints.find(({ address }) => address === local)?.device ?? null;
  const links = orElse(listLinks, []);
  const way = lookUp(links, {
    destination: bytesOfAddress(remote),
    source: bytesOfAddress(local),
    interfaceIndex: links.find(({ name }) => name === device)?.index ?? 0,
  });
  return way.kind === "none" ? null : way.interfaceName;
}

function trySocket(): MachineFacts["socketRefusal"] {
  try {
    closeSocket(openSocket("ipv4", "mptcp"));
    return null;
  } catch (error) {
    if (!(error instanceof SyscallError)) throw error;
    const reason = whyNoMptcpSocket(error) ?? `the kernel opens no MPTCP socket: ${error.reason}`;
    return { reason, isSwitchedOff: error.code === "ENOPROTOOPT" };
  }
}

/** A port that is ours and listens to nobody: the connect is refused by ourselves, and moves no counter of joins. */
function tryLoopback(): MachineFacts["loopback"] {
  const descriptors: number[] = [];
  try {
    const port = openSocket("ipv4", "tcp");
    descriptors.push(port);
    bindSocket(port, { family: "ipv4", ip: Uint8Array.of(127, 0, 0, 1), port: 0 });
    const client = openSocket("ipv4", "mptcp");
    descriptors.push(client);
    startConnect(client, localAddress(port));
    const answer = isMptcp(client);
    return answer === null ? "unknown" : answer ? "mptcp" : "switched-off";
  } catch (error) {
    if (!(error instanceof SyscallError)) throw error;
    return "unknown";
  } finally {
    for (const fd of descriptors) closeSocket(fd);
  }
}

function readSettings(): Map<string, string> {
  const settings = new Map<string, string>();
  for (const name of SETTINGS) {
    const value = readSysctl(`net.mptcp.${name}`);
    if (value !== null) settings.set(name, value);
  }
  return settings;
}

function readPathManager(): {
  readonly limits: MachineFacts["limits"];
  readonly endpoints: readonly PmEndpoint[];
  readonly refusal: string | null;
} {
  try {
    return { limits: readLimits(), endpoints: listEndpoints(), refusal: null };
  } catch (error) {
    if (!(error instanceof SyscallError)) throw error;
    return { limits: null, endpoints: [], refusal: error.reason };
  }
}

function describeEndpoint(
  { id, family, ip, flags, interfaceIndex }: PmEndpoint,
  links: readonly LinkFacts[],
): EndpointFacts {
  const link = links.find(({ index }) => index === interfaceIndex);
  const device = interfaceIndex === 0 ? null : (link?.name ?? `interface ${interfaceIndex}`);
  return { id, family, address: formatIpAddress(ip), device, flags };
}

function describeInterfaces(links: readonly LinkFacts[]): InterfaceFacts[] {
  const addresses = orElse(listAddresses, []);
  const withDefault = (family: IpFamily): Set<number> =>
    new Set(
      orElse(() => listDefaultRoutes(family), []).map(({ interfaceIndex }) => interfaceIndex),
    );
  const defaults = { ipv4: withDefault("ipv4"), ipv6: withDefault("ipv6") };
  return links.map(({ index, name, isUp, isRunning, isLoopback }) => ({
    name,
    isUp,
    isRunning,
    isLoopback,
    addresses: addresses.filter((one) => one.interfaceIndex === index).map(describeAddress),
    defaultRoutes: (["ipv4", "ipv6"] as const).filter((family) => defaults[family].has(index)),
    reversePathFilter: reversePathFilterOf(name),
  }));
}

function describeAddress({ family, ip, scope, isTentative }: AddressFacts) {
  return { family, address: formatIpAddress(ip), isGlobal: scope === 0, isTentative };
}

function reversePathFilterOf(name: string): number | null {
  const own = readSysctl(`net/ipv4/conf/${name}/rp_filter`);
  const all = readSysctl("net/ipv4/conf/all/rp_filter");
  return own === null || all === null ? null : Math.max(Number(own), Number(all));
}

function lookUp(links: readonly LinkFacts[], query: RouteQuery): Way {
  try {
    const { interfaceIndex, gateway, type } = lookUpBound(query);
    const name = links.find(({ index }) => index === interfaceIndex)?.name;
    if (!ROUTES_THAT_LEAD.has(type) || name === undefined) {
      return { kind: "none", reason: "the route to it refuses packets" };
    }
    if (isAssumedOnLink(query)) return { kind: "assumed", interfaceName: name };
    return { kind: "route", interfaceName: name, gateway: gateway && formatIpAddress(gateway) };
  } catch (error) {
    if (!(error instanceof SyscallError)) throw error;
    return { kind: "none", reason: error.reason };
  }
}

/**
 * The route of a socket that is bound to address and interface. IPv6 holds a question to its interface only where it
 * names no source (ip6_route_output_flags), a bound socket always; so where the answer is another interface, it is
 * asked again without. @throws SyscallError
 */
function lookUpBound(query: RouteQuery): RouteFacts {
  const route = lookUpRoute(query);
  const { destination, interfaceIndex } = query;
  const isHeld =
    destination.length === 4 || interfaceIndex === 0 || route.interfaceIndex === interfaceIndex;
  return isHeld ? route : lookUpRoute({ ...query, source: null });
}

function preferredSource(destination: Uint8Array): string | null {
  try {
    const { preferredSource: ip } = lookUpRoute({ destination, source: null, interfaceIndex: 0 });
    return ip && formatIpAddress(ip);
  } catch (error) {
    if (!(error instanceof SyscallError)) throw error;
    return null;
  }
}

/** @throws RangeError for what is no address: a bug */
function bytesOfAddress(text: string): Uint8Array {
  const bytes = parseIpv4(text) ?? parseIpv6(text);
  if (!bytes) throw new RangeError(`"${text}" is no IP address`);
  return bytes;
}

function orElse<T>(read: () => T, otherwise: T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof SyscallError)) throw error;
    return otherwise;
  }
}
