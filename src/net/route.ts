// Which hops a connection is made of. Pure: no name is looked up, no socket opened.
//
// Every stack that there is, bottom first:
//
//   http  over TCP or MPTCP      [socket]
//   https over TCP or MPTCP      [socket] [tls]
//   http  over a Unix socket     [unix]
//   https over a Unix socket     [unix] [tls]

import type { Url } from "../url.ts";
import { type ConnectToRule, connectTarget } from "./connect-to.ts";
import type { FallbackReason } from "./mptcp/verdict.ts";
import type { ResolveRule } from "./resolve-rule.ts";
import type { TlsSpec } from "./tls.ts";

/** Where the request is meant for, whatever the way there. */
export interface Target {
  readonly scheme: string;
  /** Name or literal address, IPv6 without brackets. */
  readonly host: string;
  /** Zone of an IPv6 literal, by name or index; null: none. */
  readonly zoneId: string | null;
  readonly port: number;
}

/** What the user said about the way. */
export interface RouteSpec {
  /** "mptcp": --mptcp; every TCP connection is opened as IPPROTO_MPTCP. */
  readonly protocol: "mptcp" | "tcp";
  readonly family: "any" | "ipv4" | "ipv6";
  readonly resolve: readonly ResolveRule[];
  readonly connectTo: readonly ConnectToRule[];
  readonly unixSocket: string | null;
  readonly mptcp: MptcpSpec;
  readonly keepAlive: KeepAliveSpec;
}

/** How MPTCP is asked for; without meaning for TCP. */
export interface MptcpSpec {
  /** A connection that is not MPTCP is refused, and plain TCP never joins the race. */
  readonly required: boolean;
  /** How long a path may owe an answer; milliseconds, 0: for ever. */
  readonly pathTimeoutMs: number;
  /** MPTCP was asked for, and an earlier connection showed why it cannot be: plain TCP from the start. */
  readonly fellBack: FallbackReason | null;
}

/** Probes on an idle connection (tcp(7)); null: mpcurl's choice. */
export interface KeepAliveSpec {
  readonly enabled: boolean;
  /** First probe, and time between two. */
  readonly timeSeconds: number | null;
  readonly count: number | null;
}

export type Hop =
  | {
      readonly kind: "socket";
      readonly host: string;
      readonly zoneId: string | null;
      readonly port: number;
      readonly protocol: "mptcp" | "tcp";
    }
  | { readonly kind: "unix"; readonly path: string }
  | { readonly kind: "tls"; readonly serverName: string; readonly spec: TlsSpec };

/** Where a request for `url` is meant for. */
export function targetOf({ scheme, host, zoneId, port }: Url): Target {
  return { scheme, host: host.startsWith("[") ? host.slice(1, -1) : host, zoneId, port };
}

/** The hops to `target`, bottom first. */
export function planRoute(target: Target, spec: RouteSpec, tls: TlsSpec): Hop[] {
  const hops: Hop[] = [bottomHop(target, spec)];
  // The name that is asked for and checked stays the URL's, wherever --connect-to leads.
  if (target.scheme === "https") hops.push({ kind: "tls", serverName: target.host, spec: tls });
  return hops;
}

function bottomHop(target: Target, spec: RouteSpec): Hop {
  // A Unix socket replaces name, port and --connect-to; MPTCP has no meaning on it (curl --mptcp ignores it too).
  if (spec.unixSocket !== null) return { kind: "unix", path: spec.unixSocket };
  const { host, port, moved } = connectTarget(target, spec.connectTo);
  return {
    kind: "socket",
    host,
    zoneId: moved ? null : target.zoneId,
    port,
    protocol: spec.mptcp.fellBack ? "tcp" : spec.protocol,
  };
}

/**
 * What two transfers must have in common to share a connection: text, equal or not. The protocol belongs to it, so
 * that a transfer with --mptcp never gets a TCP connection, or the other way round.
 */
export function poolKey(target: Target, spec: RouteSpec, hops: readonly Hop[]): string {
  const { scheme, host, port } = target;
  const { family, mptcp } = spec;
  const place = [scheme, host.toLowerCase(), port, family, mptcp.required, hops];
  // Certificates by where they come from, which is the same for the same run, and not by their text.
  return JSON.stringify(place, (name, value) => (name === "pem" ? undefined : value));
}
