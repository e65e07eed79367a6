// One try to connect: a socket, its source, and connect(2) under way.
//
// Here: what is done before connect(2), and an attempt in words. Not here: which address when (race.ts), who wins
// (run-race.ts). Bun sees the end of the connect (stream.ts).

import { IP_BIND_ADDRESS_NO_PORT, IPPROTO_IP } from "#ffi/constants.ts";
import { SyscallError } from "#ffi/errno.ts";
import { LibcUnavailable } from "#ffi/libc.ts";
import type { SocketAddress } from "#ffi/sockaddr.ts";
import { bindSocket, bindToDevice, closeSocket, openSocket, startConnect } from "#ffi/socket.ts";
import { parseIpv4, parseIpv6 } from "../../ip-address.ts";
import type { AttemptFacts } from "../../trace.ts";
import type { SourceAddress } from "../mptcp/endpoints.ts";
import { ConnectFailure, SocketStream } from "../stream.ts";
import { type KeepAliveTimes, setIfPossible, setKeepAlive } from "./keep-alive.ts";
import type { Attempt } from "./race.ts";

export interface AttemptOptions {
  readonly protocol: "mptcp" | "tcp";
  /** Where to connect from; null: the kernel chooses. */
  readonly source: SourceAddress | null;
  readonly keepAlive: KeepAliveTimes | null;
}

export interface OpenAttempt {
  readonly stream: SocketStream;
  readonly connected: Promise<void>;
}

/** @throws SyscallError; RangeError for a Unix path that is too long */
export function openAttempt(
  address: SocketAddress,
  { protocol, source, keepAlive }: AttemptOptions,
): OpenAttempt {
  const fd = openSocket(address.family, protocol);
  try {
    if (keepAlive) setKeepAlive(fd, keepAlive);
    if (source) bindTo(fd, source);
    startConnect(fd, address);
  } catch (error) {
    closeSocket(fd);
    throw error;
  }
  return SocketStream.adopt(fd);
}

/** The address alone reaches nothing where no policy rule leads its packets to its interface: hence the device. */
function bindTo(fd: number, { family, address, interfaceName }: SourceAddress): void {
  bindToDevice(fd, interfaceName);
  // Else bind(2) takes a port of its own, and 28,000 connections use up all there are (ip(7)).
  setIfPossible(fd, { level: IPPROTO_IP, name: IP_BIND_ADDRESS_NO_PORT, value: 1 });
  bindSocket(fd, ipSocketAddress({ family, address, port: 0, scopeId: 0 }));
}

/** @throws Error for an address that is not numeric, which is a bug */
export function ipSocketAddress(place: {
  readonly family: "ipv4" | "ipv6";
  readonly address: string;
  readonly port: number;
  readonly scopeId: number;
}): SocketAddress {
  const { family, address, port, scopeId } = place;
  const ip = family === "ipv4" ? parseIpv4(address) : parseIpv6(address);
  if (!ip) throw new Error(`"${address}" is no ${family} address`);
  return family === "ipv4" ? { family, ip, port } : { family, ip, port, scopeId };
}

/** An attempt for listeners; the source and the protocol where they are not what a dial begins with. */
export function factsOf({ candidate, source, standsInFor }: Attempt): AttemptFacts {
  return {
    address: candidate.address,
    port: candidate.port,
    ...(source && { from: { address: source.address, interfaceName: source.interfaceName } }),
    ...(standsInFor && { protocol: "tcp" }),
  };
}

/** An attempt in messages. */
export function nameOf({ candidate, source, standsInFor }: Attempt): string {
  const from = source ? ` from ${source.address} (${source.interfaceName})` : "";
  return `${candidate.address}${from}${standsInFor ? " without MPTCP" : ""}`;
}

/** Whether the system would not connect; anything else is a bug. RangeError: a Unix socket's path is too long. */
export function isRefusal(error: unknown): error is Error {
  return (
    error instanceof SyscallError ||
    error instanceof ConnectFailure ||
    error instanceof LibcUnavailable ||
    error instanceof RangeError
  );
}

/** The kernel's words where it spoke. */
export function reasonOf(error: Error): string {
  return error instanceof SyscallError ? error.reason : error.message;
}
