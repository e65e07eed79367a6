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
  | { readonly type: "attempt"; readonly address: string; readonly port: number }
  | {
      readonly type: "attempt-failed";
      readonly address: string;
      readonly port: number;
      readonly reason: string;
    }
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
      readonly verdict: "mptcp" | "fallback" | "unknown";
      readonly reason: string;
      readonly token: number | null;
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

/** The server's certificate, as far as a person wants to see it. */
export interface CertificateFacts {
  readonly subject: string;
  readonly issuer: string;
  readonly validFrom: string;
  readonly validTo: string;
  readonly names: string;
}

export type Trace = (event: TraceEvent) => void;
