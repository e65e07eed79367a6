// One try to connect: a socket, its options, its source, and connect(2) under way.
//
// Here: what is set before connect(2), the times of keep-alive probes, and an attempt in words. Not here: which address when (race.ts), who
// wins (dial.ts). Bun sees the end of the connect (stream.ts). Keep-alive options that were set before it hold for every
// subflow that MPTCP opens later too (measured on Linux 6.18: `ss -tno`, and a joined subflow that went silent was
// removed at the same time as a first one).

import {
  IP_BIND_ADDRESS_NO_PORT,
  IPPROTO_IP,
  IPPROTO_TCP,
  SO_KEEPALIVE,
  SOL_SOCKET,
  TCP_KEEPCNT,
  TCP_KEEPIDLE,
  TCP_KEEPINTVL,
} from "#ffi/constants.ts";
import { SyscallError } from "#ffi/errno.ts";
import { LibcUnavailable } from "#ffi/libc.ts";
import type { SocketAddress } from "#ffi/sockaddr.ts";
import {
  bindSocket,
  bindToDevice,
  closeSocket,
  openSocket,
  setIntOption,
  startConnect,
} from "#ffi/socket.ts";
import { parseIpv4, parseIpv6 } from "../ip-address.ts";
import type { AttemptFacts } from "../trace.ts";
import type { SourceAddress } from "./mptcp/endpoints.ts";
import type { Attempt } from "./race.ts";
import type { KeepAliveSpec } from "./route.ts";
import { ConnectFailure, SocketStream } from "./stream.ts";

/** Probes of an idle connection, as tcp(7) has them. */
export interface KeepAliveTimes {
  readonly idleSeconds: number;
  readonly intervalSeconds: number;
  readonly count: number;
}

/** curl's defaults for every TCP connection (--keepalive-time, --keepalive-cnt). */
const CURL_SECONDS = 60;
const CURL_COUNT = 9;

/** What the kernel takes at most (MAX_TCP_KEEPIDLE and MAX_TCP_KEEPINTVL, net/tcp.h). */
const LONGEST_SECONDS = 32767;

/** Probes that a path may leave unanswered, unless the user says otherwise: a lost one is no dead path. */
const PATH_COUNT = 3;

/**
 * When to probe; null: never. A dead path is found idle + interval × count seconds after its last byte, which is
 * `pathTimeoutMs` at most, or the shortest time that the kernel can do: probes count whole seconds.
 * @param pathTimeoutMs of MPTCP; 0: as for TCP
 */
export function keepAliveTimes(
  { enabled, timeSeconds, count }: KeepAliveSpec,
  pathTimeoutMs: number,
): KeepAliveTimes | null {
  if (!enabled) return null;
  if (timeSeconds !== null || pathTimeoutMs <= 0) {
    const seconds = timeSeconds ?? CURL_SECONDS;
    return { idleSeconds: seconds, intervalSeconds: seconds, count: count ?? CURL_COUNT };
  }
  const timeoutSeconds = Math.floor(pathTimeoutMs / 1000);
  const probes = count ?? Math.max(1, Math.min(PATH_COUNT, timeoutSeconds - 1));
  const inKernelRange = (seconds: number): number =>
    Math.max(1, Math.min(LONGEST_SECONDS, Math.floor(seconds)));
  // Half of the time for silence, half for probes.
  const intervalSeconds = inKernelRange(timeoutSeconds / 2 / probes);
  const idleSeconds = inKernelRange(timeoutSeconds - intervalSeconds * probes);
  return { idleSeconds, intervalSeconds, count: probes };
}

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

function setKeepAlive(fd: number, { idleSeconds, intervalSeconds, count }: KeepAliveTimes): void {
  setIfPossible(fd, { level: SOL_SOCKET, name: SO_KEEPALIVE, value: 1 });
  setIfPossible(fd, { level: IPPROTO_TCP, name: TCP_KEEPIDLE, value: idleSeconds });
  setIfPossible(fd, { level: IPPROTO_TCP, name: TCP_KEEPINTVL, value: intervalSeconds });
  setIfPossible(fd, { level: IPPROTO_TCP, name: TCP_KEEPCNT, value: count });
}

/** A socket without such an option still transfers (Linux before 5.17 refuses keep-alive's times on MPTCP). */
function setIfPossible(fd: number, option: { level: number; name: number; value: number }): void {
  try {
    setIntOption(fd, option);
  } catch (error) {
    if (!(error instanceof SyscallError)) throw error;
  }
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
