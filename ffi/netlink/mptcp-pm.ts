// The kernel's MPTCP path manager by generic netlink (family "mptcp_pm", Linux 5.6): endpoints and limits.
//
// Here: what the requests and answers look like, and the four of them that mpcurl makes. Not here: which endpoints are
// wanted, and words for people (net/mptcp/endpoints.ts). Reading needs no privileges (measured as nobody, 6.18; the
// first kernels with a netlink specification, 6.7, may want them for the list), changing needs CAP_NET_ADMIN.

import {
  AF_INET,
  AF_INET6,
  CTRL_ATTR,
  CTRL_CMD_GETFAMILY,
  GENL_ID_CTRL,
  MPTCP_PM_ADDR_ATTR,
  MPTCP_PM_ADDR_FLAG,
  MPTCP_PM_ATTR,
  MPTCP_PM_CMD,
  MPTCP_PM_NAME,
  MPTCP_PM_VERSION,
  NETLINK_GENERIC,
} from "../constants.ts";
import { ERRNO, SyscallError } from "../errno.ts";
import {
  bytesOfU8,
  bytesOfU16,
  bytesOfU32,
  decodeAttributes,
  encodeAttribute,
  encodeNested,
  joinBytes,
  numberOf,
  transact,
} from "./netlink.ts";

export interface EndpointFlags {
  readonly signal: boolean;
  readonly subflow: boolean;
  readonly backup: boolean;
  readonly fullmesh: boolean;
  /** Made by the kernel itself for an address that it met. */
  readonly implicit: boolean;
  /** Linux 6.18. */
  readonly laminar: boolean;
}

/** An address that the kernel may use for further subflows. */
export interface PmEndpoint {
  readonly id: number;
  readonly family: "ipv4" | "ipv6";
  /** 4 or 16 bytes, network order. */
  readonly ip: Uint8Array;
  /** 0: none. */
  readonly port: number;
  readonly flags: EndpointFlags;
  /** 0: none was named. */
  readonly interfaceIndex: number;
}

export interface PmLimits {
  /** ADD_ADDRs of the peer that are taken up. */
  readonly addAddrAccepted: number;
  /** Extra subflows of a connection. */
  readonly subflows: number;
}

/** struct genlmsghdr: u8 command, u8 version, u16 reserved. */
const GENL_HEADER_BYTES = 4;

const ADDR = MPTCP_PM_ADDR_ATTR;
const FLAG = MPTCP_PM_ADDR_FLAG;

/** @throws SyscallError; EPERM where an old kernel wants privileges even for reading; ENOENT without MPTCP */
export function listEndpoints(): PmEndpoint[] {
  const answers = request(MPTCP_PM_CMD.GET_ADDR, { isDump: true });
  return answers.map(decodeEndpoint).filter((endpoint) => endpoint !== null);
}

/** @throws SyscallError as listEndpoints() */
export function readLimits(): PmLimits {
  const [answer = new Uint8Array()] = request(MPTCP_PM_CMD.GET_LIMITS, {});
  return decodeLimits(answer);
}

/** @param endpoint its id 0: the kernel's choice @throws SyscallError EPERM without CAP_NET_ADMIN, EEXIST, ERANGE, EINVAL */
export function addEndpoint(endpoint: PmEndpoint): void {
  request(MPTCP_PM_CMD.ADD_ADDR, { attributes: encodeEndpoint(endpoint) });
}

/** @throws SyscallError EPERM without CAP_NET_ADMIN, EINVAL where there is none of that id */
export function deleteEndpoint(id: number): void {
  const attributes = encodeNested(MPTCP_PM_ATTR.ADDR, [encodeAttribute(ADDR.ID, bytesOfU8(id))]);
  request(MPTCP_PM_CMD.DEL_ADDR, { attributes });
}

/** MPTCP_PM_ATTR_ADDR. */
export function encodeEndpoint(endpoint: PmEndpoint): Uint8Array {
  const { id, family, ip, port, flags, interfaceIndex } = endpoint;
  const isIpv4 = family === "ipv4";
  const attributes = [
    encodeAttribute(ADDR.FAMILY, bytesOfU16(isIpv4 ? AF_INET : AF_INET6)),
    encodeAttribute(isIpv4 ? ADDR.ADDR4 : ADDR.ADDR6, ip),
    encodeAttribute(ADDR.FLAGS, bytesOfU32(encodeFlags(flags))),
  ];
  if (id !== 0) attributes.push(encodeAttribute(ADDR.ID, bytesOfU8(id)));
  if (port !== 0) attributes.push(encodeAttribute(ADDR.PORT, bytesOfU16(port)));
  if (interfaceIndex !== 0) {
    attributes.push(encodeAttribute(ADDR.IF_IDX, bytesOfU32(interfaceIndex)));
  }
  return encodeNested(MPTCP_PM_ATTR.ADDR, attributes);
}

/** @param answer genlmsghdr and attributes; null where it holds no address */
export function decodeEndpoint(answer: Uint8Array): PmEndpoint | null {
  const nested = decodeAttributes(answer, GENL_HEADER_BYTES).get(MPTCP_PM_ATTR.ADDR);
  if (nested === undefined) return null;
  const attributes = decodeAttributes(nested);
  const isIpv4 = numberOf(attributes.get(ADDR.FAMILY)) === AF_INET;
  const ip = attributes.get(isIpv4 ? ADDR.ADDR4 : ADDR.ADDR6);
  if (ip?.length !== (isIpv4 ? 4 : 16)) return null;
  return {
    id: numberOf(attributes.get(ADDR.ID)) ?? 0,
    family: isIpv4 ? "ipv4" : "ipv6",
    ip: ip.slice(),
    port: numberOf(attributes.get(ADDR.PORT)) ?? 0,
    flags: decodeFlags(numberOf(attributes.get(ADDR.FLAGS)) ?? 0),
    interfaceIndex: numberOf(attributes.get(ADDR.IF_IDX)) ?? 0,
  };
}

/** @param answer genlmsghdr and attributes */
export function decodeLimits(answer: Uint8Array): PmLimits {
  const attributes = decodeAttributes(answer, GENL_HEADER_BYTES);
  return {
    addAddrAccepted: numberOf(attributes.get(MPTCP_PM_ATTR.RCV_ADD_ADDRS)) ?? 0,
    subflows: numberOf(attributes.get(MPTCP_PM_ATTR.SUBFLOWS)) ?? 0,
  };
}

function encodeFlags(flags: EndpointFlags): number {
  return (
    (flags.signal ? FLAG.SIGNAL : 0) |
    (flags.subflow ? FLAG.SUBFLOW : 0) |
    (flags.backup ? FLAG.BACKUP : 0) |
    (flags.fullmesh ? FLAG.FULLMESH : 0) |
    (flags.implicit ? FLAG.IMPLICIT : 0) |
    (flags.laminar ? FLAG.LAMINAR : 0)
  );
}

function decodeFlags(bits: number): EndpointFlags {
  return {
    signal: (bits & FLAG.SIGNAL) !== 0,
    subflow: (bits & FLAG.SUBFLOW) !== 0,
    backup: (bits & FLAG.BACKUP) !== 0,
    fullmesh: (bits & FLAG.FULLMESH) !== 0,
    implicit: (bits & FLAG.IMPLICIT) !== 0,
    laminar: (bits & FLAG.LAMINAR) !== 0,
  };
}

interface PmRequest {
  readonly attributes?: Uint8Array;
  readonly isDump?: boolean;
}

function request(
  command: number,
  { attributes = new Uint8Array(), isDump = false }: PmRequest,
): Uint8Array[] {
  const header = Uint8Array.of(command, MPTCP_PM_VERSION, 0, 0);
  const payload = joinBytes([header, attributes]);
  return transact({ protocol: NETLINK_GENERIC, type: familyId(), payload, isDump });
}

let knownFamilyId: number | null = null;

/** The number that this kernel gave the family when it started; it stays. @throws SyscallError ENOENT without MPTCP */
function familyId(): number {
  if (knownFamilyId !== null) return knownFamilyId;
  const name = encodeAttribute(CTRL_ATTR.FAMILY_NAME, Buffer.from(`${MPTCP_PM_NAME}\0`, "latin1"));
  const payload = joinBytes([Uint8Array.of(CTRL_CMD_GETFAMILY, 1, 0, 0), name]);
  const answers = transact({ protocol: NETLINK_GENERIC, type: GENL_ID_CTRL, payload });
  const [answer = new Uint8Array()] = answers;
  const id = numberOf(decodeAttributes(answer, GENL_HEADER_BYTES).get(CTRL_ATTR.FAMILY_ID));
  if (id === null) throw new SyscallError("netlink", ERRNO.ENOENT);
  knownFamilyId = id;
  return id;
}
