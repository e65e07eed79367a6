// Netlink (netlink(7)): messages and attributes as bytes, and one exchange with the kernel.
//
// Here: what every netlink protocol shares. Not here: the protocols (rtnetlink.ts, mptcp-pm.ts, sock-diag.ts). Numbers
// are in the host's order, which is little-endian on x86-64 and AArch64. Decoders trust no length: what does not fit
// into its surroundings ends the list.
//
//     nlmsghdr   u32 length (with this header) · u16 type · u16 flags · u32 sequence · u32 port
//     nlattr     u16 length (with this header) · u16 type · value, padded to 4 bytes

import {
  AF_NETLINK,
  MSG_DONTWAIT,
  MSG_TRUNC,
  NLA_F_NESTED,
  NLA_TYPE_MASK,
  NLM_F_ACK,
  NLM_F_DUMP,
  NLM_F_DUMP_INTR,
  NLM_F_REQUEST,
  NLMSG_DONE,
  NLMSG_ERROR,
  NLMSG_NOOP,
  SOCK_CLOEXEC,
  SOCK_RAW,
} from "../constants.ts";
import { check, ERRNO, SyscallError } from "../errno.ts";
import { libc } from "../libc.ts";

const HEADER_BYTES = 16;
const ATTRIBUTE_HEADER_BYTES = 4;

/** The kernel fills no larger piece of a dump (NLMSG_GOODSIZE and SKB_WITH_OVERHEAD(32768), af_netlink.c). */
const RECEIVE_BYTES = 32 * 1024;

/** A list that changes while it is read is read again, this often. */
const DUMP_ATTEMPTS = 5;

export interface NetlinkMessage {
  readonly type: number;
  readonly flags: number;
  readonly sequence: number;
  /** What follows the header. */
  readonly payload: Uint8Array;
}

/** Attributes by type, with NLA_F_NESTED and its kin taken off; of two of one type the last, as in the kernel. */
export type Attributes = ReadonlyMap<number, Uint8Array>;

function aligned(length: number): number {
  return (length + 3) & ~3;
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

export function encodeMessage({ type, flags, sequence, payload }: NetlinkMessage): Uint8Array {
  const bytes = new Uint8Array(HEADER_BYTES + payload.length);
  const view = viewOf(bytes);
  view.setUint32(0, bytes.length, true);
  view.setUint16(4, type, true);
  view.setUint16(6, flags, true);
  view.setUint32(8, sequence, true);
  bytes.set(payload, HEADER_BYTES);
  return bytes;
}

/** The messages of one datagram; a last one that is cut off is left out. */
export function decodeMessages(bytes: Uint8Array): NetlinkMessage[] {
  const view = viewOf(bytes);
  const messages: NetlinkMessage[] = [];
  for (let at = 0; at + HEADER_BYTES <= bytes.length; ) {
    const length = view.getUint32(at, true);
    if (length < HEADER_BYTES || at + length > bytes.length) break;
    messages.push({
      type: view.getUint16(at + 4, true),
      flags: view.getUint16(at + 6, true),
      sequence: view.getUint32(at + 8, true),
      payload: bytes.subarray(at + HEADER_BYTES, at + length),
    });
    at += aligned(length);
  }
  return messages;
}

export function encodeAttribute(type: number, value: Uint8Array): Uint8Array {
  const length = ATTRIBUTE_HEADER_BYTES + value.length;
  const bytes = new Uint8Array(aligned(length));
  const view = viewOf(bytes);
  view.setUint16(0, length, true);
  view.setUint16(2, type, true);
  bytes.set(value, ATTRIBUTE_HEADER_BYTES);
  return bytes;
}

/** An attribute that holds attributes, each encoded already. */
export function encodeNested(type: number, attributes: readonly Uint8Array[]): Uint8Array {
  return encodeAttribute(type | NLA_F_NESTED, joinBytes(attributes));
}

/** @param from where the attributes begin, behind the protocol's own header; beyond the end there are none */
export function decodeAttributes(bytes: Uint8Array, from = 0): Attributes {
  const view = viewOf(bytes);
  const attributes = new Map<number, Uint8Array>();
  for (let at = aligned(from); at + ATTRIBUTE_HEADER_BYTES <= bytes.length; ) {
    const length = view.getUint16(at, true);
    if (length < ATTRIBUTE_HEADER_BYTES || at + length > bytes.length) break;
    const type = view.getUint16(at + 2, true) & NLA_TYPE_MASK;
    attributes.set(type, bytes.subarray(at + ATTRIBUTE_HEADER_BYTES, at + length));
    at += aligned(length);
  }
  return attributes;
}

export function joinBytes(parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

export function bytesOfU8(value: number): Uint8Array {
  return Uint8Array.of(value);
}

export function bytesOfU16(value: number): Uint8Array {
  return Uint8Array.of(value, value >> 8);
}

export function bytesOfU32(value: number): Uint8Array {
  return Uint8Array.of(value, value >> 8, value >> 16, value >> 24);
}

/** An attribute's number, of as many bytes (up to 4) as it has; null for one that is absent or empty. */
export function numberOf(value: Uint8Array | undefined): number | null {
  if (value === undefined || value.length === 0) return null;
  let number = 0;
  for (let i = Math.min(value.length, 4) - 1; i >= 0; i--) number = number * 256 + (value[i] ?? 0);
  return number;
}

export interface NetlinkRequest {
  /** NETLINK_ROUTE, NETLINK_SOCK_DIAG, NETLINK_GENERIC. */
  readonly protocol: number;
  readonly type: number;
  readonly payload: Uint8Array;
  /** Asks for all there are; else for one thing. */
  readonly isDump?: boolean;
}

/**
 * One exchange with the kernel, on a socket of its own: the request, and what is answered before the acknowledgement
 * or the end of the dump. Blocks for as long as the kernel takes to work it out, microseconds.
 * @returns the payloads of the answers
 * @throws SyscallError what the kernel refused, named "netlink"; EINTR for a list that never stopped changing
 */
export function transact(request: NetlinkRequest): Uint8Array[] {
  const fd = check("socket", libc.socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, request.protocol));
  try {
    for (let attempt = 1; attempt <= DUMP_ATTEMPTS; attempt++) {
      const answers = exchange(fd, request, attempt);
      if (answers !== null) return answers;
    }
    throw new SyscallError("netlink", ERRNO.EINTR);
  } finally {
    libc.close(fd);
  }
}

/** Null: the list changed in the middle (NLM_F_DUMP_INTR). */
function exchange(
  fd: number,
  { protocol: _, isDump, ...request }: NetlinkRequest,
  sequence: number,
): Uint8Array[] | null {
  const flags = NLM_F_REQUEST | (isDump ? NLM_F_DUMP : NLM_F_ACK);
  const bytes = encodeMessage({ ...request, flags, sequence });
  check("send", libc.send(fd, bytes, bytes.length, 0));
  const answers: Uint8Array[] = [];
  let isInterrupted = false;
  for (;;) {
    for (const message of decodeMessages(receive(fd))) {
      if (message.sequence !== sequence || message.type === NLMSG_NOOP) continue;
      isInterrupted ||= isDump === true && (message.flags & NLM_F_DUMP_INTR) !== 0;
      if (message.type === NLMSG_ERROR || message.type === NLMSG_DONE) {
        // Both begin with an int, 0 or the errno negated.
        const errno = -((numberOf(message.payload.subarray(0, 4)) ?? 0) | 0);
        if (errno > 0) throw new SyscallError("netlink", errno);
        return isInterrupted ? null : answers;
      }
      answers.push(message.payload);
    }
  }
}

/**
 * One datagram. The kernel answers within send(2) and refills a dump within recv(2), so that there is always one; were
 * there none, waiting could be for ever, hence MSG_DONTWAIT and EAGAIN.
 */
function receive(fd: number): Uint8Array {
  const buffer = new Uint8Array(RECEIVE_BYTES);
  const length = check("recv", libc.recv(fd, buffer, buffer.length, MSG_DONTWAIT | MSG_TRUNC));
  if (length > buffer.length) throw new SyscallError("recv", ERRNO.EMSGSIZE);
  return buffer.subarray(0, length);
}
