// What a dial is told, and the error that it ends with where nothing could be connected to.
//
// Here: types and words. Not here: the race (run-race.ts), and what stands above it (dial.ts).

import type { Clock } from "../../clock.ts";
import { CurlError } from "../../error.ts";
import type { Trace } from "../../trace.ts";
import type { KeepAliveSpec, MptcpSpec } from "../route.ts";

export interface DialOptions {
  /** What the sockets are opened as. */
  readonly protocol: "mptcp" | "tcp";
  /** null: MPTCP was not asked for. Given with "tcp": an earlier connection showed that it cannot be. */
  readonly mptcp: MptcpSpec | null;
  readonly keepAlive: KeepAliveSpec;
  readonly clock: Clock;
  /** Aborted with the error that the dial then rejects with. */
  readonly signal: AbortSignal;
  readonly trace: Trace | undefined;
  /** Takes the next connection's number. */
  nextConnectionId(): number;
  /** What the user wanted to reach, for messages. */
  readonly host: string;
  readonly port: number;
}

/** curl's words, and the reason of each attempt. @param over what stands behind host and port */
export function couldNotConnect(
  { host, port, clock }: DialOptions,
  { startedMs, over, reasons }: { startedMs: number; over: string; reasons: readonly string[] },
): CurlError {
  const afterMs = Math.round(clock.nowMs() - startedMs);
  return new CurlError(
    "COULDNT_CONNECT",
    `Failed to connect to ${host}:${port}${over} after ${afterMs} ms: Could not connect to server (${reasons.join("; ")})`,
  );
}
