// The grammar of HTTP/1.x heads, each rule under its ABNF as RFC 9110 and RFC 9112 print it.
//
// Here: pure functions from one line or value to its parts; a line that breaks its rule is a CurlError. Not here: where
// lines come from (line-buffer), folds and limits (field-section), what fields mean for the body (framing) and the
// chunk coding (chunked). Where a rule is read more leniently than it is printed, curl's behaviour is the reason and is
// named. Text is a byte string; nothing here is a regular expression that could take quadratic time on hostile input.

import { CurlError } from "../error.ts";
import type { Field } from "../headers.ts";

// OWS = *( SP / HTAB )                                                                   (RFC 9110 §5.6.3)

// Not String.trim: that also takes U+00A0 away, which is a byte of the value.

/** The text without blanks (SP, HTAB) at either end. */
export function trimOws(text: string): string {
  const trimmed = trimOwsStart(text);
  let end = trimmed.length;
  while (end > 0 && isBlank(trimmed.charCodeAt(end - 1))) end--;
  return trimmed.slice(0, end);
}

/** The text without blanks before it. */
export function trimOwsStart(text: string): string {
  let start = 0;
  while (start < text.length && isBlank(text.charCodeAt(start))) start++;
  return text.slice(start);
}

function isBlank(char: number): boolean {
  return char === 0x20 || char === 0x09;
}

// HTTP-message = start-line CRLF *( field-line CRLF ) CRLF [ message-body ]                (RFC 9112 §2.1)
// "a recipient MAY recognize a single LF as a line terminator and ignore any preceding CR" (RFC 9112 §2.2)

/**
 * A received line without its end (CR LF, or LF alone).
 * @throws CurlError WEIRD_SERVER_REPLY on NUL and on a CR that no LF follows: both are how one recipient is made to see
 *   another message than the next one does
 */
export function lineContent(line: string): string {
  const content = line.slice(0, line.length - lineEnd(line).length);
  if (content.includes("\0")) throw new CurlError("WEIRD_SERVER_REPLY", "Nul byte in header");
  if (content.includes("\r")) {
    throw new CurlError("WEIRD_SERVER_REPLY", "Carriage return found in header");
  }
  return content;
}

/** How a received line ends: "\r\n" or "\n". */
export function lineEnd(line: string): "\r\n" | "\n" {
  return line.endsWith("\r\n") ? "\r\n" : "\n";
}

// status-line   = HTTP-version SP status-code SP [ reason-phrase ]                           (RFC 9112 §4)
// HTTP-version  = HTTP-name "/" DIGIT "." DIGIT
// HTTP-name     = %s"HTTP"
// status-code   = 3DIGIT
// reason-phrase = 1*( HTAB / SP / VCHAR / obs-text )

export interface StatusLine {
  readonly version: "1.0" | "1.1";
  readonly status: number;
  readonly reason: string;
}

/** What every HTTP/1 status line begins with; anything else is HTTP/0.9. */
export const STATUS_LINE_START = "HTTP/";

// As curl reads it: "http" in any case, HTAB for the first SP, and whatever follows the three digits is the reason.
const STATUS_LINE = /^HTTP\/1\.([01])[ \t]([0-9]{3})(.*)$/is;

/**
 * @param content a line that begins with "HTTP/" in any case, without its end
 * @throws CurlError UNSUPPORTED_PROTOCOL: another version, a status below 100, or no such form at all
 */
export function parseStatusLine(content: string): StatusLine {
  const match = STATUS_LINE.exec(content);
  if (!match) throw new CurlError("UNSUPPORTED_PROTOCOL", refusedVersion(content));
  const status = Number(match[2]);
  if (status < 100) {
    throw new CurlError("UNSUPPORTED_PROTOCOL", "Unsupported response code in HTTP response");
  }
  return { version: match[1] === "0" ? "1.0" : "1.1", status, reason: trimOws(match[3] ?? "") };
}

// curl's three sentences. That a broken HTTP/1.1 line is told as a "subversion" is its choice; scripts know the words.
function refusedVersion(content: string): string {
  const version = content.slice(STATUS_LINE_START.length);
  if (version.startsWith("1")) return "Unsupported HTTP/1 subversion in response";
  const later = /^([23])(?:\.0)?[ \t]/.exec(version);
  return later
    ? `Unsupported HTTP version (${later[1]}.0) in response`
    : "Unsupported HTTP version in response";
}

// field-line = field-name ":" OWS field-value OWS                                            (RFC 9112 §5)
// field-name = token

/** Throws unless the line has the colon of a field line. */
export function requireColon(content: string): void {
  if (!content.includes(":")) throw new CurlError("WEIRD_SERVER_REPLY", "Header without colon");
}

/**
 * Name and value of a field line. As in curl the name is whatever stands before the first colon, token or not: with a
 * blank at its end ("Content-Length :") it is kept so and matches no name that anybody looks up.
 */
export function parseFieldLine(content: string): Field {
  const colon = content.indexOf(":");
  return [content.slice(0, colon), trimOws(content.slice(colon + 1))];
}

// obs-fold = OWS CRLF RWS                                                                  (RFC 9112 §5.2)

/** True for a line that continues the one before it. */
export function isFold(content: string): boolean {
  return isBlank(content.charCodeAt(0));
}

// #element = [ element ] *( OWS "," OWS [ element ] )         for recipients             (RFC 9110 §5.6.1.2)
// Transfer-Encoding = #transfer-coding     Connection = #connection-option     (RFC 9112 §6.1, RFC 9110 §7.6.1)

/** Members of a list field over all its lines; empty ones do not count. Quoted commas do not occur in these lists. */
export function listMembers(values: readonly string[]): string[] {
  const members: string[] = [];
  for (const value of values) {
    for (const element of value.split(",")) {
      const member = trimOws(element);
      if (member !== "") members.push(member);
    }
  }
  return members;
}

// Content-Length = 1*DIGIT                                                                 (RFC 9110 §8.6)

/** The number's digits without leading zeros, or null where the text is not 1*DIGIT. */
export function parseContentLength(text: string): string | null {
  if (!/^[0-9]+$/.test(text)) return null;
  let start = 0;
  while (start < text.length - 1 && text[start] === "0") start++;
  return text.slice(start);
}

// chunk-size = 1*HEXDIG                                                                    (RFC 9112 §7.1)

/** True for the byte of a hexadecimal digit. */
export function isHexDigit(byte: number): boolean {
  return (
    (byte >= 0x30 && byte <= 0x39) ||
    (byte >= 0x41 && byte <= 0x46) ||
    (byte >= 0x61 && byte <= 0x66)
  );
}
