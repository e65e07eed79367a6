// What happens inside a transfer, as facts for whoever listens: `-v`, `--trace`, the MPTCP report.
//
// Every layer emits, none formats for people, none decides by an event. A session without listeners has no trace at
// all, so `trace?.({...})` costs nothing. Not here: one event for each chunk of a body; counters serve the meter.

export type TraceEvent =
  | {
      readonly type: "resolved";
      readonly host: string;
      readonly port: number;
      readonly ipv6: readonly string[];
      readonly ipv4: readonly string[];
    }
  | ({ readonly type: "attempt" } & AttemptFacts)
  | ({ readonly type: "attempt-failed"; readonly reason: string } & AttemptFacts)
  | { readonly type: "socket-failed"; readonly reason: string }
  | {
      readonly type: "connected";
      readonly connectionId: number;
      readonly host: string;
      readonly address: string;
      readonly port: number;
      readonly localAddress: string;
      readonly localPort: number;
    }
  | {
      readonly type: "mptcp";
      readonly connectionId: number;
      readonly verdict: "mptcp" | "fallback" | "unknown";
      /** Why it fell back, as a sentence; else "". */
      readonly reason: string;
      readonly token: number | null;
    }
  | {
      readonly type: "mptcp-path";
      readonly connectionId: number;
      readonly change: "up" | "down" | "recovered" | "none-left";
      /** Of "none-left": the path that went last. */
      readonly path: PathFacts | null;
    }
  | {
      /** A reply in doubt: the request is sent again over plain TCP, or the reply is taken as it is. */
      readonly type: "mptcp-repeat" | "mptcp-doubt";
      readonly method: string;
    }
  | { readonly type: "tls-start"; readonly trust: string; readonly serverName: string | null }
  | {
      readonly type: "tls";
      readonly version: string;
      readonly cipher: string;
      readonly alpn: string | null;
      readonly certificate: CertificateFacts | null;
      readonly problem: string | null;
    }
  | {
      readonly type: "reused";
      readonly connectionId: number;
      readonly scheme: string;
      readonly host: string;
    }
  | { readonly type: "auth"; readonly scheme: string; readonly user: string }
  | { readonly type: "request-head"; readonly raw: string }
  | { readonly type: "request-sent"; readonly uploadedBytes: number }
  | { readonly type: "continue-timeout" }
  | { readonly type: "upload-stopped" }
  | { readonly type: "response-head"; readonly raw: string }
  | { readonly type: "excess"; readonly sizeBytes: number }
  | { readonly type: "body-ignored" }
  | { readonly type: "redirect"; readonly url: string; readonly method: string }
  | { readonly type: "connection-died"; readonly retry: number }
  | {
      readonly type: "connection-kept";
      readonly connectionId: number;
      readonly host: string;
      readonly port: number;
    }
  | { readonly type: "connection-closed"; readonly connectionId: number; readonly reason: string };

/** One try of a connect. */
export interface AttemptFacts {
  readonly address: string;
  readonly port: number;
  /** Where it goes out, where that is not the kernel's choice: under --mptcp, when nothing answered that one. */
  readonly from?: { readonly address: string; readonly interfaceName: string } | null;
  /** Given where it is not what was asked for: plain TCP, because MPTCP has no answer. */
  readonly protocol?: "mptcp" | "tcp";
}

/** The server's certificate, as far as a person wants to see it. */
export interface CertificateFacts {
  readonly subject: string;
  readonly issuer: string;
  readonly validFrom: string;
  readonly validTo: string;
  readonly names: string;
}

/** A path of an MPTCP connection, as far as a line of text names it. */
export interface PathFacts {
  readonly id: number;
  readonly interfaceName: string | null;
  readonly localAddress: string;
  readonly remoteAddress: string;
  readonly remotePort: number;
  /** Why it went, as words; "" while it is up. */
  readonly why: string;
}

export type Trace = (event: TraceEvent) => void;
