// URLs as curl reads them: lenient where browsers are lenient (missing scheme, one or three slashes, short IPv4
// forms, zone ids), strict where curl is strict (blanks and control bytes), and otherwise untouched, so that what the
// user typed is what goes out. RFC 3986 gives the grammar; where it and curl(1) differ, curl wins.
//
// Here: text ⇄ parts, references (a Location), the request target and the Host value. Host syntax (IPv4, IPv6, IDN)
// is url-host.ts. Not here: globbing (cli/glob) and which protocols a transfer may use. A Url keeps two forms where
// they differ: what the wire gets (host, user, password) and what was written (givenHost, userinfo), because
// `%{url_effective}` shows the latter. Bytes ≥ 0x80 stay raw in the path until requestTarget(): -O names files by them.

import { CurlError } from "./error.ts";
import { percentDecoded, percentEncodedByte } from "./percent.ts";
import { hasForbiddenByte, parseBracketedHost, parseNamedHost } from "./url-host.ts";

export interface Url {
  /** Lower case; "http" or "https". */
  readonly scheme: string;
  /** Percent-decoded byte strings; null: not given. */
  readonly user: string | null;
  readonly password: string | null;
  /** What stood before "@", as written; null: no "@". */
  readonly userinfo: string | null;
  /** As it goes into the Host field: name (punycode), IPv4, or IPv6 in brackets without zone id. Case as given. */
  readonly host: string;
  /** As the user wrote it: differs from `host` in an internationalised name only. */
  readonly givenHost: string;
  /** Of an IPv6 literal; null: none. */
  readonly zoneId: string | null;
  /** Given or the scheme's default. */
  readonly port: number;
  /** Whether the URL names its port. */
  readonly portGiven: boolean;
  /** From the first "/" on; never empty. Not encoded or decoded. */
  readonly path: string;
  /** Without "?"; null: none or empty. */
  readonly query: string | null;
  /** Without "#"; null: none or empty. */
  readonly fragment: string | null;
}

export interface ParseOptions {
  /** For text without a scheme; without it the scheme is guessed from the host's first label, as curl does. */
  readonly defaultScheme?: string;
  /** --path-as-is: keep "." and ".." segments. */
  readonly pathAsIs?: boolean;
}

/** Ports of the schemes that we speak. */
export const DEFAULT_PORTS: Readonly<Record<string, number>> = { http: 80, https: 443 };

// curl takes a host that begins so for a server of that protocol.
const GUESSED_SCHEMES = ["ftp", "dict", "ldap", "imap", "smtp", "pop3"];
// A scheme counts only with a slash behind it: "localhost:8080" is a host. 40 bytes is curl's longest.
const SCHEME_AND_SLASHES = /^([A-Za-z][A-Za-z0-9+.-]{0,39}):(\/+)/;
const SCHEME = /^([A-Za-z][A-Za-z0-9+.-]{0,39}):/;
const MALFORMED = /[\0- \x7f]/;
const BAD_URL = "URL using bad/illegal format or missing URL";

/**
 * Byte string → parts.
 * @throws CurlError URL_MALFORMAT `URL rejected: …`; UNSUPPORTED_PROTOCOL `Protocol "x" not supported`
 */
export function parseUrl(text: string, options: ParseOptions = {}): Url {
  if (MALFORMED.test(text)) throw rejected("Malformed input to a URL function");
  const match = SCHEME_AND_SLASHES.exec(text);
  const scheme = match?.[1]?.toLowerCase() ?? null;
  // Other schemes need a host to be URLs at all; file: has none.
  if (scheme === "file") throw unsupported(scheme);
  if (match?.[2] && match[2].length > 3) {
    throw rejected("Unsupported number of slashes following scheme");
  }
  const { authority, path, query, fragment } = split(text.slice(match?.[0].length ?? 0));
  const at = authority.indexOf("@");
  const userinfo = at < 0 ? null : authority.slice(0, at);
  const place = parseHostPort(authority.slice(at + 1), scheme !== null);
  const actualScheme =
    scheme ?? (options.defaultScheme || guessScheme(place.givenHost)).toLowerCase();
  const defaultPort = DEFAULT_PORTS[actualScheme];
  if (defaultPort === undefined) throw unsupported(actualScheme);
  return {
    scheme: actualScheme,
    ...credentialsIn(userinfo),
    ...place,
    port: place.port ?? defaultPort,
    portGiven: place.port !== null,
    path: normalPath(path, options),
    query,
    fragment,
  };
}

/**
 * The URL that a Location (or another reference) means, seen from `base`: RFC 3986 §5.2, with curl's repairs: blanks
 * and control bytes and bytes ≥ 0x80 are encoded. The base's fragment is not inherited; its userinfo is, by references
 * without an authority.
 * @throws CurlError as parseUrl
 */
export function resolveUrl(base: Url, reference: string, options: ParseOptions = {}): Url {
  const scheme = SCHEME.exec(reference)?.[1]?.toLowerCase();
  if (scheme !== undefined) {
    if (DEFAULT_PORTS[scheme] === undefined) throw unsupported(scheme);
    if (!SCHEME_AND_SLASHES.test(reference)) {
      throw rejected("Unsupported number of slashes following scheme");
    }
    return parseUrl(encodeAfterAuthority(reference), options);
  }
  if (reference.startsWith("//")) {
    return parseUrl(encodeAfterAuthority(`${base.scheme}:${reference}`), options);
  }
  const parts = splitPath(encodeReference(reference));
  if (parts.path === "") {
    const query = reference.startsWith("?") ? parts.query : base.query;
    return { ...base, query, fragment: parts.fragment };
  }
  const path = parts.path.startsWith("/")
    ? parts.path
    : base.path.slice(0, base.path.lastIndexOf("/") + 1) + parts.path;
  return { ...base, ...parts, path: withoutDotSegments(path) };
}

/** -G: `text` joined to the query with "&". @throws CurlError URL_MALFORMAT where it holds blanks or control bytes */
export function appendQuery(url: Url, text: string): Url {
  if (MALFORMED.test(text)) throw rejected("Malformed input to a URL function");
  // What follows a "#" in the data is a fragment by then, and no more sent than any other.
  const hash = text.indexOf("#");
  const added = hash < 0 ? text : text.slice(0, hash);
  const query = url.query === null ? added : `${url.query}&${added}`;
  return {
    ...url,
    query: query || null,
    fragment: hash < 0 ? url.fragment : text.slice(hash + 1) || null,
  };
}

/** The URL as text. Both parts are there unless switched off: `credentials` (userinfo) and `fragment`. */
export function formatUrl(
  url: Url,
  { credentials = true, fragment = true }: { credentials?: boolean; fragment?: boolean } = {},
): string {
  const userinfo = credentials && url.userinfo !== null ? `${url.userinfo}@` : "";
  const host =
    url.zoneId === null ? url.givenHost : `${url.givenHost.slice(0, -1)}%25${url.zoneId}]`;
  const port = url.portGiven ? `:${url.port}` : "";
  const query = url.query === null ? "" : `?${url.query}`;
  const tail = fragment && url.fragment !== null ? `#${url.fragment}` : "";
  return `${url.scheme}://${userinfo}${host}${port}${url.path}${query}${tail}`;
}

/** Path and query as they stand in a request line: the path's bytes ≥ 0x80 encoded, its %xx in upper case. */
export function requestTarget(url: Url): string {
  const path = url.path.replaceAll(/[\x80-\xff]|%[0-9A-Fa-f]{2}/g, (match) =>
    match.length === 1 ? percentEncodedByte(match) : match.toUpperCase(),
  );
  return url.query === null ? path : `${path}?${url.query}`;
}

/** The Host field's value: the port only where it is not the scheme's default. */
export function authority(url: Url): string {
  return url.port === DEFAULT_PORTS[url.scheme] ? url.host : `${url.host}:${url.port}`;
}

/** Scheme, host and port in one text, equal for equal origins (RFC 9110 §4.3.1). */
export function originOf(url: Url): string {
  const zone = url.zoneId === null ? "" : `%${url.zoneId}`;
  return `${url.scheme}://${url.host.toLowerCase()}${zone}:${url.port}`;
}

/** Whether credentials for one may go to the other. */
export function sameOrigin(a: Url, b: Url): boolean {
  return originOf(a) === originOf(b);
}

function guessScheme(host: string): string {
  const label = host.slice(0, host.indexOf(".")).toLowerCase();
  return host.includes(".") && GUESSED_SCHEMES.includes(label) ? label : "http";
}

function split(text: string) {
  const end = text.search(/[/?#]/);
  return end < 0
    ? { authority: text, path: "", query: null, fragment: null }
    : { authority: text.slice(0, end), ...splitPath(text.slice(end)) };
}

function splitPath(text: string) {
  const hash = text.indexOf("#");
  const beforeHash = hash < 0 ? text : text.slice(0, hash);
  const mark = beforeHash.indexOf("?");
  return {
    path: mark < 0 ? beforeHash : beforeHash.slice(0, mark),
    query: (mark >= 0 && beforeHash.slice(mark + 1)) || null,
    fragment: (hash >= 0 && text.slice(hash + 1)) || null,
  };
}

function parseHostPort(text: string, hasScheme: boolean) {
  // In a literal the colons inside the brackets are no port's; anything else behind "]" is a bad port to curl.
  const close = text.startsWith("[") ? text.indexOf("]") : -1;
  if (text.startsWith("[") && close < 0) throw rejected("Bad IPv6 address");
  const end = close < 0 ? text.indexOf(":") : close + 1;
  const hostText = end < 0 ? text : text.slice(0, end);
  const portText = end < 0 ? "" : text.slice(end);
  let port: number | null = null;
  if (portText !== "") {
    const digits = /^:([0-9]*)$/.exec(portText)?.[1];
    // An empty port stands for the default, but only where a scheme says that this is a URL.
    if (digits === undefined || (digits === "" && !hasScheme) || Number(digits) > 65535) {
      throw rejected("Port number was not a decimal number between 0 and 65535");
    }
    port = digits === "" ? null : Number(digits);
  }
  if (hostText === "") throw rejected("No host present");
  if (close < 0) {
    const names = parseNamedHost(hostText);
    if (names === "bad-name") throw rejected("Bad hostname");
    if (names === "bad-idn") throw new CurlError("URL_MALFORMAT", BAD_URL);
    return { ...names, zoneId: null, port };
  }
  const literal = parseBracketedHost(hostText.slice(1, -1));
  if (literal === null) throw rejected("Bad IPv6 address");
  return { host: literal.host, givenHost: literal.host, zoneId: literal.zoneId, port };
}

function credentialsIn(userinfo: string | null) {
  if (userinfo === null) return { userinfo, user: null, password: null };
  const colon = userinfo.indexOf(":");
  const user = percentDecoded(colon < 0 ? userinfo : userinfo.slice(0, colon));
  const password = colon < 0 ? null : percentDecoded(userinfo.slice(colon + 1));
  if (user.includes("\0") || password?.includes("\0"))
    throw new CurlError("URL_MALFORMAT", BAD_URL);
  return { userinfo, user, password };
}

function normalPath(path: string, options: ParseOptions): string {
  if (path === "") return "/";
  return options.pathAsIs ? path : withoutDotSegments(path);
}

// RFC 3986 §5.2.4; "%2e" counts as a dot.
function withoutDotSegments(path: string): string {
  if (!/\/(?:\.|%2e)/i.test(path)) return path;
  const kept: string[] = [];
  const segments = path.split("/").slice(1);
  for (const [i, segment] of segments.entries()) {
    const plain = segment.replaceAll(/%2e/gi, ".");
    if (plain !== "." && plain !== "..") {
      kept.push(segment);
      continue;
    }
    if (plain === "..") kept.pop();
    if (i === segments.length - 1) kept.push("");
  }
  return `/${kept.join("/")}`;
}

function encodeAfterAuthority(text: string): string {
  const start = SCHEME_AND_SLASHES.exec(text)?.[0].length ?? 0;
  const length = text.slice(start).search(/[/?#]/);
  const end = length < 0 ? text.length : start + length;
  if (hasForbiddenByte(text.slice(start, end))) throw rejected("Bad hostname");
  return text.slice(0, end) + encodeReference(text.slice(end));
}

// curl writes a blank as "+" once the query has begun.
function encodeReference(text: string): string {
  const mark = text.indexOf("?");
  return text.replaceAll(/[\0- \x7f-\xff]/g, (byte, at: number) =>
    byte === " " && mark >= 0 && at > mark ? "+" : percentEncodedByte(byte),
  );
}

function rejected(reason: string): CurlError {
  return new CurlError("URL_MALFORMAT", `URL rejected: ${reason}`);
}

function unsupported(scheme: string): CurlError {
  return new CurlError("UNSUPPORTED_PROTOCOL", `Protocol "${scheme}" not supported`);
}
