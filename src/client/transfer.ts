// THE loop: one URL to one sink. Any behaviour of a transfer is found by reading downwards.
//
//   transfer ──▶ for each hop:  reuse or connect ──▶ exchange ──▶ stop, or the next hop (redirect, 417)
//
// Here: the order of things, which secrets go to which hop, a dead kept connection replaced, and the facts of the
// Outcome. Not here: how a request looks (http/request), what a 3xx means (http/redirect), one exchange (exchange.ts),
// what happens to the body (receive.ts), the two time limits (transfer-time.ts). Errors of a transfer are part of its
// Outcome; what transfer() throws is a bug.

import { abortable } from "../abortable.ts";
import type { TimeLimits } from "../deadline.ts";
import { CurlError } from "../error.ts";
import { basicAuthorization } from "../http/auth/basic.ts";
import type { RequestBody } from "../http/body/request-body.ts";
import { decideRedirect, type RedirectPolicy, redirectTarget } from "../http/redirect.ts";
import { buildRequestHead, type RequestSpec } from "../http/request.ts";
import type { ResponseHead } from "../http1/decoder.ts";
import type { ConnectContext } from "../net/connect.ts";
import { planRoute, poolKey, type RouteSpec, targetOf } from "../net/route.ts";
import type { Connection, Stream } from "../net/stream.ts";
import type { TlsSpec } from "../net/tls.ts";
import { formatUrl, type Url } from "../url.ts";
import { type ExchangeRequest, type ExchangeResult, exchange } from "./exchange.ts";
import { type Counters, newCounters, type Outcome } from "./outcome.ts";
import { type Disposition, Receiver } from "./receive.ts";
import type { Session } from "./session.ts";
import type { Sink } from "./sink.ts";
import {
  asksForMptcp,
  demandMptcp,
  type PathInterest,
  type RequestInDoubt,
  TransferMptcp,
} from "./transfer-mptcp.ts";
import { TransferTime } from "./transfer-time.ts";

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
  /** Of --mptcp's paths, which are looked at all the same once a transfer takes long. "unread" unless given. */
  readonly paths?: PathInterest;
}

/** How often a kept connection that proves dead is replaced by another one, as in curl. */
const MAX_DEAD_CONNECTIONS = 5;

/** Runs a transfer to its end. @returns its outcome, failed or not @throws only bugs */
export async function transfer(
  t: Transfer,
  { session, sink }: { session: Session; sink: Sink },
  options: TransferOptions = {},
): Promise<Outcome> {
  const run = new TransferRun(t, { session, sink }, options);
  const outer = options.signal;
  const abort = (): void => run.abort(outer?.reason);
  outer?.addEventListener("abort", abort);
  if (outer?.aborted) abort();
  try {
    return await run.finish(await run.loop(options.redirected));
  } finally {
    outer?.removeEventListener("abort", abort);
    run.endTime();
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
  readonly #time: TransferTime;
  readonly #abort = new AbortController();
  readonly #heads: ResponseHead[] = [];
  /** The last of a final response. */
  #head: ResponseHead | null = null;
  #hop: Hop;
  #next: Hop | null = null;
  #connection: Connection | null = null;
  #methodSent: string;
  #bodyOpened = false;
  /** Of the exchange that runs: its body was begun, its reply was. */
  #sendsBody = false;
  #hasReply = false;
  #statusError: CurlError | null = null;
  /** null: MPTCP was not asked for. */
  readonly #mptcp: TransferMptcp | null;

  constructor(
    t: Transfer,
    { session, sink }: { session: Session; sink: Sink },
    { counters = newCounters(), paths = "unread" }: TransferOptions,
  ) {
    this.#t = t;
    this.#session = session;
    this.#sink = sink;
    this.#counters = counters;
    this.#mptcp = asksForMptcp(t.route)
      ? new TransferMptcp({ paths, counters, trace: session.trace })
      : null;
    this.#time = new TransferTime({
      clock: session.clock,
      limits: t.limits,
      counters,
      expired: (error) => this.abort(error),
    });
    this.#methodSent = t.request.customMethod ?? t.request.method;
    const { url, body, request } = t;
    const { method, referer } = request;
    this.#hop = { url, method, body, referer, isFirstOrigin: true };
  }

  /** All hops. @returns why it failed; null: it did not */
  async loop(redirected?: (url: Url) => void): Promise<CurlError | null> {
    try {
      for (;;) {
        await this.#runHop();
        const next = this.#next;
        if (!next) return this.#statusError;
        this.#hop = next;
        this.#next = null;
        this.#counters.redirectCount++;
        this.#time.timings.redirectMs = this.#time.sinceStartMs();
        redirected?.(next.url);
      }
    } catch (thrown) {
      return curlErrorOf(thrown);
    }
  }

  /** One hop: exchanges until one of them is its answer. */
  async #runHop(): Promise<void> {
    let withoutExpect = false;
    let { route } = this.#t;
    for (let dead = 0; ; ) {
      if (this.#abort.signal.aborted) throw this.#abort.signal.reason;
      const reached = await this.#reach(route);
      this.#connection = reached.stream.connection;
      this.#time.begin("exchange");
      try {
        const watching = this.#watch(reached.stream);
        if (watching) await watching;
        const result = await this.#exchangeOn(reached.stream, withoutExpect);
        this.#mptcp?.end();
        this.#release(reached, result);
        if (!result.expectationFailed) return;
        withoutExpect = true;
      } catch (error) {
        const { id } = reached.stream.connection;
        reached.stream.close();
        this.#mptcp?.end();
        this.#session.trace?.({ type: "connection-closed", connectionId: id, reason: "" });
        const repeatOn = this.#mptcp?.takeRepeat(route);
        if (repeatOn && !this.#abort.signal.aborted) {
          route = repeatOn;
          continue;
        }
        if (!reached.reused || this.#hasReply || !this.#isLostConnection(error)) throw error;
        if (++dead > MAX_DEAD_CONNECTIONS) throw error;
        this.#session.trace?.({ type: "connection-died", retry: dead });
      }
    }
  }

  // ---- connecting

  async #reach(route: RouteSpec): Promise<Reached> {
    const { tls, route: asked } = this.#t;
    const { url } = this.#hop;
    const target = targetOf(url);
    const hops = planRoute(target, route, tls);
    // By what was asked for: where MPTCP proved impossible, the next transfer goes on with the plain connection.
    const key = poolKey(target, asked, route === asked ? hops : planRoute(target, asked, tls));
    const { timings } = this.#time;
    timings.queueMs = this.#time.sinceStartMs();
    const kept = route.mptcp.fellBack ? null : this.#takeKept(key);
    if (kept) {
      Object.assign(timings, { nameLookupMs: 0, connectMs: 0, appConnectMs: 0 });
      this.#session.trace?.({
        type: "reused",
        connectionId: kept.connection.id,
        scheme: url.scheme,
        host: target.host,
      });
      return { stream: kept, key, reused: true };
    }
    this.#time.begin("resolve");
    const { clock, resolver, trace } = this.#session;
    const context: ConnectContext = {
      clock,
      resolver,
      trace,
      signal: this.#abort.signal,
      nextConnectionId: () => this.#session.nextConnectionId(),
      reached: (moment) => this.#time.reached(moment),
      // From here on, because a path can go while TLS shakes hands, and the verdict is news where that fails.
      stands: (stream) => this.#watch(stream),
    };
    try {
      const stream = await this.#session.connect(hops, { target, spec: route }, context);
      this.#counters.connectCount++;
      demandMptcp(stream, route);
      return { stream, key, reused: false };
    } catch (error) {
      this.#mptcp?.end();
      await this.#mptcp?.refused(error);
      throw error;
    }
  }

  /** A kept connection may have fallen back while it was used, inside TLS. */
  #takeKept(key: string): Stream | null {
    const { required } = this.#t.route.mptcp;
    for (;;) {
      const kept = this.#session.pool.take(key);
      if (!kept || !required || kept.connection.mptcp?.verdict === "mptcp") return kept;
      kept.close();
    }
  }

  /** Has the connection looked after for as long as this hop uses it; once. */
  #watch(stream: Stream): void | Promise<void> {
    return this.#mptcp?.begin(stream, {
      pathTimeoutMs: this.#t.route.mptcp.pathTimeoutMs,
      request: () => this.#requestInDoubt(),
    });
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
    if (!lost || this.#abort.signal.aborted || !this.#canSendBodyAgain()) return false;
    return !this.#mptcp?.forbidsAnother(this.#requestInDoubt());
  }

  #requestInDoubt(): RequestInDoubt {
    return { method: this.#methodSent, canSendBodyAgain: this.#canSendBodyAgain() };
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
        reached: (moment) => {
          this.#time.reached(moment);
          if (moment === "first-byte") this.#hasReply = true;
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
      ...head.framing,
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
    this.#head = head;
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

  abort(reason: unknown): void {
    this.#abort.abort(reason);
  }

  endTime(): void {
    this.#time.end();
  }

  // ---- the end

  /** Tells the sink. --max-time holds here too: a sink may wait for a reader that does not come. */
  async finish(error: CurlError | null): Promise<Outcome> {
    const outcome = this.#outcome(error);
    try {
      const finished = this.#sink.finish(outcome);
      if (finished) {
        this.#time.begin("exchange");
        await abortable(finished, this.#abort.signal);
      }
      return outcome;
    } catch (thrown) {
      const late = curlErrorOf(thrown);
      return { ...outcome, error: error ?? late };
    }
  }

  #outcome(error: CurlError | null): Outcome {
    const { url: effectiveUrl, referer } = this.#hop;
    const head = this.#head;
    const { timings } = this.#time;
    timings.totalMs = this.#time.sinceStartMs();
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
      timings,
      counters: this.#counters,
      ...(this.#connection && { connection: this.#connection }),
      mptcp: this.#mptcp?.outcome ?? null,
    };
  }
}
