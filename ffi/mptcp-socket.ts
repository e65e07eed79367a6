// Why there is no MPTCP socket, from the error that the kernel gave.
//
// Apart from mptcp.ts, which asks sockets that there are: every dial may need these words, few need that. Pure.

import { ERRNO, SyscallError } from "./errno.ts";

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
