// THE loop: one URL to one sink. Any behaviour of a transfer is found by reading downwards.
//
//   transfer ──▶ for each hop:  reuse or connect ──▶ exchange ──▶ stop, or the next hop (redirect, 417)
//
// Here: the order of things, the two time limits, which secrets go to which hop, a dead kept connection replaced, and
// the facts of the Outcome. Not here: how a request looks (http/request), what a 3xx means (http/redirect), one
// exchange (exchange.ts), what happens to the body (receive.ts). Errors of a transfer are part of its Outcome; what
// transfer() throws is a bug.

import type { Timer } from "../clock.ts";
import { Deadline, type Phase, type TimeLimits, type TimeoutReason } from "../deadline.ts";
import { CurlError } from "../error.ts";
import { basicAuthorization } from "../http/auth/basic.ts";
import type { RequestBody } from "../http/body/request-body.ts";
import { decideRedirect, type RedirectPolicy, redirectTarget } from "../http/redirect.ts";
import { bodyFraming, buildRequestHead, type RequestSpec } from "../http/request.ts";
import type { ResponseHead } from "../http1/decoder.ts";
import { connect } from "../net/connect.ts";
import { planRoute, poolKey, type RouteSpec, type Target } from "../net/route.ts";
import type { Connection, Stream } from "../net/stream.ts";
import type { TlsSpec } from "../net/tls.ts";
import { formatUrl, type Url } from "../url.ts";
import { type ExchangeRequest, type ExchangeResult, exchange } from "./exchange.ts";
import { type Counters, newCounters, newTimings, type Outcome, type Timings } from "./outcome.ts";
import { type Disposition, Receiver } from "./receive.ts";
import type { Session } from "./session.ts";
import type { Sink } from "./sink.ts";

/** One URL to one output, with everything that it needs; made by cli/plan or client/fetch, never changed. */
export interface Transfer {
  /** Counts from 0 in a session. */
  readonly id: number;
  readonly url: Url;
  readonly request: RequestSpec;
  readonly body: RequestBody | null;
  /** -u; credentials in the URL come second. */
  readonly credentials: Credentials | null;
  readonly route: RouteSpec;
  readonly tls: TlsSpec;
  readonly redirects: RedirectPolicy;
  readonly limits: TimeLimits;
  /** -f: a status of 400 and up is an error and its body is not wanted; "with-body": an error after the body. */
  readonly failOnStatus: "no" | "without-body" | "with-body";
}

/** Byte strings. */
export interface Credentials {
  readonly user: string;
  readonly password: string;
}

export interface TransferOptions {
  /** Live while the transfer runs. */
  readonly counters?: Counters;
  /** Aborts the transfer; a reason that is a CurlError becomes the outcome's error. */
  readonly signal?: AbortSignal | undefined;
  /** A redirect leads to `url`, to which nothing was sent yet. */
  readonly redirected?: (url: Url) => void;
}

/** How often a kept connection that proves dead is replaced by another one, as in curl. */
const MAX_DEAD_CONNECTIONS = 5;

/** Runs a transfer to its end. @returns its outcome, failed or not @throws only bugs */
export async function transfer(
  t: Transfer,
  { session, sink }: { session: Session; sink: Sink },
  options: TransferOptions = {},
): Promise<Outcome> {
  const run = new TransferRun(t, { session, sink }, options.counters ?? newCounters());
  const outer = options.signal;
  const abort = (): void => run.abort(outer?.reason);
  outer?.addEventListener("abort", abort);
  if (outer?.aborted) abort();
  let error: CurlError | null = null;
  try {
    await run.loop(options.redirected);
  } catch (thrown) {
    error = curlErrorOf(thrown);
  } finally {
    outer?.removeEventListener("abort", abort);
    run.disarm();
  }
  const outcome = run.outcome(error);
  try {
    await sink.finish(outcome);
    return outcome;
  } catch (thrown) {
    return { ...outcome, error: outcome.error ?? curlErrorOf(thrown) };
  }
}

/** Bugs go on as they are. */
function curlErrorOf(thrown: unknown): CurlError {
  if (thrown instanceof CurlError) return thrown;
  throw thrown;
}

/** One request of the transfer's, as redirects left it. */
interface Hop {
  readonly url: Url;
  /** The implied method; -X's word replaces it on the wire. */
  readonly method: string;
  readonly body: RequestBody | null;
  readonly referer: string | null;
  /** Whether the transfer's own credentials, and -H's, may go there. */
  readonly isFirstOrigin: boolean;
}

interface Reached {
  readonly stream: Stream;
  readonly key: string;
  readonly reused: boolean;
}

class TransferRun {
  readonly #t: Transfer;
  readonly #session: Session;
  readonly #sink: Sink;
  readonly #counters: Counters;
  readonly #timings: Timings;
  readonly #deadline: Deadline;
  readonly #abort = new AbortController();
  readonly #heads: ResponseHead[] = [];
  #timer: Timer | null = null;
  #phase: Phase = "resolve";
  #hop: Hop;
  #next: Hop | null = null;
  #connection: Connection | null = null;
  #methodSent: string;
  #bodyOpened = false;
  /** Of the exchange that runs: its body was begun, its reply was. */
  #sendsBody = false;
  #hasReply = false;
  #statusError: CurlError | null = null;

  constructor(
    t: Transfer,
    { session, sink }: { session: Session; sink: Sink },
    counters: Counters,
  ) {
    this.#t = t;
    this.#session = session;
    this.#sink = sink;
    this.#counters = counters;
    const startedMs = session.clock.nowMs();
    this.#timings = newTimings(startedMs);
    this.#deadline = new Deadline(t.limits, startedMs);
    this.#methodSent = t.request.customMethod ?? t.request.method;
    const { url, body, request } = t;
    this.#hop = {
      url,
      method: request.method,
      body,
      referer: request.referer,
      isFirstOrigin: true,
    };
  }

  async loop(redirected?: (url: Url) => void): Promise<void> {
    for (;;) {
      await this.#runHop();
      const next = this.#next;
      if (!next) break;
      this.#hop = next;
      this.#next = null;
      this.#counters.redirectCount++;
      this.#timings.redirectMs = this.#sinceStart();
      redirected?.(next.url);
    }
    if (this.#statusError) throw this.#statusError;
  }

  /** One hop: exchanges until one of them is its answer. */
  async #runHop(): Promise<void> {
    let withoutExpect = false;
    for (let dead = 0; ; ) {
      if (this.#abort.signal.aborted) throw this.#abort.signal.reason;
      const reached = await this.#reach();
      this.#connection = reached.stream.connection;
      this.#arm("exchange");
      try {
        const result = await this.#exchangeOn(reached.stream, withoutExpect);
        this.#release(reached, result);
        if (!result.expectationFailed) return;
        withoutExpect = true;
      } catch (error) {
        const { id } = reached.stream.connection;
        reached.stream.close();
        this.#session.trace?.({ type: "connection-closed", connectionId: id, reason: "" });
        if (!reached.reused || this.#hasReply || !this.#isLostConnection(error)) throw error;
        if (++dead > MAX_DEAD_CONNECTIONS) throw error;
        this.#session.trace?.({ type: "connection-died", retry: dead });
      }
    }
  }

  // ---- connecting

  async #reach(): Promise<Reached> {
    const { route, tls } = this.#t;
    const { url } = this.#hop;
    const target: Target = {
      scheme: url.scheme,
      host: url.host.replace(/^\[(.*)\]$/, "$1"),
      zoneId: url.zoneId,
      port: url.port,
    };
    const hops = planRoute(target, route, tls);
    const key = poolKey(target, route, hops);
    this.#timings.queueMs = this.#sinceStart();
    const kept = this.#session.pool.take(key);
    if (kept) {
      Object.assign(this.#timings, { nameLookupMs: 0, connectMs: 0, appConnectMs: 0 });
      this.#session.trace?.({
        type: "reused",
        connectionId: kept.connection.id,
        scheme: url.scheme,
        host: target.host,
      });
      return { stream: kept, key, reused: true };
    }
    this.#arm("resolve");
    const { clock, resolver, trace } = this.#session;
    const stream = await connect(
      hops,
      { target, spec: route },
      {
        clock,
        resolver,
        trace,
        signal: this.#abort.signal,
        nextConnectionId: () => this.#session.nextConnectionId(),
        reached: (step) => this.#reachedStep(step),
      },
    );
    this.#counters.connectCount++;
    return { stream, key, reused: false };
  }

  #reachedStep(step: "resolved" | "connected" | "secured"): void {
    const nowMs = this.#sinceStart();
    if (step === "resolved") {
      this.#timings.nameLookupMs = nowMs;
      this.#phase = "connect";
    } else if (step === "connected") {
      this.#timings.connectMs = nowMs;
      this.#timings.appConnectMs = 0;
    } else this.#timings.appConnectMs = nowMs;
  }

  /** The connection is free: kept for the next hop or transfer, or closed. */
  #release({ stream, key }: Reached, { closeReason }: ExchangeResult): void {
    const { id } = stream.connection;
    const { trace } = this.#session;
    if (closeReason === null && stream.isOpen) {
      const { host, port } = this.#hop.url;
      trace?.({ type: "connection-kept", connectionId: id, host, port });
      this.#session.pool.put(key, stream);
    } else {
      stream.close();
      trace?.({
        type: "connection-closed",
        connectionId: id,
        reason: closeReason ?? "server-asked",
      });
    }
  }

  /** The peer had closed a connection that was kept for it, and nothing of the request can have been acted upon twice. */
  #isLostConnection(error: unknown): boolean {
    const lost =
      error instanceof CurlError &&
      (error.code === "GOT_NOTHING" || error.code === "RECV_ERROR" || error.code === "SEND_ERROR");
    return lost && !this.#abort.signal.aborted && this.#canSendBodyAgain();
  }

  #canSendBodyAgain(): boolean {
    return this.#hop.body === null || this.#hop.body.replayable || !this.#bodyOpened;
  }

  // ---- one exchange

  async #exchangeOn(stream: Stream, withoutExpect: boolean): Promise<ExchangeResult> {
    const { connection } = stream;
    this.#sendsBody = false;
    this.#hasReply = false;
    const request = this.#buildRequest(withoutExpect, connection.httpVersion === "1.0");
    Object.assign(this.#counters, {
      downloaded: 0,
      downloadTotal: null,
      uploaded: 0,
      uploadTotal: null,
    });
    const receiver = new Receiver(this.#sink, {
      counters: this.#counters,
      decodes: this.#t.request.compressed,
      isHeadRequest: this.#hop.method === "HEAD",
      judge: (head) => this.#judge(head, request.expectContinue && !this.#sendsBody),
      seen: (head) => {
        connection.httpVersion = head.version;
        this.#heads.push(head);
      },
    });
    const { clock, trace } = this.#session;
    return exchange(stream, request, {
      receiver,
      context: {
        clock,
        trace,
        counters: this.#counters,
        signal: this.#abort.signal,
        reached: (step) => {
          const nowMs = this.#sinceStart();
          if (step === "sending") this.#timings.preTransferMs = nowMs;
          else if (step === "sent") this.#timings.postTransferMs = nowMs;
          else {
            this.#timings.startTransferMs = nowMs;
            this.#hasReply = true;
          }
        },
      },
    });
  }

  /** @param toOldServer it answered in HTTP/1.0 on this connection, so it is spoken to in HTTP/1.0, as curl does */
  #buildRequest(withoutExpect: boolean, toOldServer: boolean): ExchangeRequest {
    const request = toOldServer
      ? { ...this.#t.request, httpVersion: "1.0" as const }
      : this.#t.request;
    const { url, method, body, referer, isFirstOrigin } = this.#hop;
    const credentials = this.#credentials();
    if (credentials)
      this.#session.trace?.({ type: "auth", scheme: "Basic", user: credentials.user });
    const head = buildRequestHead(request, {
      url,
      method,
      authorization: credentials && basicAuthorization(credentials.user, credentials.password),
      body,
      referer,
      includeSecrets: isFirstOrigin,
      withoutExpect,
    });
    const framing = bodyFraming(request, body);
    this.#methodSent = head.method;
    if (body && this.#bodyOpened && !body.replayable) {
      throw new CurlError(
        "SEND_FAIL_REWIND",
        "seek callback returned error 2: the data came from a pipe and cannot be sent a second time",
      );
    }
    return {
      head,
      impliedMethod: method,
      body: body && { ...body, open: (offset) => this.#openBody(body, offset) },
      chunked: framing.chunked,
      expectContinue: framing.expectContinue && !withoutExpect,
    };
  }

  #openBody(body: RequestBody, offset: number | undefined): AsyncIterable<Uint8Array> {
    this.#bodyOpened = true;
    this.#sendsBody = true;
    return body.open(offset);
  }

  /** -u goes to the first origin only; what stands in a URL goes where that URL goes. */
  #credentials(): Credentials | null {
    const { url, isFirstOrigin } = this.#hop;
    if (isFirstOrigin && this.#t.credentials) return this.#t.credentials;
    if (url.user === null && url.password === null) return null;
    return { user: url.user ?? "", password: url.password ?? "" };
  }

  /**
   * What is to become of a final response: delivered, passed over, refused.
   * @param bodyWaits the body still waits for 100 Continue
   */
  #judge(head: ResponseHead, bodyWaits: boolean): Disposition {
    const { url, method, body, referer } = this.#hop;
    if (head.status === 417 && bodyWaits) return { kind: "pass-over" };
    try {
      const state = {
        url,
        firstUrl: this.#t.url,
        method,
        hasBody: body !== null,
        redirectCount: this.#counters.redirectCount,
      };
      const decision = decideRedirect(head, state, this.#t.redirects);
      if (decision.kind === "follow") {
        this.#next = {
          url: decision.url,
          method: decision.method,
          body: decision.keepBody ? body : null,
          referer: this.#t.request.refererAuto
            ? formatUrl(url, { credentials: false, fragment: false })
            : referer,
          isFirstOrigin: decision.sameOriginAsFirst,
        };
        this.#session.trace?.({ type: "body-ignored" });
        this.#session.trace?.({
          type: "redirect",
          url: formatUrl(decision.url),
          method: decision.method,
        });
        return { kind: "pass-over" };
      }
    } catch (error) {
      return { kind: "refuse", error: curlErrorOf(error) };
    }
    if (head.status < 400 || this.#t.failOnStatus === "no") return { kind: "deliver" };
    const error = new CurlError(
      "HTTP_RETURNED_ERROR",
      `The requested URL returned error: ${head.status}`,
    );
    if (this.#t.failOnStatus === "without-body") return { kind: "refuse", error };
    this.#statusError = error;
    return { kind: "deliver" };
  }

  // ---- time

  #sinceStart(): number {
    return this.#session.clock.nowMs() - this.#timings.startedMs;
  }

  /** Starts the clock of a phase. */
  #arm(phase: Phase): void {
    this.disarm();
    this.#phase = phase;
    const nowMs = this.#session.clock.nowMs();
    const timeout = this.#deadline.next(phase, nowMs, nowMs);
    if (!timeout) return;
    this.#timer = this.#session.clock.after(timeout.afterMs, () =>
      this.#timedOut(timeout.reason, nowMs),
    );
  }

  disarm(): void {
    this.#timer?.cancel();
    this.#timer = null;
  }

  #timedOut(reason: TimeoutReason, phaseStartedMs: number): void {
    const { clock } = this.#session;
    const sinceMs = reason === "max-time" ? this.#timings.startedMs : phaseStartedMs;
    const ms = Math.round(clock.nowMs() - sinceMs);
    const { downloaded, downloadTotal } = this.#counters;
    const received =
      downloadTotal === null
        ? `${downloaded} bytes received`
        : `${downloaded} out of ${downloadTotal} bytes received`;
    const text =
      this.#phase === "resolve"
        ? `Resolving timed out after ${ms} milliseconds`
        : this.#phase === "connect"
          ? `Connection timed out after ${ms} milliseconds`
          : `Operation timed out after ${ms} milliseconds with ${received}`;
    this.abort(new CurlError("OPERATION_TIMEDOUT", text));
  }

  abort(reason: unknown): void {
    this.#abort.abort(reason);
  }

  // ---- the end

  outcome(error: CurlError | null): Outcome {
    const { url: effectiveUrl, referer } = this.#hop;
    const head = this.#heads.findLast(
      (h) => h.status >= 200 || h.status === 101 || h.version === "0.9",
    );
    this.#timings.totalMs = this.#sinceStart();
    const isFollowed = this.#t.redirects.follow && error === null;
    return {
      id: this.#t.id,
      url: this.#t.url,
      ...(head && { head }),
      heads: this.#heads,
      ...(error && { error }),
      effectiveUrl,
      method: this.#methodSent,
      referer,
      redirectUrl: head && !isFollowed ? redirectTarget(effectiveUrl, head.fields) : null,
      timings: this.#timings,
      counters: this.#counters,
      ...(this.#connection && { connection: this.#connection }),
    };
  }
}
