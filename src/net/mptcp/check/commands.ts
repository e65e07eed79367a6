// The commands that mend what a check finds, as one pastes them into a shell. Pure.
//
// Here: their exact form (ip-mptcp(8), ip-route(8), sysctl(8)). Not here: when which is right (the rules). What is not
// known is a word in capitals: a command with a guess in it could cut off the machine it is run on.

import type { EndpointFacts } from "./facts.ts";

/** Large enough for any default route that is there to stay the better one (NetworkManager goes up to 20,100). */
const LAST_METRIC = 30_000;

/** Blackholes double the time for which the kernel keeps MPTCP off; writing the setting, any value, ends it. */
export function resetBlackHole(timeoutSeconds: number): string {
  return setting("net.mptcp.blackhole_timeout", timeoutSeconds);
}

/** @param name with dots; those of an interface's name are written as "/", as sysctl(8) wants them */
export function setting(name: string, value: number | string): string {
  return `sysctl -w ${quoted(name)}=${value}`;
}

export function setSubflowLimit(subflows: number): string {
  return `ip mptcp limits set subflows ${subflows}`;
}

export function addEndpoint(address: string, device: string): string {
  return `ip mptcp endpoint add ${address} dev ${quoted(device)} subflow`;
}

/** Endpoints cannot be changed but for "backup" and "fullmesh": it goes and comes again, as what it should be. */
export function replaceEndpoint(
  { id, flags, address: old }: EndpointFacts,
  { address = old, device }: { readonly address?: string; readonly device: string },
): string {
  const words = (["signal", "backup", "fullmesh"] as const).filter((flag) => flags[flag]);
  // The kernel takes no endpoint that is both.
  const kept = words.filter((word) => word !== "fullmesh" || !flags.signal);
  return `${deleteEndpoint(id)} && ${[addEndpoint(address, device), ...kept].join(" ")}`;
}

export function deleteEndpoint(id: number): string {
  return `ip mptcp endpoint delete id ${id}`;
}

export function addDefaultRoute(family: "ipv4" | "ipv6", device: string): string {
  const ip = family === "ipv4" ? "ip" : "ip -6";
  return `${ip} route add default via GATEWAY dev ${quoted(device)} metric ${LAST_METRIC}`;
}

export function switchOn(device: string): string {
  return `ip link set ${quoted(device)} up`;
}

/** The kernel allows any byte but "/" and blanks in an interface's name. */
export function quoted(word: string): string {
  return /^[\w.:@/+-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
