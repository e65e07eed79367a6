// What a transfer has to do with MPTCP: the records of the connections that it uses, and a reply in doubt.
//
// Here: beginning and ending the watch on each connection, the choice between sending a request again over plain TCP
// and going on with a warning, and the refusal of a kept connection that is not what --mptcp-require demands. Not here:
// what the kernel says (net/mptcp), and the order of things (transfer.ts).
//
// A reply is in doubt where something on the way took MPTCP out after the handshake: the server may not have noticed,
// and sends bytes again that look new. At the first reply bytes nothing was delivered yet, so a request that is
// idempotent (RFC 9110 §9.2.2) and whose body can be sent again goes out once more, over plain TCP. Any other goes on:
// harmless strippers look the same, and a POST must neither fail nor run twice for them.

import { CurlError } from "../error.ts";
import type { MptcpRecord } from "../net/mptcp/paths.ts";
import type { FallbackReason } from "../net/mptcp/verdict.ts";
import type { RouteSpec } from "../net/route.ts";
import type { Stream, WatchUse } from "../net/stream.ts";
import type { Trace } from "../trace.ts";
import type { Counters, MptcpOutcome } from "./outcome.ts";

/** Whether somebody reads the paths of a transfer; "series": with their course over time. */
export type PathInterest = WatchUse["paths"];

export interface TransferMptcpOptions {
  readonly paths: PathInterest;
  readonly counters: Counters;
  readonly trace: Trace | undefined;
}

/** The request of the exchange that runs. */
export interface RequestInDoubt {
  /** The method on the wire. */
  readonly method: string;
  readonly canSendBodyAgain: boolean;
}

/** RFC 9110 §9.2.2. */
const IDEMPOTENT = new Set(["GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE"]);

export class TransferMptcp {
  readonly #options: TransferMptcpOptions;
  readonly #records: MptcpRecord[] = [];
  readonly #warnings: string[] = [];
  #stream: Stream | null = null;
  /** Why the request that was just given up is to be sent again over plain TCP. */
  #repeatBecause: FallbackReason | null = null;
  /** Of the last record: events that were there when the exchange began. */
  #oldEvents = 0;

  constructor(options: TransferMptcpOptions) {
    this.#options = options;
  }

  get outcome(): MptcpOutcome {
    return { records: this.#records, warnings: this.#warnings };
  }

  /**
   * A hop is about to use `stream`, from TLS's handshake on; again for the same one: nothing. A Promise only where
   * somebody reads the paths.
   */
  begin(
    stream: Stream,
    { pathTimeoutMs, request }: { pathTimeoutMs: number; request: () => RequestInDoubt },
  ): void | Promise<void> {
    if (!stream.watch || stream === this.#stream) return;
    this.#stream = stream;
    const record = stream.watch.begin({
      pathTimeoutMs,
      paths: this.#options.paths,
      mayRepeat: () => this.#mayRepeat(stream, request()),
    });
    if (record instanceof Promise) return record.then((started) => this.#take(started));
    this.#take(record);
  }

  #take(record: MptcpRecord): void {
    this.#records.push(record);
    this.#oldEvents = record.events.length;
    this.#options.counters.mptcp = record;
  }

  /** No connection came of it; where it was refused for what it is, that is the verdict. */
  async refused(error: unknown): Promise<void> {
    if (!(error instanceof CurlError) || error.code !== "MPTCP_REQUIRED") return;
    const { refusedRecord } = await import("../net/mptcp/refusal.ts");
    const record = refusedRecord(error);
    if (record) this.#take(record);
  }

  /** The exchange is over; what it left of the stream does not matter. */
  end(): void {
    this.#stream?.watch?.end();
    this.#stream = null;
  }

  #mayRepeat(stream: Stream, { method, canSendBodyAgain }: RequestInDoubt): boolean {
    const { mptcp } = stream.connection;
    if (IDEMPOTENT.has(method) && canSendBodyAgain && mptcp?.reason) {
      this.#repeatBecause = mptcp.reason;
      this.#options.trace?.({ type: "mptcp-repeat", method });
      return true;
    }
    this.#options.trace?.({ type: "mptcp-doubt", method });
    this.#warnings.push(
      `something on the way to ${stream.connection.remoteAddress} rewrites MPTCP, which can repeat or lose bytes without an error: ` +
        `the reply to this ${method} cannot be vouched for; it was not sent a second time, since that could act twice. Use https, or leave out --mptcp`,
    );
    return false;
  }

  /**
   * Whether the request may have been acted upon although no reply was read, and must not be twice: MPTCP ended
   * meanwhile, or its last path went, which is no server that closed a kept connection.
   */
  forbidsAnother({ method }: RequestInDoubt): boolean {
    if (IDEMPOTENT.has(method)) return false;
    const events = this.#records.at(-1)?.events.slice(this.#oldEvents) ?? [];
    return events.some(({ kind }) => kind === "fallback" || kind === "no-path-left");
  }

  /** The route on which a request that was given up goes out again; null: it was not given up for that. Once. */
  takeRepeat(route: RouteSpec): RouteSpec | null {
    const fellBack = this.#repeatBecause;
    this.#repeatBecause = null;
    return fellBack && { ...route, mptcp: { ...route.mptcp, fellBack } };
  }
}

/** Whether a transfer by this route asks for MPTCP: over a Unix socket nothing of it has a meaning. */
export function asksForMptcp({ protocol, unixSocket }: RouteSpec): boolean {
  return protocol === "mptcp" && unixSocket === null;
}

/**
 * Refuses a connection that is not what --mptcp-require demands: no MPTCP socket at all.
 * @throws CurlError MPTCP_REQUIRED
 */
export function demandMptcp(stream: Stream, route: RouteSpec): void {
  if (!route.mptcp.required || stream.connection.mptcp?.verdict === "mptcp") return;
  const { remoteAddress, protocol } = stream.connection;
  stream.close();
  throw new CurlError(
    "MPTCP_REQUIRED",
    protocol === "unix"
      ? `The connection to ${remoteAddress} is not MPTCP, which --mptcp-require demands: it is a Unix socket. Leave out one of the two`
      : `The connection to ${remoteAddress} is not MPTCP, which --mptcp-require demands`,
  );
}
