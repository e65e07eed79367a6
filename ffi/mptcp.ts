// What the kernel says of MPTCP on a socket. Probe the feature, never the kernel's version.
//
// Two questions, two functions, and what their answers do not prove:
//   isMptcp(fd)   does this socket speak MPTCP now? Before and during a connect the answer is "yes" and means nothing;
//                 after the connect a "yes" may still turn into "no" with the first bytes received.
//   readInfo(fd)  the connection's own facts. The call fails on a socket that fell back, so success is a "yes" too.

import { IPPROTO_TCP, MPTCP_INFO, SOL_MPTCP, TCP_IS_MPTCP } from "./constants.ts";
import { ERRNO, lastErrno, SyscallError } from "./errno.ts";
import { libc } from "./libc.ts";
import { decodeMptcpInfo, MPTCP_INFO_SIZE, type MptcpInfo } from "./structs.ts";

/**
 * Whether the socket speaks MPTCP; null where this kernel cannot tell (before Linux 5.16).
 * Asks TCP_IS_MPTCP (Linux 6.10), else MPTCP_INFO (Linux 5.16).
 */
export function isMptcp(fd: number): boolean | null {
  const value = new Int32Array(1);
  if (libc.getsockopt(fd, IPPROTO_TCP, TCP_IS_MPTCP, value, Uint32Array.of(4)) === 0)
    return value[0] === 1;
  // Before 6.10 a TCP socket answers ENOPROTOOPT (one that fell back passes the call on to TCP), an MPTCP one EOPNOTSUPP.
  if (lastErrno() === ERRNO.ENOPROTOOPT) return false;
  // A length of 0 asks only whether the option is there: 0.7 µs, and nothing is copied.
  return libc.getsockopt(fd, SOL_MPTCP, MPTCP_INFO, null, Uint32Array.of(0)) === 0 ? true : null;
}

/** struct mptcp_info of a connected socket; null where it is not MPTCP or the kernel has none (before 5.16). */
export function readInfo(fd: number): MptcpInfo | null {
  const bytes = new Uint8Array(MPTCP_INFO_SIZE);
  const length = Uint32Array.of(MPTCP_INFO_SIZE);
  if (libc.getsockopt(fd, SOL_MPTCP, MPTCP_INFO, bytes, length) < 0) return null;
  return decodeMptcpInfo(bytes.subarray(0, length[0]));
}

/**
 * Why the kernel refused an MPTCP socket, and what to do, as one sentence; null for any other failure.
 * Errnos: mptcp(7), net/mptcp in Linux, measured where a kernel for it was at hand.
 */
export function whyNoMptcpSocket(error: unknown): string | null {
  if (!(error instanceof SyscallError) || error.syscall !== "socket") return null;
  switch (error.errno) {
    case ERRNO.ENOPROTOOPT:
      return 'MPTCP is switched off in this network namespace (net.mptcp.enabled=0): switch it on with "sysctl -w net.mptcp.enabled=1", or leave out --mptcp';
    case ERRNO.EPROTONOSUPPORT:
      return "this kernel was built without MPTCP (CONFIG_MPTCP): use a kernel that has it, or leave out --mptcp";
    case ERRNO.EINVAL:
      return "this kernel is older than MPTCP (Linux 5.6): use a newer kernel, or leave out --mptcp";
    case ERRNO.EACCES:
    case ERRNO.EPERM:
      return "a security policy of this system (SELinux, seccomp, BPF) forbids MPTCP sockets: allow them in that policy, or leave out --mptcp";
    default:
      return null;
  }
}
