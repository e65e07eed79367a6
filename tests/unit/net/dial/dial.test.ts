import { describe, expect, test } from "bun:test";
import { CurlError } from "../../../../src/error.ts";
import { dial } from "../../../../src/net/dial/dial.ts";
import type { DialOptions } from "../../../../src/net/dial/dial-options.ts";
import type { Candidate } from "../../../../src/net/dial/race.ts";
import type { TraceEvent } from "../../../../src/trace.ts";
import { turn, VirtualClock } from "../../../support/client/virtual-clock.ts";

const LATE = new CurlError("OPERATION_TIMEDOUT", "too late");
const SPEC = { required: false, pathTimeoutMs: 30_000, fellBack: null };
const CANDIDATE: Candidate = { family: "ipv4", address: "127.0.0.1", port: 1, scopeId: 0 };

function dialing(candidates: readonly Candidate[], options: Partial<DialOptions>) {
  const events: TraceEvent[] = [];
  const clock = new VirtualClock();
  const outcome = dial(candidates, {
    protocol: "tcp",
    mptcp: null,
    keepAlive: { enabled: true, timeSeconds: null, count: null },
    clock,
    signal: new AbortController().signal,
    trace: (event) => events.push(event),
    nextConnectionId: () => 0,
    host: "h",
    port: 8080,
    ...options,
  }).catch((error: unknown) => error);
  return { clock, events, outcome };
}

describe("dial", () => {
  for (const options of [{}, { protocol: "mptcp", mptcp: SPEC }] satisfies Partial<DialOptions>[]) {
    const name = "mptcp" in options ? "with --mptcp" : "without --mptcp";

    test(`${name}, ended before it begins: rejects with the reason, tries nothing, leaves no timer`, async () => {
      const signal = AbortSignal.abort(LATE);
      const { clock, events, outcome } = dialing([CANDIDATE], { ...options, signal });
      expect(await outcome).toBe(LATE);
      await turn();
      expect([events, clock.pending]).toEqual([[], 0]);
    });

    test(`${name}, nowhere to go: exit 7 names what was wanted`, async () => {
      const { clock, outcome } = dialing([], options);
      const error = (await outcome) as CurlError;
      expect([error.code, error.message]).toEqual([
        "COULDNT_CONNECT",
        "Failed to connect to h:8080 after 0 ms: Could not connect to server ()",
      ]);
      expect(clock.pending).toBe(0);
    });
  }
});
