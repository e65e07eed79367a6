// The web's fetch over a transfer: a URL or Request and its options in, a streaming Response out.
//
// Here: what the caller said, as a Transfer, and the life of an abort. Not here: request bodies (web-body.ts), the
// Response (web-response.ts) and anything of HTTP. Differs from the global fetch on purpose: it rejects with CurlError
// where that has a bare TypeError, `mptcp: true` asks for Multipath TCP as --mptcp does, and a URL that the WHATWG
// parser refuses (no scheme, IPv6 zone ids) is read as curl reads it. Responses are decoded (gzip, deflate, br, zstd).

import { byteStringOfText } from "../bytes.ts";
import { DEFAULT_CONNECT_TIMEOUT_MS, DEFAULT_PATH_TIMEOUT_MS } from "../deadline.ts";
import { CurlError } from "../error.ts";
import type { HeaderRule } from "../http/request.ts";
import type { TlsSpec } from "../net/tls.ts";
import { parseUrl } from "../url.ts";
import { USER_AGENT } from "../version.ts";
import { newCounters } from "./outcome.ts";
import { Session } from "./session.ts";
import { type Transfer, transfer } from "./transfer.ts";
import { type WebBody, webBody } from "./web-body.ts";
import { ResponseSink } from "./web-response.ts";

export interface FetchOptions {
  /** "GET" unless given. */
  readonly method?: string | undefined;
  /** Replace the defaults (User-Agent, Accept, Accept-Encoding) where they have the same name. */
  readonly headers?: ConstructorParameters<typeof Headers>[0];
  readonly body?: WebBody | null | undefined;
  /** Ends the call, or the body's stream later on, with the signal's reason. */
  readonly signal?: AbortSignal | null | undefined;
  /** "follow" (the default; 20 at most, as the Fetch standard says), "manual", or "error". */
  readonly redirect?: "follow" | "manual" | "error" | undefined;
  /** Whether every connection is opened as Multipath TCP. */
  readonly mptcp?: boolean | undefined;
  readonly tls?: TlsOptions | undefined;
  /** What to share with other calls; a common one unless given. */
  readonly session?: Session | undefined;
}

export interface TlsOptions {
  /** Certificates in PEM that servers' chains may end at, in place of the system's. */
  readonly ca?: string | readonly string[] | undefined;
  /** false: take any certificate, as -k does. Anybody on the way can then read and change everything. */
  readonly rejectUnauthorized?: boolean | undefined;
}

const MAX_REDIRECTS = 20;

/** TLS 1.2 and 1.3, as BoringSSL numbers them. */
const TLS_VERSIONS = { minVersion: 771, maxVersion: 772 } as const;

/** The Fetch standard's "normalize a method": these in any case, others as written. */
const UPPER_CASED = new Set(["DELETE", "GET", "HEAD", "OPTIONS", "POST", "PUT"]);

let commonSession: Session | null = null;
let transfers = 0;

/**
 * Fetches over HTTP/1.1, over MPTCP if asked to.
 * @returns a web Response whose body streams; reading it slowly holds the server back
 * @throws CurlError, by rejection, or by the body's stream once the Response was given; an aborted signal's reason
 */
export async function fetch(
  input: string | URL | Request,
  options: FetchOptions = {},
): Promise<Response> {
  const call = callOf(input, options);
  const { signal } = call;
  if (signal?.aborted) throw signal.reason;
  const ended = new AbortController();
  const abort = (): void => ended.abort(signal?.reason);
  signal?.addEventListener("abort", abort);
  const over = (): void => {
    signal?.removeEventListener("abort", abort);
    // Whatever the request's body still waits for is let go.
    ended.abort(new CurlError("READ_ERROR", "the transfer is over"));
  };
  try {
    return await start(call, ended, over);
  } catch (error) {
    over();
    throw error;
  }
}

async function start(call: Call, ended: AbortController, over: () => void): Promise<Response> {
  commonSession ??= new Session();
  const session = call.session ?? commonSession;
  const plan = await planTransfer(call, ended.signal);
  if (ended.signal.aborted) throw ended.signal.reason;
  return new Promise((resolve, reject) => {
    const counters = newCounters();
    const sink = new ResponseSink({
      resolve,
      reject,
      url: plan.url,
      isHeadRequest: plan.request.method === "HEAD",
      refusesRedirects: call.redirect === "error",
      cancel: (error) => ended.abort(error),
    });
    transfer(
      plan,
      { session, sink },
      { counters, signal: ended.signal, redirected: (url) => sink.redirected(url) },
    )
      .catch((error: unknown) => sink.fail(error))
      .finally(over);
  });
}

/** What is asked for, options before the Request's own. */
interface Call extends Omit<FetchOptions, "headers"> {
  readonly url: string;
  readonly method: string;
  readonly headers: Headers;
}

function callOf(input: string | URL | Request, options: FetchOptions): Call {
  const request = input instanceof Request ? input : null;
  if (request?.bodyUsed && options.body == null) throw refused("the Request's body was used");
  const method = options.method ?? request?.method ?? "GET";
  let headers: Headers;
  try {
    headers = new Headers(options.headers ?? request?.headers);
  } catch (cause) {
    throw refused(cause instanceof Error ? cause.message : "bad headers", cause);
  }
  return {
    ...options,
    url: request ? request.url : String(input),
    method: UPPER_CASED.has(method.toUpperCase()) ? method.toUpperCase() : method,
    headers,
    body: options.body ?? (request?.body as WebBody | null | undefined),
    signal: options.signal === undefined ? request?.signal : options.signal,
    redirect: options.redirect ?? request?.redirect,
  };
}

async function planTransfer(call: Call, ended: AbortSignal): Promise<Transfer> {
  const { method, headers } = call;
  const noBody = call.body == null;
  if (!noBody && (method === "GET" || method === "HEAD"))
    throw refused(`a ${method} request has no body`);
  if (method.toUpperCase() === "CONNECT") throw refused("CONNECT is for proxies");
  if (headers.has("transfer-encoding")) throw refused("the body decides about Transfer-Encoding");
  // The standard: POST and PUT say that they have none.
  const given = call.body ?? (method === "POST" || method === "PUT" ? new Uint8Array() : null);
  const length = headers.get("content-length");
  const body = given === null ? null : await webBody(given, { headers, isEmpty: noBody, ended });
  if (body === null && length !== null && length !== "0")
    throw refused("Content-Length without a body");
  return {
    id: transfers++,
    url: parseUrl(urlText(call.url)),
    request: {
      method,
      customMethod: null,
      httpVersion: "1.1",
      headers: headerRules(headers, body !== null),
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
      protocol: call.mptcp ? "mptcp" : "tcp",
      family: "any",
      resolve: [],
      connectTo: [],
      unixSocket: null,
      mptcp: { required: false, pathTimeoutMs: DEFAULT_PATH_TIMEOUT_MS, fellBack: null },
      keepAlive: { enabled: true, timeSeconds: null, count: null },
    },
    tls: tlsSpec(call.tls ?? {}),
    redirects: {
      follow: call.redirect !== "manual" && call.redirect !== "error",
      maxRedirects: MAX_REDIRECTS,
    },
    limits: { connectTimeoutMs: DEFAULT_CONNECT_TIMEOUT_MS, maxTimeMs: 0 },
    failOnStatus: "no",
  };
}

/** The web's reading of a URL where it has one, else the text for curl's. */
function urlText(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : null;
  // "localhost:8080" is a URL of the scheme "localhost" to the web, and a host to curl.
  const isWeb = url?.protocol === "http:" || url?.protocol === "https:";
  return byteStringOfText(url && isWeb ? url.href : text);
}

/** The caller's fields in their order. Those that describe the body go with it, so that a redirect can drop them. */
function headerRules(headers: Headers, hasBody: boolean): HeaderRule[] {
  const rules = [...headers]
    .filter(([name]) => !hasBody || (name !== "content-type" && name !== "content-length"))
    .map(
      ([name, value]): HeaderRule =>
        value === "" ? { kind: "empty", name } : { kind: "set", name, value },
    );
  // curl waits a second for 100 (Continue) before a long body; the web's fetch never does unless told to.
  if (!headers.has("expect")) rules.push({ kind: "remove", name: "Expect" });
  return rules;
}

function tlsSpec({ ca, rejectUnauthorized }: TlsOptions): TlsSpec {
  const pem = typeof ca === "string" ? [ca] : ca;
  return {
    verify: rejectUnauthorized !== false,
    trust: pem ? { kind: "pem", pem, from: `tls.ca ${digestOf(pem)}` } : { kind: "system" },
    ...TLS_VERSIONS,
    clientCertificate: null,
    collectCertificates: false,
  };
}

/** Tells one set of roots from another: connections are shared by where their trust comes from (net/route, poolKey). */
function digestOf(pem: readonly string[]): string {
  const hasher = new Bun.CryptoHasher("sha256");
  for (const text of pem) hasher.update(`${text}\n`);
  return hasher.digest("hex").slice(0, 32);
}

function refused(what: string, cause?: unknown): CurlError {
  return new CurlError("BAD_FUNCTION_ARGUMENT", `fetch: ${what}`, { cause });
}
