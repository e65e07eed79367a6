// The head of a request: which fields go out, in which order, with which of them changed by -H.
//
// Here: parsing -H, field assembly and the framing decision that goes with it. Not here: the bytes and the refusal of
// CR, LF and NUL (http1/encoder), and reading a -H file (cli/plan). The order is curl's, observed on the wire:
//
//   Host · Authorization · Range | Content-Range · User-Agent · Accept · Accept-Encoding · Referer ·
//   Transfer-Encoding · -H in the order given, --json's two behind them · Content-Length · Content-Type · Expect
//
// A -H of any kind takes the built-in field of its name away; what it sends instead stands at the user's place, Host
// excepted. Towards another origin -H Authorization, Cookie and Host do not exist at all, so that Host is built in again.

import { CurlError } from "../error.ts";
import { HeaderList } from "../headers.ts";
import type { RequestHead } from "../http1/encoder.ts";
import { authority, requestTarget, type Url } from "../url.ts";

export interface RequestSpec {
  /** The method that the options imply: GET, HEAD, POST or PUT. */
  readonly method: string;
  /** -X: replaces the word on the wire and nothing else. */
  readonly customMethod: string | null;
  readonly httpVersion: "1.0" | "1.1";
  /** -H in order, parsed. */
  readonly headers: readonly HeaderRule[];
  /** null or "": none. */
  readonly userAgent: string | null;
  readonly referer: string | null;
  /** `;auto` behind -e: previous URL on each redirect. */
  readonly refererAuto: boolean;
  /** -r, the text after "bytes=". */
  readonly range: string | null;
  readonly compressed: boolean;
  /** --json: Content-Type and Accept of JSON unless the user set them. */
  readonly json: boolean;
}

/** What one -H says: replace or add, remove, or send empty. */
export type HeaderRule =
  | {
      readonly kind: "set";
      readonly name: string;
      readonly value: string;
      /** No blank stood behind the colon ("Name:value"), so none goes out. */
      readonly tight?: true;
    }
  | { readonly kind: "remove"; readonly name: string }
  | { readonly kind: "empty"; readonly name: string };

/** What the head must know of a body (see RequestBody). */
export interface BodyFacts {
  readonly type: string | null;
  readonly sizeBytes: number | null;
}

export interface BodyFraming {
  /** Whether the body is sent in chunks. Without a body too (-H "Transfer-Encoding: chunked"): the last chunk is due. */
  readonly chunked: boolean;
  /** Whether to wait for 100 (Continue) before the body. */
  readonly expectContinue: boolean;
}

/** What changes from hop to hop of one transfer. */
export interface RequestContext {
  readonly url: Url;
  /** The implied method of this hop: the spec's until a redirect changes it. */
  readonly method: string;
  /** Computed Authorization value; null: none. -H Authorization beats it. */
  readonly authorization: string | null;
  /** null: none, or dropped by a redirect. */
  readonly body: BodyFacts | null;
  /** Referer of this hop: the spec's, or under `;auto` the previous URL; null or "": none. */
  readonly referer: string | null;
  /** False towards another origin than the transfer's first. */
  readonly includeSecrets: boolean;
  /** Send no Expect whatever the rest says: the server answered 417. */
  readonly withoutExpect?: boolean;
}

/** A head, and how the body behind it goes out. */
export interface BuiltRequestHead extends RequestHead {
  readonly tight: ReadonlySet<number>;
  readonly framing: BodyFraming;
}

/** Content codings that http/coding decodes, in curl's order. */
export const ACCEPTED_CODINGS = "deflate, gzip, br, zstd";

// Longer bodies wait for 100 (Continue); curl's limit, observed.
const EXPECT_ABOVE_BYTES = 1_048_576;
const SECRET_FIELDS = new Set(["authorization", "cookie", "host"]);

/**
 * One -H text. One blank behind the colon is layout (the encoder writes it), all other bytes are the value's.
 * @returns null: it is no header at all; curl warns and goes on
 */
export function parseHeaderRule(text: string): HeaderRule | null {
  const colon = text.indexOf(":");
  if (colon < 0) {
    const name = /^([^;]+);[ \t]*$/.exec(text)?.[1];
    if (name === undefined) return null;
    // A blank behind the semicolon turns it into a removal in curl.
    return text.endsWith(";") ? { kind: "empty", name } : { kind: "remove", name };
  }
  const name = text.slice(0, colon);
  if (/^[ \t]*$/.test(name)) return null;
  const value = text.slice(colon + 1);
  if (/^[ \t]*$/.test(value)) return { kind: "remove", name };
  return value.startsWith(" ")
    ? { kind: "set", name, value: value.slice(1) }
    : { kind: "set", name, value, tight: true };
}

/**
 * The lines of a -H @file: empty ones and those that begin with "#" are left out. One CR before LF belongs to the line
 * end; curl sends it, which no server can want.
 */
export function parseHeaderFile(text: string): string[] {
  return text
    .split("\n")
    .map((line) => (line.endsWith("\r") ? line.slice(0, -1) : line))
    .filter((line) => line !== "" && !line.startsWith("#"));
}

/**
 * How a body goes out.
 * @throws CurlError UPLOAD_FAILED where it needs chunks and HTTP/1.0 has none
 */
export function bodyFraming(spec: RequestSpec, body: BodyFacts | null): BodyFraming {
  const transferEncoding = ruleFor(spec.headers, "transfer-encoding");
  const contentLength = ruleFor(spec.headers, "content-length");
  let chunked = transferEncoding !== undefined && startsWithToken(transferEncoding, "chunked");
  if (!transferEncoding && body?.sizeBytes === null && !isLength(contentLength)) {
    if (spec.httpVersion === "1.0") {
      throw new CurlError("UPLOAD_FAILED", "Chunky upload is not supported by HTTP 1.0");
    }
    chunked = true;
  }
  return { chunked, expectContinue: body !== null && expectsContinue(spec, body) };
}

/**
 * The head of one request.
 * @throws CurlError UPLOAD_FAILED as bodyFraming
 */
export function buildRequestHead(spec: RequestSpec, context: RequestContext): BuiltRequestHead {
  const { url, body, withoutExpect = false } = context;
  const rules = effectiveRules(spec, context);
  const { chunked, expectContinue: mayExpect } = bodyFraming(spec, body);
  const expectContinue = mayExpect && !withoutExpect;
  const fields = new HeaderList();
  const tight = new Set<number>();
  const addRule = (rule: HeaderRule, name: string) => {
    if (rule.kind === "set" && rule.tight) tight.add(fields.size);
    fields.append(name, rule.kind === "set" ? rule.value : "");
  };
  const addDefault = (name: string, value: string | null) => {
    if (value && !ruleFor(rules, name)) fields.append(name, value);
  };

  // The user's Host keeps the first place and the usual spelling; only the first one counts. Behind "Host:", which
  // takes it away, curl takes another one for a field like any other.
  const host = ruleFor(rules, "host");
  if (!host) fields.append("Host", authority(url));
  else if (host.kind !== "remove") addRule(host, "Host");
  addDefault("Authorization", context.authorization);
  addRange(spec, context, addDefault);
  addDefault("User-Agent", spec.userAgent);
  addDefault("Accept", "*/*");
  addDefault("Accept-Encoding", spec.compressed ? ACCEPTED_CODINGS : null);
  addDefault("Referer", context.referer);
  addDefault("Transfer-Encoding", chunked ? "chunked" : null);
  for (const rule of rules) {
    const name = rule.name.toLowerCase();
    if (rule.kind === "remove" || (name === "host" && host?.kind !== "remove")) continue;
    if (name === "expect" && withoutExpect) continue;
    addRule(rule, rule.name);
  }
  if (body) {
    const sizeBytes = chunked ? null : body.sizeBytes;
    addDefault("Content-Length", sizeBytes === null ? null : String(sizeBytes));
    addDefault("Content-Type", body.type);
    addDefault("Expect", expectContinue ? "100-continue" : null);
  }
  return {
    method: spec.customMethod ?? context.method,
    target: requestTarget(url),
    version: spec.httpVersion,
    fields,
    tight,
    framing: { chunked, expectContinue },
  };
}

function effectiveRules(spec: RequestSpec, { includeSecrets }: RequestContext): HeaderRule[] {
  const rules = includeSecrets
    ? [...spec.headers]
    : spec.headers.filter(({ name }) => !SECRET_FIELDS.has(name.toLowerCase()));
  if (!spec.json) return rules;
  for (const name of ["Content-Type", "Accept"]) {
    if (!ruleFor(rules, name)) rules.push({ kind: "set", name, value: "application/json" });
  }
  return rules;
}

// -r asks for a part of what comes; with a body it says which part goes up, as curl has it.
function addRange(
  spec: RequestSpec,
  { method, body }: RequestContext,
  addDefault: (name: string, value: string | null) => void,
): void {
  if (spec.range === null) return;
  if (method === "GET" || method === "HEAD") addDefault("Range", `bytes=${spec.range}`);
  else addDefault("Content-Range", `bytes ${spec.range}/${body?.sizeBytes ?? -1}`);
}

function expectsContinue(spec: RequestSpec, body: BodyFacts): boolean {
  const rule = ruleFor(spec.headers, "expect");
  if (rule) return startsWithToken(rule, "100-continue");
  const sizeBytes = userLength(spec) ?? body.sizeBytes;
  return spec.httpVersion === "1.1" && (sizeBytes === null || sizeBytes > EXPECT_ABOVE_BYTES);
}

function userLength(spec: RequestSpec): number | null {
  const rule = ruleFor(spec.headers, "content-length");
  return isLength(rule) ? Number(rule.value) : null;
}

function isLength(rule: HeaderRule | undefined): rule is HeaderRule & { kind: "set" } {
  return rule?.kind === "set" && /^[ \t]*[0-9]+[ \t]*$/.test(rule.value);
}

// curl looks at the start of the value only: "100-continue, x" counts, "x, 100-continue" does not.
function startsWithToken(rule: HeaderRule, token: string): boolean {
  if (rule.kind !== "set") return false;
  const first = rule.value.split(/[,;]/, 1)[0] ?? "";
  return first.trim().toLowerCase() === token;
}

function ruleFor(rules: readonly HeaderRule[], name: string): HeaderRule | undefined {
  const wanted = name.toLowerCase();
  for (const rule of rules) if (rule.name.toLowerCase() === wanted) return rule;
  return undefined;
}
