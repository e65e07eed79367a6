// MPTCP's structs, decoded. Pure; nothing here throws, however short the bytes are.
//
// What lies behind the length that the kernel wrote is null, or 0 where every kernel with MPTCP has it (fields.ts). In
// an array the elements stand at a stride of min(what we asked for, what the kernel has), and only whole elements that had room were
// written. Offsets: linux/mptcp.h and linux/tcp.h, checked against Linux 6.18's BTF and against captured bytes
// (tests/vectors). Numbers are little-endian, as both architectures are that mpcurl is built for.
//
//     MPTCP_FULL_INFO       mptcp_full_info (header, then mptcp_info) → mptcp_subflow_info[], tcp_info[]
//     MPTCP_TCPINFO         mptcp_subflow_data, then tcp_info[]
//     MPTCP_SUBFLOW_ADDRS   mptcp_subflow_data, then mptcp_subflow_addrs[]

import { AF_INET, AF_INET6 } from "./constants.ts";
import { Fields, viewOf } from "./fields.ts";
import { decodeSocketAddress, type SocketAddress } from "./sockaddr.ts";
import { type TcpInfo, tcpInfoOf } from "./tcp-info.ts";

/** sizeof(struct mptcp_info) on Linux 6.18. A longer buffer gets no more, a shorter one gets its length. */
export const MPTCP_INFO_SIZE = 96;
/** Where struct mptcp_full_info has its mptcp_info; the header before it never grows. */
const FULL_INFO_HEADER_SIZE = 40;
export const MPTCP_FULL_INFO_SIZE = FULL_INFO_HEADER_SIZE + MPTCP_INFO_SIZE;
/** struct mptcp_subflow_info: an id, then struct mptcp_subflow_addrs. */
export const SUBFLOW_INFO_SIZE = 264;
/** struct mptcp_subflow_data, what the older options begin with. */
export const SUBFLOW_DATA_SIZE = 16;
/** struct mptcp_subflow_addrs: two of struct sockaddr_storage. */
export const SUBFLOW_ADDRS_SIZE = 256;

const SOCKADDR_STORAGE_SIZE = 128;
const SUBFLOW_INFO_ADDRS = 8;

const FLAG_REMOTE_KEY_RECEIVED = 1 << 1;

export interface MptcpInfo {
  /** The connection's token, by which `ss` and the kernel's events name it. */
  readonly token: number;
  /** The peer's MP_CAPABLE arrived: MPTCP is negotiated, not only hoped for. */
  readonly remoteKeyReceived: boolean;
  /** Subflows beside the first one, those that are still connecting included. */
  readonly extraSubflows: number;
  /** All subflows, those that are still connecting included; null before Linux 6.8. */
  readonly totalSubflows: number | null;
  /** DATA_FINs sent again since the last that was answered; null before Linux 6.5. Not data: retransmittedBytes. */
  readonly retransmits: number | null;
  /** Bytes that MPTCP sent again on another path; null before Linux 6.5. */
  readonly retransmittedBytes: number | null;
  /** Bytes of the stream that were handed to subflows, those sent again not counted; null before Linux 6.5. */
  readonly bytesSent: number | null;
  /** Bytes of the stream that arrived in order, unread ones included; null before Linux 6.5. */
  readonly bytesReceived: number | null;
  /** Bytes of the stream that the peer's MPTCP acknowledged (DATA_ACK); null before Linux 6.5. */
  readonly bytesAcked: number | null;
}

/** @param bytes what the kernel wrote, cut to the length that it returned */
export function decodeMptcpInfo(bytes: Uint8Array): MptcpInfo {
  const fields = new Fields(viewOf(bytes), 0, bytes.length);
  return {
    token: fields.u32(12, 0),
    remoteKeyReceived: (fields.u32(8, 0) & FLAG_REMOTE_KEY_RECEIVED) !== 0,
    extraSubflows: fields.u8(0, 0),
    totalSubflows: fields.u8(80, null),
    retransmits: fields.u32(44, null),
    retransmittedBytes: fields.u64(48, null),
    bytesSent: fields.u64(56, null),
    bytesReceived: fields.u64(64, null),
    bytesAcked: fields.u64(72, null),
  };
}

/** Between whom a subflow is; null: it has no address any more, or the kernel wrote none. */
export interface SubflowAddresses {
  readonly local: SocketAddress | null;
  readonly remote: SocketAddress | null;
}

/** One subflow of a connection. */
export interface SubflowInfo extends SubflowAddresses {
  /**
   * The kernel's, from 1, never used twice; before Linux 6.5 counted here, from 1, as they were first seen. 0: a first
   * one that died, whose entry stays without addresses.
   */
  readonly id: number;
  readonly tcp: TcpInfo;
}

/** A look at a connection and all its subflows. */
export interface FullInfo {
  readonly info: MptcpInfo;
  readonly subflows: readonly SubflowInfo[];
}

/** @param bytes a struct sockaddr_storage, or as much of it as the kernel wrote */
export function decodeSubflowAddress(bytes: Uint8Array): SocketAddress | null {
  const family = bytes.length < 2 ? 0 : (bytes[0] ?? 0) | ((bytes[1] ?? 0) << 8);
  if (family === AF_INET && bytes.length >= 8) return decodeSocketAddress(bytes, 16);
  if (family !== AF_INET6 || bytes.length < 28) return null;
  const port = ((bytes[2] ?? 0) << 8) | (bytes[3] ?? 0);
  // An IPv6 socket's IPv4 connections bear mapped addresses (RFC 4291 §2.5.5.2); on the wire they are IPv4.
  if (isMapped(bytes)) return { family: "ipv4", ip: bytes.slice(20, 24), port };
  return decodeSocketAddress(bytes, 28);
}

function isMapped(sockaddrIn6: Uint8Array): boolean {
  for (let i = 8; i < 18; i++) if (sockaddrIn6[i] !== 0) return false;
  return sockaddrIn6[18] === 0xff && sockaddrIn6[19] === 0xff;
}

/** @param bytes a struct mptcp_subflow_addrs, or as much of it as the kernel wrote */
export function decodeSubflowAddrs(bytes: Uint8Array): SubflowAddresses {
  const remote = decodeSubflowAddress(
    bytes.subarray(SOCKADDR_STORAGE_SIZE, 2 * SOCKADDR_STORAGE_SIZE),
  );
  // A first subflow that died has its old local port, 0.0.0.0, and port 0 of the peer: remains, no addresses (6.18).
  if (remote !== null && remote.family !== "unix" && remote.port === 0)
    return { local: null, remote: null };
  return { local: decodeSubflowAddress(bytes.subarray(0, SOCKADDR_STORAGE_SIZE)), remote };
}

/** @param bytes a struct mptcp_subflow_info, or as much of it as the kernel wrote */
export function decodeSubflowInfo(bytes: Uint8Array): SubflowAddresses & { readonly id: number } {
  const id = new Fields(viewOf(bytes), 0, bytes.length).u32(0, 0);
  return { id, ...decodeSubflowAddrs(bytes.subarray(SUBFLOW_INFO_ADDRS)) };
}

export interface FullInfoHeader {
  readonly tcpInfoStride: number;
  readonly subflowInfoStride: number;
  /** Subflows that there are; the arrays hold them only as far as they had room. */
  readonly subflowCount: number;
}

/** @param bytes struct mptcp_full_info as the kernel left it */
export function decodeFullInfoHeader(bytes: Uint8Array): FullInfoHeader {
  const fields = new Fields(viewOf(bytes), 0, bytes.length);
  return {
    tcpInfoStride: Math.min(fields.u32(0, 0), fields.u32(4, 0)),
    subflowInfoStride: Math.min(fields.u32(8, 0), fields.u32(12, 0)),
    subflowCount: fields.u32(16, 0),
  };
}

/** What MPTCP_FULL_INFO filled. */
export interface FullInfoBytes {
  /** struct mptcp_full_info, cut to the length that the kernel returned. */
  readonly full: Uint8Array;
  /** The arrays that it points to, as long as they were given. */
  readonly subflowInfos: Uint8Array;
  readonly tcpInfos: Uint8Array;
}

/** Subflows for which an array had no room are left out. */
export function decodeFullInfo({ full, subflowInfos, tcpInfos }: FullInfoBytes): FullInfo {
  const { tcpInfoStride, subflowInfoStride, subflowCount } = decodeFullInfoHeader(full);
  const count = Math.min(
    subflowCount,
    roomFor(subflowInfos.length, subflowInfoStride),
    roomFor(tcpInfos.length, tcpInfoStride),
  );
  const subflows: SubflowInfo[] = [];
  const tcpView = viewOf(tcpInfos);
  for (let i = 0; i < count; i++) {
    const at = i * subflowInfoStride;
    const { id, local, remote } = decodeSubflowInfo(
      subflowInfos.subarray(at, at + subflowInfoStride),
    );
    const tcp = new Fields(tcpView, i * tcpInfoStride, (i + 1) * tcpInfoStride);
    subflows.push({ id, local, remote, tcp: tcpInfoOf(tcp) });
  }
  return { info: decodeMptcpInfo(full.subarray(FULL_INFO_HEADER_SIZE)), subflows };
}

function roomFor(sizeBytes: number, stride: number): number {
  return stride === 0 ? 0 : Math.floor(sizeBytes / stride);
}

/** What an older option said: how many subflows there are, and the elements that had room. */
export interface SubflowArray {
  readonly subflowCount: number;
  readonly elements: readonly Uint8Array[];
}

/** @param bytes struct mptcp_subflow_data and what follows it, cut to the length that the kernel returned */
export function decodeSubflowArray(bytes: Uint8Array): SubflowArray {
  const fields = new Fields(viewOf(bytes), 0, bytes.length);
  const headerSize = fields.u32(0, 0);
  const stride = Math.min(fields.u32(8, 0), fields.u32(12, 0));
  const subflowCount = fields.u32(4, 0);
  const count = Math.min(subflowCount, roomFor(Math.max(0, bytes.length - headerSize), stride));
  const elements: Uint8Array[] = [];
  for (let i = 0; i < count; i++) {
    const at = headerSize + i * stride;
    elements.push(bytes.subarray(at, at + stride));
  }
  return { subflowCount, elements };
}
