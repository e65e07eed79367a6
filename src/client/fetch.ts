// The web's fetch over a transfer: Request's options in, a streaming Response out.
//
// Here: bodies of the web's kinds, the Response, and what the standard says of redirects and aborts. Not here: anything
// of HTTP. Differs from the global fetch on purpose: it rejects with CurlError, and `mptcp: true` asks for Multipath
// TCP as --mptcp does. Responses are decoded (gzip, deflate, br, zstd), as fetch does.

import { byteStringOfText } from "../bytes.ts";
import { DEFAULT_CONNECT_TIMEOUT_MS } from "../deadline.ts";
import { CurlError } from "../error.ts";
import { memoryBody, type RequestBody } from "../http/body/request-body.ts";
import type { HeaderRule } from "../http/request.ts";
import type { ResponseHead } from "../http1/decoder.ts";
import { parseUrl } from "../url.ts";
import { USER_AGENT } from "../version.ts";
import type { Outcome } from "./outcome.ts";
import { Session } from "./session.ts";
import type { Sink } from "./sink.ts";
import { type Transfer, transfer } from "./transfer.ts";

/** What the web's fetch takes as a body: text, bytes, Blob, FormData, URLSearchParams, ReadableStream. */
export type WebBody = NonNullable<ConstructorParameters<typeof Response>[0]>;

export interface FetchOptions {
  readonly method?: string;
  readonly headers?: ConstructorParameters<typeof Headers>[0];
  readonly body?: WebBody | null;
  readonly signal?: AbortSignal | null;
  /** "follow" (20 at most, as the Fetch standard says), "manual", or "error". */
  readonly redirect?: "follow" | "manual" | "error";
  /** Whether every connection is opened as Multipath TCP. */
  readonly mptcp?: boolean;
  /** What to share with other calls; a common one unless given. */
  readonly session?: Session;
}

const MAX_REDIRECTS = 20;

/** Responses with these have no body, and the web's Response refuses one. */
const NULL_BODY_STATUS = new Set([101, 103, 204, 205, 304]);

let commonSession: Session | null = null;
let transfers = 0;

/**
 * Fetches over HTTP/1.1, over MPTCP if asked to.
 * @returns a web Response whose body streams; reading it slowly holds the server back
 * @throws CurlError, by rejection, or by the body's stream once the Response was given
 */
export async function fetch(input: string | URL, options: FetchOptions = {}): Promise<Response> {
  commonSession ??= new Session();
  const session = options.session ?? commonSession;
  const plan = await planFetch(input, options);
  const aborted = new AbortController();
  const { signal } = options;
  const abort = (): void => aborted.abort(signal?.reason);
  signal?.addEventListener("abort", abort);
  if (signal?.aborted) abort();
  return new Promise((resolve, reject) => {
    const sink = new ResponseSink({
      resolve,
      reject: (error) => reject(signal?.aborted ? signal.reason : error),
      refusesRedirects: options.redirect === "error",
      cancel: (error) => aborted.abort(error),
    });
    transfer(plan, { session, sink }, { signal: aborted.signal })
      .catch((error: unknown) => sink.fail(error))
      .finally(() => signal?.removeEventListener("abort", abort));
  });
}

async function planFetch(input: string | URL, options: FetchOptions): Promise<Transfer> {
  const { url, headers, body } = await webRequest(input, options);
  const method = (options.method ?? "GET").toUpperCase();
  return {
    id: transfers++,
    url: parseUrl(url),
    request: {
      // -X's rule: the implied method decides about bodies and redirects, the word goes out.
      method: method === "HEAD" || method === "POST" || method === "PUT" ? method : "GET",
      customMethod: method,
      httpVersion: "1.1",
      headers,
      userAgent: USER_AGENT,
      referer: null,
      refererAuto: false,
      range: null,
      compressed: true,
      json: false,
    },
    body,
    credentials: null,
    route: {
      protocol: options.mptcp ? "mptcp" : "tcp",
      family: "any",
      resolve: [],
      connectTo: [],
      unixSocket: null,
    },
    tls: {
      verify: true,
      trust: { kind: "system" },
      minVersion: 771,
      maxVersion: 772,
      clientCertificate: null,
      collectCertificates: false,
    },
    redirects: {
      follow: options.redirect !== "manual" && options.redirect !== "error",
      maxRedirects: MAX_REDIRECTS,
    },
    limits: { connectTimeoutMs: DEFAULT_CONNECT_TIMEOUT_MS, maxTimeMs: 0 },
    failOnStatus: "no",
  };
}

/** What the web's types say, in ours: header rules in their order, a body with its length where it has one. */
async function webRequest(
  input: string | URL,
  options: FetchOptions,
): Promise<{ url: string; headers: HeaderRule[]; body: RequestBody | null }> {
  const url = byteStringOfText(String(input));
  const headers = [...new Headers(options.headers)].map(
    ([name, value]): HeaderRule =>
      value === "" ? { kind: "empty", name } : { kind: "set", name, value },
  );
  const { body } = options;
  return { url, headers, body: body == null ? null : await webBody(body) };
}

async function webBody(body: WebBody): Promise<RequestBody> {
  if (body instanceof ReadableStream) {
    const open = (): AsyncIterable<Uint8Array> => body as unknown as AsyncIterable<Uint8Array>;
    return { type: null, sizeBytes: null, replayable: false, open };
  }
  if (body instanceof Blob) {
    const open = (offset = 0): AsyncIterable<Uint8Array> =>
      body.slice(offset).stream() as unknown as AsyncIterable<Uint8Array>;
    return { type: body.type || null, sizeBytes: body.size, replayable: true, open };
  }
  // Text, bytes, forms: the web's own rules for their bytes and their type.
  const response = new Response(body);
  return memoryBody(
    new Uint8Array(await response.arrayBuffer()),
    response.headers.get("content-type"),
  );
}

interface ResponseSinkOptions {
  resolve(response: Response): void;
  reject(error: unknown): void;
  readonly refusesRedirects: boolean;
  /** The reader does not want the rest. */
  cancel(error: CurlError): void;
}

/** A transfer's sink that is a Response's body: full means that the reader has not caught up. */
class ResponseSink implements Sink {
  readonly #options: ResponseSinkOptions;
  #controller: ReadableStreamDefaultController<Uint8Array> | null = null;
  #wanted: (() => void) | null = null;
  #response: Response | null = null;
  #cancelled = false;

  constructor(options: ResponseSinkOptions) {
    this.#options = options;
  }

  header(): void {}

  begin(head: ResponseHead): void {
    if (
      this.#options.refusesRedirects &&
      head.status >= 300 &&
      head.status < 400 &&
      head.fields.has("Location")
    ) {
      throw new CurlError(
        "TOO_MANY_REDIRECTS",
        `the server redirects (${head.status}) and redirect is "error"`,
      );
    }
    const body = NULL_BODY_STATUS.has(head.status) ? null : this.#openBody();
    const headers = new Headers();
    for (const [name, value] of head.fields) headers.append(name, value);
    // The web knows no status outside 200–599; HTTP/0.9 has none at all.
    const status = head.status >= 200 && head.status <= 599 ? head.status : 200;
    this.#response = new Response(body, { status, statusText: head.reason, headers });
    // A redirected response is told from its URL, which is known at the end of the redirects, that is now.
    this.#options.resolve(this.#response);
  }

  #openBody(): ReadableStream<Uint8Array> {
    return new ReadableStream<Uint8Array>({
      start: (controller) => {
        this.#controller = controller;
      },
      pull: () => {
        this.#wanted?.();
        this.#wanted = null;
      },
      cancel: () => {
        this.#cancelled = true;
        this.#wanted?.();
        this.#options.cancel(new CurlError("WRITE_ERROR", "the response's body was cancelled"));
      },
    });
  }

  write(bytes: Uint8Array): void | Promise<void> {
    if (this.#cancelled || !this.#controller) return;
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
    if (!this.#cancelled) this.#controller?.close();
  }

  /** Before the Response was given it rejects, afterwards the body's stream fails. */
  fail(error: unknown): void {
    if (!this.#response) this.#options.reject(error);
    else if (!this.#cancelled) this.#controller?.error(error);
  }
}
