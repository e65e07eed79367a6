// The error of a connection that --mptcp-require does not take, and what is known of that connection.
//
// Here: both together, because the connection is gone when somebody asks for its verdict (-w, reports). Not here: the
// decision (guard.ts).

import { CurlError } from "../../error.ts";
import type { MptcpRecord } from "./paths.ts";

const records = new WeakMap<Error, MptcpRecord>();

/** @param message what was demanded, and what was found; @param record of the connection, as it was then */
export function mptcpRefusal(message: string, record: MptcpRecord): CurlError {
  const error = new CurlError("MPTCP_REQUIRED", message);
  records.set(error, record);
  return error;
}

/** What mptcpRefusal() was told; null for any other error. */
export function refusedRecord(error: unknown): MptcpRecord | null {
  return error instanceof Error ? (records.get(error) ?? null) : null;
}
