// The kernel's structs, decoded. Pure.
//
// A struct grows at its end from kernel to kernel, and the kernel says how much of it it wrote: a field exists only if
// it ends within that length, else it is null. Offsets: linux/mptcp.h, checked against Linux 6.18's BTF.

/** sizeof(struct mptcp_info) on Linux 6.18. A longer buffer gets no more, a shorter one gets its length. */
export const MPTCP_INFO_SIZE = 96;

const FLAG_REMOTE_KEY_RECEIVED = 1 << 1;

export interface MptcpInfo {
  /** The connection's token, by which `ss` and the kernel's events name it. */
  readonly token: number;
  /** The peer's MP_CAPABLE arrived: MPTCP is negotiated, not only hoped for. */
  readonly remoteKeyReceived: boolean;
  /** Subflows beside the first one, those that are still connecting included. */
  readonly extraSubflows: number;
  /** All subflows; null before Linux 6.8. */
  readonly totalSubflows: number | null;
  /** Bytes that MPTCP sent again on another path; null before Linux 6.5. */
  readonly retransmittedBytes: number | null;
}

/** @param bytes what the kernel wrote, cut to the length that it returned */
export function decodeMptcpInfo(bytes: Uint8Array): MptcpInfo {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const within = (end: number): boolean => end <= bytes.byteLength;
  return {
    token: within(16) ? view.getUint32(12, true) : 0,
    remoteKeyReceived: within(12) && (view.getUint32(8, true) & FLAG_REMOTE_KEY_RECEIVED) !== 0,
    extraSubflows: within(1) ? view.getUint8(0) : 0,
    totalSubflows: within(81) ? view.getUint8(80) : null,
    retransmittedBytes: within(56) ? Number(view.getBigUint64(48, true)) : null,
  };
}
