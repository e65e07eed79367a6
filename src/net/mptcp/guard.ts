// Looks after one connection that was asked for as MPTCP: what it is, and when it must end.
//
// Here: the verdict at its three moments, what a late fall back means for the bytes that follow, and the end of a
// connection that has no path left. Not here: the deduction of causes (verdict.ts), the looks at the paths (probe.ts,
// loaded once a transfer takes long, or somebody reads the paths), whose rules decide (liveness.ts).
//
//   connected ──ask──▶ mptcp ──ask with every piece of bytes──▶ mptcp … ──ask──▶ end
//                 │                │ first piece       │ later, cleartext
//                 ▼                ▼                   ▼
//              fallback    repeat on plain TCP,     fail (56): what comes may be bytes that were sent before
//           (or 120)      or go on (or 120)
//
// Why with every piece, and before anybody sees it: where one side falls back and the other does not, the peer sends
// bytes again that the client takes for new ones. Measured on Linux 6.18: TCP_IS_MPTCP turned 0 at least 45 ms before
// the first wrong byte, in 7 of 7 runs. Under TLS such bytes fail their authentication, so there the transfer goes on.

import { SyscallError } from "#ffi/errno.ts";
import { isMptcp, readInfo, readTcpInfo } from "#ffi/mptcp.ts";
import { mptcpCountersOf, readNetstat, readSysctl } from "#ffi/proc.ts";
import { TCP_STATES } from "#ffi/tcp-info.ts";
import type { Clock, Timer } from "../../clock.ts";
import { CurlError } from "../../error.ts";
import type { Trace } from "../../trace.ts";
import type { SocketStream, StreamWatch, WatchUse } from "../stream.ts";
import type { MptcpEvent, MptcpRecord } from "./paths.ts";
import type { Probe } from "./probe.ts";
import { mptcpRefusal } from "./refusal.ts";
import {
  explainFallback,
  type FallbackReason,
  fallbackSentence,
  type MptcpState,
} from "./verdict.ts";

export interface GuardOptions {
  readonly clock: Clock;
  readonly trace: Trace | undefined;
  /** What the user wanted to reach. */
  readonly host: string;
  readonly port: number;
  /** --mptcp-require. */
  readonly required: boolean;
  /** Which socket won the race; "tcp": the kernel's MPTCP SYNs were not answered in time, or `fellBack` says why. */
  readonly opened: "mptcp" | "tcp";
  /** Why plain TCP was tried at all; null: it joined the race. */
  readonly fellBack: FallbackReason | null;
  /** readNetstat() before the dial's first MPTCP socket. */
  readonly netstatBefore: string | null;
  /** MPTCP sockets that the dial connected. */
  readonly ownAttempts: number;
}

/** A transfer that is over sooner never pays for looking at paths that nobody asks about. */
const FIRST_LOOK_MS = 100;

/**
 * Asks the kernel for the verdict on a connection that just stands (stream.connection.mptcp is filled here), and
 * becomes the stream's watch.
 * @throws CurlError MPTCP_REQUIRED
 */
export function guardStream(stream: SocketStream, options: GuardOptions): void {
  const { mptcp } = stream.connection;
  if (!mptcp) throw new Error("a guard needs a connection that was asked for as MPTCP");
  const guard = new Guard(stream, mptcp, options);
  guard.judgeConnect();
  stream.watch = guard;
}

interface Use {
  readonly use: WatchUse;
  readonly record: MptcpRecord;
}

class Guard implements StreamWatch {
  readonly #stream: SocketStream;
  readonly #state: MptcpState;
  readonly #options: GuardOptions;
  #hasReceived = false;
  #isGone = false;
  #use: Use | null = null;
  #uses = 0;
  #firstLook: Timer | null = null;
  #probe: Probe | null = null;

  constructor(stream: SocketStream, state: MptcpState, options: GuardOptions) {
    this.#stream = stream;
    this.#state = state;
    this.#options = options;
  }

  judgeConnect(): void {
    const { opened, fellBack } = this.#options;
    if (opened === "tcp") {
      const raced: FallbackReason = {
        cause: "raced",
        certain: true,
        blackholeTimeoutSeconds: null,
      };
      this.#fallBack(fellBack ?? raced);
    } else {
      const answer = isMptcp(this.#stream.fd);
      if (answer === false && isReset(this.#stream.fd)) {
        this.#stream.fail(new CurlError("RECV_ERROR", "Recv failure: Connection reset by peer"));
        return;
      }
      if (answer === false) this.#fallBack(this.#explain("connect"));
      else this.#settle(answer === null ? "unknown" : "mptcp");
    }
    if (this.#options.required && this.#state.verdict !== "mptcp") throw this.#refusal();
  }

  // ---- the stream's side

  received(): void {
    const isFirst = !this.#hasReceived;
    this.#hasReceived = true;
    this.#probe?.received();
    const { fd } = this.#stream;
    if (this.#state.verdict !== "mptcp" || isMptcp(fd) !== false || isReset(fd)) return;
    this.#fallBack(this.#explain(isFirst ? "first-reply" : "later"));
    const { required } = this.#options;
    if (required && isFirst) this.#stream.fail(this.#refusal());
    // TLS notices bytes that come twice, so what arrives inside it can be believed.
    else if (this.#stream.isTls) return;
    else if (isFirst && this.#use && !this.#use.use.mayRepeat()) return;
    else this.#stream.fail(this.#doubt(isFirst));
  }

  closing(): void {
    this.#lastLook();
  }

  closed(): void {
    this.#isGone = true;
    this.#stopLooking();
  }

  // ---- the transfer's side

  begin(use: WatchUse): MptcpRecord | Promise<MptcpRecord> {
    const { clock } = this.#options;
    const record = this.#newRecord();
    this.#use = { use, record };
    this.#uses++;
    if (use.paths !== "unread") return this.#startLooking().then(() => record);
    this.#firstLook = clock.after(FIRST_LOOK_MS, () => {
      // Nobody waits for it, and a bug must not be lost.
      this.#startLooking().catch((error: Error) => this.#stream.fail(error));
    });
    // The stream keeps the process alive, and only while somebody waits for it.
    this.#firstLook.unref?.();
    return record;
  }

  #newRecord(): MptcpRecord {
    const { clock, host, port } = this.#options;
    return {
      connectionId: this.#stream.connection.id,
      state: this.#state,
      host,
      port,
      startedMs: clock.nowMs(),
      endedMs: null,
      paths: [],
      mostSubflows: 0,
      bytesRetransmitted: null,
      events: this.#verdictEvents(),
      samples: [],
    };
  }

  end(): void {
    const current = this.#use;
    if (!current) return;
    this.#lastLook();
    this.#stopLooking();
    this.#use = null;
    current.record.endedMs = this.#options.clock.nowMs();
  }

  async #startLooking(): Promise<void> {
    const current = this.#use;
    if (!current) return;
    const { Probe } = await import("./probe.ts");
    if (this.#isGone || this.#use !== current) return;
    const { clock, trace } = this.#options;
    this.#probe = new Probe(this.#stream, {
      clock,
      trace,
      ...current,
      isReused: this.#uses > 1,
      end: (error) => this.#stream.fail(error),
    });
    this.#probe.start();
  }

  /** The last moments to ask the kernel: of the verdict, which may have changed unseen, and of the paths. */
  #lastLook(): void {
    if (this.#isGone || !this.#use) return;
    const { fd } = this.#stream;
    if (this.#state.verdict === "mptcp" && isMptcp(fd) === false && !isReset(fd)) {
      this.#fallBack(this.#explain("later"));
    }
    this.#probe?.lastLook();
  }

  #stopLooking(): void {
    this.#firstLook?.cancel();
    this.#firstLook = null;
    this.#probe?.stop();
    this.#probe = null;
  }

  // ---- the verdict

  #settle(verdict: "mptcp" | "unknown"): void {
    this.#state.verdict = verdict;
    this.#state.token = verdict === "mptcp" ? (readInfo(this.#stream.fd)?.token ?? null) : null;
    this.#tell("");
  }

  #fallBack(reason: FallbackReason): void {
    this.#state.verdict = "fallback";
    this.#state.reason = reason;
    this.#tell(fallbackSentence(reason));
    this.#use?.record.events.push(...this.#verdictEvents());
  }

  #tell(reason: string): void {
    const { verdict, token } = this.#state;
    const { id: connectionId } = this.#stream.connection;
    this.#options.trace?.({ type: "mptcp", connectionId, verdict, reason, token });
  }

  #verdictEvents(): MptcpEvent[] {
    const { verdict, reason } = this.#state;
    if (verdict === "unknown") return [];
    const text = reason ? fallbackSentence(reason) : "";
    const kind = verdict === "mptcp" ? "negotiated" : "fallback";
    return [{ atMs: this.#options.clock.nowMs(), kind, pathId: null, text }];
  }

  #explain(moment: "connect" | "first-reply" | "later"): FallbackReason {
    const { netstatBefore, ownAttempts } = this.#options;
    const countersIn = (text: string | null) => (text === null ? null : mptcpCountersOf(text));
    const timeout = readSysctl("net.mptcp.blackhole_timeout");
    return explainFallback({
      moment,
      before: countersIn(netstatBefore),
      after: countersIn(readNetstat()),
      ownAttempts,
      blackholeTimeoutSeconds: timeout === null ? null : Number(timeout),
    });
  }

  #refusal(): CurlError {
    const { host, port } = this.#options;
    const { verdict, reason } = this.#state;
    const why =
      verdict === "fallback" && reason
        ? `it fell back to TCP: ${fallbackSentence(reason)}`
        : "this kernel cannot tell whether it is (Linux 5.16 and later can)";
    const message = `The connection to ${host}:${port} is not MPTCP, which --mptcp-require demands: ${why}`;
    const endedMs = this.#options.clock.nowMs();
    return mptcpRefusal(message, { ...this.#newRecord(), endedMs });
  }

  #doubt(isFirst: boolean): CurlError {
    const { host, port } = this.#options;
    // With a checksum that failed, bytes may have been changed before the kernel noticed (measured: 190 of them).
    const before =
      this.#state.reason?.cause === "checksum"
        ? "What was received until then may be wrong too: fetch it from the start"
        : "What was received until then is good: try again";
    return new CurlError(
      "RECV_ERROR",
      `MPTCP ended in the middle of the connection to ${host}:${port}${isFirst ? ", before its reply" : ""}: ` +
        "something on the way changes its packets, so what comes next may be bytes that came before, and was not taken. " +
        `${before}, without --mptcp or over https`,
    );
  }
}

/**
 * A reset before the first data was acknowledged leaves a socket that calls itself TCP (measured on Linux 6.18), which
 * is no fall back.
 */
function isReset(fd: number): boolean {
  try {
    return readTcpInfo(fd).state === TCP_STATES.CLOSE;
  } catch (error) {
    // It cannot be asked; then it is not known to be one.
    if (error instanceof SyscallError) return false;
    throw error;
  }
}
