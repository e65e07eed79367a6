// The library: import { fetch } from "mpcurl". Re-exports only.

export { type FetchOptions, fetch } from "./client/fetch.ts";
export { Session, type SessionOptions } from "./client/session.ts";
export { CurlError, type ErrorCode, EXIT } from "./error.ts";
export type { Trace, TraceEvent } from "./trace.ts";
