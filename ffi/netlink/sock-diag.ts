// What sock_diag(7) tells of a subflow and no socket option does: whether it is a backup.
//
// Asked for one TCP socket by its four-tuple, no dump, so that it costs the same on a machine with many. The answer's
// attributes hold INET_DIAG_ULP_INFO, that INET_ULP_INFO_MPTCP, and that the subflow's flags (the letters that
// "ss -ti" prints behind "tcp-ulp-mptcp flags:": B for BKUP_REM, b for BKUP_LOC).
//
//     inet_diag_req_v2  u8 family · u8 protocol · u8 extensions · u8 · u32 states · inet_diag_sockid (48)
//     inet_diag_sockid  be16 local port · be16 remote port · local address (16) · remote (16) · u32 interface · u32[2] cookie
//     inet_diag_msg     72 bytes, then attributes

import {
  INET_DIAG_INFO,
  INET_DIAG_NOCOOKIE,
  INET_DIAG_ULP_INFO,
  INET_ULP_INFO_MPTCP,
  IPPROTO_TCP,
  MPTCP_SUBFLOW_ATTR_FLAGS,
  MPTCP_SUBFLOW_FLAG_BKUP_LOC,
  MPTCP_SUBFLOW_FLAG_BKUP_REM,
  NETLINK_SOCK_DIAG,
  SOCK_DIAG_BY_FAMILY,
} from "../constants.ts";
import { ERRNO, SyscallError } from "../errno.ts";
import { domainOf, type SocketAddress } from "../sockaddr.ts";
import { bytesOfU32, decodeAttributes, numberOf, transact } from "./netlink.ts";
import { listAddresses } from "./rtnetlink.ts";

const REQUEST_BYTES = 56;
const ANSWER_BYTES = 72;
const ALL_STATES = 0xffffffff;

export interface SubflowQuery {
  readonly local: SocketAddress;
  readonly remote: SocketAddress;
  /** What the socket is bound to (SO_BINDTODEVICE); 0: nothing. */
  readonly interfaceIndex: number;
}

/**
 * Whether a subflow is a backup, for us or for the peer (INET_DIAG_ULP_INFO's flags); null where the kernel does not say.
 * Needs no privileges. @throws nothing: what cannot be asked is null
 */
export function isBackupSubflow(local: SocketAddress, remote: SocketAddress): boolean | null {
  try {
    return (
      ask({ local, remote, interfaceIndex: 0 }) ??
      // The kernel binds the subflows of an endpoint that names its device to it, and finds them by it only.
      holdersOf(local).reduce<boolean | null>(
        (found, interfaceIndex) => found ?? ask({ local, remote, interfaceIndex }),
        null,
      )
    );
  } catch (error) {
    if (error instanceof SyscallError) return null;
    throw error;
  }
}

/** Null: there is no such subflow. */
function ask(query: SubflowQuery): boolean | null {
  const payload = encodeSubflowQuery(query);
  if (payload === null) return null;
  try {
    const request = { protocol: NETLINK_SOCK_DIAG, type: SOCK_DIAG_BY_FAMILY, payload };
    const [answer] = transact(request);
    return answer === undefined ? null : decodeBackup(answer);
  } catch (error) {
    if (error instanceof SyscallError && error.errno === ERRNO.ENOENT) return null;
    throw error;
  }
}

/** Interfaces that have an address. Those of subflows are never IPv4-mapped (decodeSubflowAddress). */
function holdersOf(local: SocketAddress): number[] {
  if (local.family === "unix") return [];
  return listAddresses()
    .filter((address) => Buffer.compare(address.ip, local.ip) === 0)
    .map((address) => address.interfaceIndex);
}

/** inet_diag_req_v2; null for what is no pair of IP addresses of one family. */
export function encodeSubflowQuery(query: SubflowQuery): Uint8Array | null {
  const { local, remote, interfaceIndex } = query;
  if (local.family === "unix" || remote.family === "unix") return null;
  if (local.family !== remote.family) return null;
  const bytes = new Uint8Array(REQUEST_BYTES);
  const view = new DataView(bytes.buffer);
  bytes[0] = domainOf(local.family);
  bytes[1] = IPPROTO_TCP;
  // Extensions are a bit each, from 1 on. ULP_INFO has none; it comes with INFO, and not without (measured, 6.18).
  bytes[2] = 1 << (INET_DIAG_INFO - 1);
  view.setUint32(4, ALL_STATES, true);
  view.setUint16(8, local.port);
  view.setUint16(10, remote.port);
  bytes.set(local.ip, 12);
  bytes.set(remote.ip, 28);
  bytes.set(bytesOfU32(interfaceIndex), 44);
  view.setUint32(48, INET_DIAG_NOCOOKIE, true);
  view.setUint32(52, INET_DIAG_NOCOOKIE, true);
  return bytes;
}

/** @param answer inet_diag_msg and attributes; null where they tell nothing of MPTCP */
export function decodeBackup(answer: Uint8Array): boolean | null {
  const ulp = decodeAttributes(answer, ANSWER_BYTES).get(INET_DIAG_ULP_INFO);
  const mptcp = ulp && decodeAttributes(ulp).get(INET_ULP_INFO_MPTCP);
  const flags = mptcp && numberOf(decodeAttributes(mptcp).get(MPTCP_SUBFLOW_ATTR_FLAGS));
  if (flags === undefined || flags === null) return null;
  return (flags & (MPTCP_SUBFLOW_FLAG_BKUP_LOC | MPTCP_SUBFLOW_FLAG_BKUP_REM)) !== 0;
}
