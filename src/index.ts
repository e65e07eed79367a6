// The library: import { fetch } from "mpcurl".
//
// Re-exports only; what is not named here is not for users and may change.

export { type FetchOptions, fetch, type TlsOptions } from "./client/fetch.ts";
export { Session, type SessionOptions } from "./client/session.ts";
export type { WebBody } from "./client/web-body.ts";
export { CurlError, type ErrorCode, EXIT } from "./error.ts";
export type { CertificateFacts, Trace, TraceEvent } from "./trace.ts";
