// Redirects: what a 3xx response means for the next request (RFC 9110 §15.4, by curl's habits).
//
// Here: pure answers; client/transfer acts on them. Not here: which credentials go to the next hop (the transfer asks
// `sameOriginAsFirst`) and whether a body can be sent twice (RequestBody.replayable).
//
//   status        POST                PUT               other
//   301, 302      GET, no body        kept              kept
//   303           GET, no body        GET, no body      GET; HEAD kept
//   other 3xx     kept                kept              kept
//
// "Kept" includes the body. -X changes the word on the wire on every hop and nothing in this table.

import { CurlError } from "../error.ts";
import type { HeaderList } from "../headers.ts";
import { trimOws } from "../http1/grammar.ts";
import { formatUrl, resolveUrl, sameOrigin, type Url } from "../url.ts";

export interface RedirectPolicy {
  readonly follow: boolean;
  /** --max-redirs; Infinity for -1. */
  readonly maxRedirects: number;
}

/** The exchange that was just answered. */
export interface RedirectState {
  /** The URL that was asked for. */
  readonly url: Url;
  /** The transfer's first URL, to which its credentials belong. */
  readonly firstUrl: Url;
  /** The method that the options imply, or an earlier redirect changed: not -X's word. */
  readonly method: string;
  /** Whether the request had a body. */
  readonly hasBody: boolean;
  /** Redirects followed so far. */
  readonly redirectCount: number;
  /** --path-as-is. */
  readonly pathAsIs?: boolean;
}

export type RedirectDecision =
  | { readonly kind: "stop" }
  | {
      readonly kind: "follow";
      readonly url: Url;
      /** Implied method of the next request; -X's word still replaces it on the wire. */
      readonly method: string;
      readonly keepBody: boolean;
      /** Whether the transfer's credentials, -H Authorization, -H Cookie and -H Host may go there. */
      readonly sameOriginAsFirst: boolean;
    };

/** The parts of a response that matter here. */
export interface RedirectResponse {
  readonly status: number;
  readonly fields: HeaderList;
}

// Schemes that curl knows by name: it says "not supported" of them and "unparsable" of the rest.
const KNOWN_SCHEMES = new Set(
  "dict file ftp ftps gopher gophers imap imaps ldap ldaps mqtt pop3 pop3s rtmp rtsp scp sftp smb smbs smtp smtps telnet tftp ws wss".split(
    " ",
  ),
);

/**
 * Whether and how to go on from a response.
 * @throws CurlError WEIRD_SERVER_REPLY (two targets), TOO_MANY_REDIRECTS, URL_MALFORMAT, UNSUPPORTED_PROTOCOL
 */
export function decideRedirect(
  response: RedirectResponse,
  state: RedirectState,
  policy: RedirectPolicy,
): RedirectDecision {
  const { status } = response;
  if (!policy.follow || status < 300 || status > 399) return { kind: "stop" };
  const locations = locationsIn(response.fields);
  const location = locations[0];
  if (location === undefined) return { kind: "stop" };
  if (locations.some((other) => other !== location)) {
    throw new CurlError("WEIRD_SERVER_REPLY", "Multiple Location headers");
  }
  if (state.redirectCount >= policy.maxRedirects) {
    throw new CurlError(
      "TOO_MANY_REDIRECTS",
      `Maximum (${policy.maxRedirects}) redirects followed`,
    );
  }
  const url = target(state, location);
  const method = methodAfter(status, state.method);
  return {
    kind: "follow",
    url,
    method,
    keepBody: state.hasBody && method === state.method,
    sameOriginAsFirst: sameOrigin(url, state.firstUrl),
  };
}

/** `%{redirect_url}`: where a response's Location leads, as it stands where it cannot be resolved; null: no Location. */
export function redirectTarget(url: Url, fields: HeaderList): string | null {
  const location = locationsIn(fields)[0];
  if (location === undefined) return null;
  try {
    return formatUrl(resolveUrl(url, location));
  } catch (error) {
    if (error instanceof CurlError) return location;
    throw error;
  }
}

function locationsIn(fields: HeaderList): string[] {
  const locations: string[] = [];
  for (const value of fields.getAll("location")) {
    const location = trimOws(value);
    if (location !== "") locations.push(location);
  }
  return locations;
}

function methodAfter(status: number, method: string): string {
  if (status === 303) return method === "HEAD" ? "HEAD" : "GET";
  return (status === 301 || status === 302) && method === "POST" ? "GET" : method;
}

function target(state: RedirectState, location: string): Url {
  try {
    return resolveUrl(state.url, location, { pathAsIs: state.pathAsIs ?? false });
  } catch (error) {
    if (!(error instanceof CurlError)) throw error;
    throw new CurlError(error.code, unusableTarget(error, location), { cause: error });
  }
}

function unusableTarget(error: CurlError, location: string): string {
  const prefix = "The redirect target URL could not be parsed: ";
  if (error.code !== "UNSUPPORTED_PROTOCOL") {
    return prefix + error.message.replace("URL rejected: ", "");
  }
  const scheme = location.slice(0, location.indexOf(":")).toLowerCase();
  return KNOWN_SCHEMES.has(scheme)
    ? `${error.message} in redirect`
    : `${prefix}Unsupported URL scheme`;
}
