// A StreamWatch whose verdict is the test's: it keeps what the transfer told it, and finds a connection stripped when
// the test says so, the way that net/mptcp/guard does.

import { CurlError } from "../../../src/error.ts";
import type { MptcpRecord } from "../../../src/net/mptcp/paths.ts";
import type { FallbackReason, MptcpState } from "../../../src/net/mptcp/verdict.ts";
import type { StreamWatch, WatchUse } from "../../../src/net/stream.ts";
import { mptcpRecord } from "../outcome.ts";
import type { ScriptedStream } from "./scripted-stream.ts";

export const STRIPPED: FallbackReason = {
  cause: "stripped",
  certain: true,
  blackholeTimeoutSeconds: null,
};

export class ScriptedWatch implements StreamWatch {
  readonly #stream: ScriptedStream;
  readonly state: MptcpState;
  readonly uses: WatchUse[] = [];
  readonly records: MptcpRecord[] = [];
  ends = 0;

  /** Becomes the stream's watch. */
  constructor(stream: ScriptedStream, fellBack: FallbackReason | null = null) {
    this.#stream = stream;
    this.state = fellBack
      ? { verdict: "fallback", reason: fellBack, token: null }
      : { verdict: "mptcp", reason: null, token: 7 };
    Object.assign(stream.connection, { protocol: "mptcp", mptcp: this.state });
    stream.watch = this;
  }

  /** MPTCP was taken out; the first bytes of the reply are there. @returns whether they may be delivered */
  strip(): boolean {
    this.state.verdict = "fallback";
    this.state.reason = STRIPPED;
    if (!this.uses.at(-1)?.mayRepeat()) return true;
    this.#stream.fail(new CurlError("RECV_ERROR", "in doubt"));
    return false;
  }

  /** The watch ends the stream, for what this event says of its MPTCP. */
  giveUp(kind: "fallback" | "no-path-left"): void {
    this.records.at(-1)?.events.push({ atMs: 0, kind, pathId: null, text: "" });
    this.#stream.fail(new CurlError("RECV_ERROR", kind));
  }

  received(): void {}

  begin(use: WatchUse): MptcpRecord | Promise<MptcpRecord> {
    this.uses.push(use);
    const { id: connectionId } = this.#stream.connection;
    const record = mptcpRecord({ connectionId, state: this.state, events: [] });
    this.records.push(record);
    return use.paths === "unread" ? record : Promise.resolve(record);
  }

  end(): void {
    this.ends++;
  }

  closing(): void {}

  closed(): void {}
}
