// Looks at made-up connections, for the unit tests of what mpcurl deduces from them: each fact that a test does not name
// is that of an established subflow that owes nothing and heard of its peer just now.
import type { SocketAddress } from "../../../ffi/sockaddr.ts";
import type { FullInfo, SubflowInfo } from "../../../ffi/structs.ts";
import { TCP_STATES, type TcpInfo } from "../../../ffi/tcp-info.ts";

export function tcpInfo(given: Partial<TcpInfo> = {}): TcpInfo {
  return {
    state: TCP_STATES.ESTABLISHED,
    retransmits: 0,
    probes: 0,
    backoff: 0,
    rtoUs: 204_000,
    unacked: 0,
    lost: 0,
    lastDataSentMs: 0,
    lastDataReceivedMs: 0,
    lastAckReceivedMs: 0,
    rttUs: 0,
    receiverRttUs: 0,
    minRttUs: 0,
    totalRetransmissions: 0,
    bytesAcked: 1,
    bytesReceived: 0,
    notSentBytes: 0,
    bytesRetransmitted: 0,
    ...given,
  };
}

/** From 10.9.ID.1:4000ID to 10.9.1.2:8080. */
export function subflow(id: number, given: Partial<TcpInfo> = {}): SubflowInfo {
  const at = (ip: readonly number[], port: number): SocketAddress => ({
    family: "ipv4",
    ip: Uint8Array.from(ip),
    port,
  });
  return {
    id,
    local: at([10, 9, id, 1], 40000 + id),
    remote: at([10, 9, 1, 2], 8080),
    tcp: tcpInfo(given),
  };
}

/** What Linux leaves in the list of a first subflow that died: nothing but its place. */
export const DEAD_FIRST: SubflowInfo = {
  id: 0,
  local: null,
  remote: null,
  tcp: tcpInfo({ state: TCP_STATES.CLOSE, bytesAcked: 0 }),
};

/** A look at a connection; its totals are those of Linux 6.8 and later, which count what is listed and not dead. */
export function fullInfo(
  subflows: readonly SubflowInfo[],
  given: Partial<FullInfo["info"]> = {},
): FullInfo {
  const total = subflows.filter(({ tcp }) => tcp.state !== TCP_STATES.CLOSE).length;
  return {
    info: {
      token: 0xbeef,
      remoteKeyReceived: true,
      extraSubflows: Math.max(0, total - 1),
      totalSubflows: total,
      retransmits: 0,
      retransmittedBytes: 0,
      bytesSent: 0,
      bytesReceived: 0,
      bytesAcked: 0,
      ...given,
    },
    subflows,
  };
}
