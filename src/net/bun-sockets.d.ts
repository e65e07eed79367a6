// What Bun 1.4.5's sockets can do and bun-types 1.4.5 does not say (each verified by a test of ours that uses it).

import "bun";

declare module "bun" {
  interface TLSOptions {
    /** 769 (TLS 1.0) to 772 (TLS 1.3); the strings of node:tls are refused. */
    minVersion?: number;
    maxVersion?: number;
    caFile?: string;
    allowPartialTrustChain?: boolean;
  }

  interface FdConnectOptions<Data> {
    fd: number;
    data: Data;
    socket: SocketHandler<Data>;
  }

  function connect<Data>(options: FdConnectOptions<Data>): Promise<Socket<Data>>;
}
