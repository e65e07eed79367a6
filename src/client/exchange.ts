// One request and its response on one stream. Drives the codec; knows nothing of redirects, sinks or retries.
//
// Sending and receiving run side by side: a server may answer before the body is out.
//
//   head ──▶ [wait for 100 Continue] ──▶ body ──▶ sent ─┐
//   1xx … ──▶ head ──▶ data … ──▶ trailers ──▶ end ─────┴──▶ done
//
// An answer of 300 and up before the body is out ends the sending (RFC 9112 §9.5); the connection cannot be used again
// then. After a 2xx the rest of the body still goes out, as curl does it.

import { bytesOf, concat } from "../bytes.ts";
import type { Clock, Timer } from "../clock.ts";
import { CurlError } from "../error.ts";
import type { RequestBody } from "../http/body/request-body.ts";
import { LAST_CHUNK } from "../http1/chunked.ts";
import {
  type BodyLength,
  ResponseDecoder,
  type ResponseEvent,
  type ResponseHead,
} from "../http1/decoder.ts";
import { encodeRequestHead, type RequestHead } from "../http1/encoder.ts";
import { asksToClose, type CloseReason } from "../http1/lifecycle.ts";
import type { Stream, StreamReader } from "../net/stream.ts";
import type { Trace } from "../trace.ts";
import type { Counters } from "./outcome.ts";
import { sendBody } from "./send.ts";

export interface ExchangeRequest {
  readonly head: RequestHead;
  /** What decides whether the response has a body: not -X's word, which curl too only puts on the wire. */
  readonly impliedMethod: string;
  readonly body: RequestBody | null;
  /** The body goes out in chunks. */
  readonly chunked: boolean;
  /** The body waits for 100 Continue. */
  readonly expectContinue: boolean;
}

/** Who gets the response. A Promise holds the connection back until it resolves; an exception ends the exchange. */
export interface ResponseReceiver {
  informational(head: ResponseHead): void | Promise<void>;
  head(head: ResponseHead, length: BodyLength): void | Promise<void>;
  data(bytes: Uint8Array): void | Promise<void>;
  trailers(raw: string): void | Promise<void>;
  end(): void | Promise<void>;
}

export interface ExchangeContext {
  readonly clock: Clock;
  readonly counters: Counters;
  readonly trace: Trace | undefined;
  /** Aborted with the error that the exchange then rejects with, however busy the receiver is. */
  readonly signal: AbortSignal;
  /** A moment came, for curl's time_pretransfer, time_posttransfer and time_starttransfer. */
  reached(step: "sending" | "sent" | "first-byte"): void;
}

export interface ExchangeResult {
  readonly head: ResponseHead;
  /** Why the connection must be closed; null: it can carry another exchange. */
  readonly closeReason: CloseReason | null;
  /** 417 to a request whose body had not begun: it may be repeated without Expect (RFC 9110 §10.1.1). */
  readonly expectationFailed: boolean;
}

/** curl's --expect100-timeout default. */
const CONTINUE_TIMEOUT_MS = 1000;

/** Bodies up to this size leave in one write with the head, so that a small request is one segment. */
const INLINE_BODY_BYTES = 16 * 1024;

/**
 * Runs the exchange; the stream is the caller's again when it resolves, and broken when it rejects.
 * @throws CurlError, or what the receiver threw
 */
export function exchange(
  stream: Stream,
  request: ExchangeRequest,
  { receiver, context }: { receiver: ResponseReceiver; context: ExchangeContext },
): Promise<ExchangeResult> {
  return new Promise((resolve, reject) => {
    const run = new Exchange(stream, request, { receiver, context, resolve, reject });
    run.start();
  });
}

interface Wiring {
  readonly receiver: ResponseReceiver;
  readonly context: ExchangeContext;
  resolve(result: ExchangeResult): void;
  reject(error: Error): void;
}

class Exchange implements StreamReader {
  readonly #stream: Stream;
  readonly #request: ExchangeRequest;
  readonly #wiring: Wiring;
  readonly #decoder: ResponseDecoder;
  /** The receiver is busy with an event; the stream is paused. */
  #busy = false;
  #settled = false;
  #firstByte = false;
  #head: ResponseHead | null = null;
  #closeReason: CloseReason | null = null;
  #responseEnded = false;
  #sending: "head" | "waiting" | "body" | "sent" | "stopped" = "head";
  /** Ends the wait for 100 Continue. */
  #continue: (() => void) | null = null;
  #sawContinue = false;
  #expectationFailed = false;

  readonly #abort = (): void => this.#fail(this.#wiring.context.signal.reason);

  constructor(stream: Stream, request: ExchangeRequest, wiring: Wiring) {
    this.#stream = stream;
    this.#request = request;
    this.#wiring = wiring;
    this.#decoder = new ResponseDecoder({
      method: request.impliedMethod,
      clientCloses: asksToClose(request.head.fields),
    });
  }

  start(): void {
    const { signal } = this.#wiring.context;
    // A signal that was aborted before tells nobody any more.
    if (signal.aborted) return this.#abort();
    signal.addEventListener("abort", this.#abort);
    this.#send().catch((error: Error) => this.#sendFailed(error));
    this.#stream.attach(this);
  }

  // ---- sending

  async #send(): Promise<void> {
    const { context } = this.#wiring;
    const { head, body, chunked, expectContinue } = this.#request;
    const raw = encodeRequestHead(head);
    context.reached("sending");
    context.trace?.({ type: "request-head", raw });
    const inline = body && !chunked && !expectContinue ? await inlineBody(body) : null;
    const bytes = inline ? concat([bytesOf(raw), inline]) : bytesOf(raw);
    context.counters.requests += bytes.length;
    if (body) context.counters.uploadTotal = body.sizeBytes;
    await this.#stream.write(bytes);
    // -H "Transfer-Encoding: chunked" promises chunks even where there is nothing to send.
    if (!body && chunked) await this.#stream.write(LAST_CHUNK);
    if (inline) context.counters.uploaded += inline.length;
    else if (body) {
      if (expectContinue && !this.#sawContinue) await this.#waitForContinue();
      if (this.#sending === "stopped" || this.#settled) return;
      this.#sending = "body";
      const { counters, clock } = context;
      const isStopped = (): boolean => this.#settled || this.#sending === "stopped";
      const end = await sendBody(this.#stream, body, { chunked, counters, clock, isStopped });
      if (end === "stopped") return;
    }
    this.#sending = "sent";
    context.reached("sent");
    context.trace?.({ type: "request-sent", uploadedBytes: context.counters.uploaded });
    this.#settleIfDone();
  }

  async #waitForContinue(): Promise<void> {
    const { clock, trace } = this.#wiring.context;
    // The answer may have come before the head was out.
    if (this.#sending === "stopped" || this.#settled) return;
    this.#sending = "waiting";
    let timer: Timer | undefined;
    await new Promise<void>((resolve) => {
      this.#continue = resolve;
      timer = clock.after(CONTINUE_TIMEOUT_MS, () => {
        trace?.({ type: "continue-timeout" });
        resolve();
      });
    });
    timer?.cancel();
    this.#continue = null;
  }

  /** Sending broke. Once the server has refused the rest, that is no failure; a 2xx does not make a cut body whole. */
  #sendFailed(error: Error): void {
    if (this.#sending !== "stopped") this.#fail(error);
  }

  /** The server has decided; the rest of the body is not wanted. @param reason null: not a byte of it went out */
  #stopSending(reason: CloseReason | null): void {
    this.#sending = "stopped";
    this.#closeReason ??= reason;
    this.#wiring.context.trace?.({ type: "upload-stopped" });
    this.#continue?.();
    this.#settleIfDone();
  }

  // ---- receiving

  data(bytes: Uint8Array): void {
    if (!this.#firstByte) {
      this.#firstByte = true;
      this.#wiring.context.reached("first-byte");
    }
    this.#decoder.push(bytes);
    this.#pump();
  }

  end(): void {
    this.#decoder.finish();
    this.#pump();
  }

  fail(error: Error): void {
    const isLostUpload =
      this.#responseEnded && error instanceof CurlError && error.code === "RECV_ERROR";
    // Nothing was left to receive: curl says so too.
    this.#fail(
      isLostUpload
        ? new CurlError("SEND_ERROR", error.message.replace(/^Recv/, "Send"), { cause: error })
        : error,
    );
  }

  /** Takes events until the decoder wants bytes or the receiver wants time. */
  #pump(): void {
    try {
      while (!this.#busy && !this.#settled && !this.#responseEnded) {
        const event = this.#decoder.next();
        if (event === "need-data") return;
        const wait = this.#handle(event);
        if (wait) this.#holdBack(wait);
      }
    } catch (error) {
      this.#fail(error as Error);
    }
  }

  #holdBack(wait: Promise<void>): void {
    this.#busy = true;
    this.#stream.pause();
    wait.then(
      () => {
        this.#busy = false;
        if (this.#settled) return;
        this.#pump();
        if (!this.#busy) this.#stream.resume();
        this.#settleIfDone();
      },
      (error: Error) => this.#fail(error),
    );
  }

  #handle(event: ResponseEvent): void | Promise<void> {
    const { receiver, context } = this.#wiring;
    switch (event.type) {
      case "informational":
        context.counters.headers += event.head.sizeBytes;
        context.trace?.({ type: "response-head", raw: event.head.raw });
        if (event.head.status === 100) {
          this.#sawContinue = true;
          this.#continue?.();
        }
        return receiver.informational(event.head);
      case "head":
        context.counters.headers += event.head.sizeBytes;
        context.trace?.({ type: "response-head", raw: event.head.raw });
        this.#head = event.head;
        if (event.body.kind === "content-length")
          context.counters.downloadTotal = event.body.sizeBytes;
        if (event.head.status >= 300 && this.#request.body && this.#sending !== "sent") {
          const isWaiting = this.#sending === "waiting";
          this.#expectationFailed =
            event.head.status === 417 && this.#request.expectContinue && this.#sending !== "body";
          // Only 417 leaves the connection in a known state: the server refused to wait for this body.
          this.#stopSending(this.#expectationFailed && isWaiting ? null : "early-response");
        }
        return receiver.head(event.head, event.body);
      case "data":
        return receiver.data(event.bytes);
      case "trailers":
        return receiver.trailers(event.raw);
      case "end": {
        this.#responseEnded = true;
        this.#closeReason ??= event.closeReason;
        const wait = receiver.end();
        if (!wait) this.#settleIfDone();
        return wait;
      }
    }
  }

  /** Both directions are over. */
  #settleIfDone(): void {
    if (this.#settled || this.#busy || !this.#responseEnded || !this.#head) return;
    if (this.#sending !== "sent" && this.#sending !== "stopped") return;
    this.#settle();
    const { trace } = this.#wiring.context;
    const excess = this.#decoder.excessBytes;
    if (excess > 0) {
      trace?.({ type: "excess", sizeBytes: excess });
      this.#closeReason ??= "excess-bytes";
    }
    this.#wiring.resolve({
      head: this.#head,
      closeReason: this.#closeReason,
      expectationFailed: this.#expectationFailed,
    });
  }

  #fail(error: Error): void {
    if (this.#settled) return;
    this.#settle();
    this.#continue?.();
    this.#stream.close();
    this.#wiring.reject(error);
  }

  #settle(): void {
    this.#settled = true;
    this.#stream.attach(null);
    this.#wiring.context.signal.removeEventListener("abort", this.#abort);
  }
}

/** The whole of a short body, or null for one that is long or of unknown length. */
async function inlineBody(body: RequestBody): Promise<Uint8Array | null> {
  if (body.sizeBytes === null || body.sizeBytes > INLINE_BODY_BYTES) return null;
  const chunks: Uint8Array[] = [];
  // A chunk is valid only until the next one is asked for.
  for await (const chunk of body.open()) chunks.push(chunk.slice());
  return concat(chunks);
}
