// Probes on an idle connection: when, by the options, and setting them on a socket.
//
// Options that were set before connect(2) hold for every subflow that MPTCP opens later too (measured on Linux 6.18:
// `ss -tno`, and a joined subflow that went silent was removed at the same time as a first one). Not here: judging a
// path by probes without answer (mptcp/liveness.ts).

import {
  IPPROTO_TCP,
  SO_KEEPALIVE,
  SOL_SOCKET,
  TCP_KEEPCNT,
  TCP_KEEPIDLE,
  TCP_KEEPINTVL,
} from "#ffi/constants.ts";
import { SyscallError } from "#ffi/errno.ts";
import { setIntOption } from "#ffi/socket.ts";
import type { KeepAliveSpec } from "../route.ts";

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

/** What the kernel takes at most (MAX_TCP_KEEPCNT, net/tcp.h). */
const MOST_PROBES = 127;

/**
 * When to probe; null: never. A dead path can be told idle + 3 × interval seconds after its last byte, which is
 * `pathTimeoutMs` at most, or the shortest time that the kernel can do: probes count whole seconds. The kernel itself
 * gives up only after twice that time, since a subflow that it removed cannot recover, and says nothing of what it was.
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
  const untilTwice = Math.ceil((2 * timeoutSeconds - idleSeconds) / intervalSeconds);
  const kernelCount = count ?? Math.max(PATH_COUNT, Math.min(MOST_PROBES, untilTwice));
  return { idleSeconds, intervalSeconds, count: kernelCount };
}

/** Has the kernel probe the connection. */
export function setKeepAlive(
  fd: number,
  { idleSeconds, intervalSeconds, count }: KeepAliveTimes,
): void {
  setIfPossible(fd, { level: SOL_SOCKET, name: SO_KEEPALIVE, value: 1 });
  setIfPossible(fd, { level: IPPROTO_TCP, name: TCP_KEEPIDLE, value: idleSeconds });
  setIfPossible(fd, { level: IPPROTO_TCP, name: TCP_KEEPINTVL, value: intervalSeconds });
  setIfPossible(fd, { level: IPPROTO_TCP, name: TCP_KEEPCNT, value: count });
}

/** A socket without such an option still transfers (Linux before 5.17 refuses keep-alive's times on MPTCP). */
export function setIfPossible(
  fd: number,
  option: { level: number; name: number; value: number },
): void {
  try {
    setIntOption(fd, option);
  } catch (error) {
    if (!(error instanceof SyscallError)) throw error;
  }
}
