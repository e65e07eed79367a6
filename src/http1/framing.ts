// How the end of a response body is known: RFC 9112 §6.3 in one function.
//
// Here: method, status and fields → BodyLength. Not here: reading such a body (decoder, chunked) and whether the
// connection lives on (lifecycle). Where we leave the RFC, because curl does, is said in one place: above
// responseBodyLength().

import { CurlError } from "../error.ts";
import type { HeaderList } from "../headers.ts";
import { listMembers, parseContentLength, trimOws } from "./grammar.ts";

/** How the end of the body is known (RFC 9112 §6.3). */
export type BodyLength =
  | { readonly kind: "none" }
  | { readonly kind: "content-length"; readonly sizeBytes: number }
  | { readonly kind: "chunked" }
  | { readonly kind: "close" };

/** A response as far as its framing depends on it. */
export interface FramedResponse {
  /** Of the request, as sent. */
  readonly method: string;
  readonly status: number;
  readonly fields: HeaderList;
  /** --ignore-content-length: the field is not even looked at. */
  readonly ignoreContentLength?: boolean;
}

// Departures from RFC 9112 §6.3:
//
//   no body at all       HEAD, 204, 304, 2xx to CONNECT: whatever the fields say, malformed ones included.
//   101                  RFC: no body, another protocol follows. curl reads on until the connection closes and delivers
//                        that as the body, since nobody here speaks the other protocol. So do we.
//   Transfer-Encoding    beats Content-Length, also on HTTP/1.0, where the RFC calls it faulty framing; in both cases
//                        lifecycle closes the connection afterwards, as the RFC wants (curl keeps it).
//                        A coding that we did not ask for is an error, where the RFC would read to the close:
//                        data that nobody can decode must not pass for the file.
//                        "identity" (gone from the RFC since 2014) codes nothing; "chunked" twice is once; nothing may
//                        follow "chunked", "identity" included.
//   Content-Length       malformed or contradictory is an error even where Transfer-Encoding overrides it: the RFC
//                        calls such a message a likely attack ("ought to be handled as an error").
//                        Repeated equal values, by lines or by commas, are one. More than 2^53-1 cannot be counted:
//                        read to the close, as curl does beyond 2^63-1.
//   elsewhere            bare LF, obs-fold, blank before the colon, chunk extensions: see grammar, field-section,
//                        chunked; all are read as curl reads them.

/**
 * The body's length by the rules of RFC 9112 §6.3, in their order.
 * @throws CurlError BAD_CONTENT_ENCODING for a transfer coding that was not asked for, WEIRD_SERVER_REPLY for a
 *   Content-Length that is no number or more than one
 */
export function responseBodyLength(response: FramedResponse): BodyLength {
  const { status, fields } = response;
  if (status === 101) return { kind: "close" };
  if (hasNoBody(response)) return { kind: "none" };
  const chunked = isChunked(fields);
  const sizeBytes = response.ignoreContentLength ? null : contentLength(fields);
  if (chunked) return { kind: "chunked" };
  return sizeBytes === null ? { kind: "close" } : { kind: "content-length", sizeBytes };
}

/** True for a response after which the connection speaks something else: 101, and 2xx to CONNECT. */
export function isUpgrade(method: string, status: number): boolean {
  return status === 101 || (method === "CONNECT" && status >= 200 && status <= 299);
}

function hasNoBody({ method, status }: FramedResponse): boolean {
  return (
    method === "HEAD" ||
    status < 200 ||
    status === 204 ||
    status === 304 ||
    isUpgrade(method, status)
  );
}

function isChunked(fields: HeaderList): boolean {
  let chunked = false;
  for (const coding of listMembers(fields.getAll("transfer-encoding"))) {
    const name = coding.toLowerCase();
    if (name === "chunked") chunked = true;
    else if (name !== "identity" || chunked) {
      throw new CurlError(
        "BAD_CONTENT_ENCODING",
        `Unsolicited Transfer-Encoding (${coding}) found`,
      );
    }
  }
  return chunked;
}

/** Bytes, or null: no such field, or more than a number holds. */
function contentLength(fields: HeaderList): number | null {
  let first: string | null = null;
  for (const value of fields.getAll("content-length")) {
    for (const text of value.split(",")) {
      const digits = parseContentLength(trimOws(text));
      if (digits === null || (first !== null && digits !== first)) {
        throw new CurlError("WEIRD_SERVER_REPLY", "Invalid Content-Length: value");
      }
      first = digits;
    }
  }
  const sizeBytes = Number(first);
  return first !== null && Number.isSafeInteger(sizeBytes) ? sizeBytes : null;
}
