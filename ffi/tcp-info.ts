// struct tcp_info (linux/tcp.h), decoded, as far as paths are judged and shown by it. Pure.
//
// All of it is older than MPTCP, so nothing of it can be missing. Offsets are checked against Linux 6.18's BTF and
// against captured bytes (tests/vectors). Not here: MPTCP's own structs, which hold these (structs.ts).

import { Fields, viewOf } from "./fields.ts";

/** sizeof(struct tcp_info) on Linux 6.18. */
export const TCP_INFO_SIZE = 280;

/** tcp_info.state (net/tcp_states.h). */
export const TCP_STATES = {
  ESTABLISHED: 1,
  SYN_SENT: 2,
  SYN_RECV: 3,
  FIN_WAIT1: 4,
  FIN_WAIT2: 5,
  TIME_WAIT: 6,
  CLOSE: 7,
  CLOSE_WAIT: 8,
  LAST_ACK: 9,
  LISTEN: 10,
  CLOSING: 11,
} as const;

/** Numbers of the kernel's, in its units. */
export interface TcpInfo {
  /** TCP_STATES. */
  readonly state: number;
  /** Retransmission timeouts in a row, now. */
  readonly retransmits: number;
  /** Keep-alive and window probes without an answer, now. */
  readonly probes: number;
  readonly backoff: number;
  readonly rtoUs: number;
  /** Segments sent and not acknowledged. */
  readonly unacked: number;
  readonly lost: number;
  /** Milliseconds since. */
  readonly lastDataSentMs: number;
  readonly lastDataReceivedMs: number;
  readonly lastAckReceivedMs: number;
  /** Smoothed; 0: none measured yet. */
  readonly rttUs: number;
  /** The receiver's estimate; 0: none yet. */
  readonly receiverRttUs: number;
  /** 0: none measured yet. */
  readonly minRttUs: number;
  /** Segments sent again since the connection began. */
  readonly totalRetransmissions: number;
  /** Payload, and the SYN. */
  readonly bytesAcked: number;
  readonly bytesReceived: number;
  readonly notSentBytes: number;
  readonly bytesRetransmitted: number;
}

/** The kernel's "no minimum yet": the largest number (net/ipv4/tcp.c, tcp_min_rtt). */
const NO_MIN_RTT = 0xffff_ffff;

/** @param bytes what the kernel wrote, cut to the length that it returned */
export function decodeTcpInfo(bytes: Uint8Array): TcpInfo {
  return tcpInfoOf(new Fields(viewOf(bytes), 0, bytes.length));
}

/** As decodeTcpInfo(), out of a longer array. */
export function tcpInfoOf(fields: Fields): TcpInfo {
  const minRttUs = fields.u32(148, 0);
  return {
    state: fields.u8(0, 0),
    retransmits: fields.u8(2, 0),
    probes: fields.u8(3, 0),
    backoff: fields.u8(4, 0),
    rtoUs: fields.u32(8, 0),
    unacked: fields.u32(24, 0),
    lost: fields.u32(32, 0),
    lastDataSentMs: fields.u32(44, 0),
    lastDataReceivedMs: fields.u32(52, 0),
    lastAckReceivedMs: fields.u32(56, 0),
    rttUs: fields.u32(68, 0),
    receiverRttUs: fields.u32(92, 0),
    minRttUs: minRttUs === NO_MIN_RTT ? 0 : minRttUs,
    totalRetransmissions: fields.u32(100, 0),
    bytesAcked: fields.u64(120, 0),
    bytesReceived: fields.u64(128, 0),
    notSentBytes: fields.u32(144, 0),
    bytesRetransmitted: fields.u64(208, 0),
  };
}
