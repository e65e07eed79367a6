// A connection that stands, as facts: its addresses and its number.
//
// Asked of the kernel once, because the descriptor may be gone when somebody wants to know. Not here: what MPTCP made
// of it (mptcp/guard.ts fills that in).

import { SyscallError } from "#ffi/errno.ts";
import { localAddress } from "#ffi/socket.ts";
import { formatIpAddress } from "../../ip-address.ts";
import type { Connection, SocketStream } from "../stream.ts";
import type { DialOptions } from "./dial-options.ts";

/** The socket's own end; null where the descriptor is gone. */
export function localEnd(stream: SocketStream): { address: string; port: number } | null {
  try {
    const local = localAddress(stream.fd);
    return local.family === "unix"
      ? { address: "", port: -1 }
      : { address: formatIpAddress(local.ip), port: local.port };
  } catch (error) {
    if (error instanceof SyscallError) return null;
    throw error;
  }
}

interface Described {
  readonly address: string;
  readonly port: number;
  readonly protocol: Connection["protocol"];
  readonly options: DialOptions;
}

/** Also tells the listener. */
export function describe(
  stream: SocketStream,
  { address, port, protocol, options }: Described,
): Connection {
  const local = localEnd(stream) ?? { address: "", port: -1 };
  const connection: Connection = {
    id: options.nextConnectionId(),
    protocol,
    mptcp: options.mptcp ? { verdict: "unknown", reason: null, token: null } : null,
    remoteAddress: address,
    remotePort: port,
    localAddress: local.address,
    localPort: local.port,
    httpVersion: null,
    tlsVerifyResult: 0,
    certificates: [],
  };
  options.trace?.({
    type: "connected",
    connectionId: connection.id,
    host: options.host,
    address,
    port,
    localAddress: local.address,
    localPort: local.port,
  });
  return connection;
}
