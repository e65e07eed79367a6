// placeholder: types of the stream
export type TlsVersionName = "TLSv1" | "TLSv1.1" | "TLSv1.2" | "TLSv1.3";

/** What is known of a connection; plain data that outlives the stream. */
export interface Connection {
  readonly id: number;
  /** What the socket was opened as. */
  readonly protocol: "mptcp" | "tcp" | "unix";
  /** What the kernel says MPTCP came to; null without --mptcp or before the kernel was asked. */
  readonly mptcp: "mptcp" | "fallback" | "unknown" | null;
  /** Numeric address, or the path of a Unix socket. */
  readonly remoteAddress: string;
  /** -1 for a Unix socket. */
  readonly remotePort: number;
  readonly localAddress: string;
  readonly localPort: number;
  /** 0 fine; else OpenSSL's verify result (X509_V_ERR_…), also under -k. */
  readonly tlsVerifyResult: number;
  /** The server's chain, leaf first, PEM; empty without TLS. */
  readonly certificates: readonly string[];
}

export interface Stream {
  readonly connection: Connection;
}
