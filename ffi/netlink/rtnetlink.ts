// Interfaces, addresses and routes of this network namespace (rtnetlink(7)); reading them needs no privileges.
//
// Here: what the kernel answers, decoded; nothing is changed. Not here: names ⇄ indices one at a time (socket.ts), and
// what the facts mean for a path (net/mptcp).
//
//     ifinfomsg  u8 family · u8 · u16 type · s32 index · u32 flags · u32 change
//     ifaddrmsg  u8 family · u8 prefix length · u8 flags · u8 scope · u32 index
//     rtmsg      u8 family · u8 dst_len · u8 src_len · u8 tos · u8 table · u8 protocol · u8 scope · u8 type · u32 flags

import {
  AF_INET,
  AF_INET6,
  IFA,
  IFA_F,
  IFF,
  IFLA,
  NETLINK_ROUTE,
  RT_TABLE_MAIN,
  RTA,
  RTEXT_FILTER_SKIP_STATS,
  RTM_F_LOOKUP_TABLE,
  RTM_GETADDR,
  RTM_GETLINK,
  RTM_GETROUTE,
  RTN_UNICAST,
  RTNH_F_DEAD,
} from "../constants.ts";
import { ERRNO, SyscallError } from "../errno.ts";
import {
  type Attributes,
  bytesOfU32,
  decodeAttributes,
  encodeAttribute,
  joinBytes,
  numberOf,
  transact,
} from "./netlink.ts";

export interface LinkFacts {
  readonly index: number;
  /** Byte string. */
  readonly name: string;
  /** IFF_UP: an administrator switched it on. */
  readonly isUp: boolean;
  /** IFF_RUNNING: it has a carrier. */
  readonly isRunning: boolean;
  readonly isLoopback: boolean;
}

export interface AddressFacts {
  readonly interfaceIndex: number;
  readonly family: "ipv4" | "ipv6";
  readonly ip: Uint8Array;
  readonly prefixLength: number;
  /** RT_SCOPE_UNIVERSE is 0, link 253, host 254. */
  readonly scope: number;
  /** IPv6: duplicate address detection is under way or failed (IFA_F_TENTATIVE, IFA_F_DADFAILED). */
  readonly isTentative: boolean;
}

export interface RouteQuery {
  readonly destination: Uint8Array;
  /** null: the kernel's choice. */
  readonly source: Uint8Array | null;
  /** "oif"; 0: any. */
  readonly interfaceIndex: number;
}

export interface RouteFacts {
  /** The interface that a packet would leave by. */
  readonly interfaceIndex: number;
  /** null: on link. */
  readonly gateway: Uint8Array | null;
  /** Which source address the kernel would prefer; null: none given. */
  readonly preferredSource: Uint8Array | null;
  /** RTN_UNICAST 1, RTN_LOCAL 2, RTN_BLACKHOLE 6, RTN_UNREACHABLE 7, RTN_PROHIBIT 8. */
  readonly type: number;
}

/** A default route of the main table, one next hop each. */
export interface DefaultRoute {
  readonly interfaceIndex: number;
  /** Less is better. */
  readonly metric: number;
}

const IFINFOMSG_BYTES = 16;
const IFADDRMSG_BYTES = 8;
const RTMSG_BYTES = 12;
/** struct rtnexthop: u16 length, u8 flags, u8 hops, s32 index, then attributes. */
const RTNEXTHOP_BYTES = 8;
/** struct rtvia begins with u16 family. */
const RTVIA_HEADER_BYTES = 2;

/** @throws SyscallError */
export function listLinks(): LinkFacts[] {
  const skipStatistics = encodeAttribute(IFLA.EXT_MASK, bytesOfU32(RTEXT_FILTER_SKIP_STATS));
  const payload = joinBytes([new Uint8Array(IFINFOMSG_BYTES), skipStatistics]);
  const answers = transact({ protocol: NETLINK_ROUTE, type: RTM_GETLINK, payload, isDump: true });
  return answers.map(decodeLink).filter((link) => link !== null);
}

/** @throws SyscallError */
export function listAddresses(): AddressFacts[] {
  const payload = new Uint8Array(IFADDRMSG_BYTES);
  const answers = transact({ protocol: NETLINK_ROUTE, type: RTM_GETADDR, payload, isDump: true });
  return answers.map(decodeAddress).filter((address) => address !== null);
}

/** Interfaces that have a default route in the main table, each once, best metric first. @throws SyscallError */
export function listDefaultRoutes(family: "ipv4" | "ipv6"): { interfaceIndex: number }[] {
  const payload = new Uint8Array(RTMSG_BYTES);
  payload[0] = family === "ipv4" ? AF_INET : AF_INET6;
  const answers = transact({ protocol: NETLINK_ROUTE, type: RTM_GETROUTE, payload, isDump: true });
  const routes = answers.flatMap(decodeDefaultRoutes).sort((a, b) => a.metric - b.metric);
  const indices = new Set(routes.map(({ interfaceIndex }) => interfaceIndex));
  return [...indices].map((interfaceIndex) => ({ interfaceIndex }));
}

/**
 * The way a packet would take ("ip route get").
 * @throws SyscallError ENETUNREACH without a route and, in IPv4, for a source that is not ours; EHOSTUNREACH, EACCES
 *   and EINVAL for routes of the types unreachable, prohibit and blackhole
 */
export function lookUpRoute(query: RouteQuery): RouteFacts {
  const payload = encodeRouteQuery(query);
  const [answer] = transact({ protocol: NETLINK_ROUTE, type: RTM_GETROUTE, payload });
  const route = answer && decodeRoute(answer);
  if (!route) throw new SyscallError("netlink", ERRNO.ENETUNREACH);
  return route;
}

/**
 * Whether no route leads there, and the kernel would only suppose that the destination is a neighbour on the interface
 * named: so IPv4 does, as soon as a packet is bound to one (ip_route_output_key_hash_rcu). Its answer then names no
 * table (measured, 6.18). IPv6 refuses. @throws SyscallError as lookUpRoute()
 */
export function isAssumedOnLink(query: RouteQuery): boolean {
  if (query.destination.length !== 4 || query.interfaceIndex === 0) return false;
  const payload = encodeRouteQuery(query);
  const [answer] = transact({ protocol: NETLINK_ROUTE, type: RTM_GETROUTE, payload });
  if (!answer) return false;
  return (numberOf(decodeAttributes(answer, RTMSG_BYTES).get(RTA.TABLE)) ?? answer[4]) === 0;
}

/** @param answer ifinfomsg and attributes; null where it is cut off */
export function decodeLink(answer: Uint8Array): LinkFacts | null {
  const name = decodeAttributes(answer, IFINFOMSG_BYTES).get(IFLA.IFNAME);
  if (answer.length < IFINFOMSG_BYTES || name === undefined) return null;
  const flags = u32At(answer, 8);
  const end = name.indexOf(0);
  return {
    index: u32At(answer, 4),
    name: String.fromCharCode(...(end < 0 ? name : name.subarray(0, end))),
    isUp: (flags & IFF.UP) !== 0,
    isRunning: (flags & IFF.RUNNING) !== 0,
    isLoopback: (flags & IFF.LOOPBACK) !== 0,
  };
}

/** @param answer ifaddrmsg and attributes; null for another family than IP, and where it is cut off */
export function decodeAddress(answer: Uint8Array): AddressFacts | null {
  const family = familyOf(answer);
  if (answer.length < IFADDRMSG_BYTES || family === null) return null;
  const attributes = decodeAttributes(answer, IFADDRMSG_BYTES);
  // With a peer, IFA_ADDRESS is the peer's; IPv6 without one has IFA_ADDRESS only (linux/if_addr.h).
  const ip = attributes.get(IFA.LOCAL) ?? attributes.get(IFA.ADDRESS);
  if (ip?.length !== lengthOf(family)) return null;
  const flags = numberOf(attributes.get(IFA.FLAGS)) ?? answer[2] ?? 0;
  return {
    interfaceIndex: u32At(answer, 4),
    family,
    ip: ip.slice(),
    prefixLength: answer[1] ?? 0,
    scope: answer[3] ?? 0,
    isTentative: (flags & (IFA_F.TENTATIVE | IFA_F.DADFAILED)) !== 0,
  };
}

/** @param answer rtmsg and attributes; one entry a next hop that is not dead, none for any other route */
export function decodeDefaultRoutes(answer: Uint8Array): DefaultRoute[] {
  if (answer.length < RTMSG_BYTES || answer[1] !== 0 || answer[7] !== RTN_UNICAST) return [];
  const attributes = decodeAttributes(answer, RTMSG_BYTES);
  if ((numberOf(attributes.get(RTA.TABLE)) ?? answer[4]) !== RT_TABLE_MAIN) return [];
  const metric = numberOf(attributes.get(RTA.PRIORITY)) ?? 0;
  const single = numberOf(attributes.get(RTA.OIF));
  const isDead = (u32At(answer, 8) & RTNH_F_DEAD) !== 0;
  const hops = single !== null ? (isDead ? [] : [single]) : nextHops(attributes);
  return hops.map((interfaceIndex) => ({ interfaceIndex, metric }));
}

/** Interfaces of RTA_MULTIPATH, dead ones left out. */
function nextHops(attributes: Attributes): number[] {
  const bytes = attributes.get(RTA.MULTIPATH) ?? new Uint8Array();
  const indices: number[] = [];
  for (let at = 0; at + RTNEXTHOP_BYTES <= bytes.length; ) {
    const length = (bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8);
    if (length < RTNEXTHOP_BYTES || at + length > bytes.length) break;
    if (((bytes[at + 2] ?? 0) & RTNH_F_DEAD) === 0) indices.push(u32At(bytes, at + 4));
    at += (length + 3) & ~3;
  }
  return indices;
}

/** rtmsg and attributes of an RTM_GETROUTE for one destination. */
export function encodeRouteQuery({ destination, source, interfaceIndex }: RouteQuery): Uint8Array {
  const header = new Uint8Array(RTMSG_BYTES);
  header[0] = destination.length === 4 ? AF_INET : AF_INET6;
  header[1] = destination.length * 8;
  header[2] = source === null ? 0 : source.length * 8;
  header.set(bytesOfU32(RTM_F_LOOKUP_TABLE), 8);
  const parts = [header, encodeAttribute(RTA.DST, destination)];
  if (source !== null) parts.push(encodeAttribute(RTA.SRC, source));
  if (interfaceIndex !== 0) parts.push(encodeAttribute(RTA.OIF, bytesOfU32(interfaceIndex)));
  return joinBytes(parts);
}

/** @param answer rtmsg and attributes; null where it is cut off or names no interface */
export function decodeRoute(answer: Uint8Array): RouteFacts | null {
  if (answer.length < RTMSG_BYTES) return null;
  const attributes = decodeAttributes(answer, RTMSG_BYTES);
  const interfaceIndex = numberOf(attributes.get(RTA.OIF));
  if (interfaceIndex === null) return null;
  // An IPv4 route may go by an IPv6 neighbour (RFC 5549): then there is RTA_VIA.
  const via = attributes.get(RTA.VIA)?.subarray(RTVIA_HEADER_BYTES);
  return {
    interfaceIndex,
    gateway: (attributes.get(RTA.GATEWAY) ?? via)?.slice() ?? null,
    preferredSource: attributes.get(RTA.PREFSRC)?.slice() ?? null,
    type: answer[7] ?? 0,
  };
}

function familyOf(answer: Uint8Array): "ipv4" | "ipv6" | null {
  return answer[0] === AF_INET ? "ipv4" : answer[0] === AF_INET6 ? "ipv6" : null;
}

function lengthOf(family: "ipv4" | "ipv6"): number {
  return family === "ipv4" ? 4 : 16;
}

function u32At(bytes: Uint8Array, at: number): number {
  return numberOf(bytes.subarray(at, at + 4)) ?? 0;
}
