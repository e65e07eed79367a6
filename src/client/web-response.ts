// A transfer's sink that is a web Response: its head when it has come, its body as a stream.
//
//   begin ──▶ the Response is given ──▶ write … ──▶ finish: the stream ends or fails
//
// The stream holds up to QUEUE_BYTES that nobody has read yet, then the transfer waits, and with it the server. A body
// of that size or less is taken in whole, so that its connection is free although nobody reads it; behind a longer one
// the connection waits, and does not keep the process alive meanwhile (Stream.pause).

import { textOf } from "../bytes.ts";
import { CurlError } from "../error.ts";
import type { HeaderList } from "../headers.ts";
import type { ResponseHead } from "../http1/decoder.ts";
import { formatUrl, type Url } from "../url.ts";
import type { Outcome } from "./outcome.ts";
import type { Sink } from "./sink.ts";

export interface ResponseSinkOptions {
  resolve(response: Response): void;
  reject(error: unknown): void;
  /** Where the first request goes. */
  readonly url: Url;
  readonly isHeadRequest: boolean;
  /** redirect: "error". */
  readonly refusesRedirects: boolean;
  /** The reader does not want the rest. */
  cancel(error: CurlError): void;
}

const QUEUE_BYTES = 256 * 1024;

/** Responses with these have no body, and the web's Response refuses one. */
const NULL_BODY_STATUS = new Set([101, 103, 204, 205, 304]);

export class ResponseSink implements Sink {
  readonly #options: ResponseSinkOptions;
  #url: Url;
  #isRedirected = false;
  #isGiven = false;
  #controller: ReadableStreamDefaultController<Uint8Array> | null = null;
  #wanted: (() => void) | null = null;

  constructor(options: ResponseSinkOptions) {
    this.#options = options;
    this.#url = options.url;
  }

  /** The request goes on to `url`. */
  redirected(url: Url): void {
    this.#url = url;
    this.#isRedirected = true;
  }

  header(): void {}

  begin(head: ResponseHead): void {
    const { refusesRedirects, isHeadRequest, resolve } = this.#options;
    const isRedirect = head.status >= 300 && head.status < 400 && head.fields.has("Location");
    if (refusesRedirects && isRedirect) {
      throw new CurlError(
        "TOO_MANY_REDIRECTS",
        `the server redirects (${head.status}) and redirect is "error"`,
      );
    }
    const hasBody = !isHeadRequest && !NULL_BODY_STATUS.has(head.status);
    // Statuses outside 200–599 exist on the wire, and the constructor refuses them. HTTP/0.9 has none at all.
    const status = head.version === "0.9" ? 200 : head.status;
    const response = new Response(hasBody ? this.#openBody() : null, {
      status: status >= 200 && status <= 599 ? status : 200,
      statusText: head.reason,
      headers: webHeaders(head.fields),
    });
    this.#isGiven = true;
    resolve(
      withFacts(response, {
        url: textOf(formatUrl(this.#url, { credentials: false, fragment: false })),
        redirected: this.#isRedirected,
        status,
        ok: status >= 200 && status <= 299,
      }),
    );
  }

  #openBody(): ReadableStream<Uint8Array> {
    const source = {
      start: (controller: ReadableStreamDefaultController<Uint8Array>) => {
        this.#controller = controller;
      },
      pull: () => this.#goOn(),
      cancel: () => {
        this.#controller = null;
        this.#goOn();
        this.#options.cancel(new CurlError("WRITE_ERROR", "the response's body was cancelled"));
      },
    };
    return new ReadableStream(
      source,
      new ByteLengthQueuingStrategy({ highWaterMark: QUEUE_BYTES }),
    );
  }

  #goOn(): void {
    this.#wanted?.();
    this.#wanted = null;
  }

  write(bytes: Uint8Array): void | Promise<void> {
    if (!this.#controller) return;
    this.#controller.enqueue(bytes);
    if ((this.#controller.desiredSize ?? 1) > 0) return;
    return new Promise<void>((resolve) => {
      this.#wanted = resolve;
    });
  }

  restart(): void {
    throw new Error("a Response cannot begin again");
  }

  finish(outcome: Outcome): void {
    if (outcome.error) return this.fail(outcome.error);
    this.#controller?.close();
    this.#controller = null;
  }

  /** Before the Response was given it rejects, afterwards the body's stream fails. */
  fail(error: unknown): void {
    if (!this.#isGiven) this.#options.reject(error);
    this.#controller?.error(error);
    this.#controller = null;
    this.#goOn();
  }
}

/** What the constructor of Response has no argument for, or refuses. */
type Facts = Readonly<Pick<Response, "url" | "redirected" | "status" | "ok">>;

function withFacts(response: Response, facts: Facts): Response {
  const clone = (): Response => withFacts(Response.prototype.clone.call(response), facts);
  const properties = Object.entries({ ...facts, clone }).map(
    ([name, value]) => [name, { value, configurable: true }] as const,
  );
  return Object.defineProperties(response, Object.fromEntries(properties));
}

function webHeaders(fields: HeaderList): Headers {
  const headers = new Headers();
  for (const [name, value] of fields.lines) {
    try {
      headers.append(name, value);
    } catch (error) {
      // Names and values that the web knows no place for: curl shows them, Headers cannot hold them.
      if (!(error instanceof TypeError)) throw error;
    }
  }
  return headers;
}
