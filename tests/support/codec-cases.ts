// Runs the response decoder over a wire text, cut as the test wants, and tells what came out as plain data.
//
// Here: drive() for one way of cutting, checkCase() for the three that every codec case goes through: whole, bytewise,
// and with bytes behind it. Not here: the cases (tests/unit/http1, tests/fuzz).

import { expect } from "bun:test";
import { byteString, bytesOf } from "../../src/bytes.ts";
import { CurlError, type ErrorCode } from "../../src/error.ts";
import type { Field } from "../../src/headers.ts";
import { type DecoderOptions, ResponseDecoder } from "../../src/http1/decoder.ts";
import type { BodyLength } from "../../src/http1/framing.ts";
import type { CloseReason } from "../../src/http1/lifecycle.ts";

/** Everything that a decoder told, with the data joined so that cuts do not show. */
export interface Told {
  /** `raw` of each 1xx. */
  informational: string[];
  head?: {
    version: string;
    status: number;
    reason: string;
    fields: Field[];
    raw: string;
    sizeBytes: number;
  };
  bodyLength?: BodyLength;
  body: string;
  trailers?: { fields: Field[]; raw: string };
  /** Present once "end" came. */
  closeReason?: CloseReason | null;
  error?: [ErrorCode, string];
  /** Bytes behind the end. */
  rest: string;
}

export interface CodecCase {
  readonly name: string;
  readonly wire: string;
  readonly options?: Partial<DecoderOptions>;
  /** The connection ends behind `wire`; without it the response must end, or fail, by itself. */
  readonly closes?: boolean;
  /** What must have been told; keys left out are not looked at, but `error` must be absent unless expected. */
  readonly expected: Partial<Told>;
}

/** Pushes `pieces` one by one, taking all events after each; then ends the connection if `closes`. */
export function drive(
  pieces: Iterable<string>,
  how: { options?: Partial<DecoderOptions>; closes: boolean },
): Told {
  const decoder = new ResponseDecoder({ method: "GET", ...how.options });
  const told: Told = { informational: [], body: "", rest: "" };
  for (const piece of pieces) {
    decoder.push(bytesOf(piece));
    takeEvents(decoder, told);
  }
  if (how.closes) {
    decoder.finish();
    takeEvents(decoder, told);
  }
  told.rest = byteString(decoder.rest());
  expect(decoder.excessBytes).toBe(told.rest.length);
  return told;
}

function takeEvents(decoder: ResponseDecoder, told: Told): void {
  try {
    for (let event = decoder.next(); event !== "need-data"; event = decoder.next()) {
      // After "end" and after an error there must be silence.
      expect(told.closeReason).toBeUndefined();
      expect(told.error).toBeUndefined();
      switch (event.type) {
        case "informational":
          told.informational.push(event.head.raw);
          break;
        case "head": {
          const { version, status, reason, fields, raw, sizeBytes } = event.head;
          told.head = { version, status, reason, fields: [...fields.lines], raw, sizeBytes };
          told.bodyLength = event.body;
          break;
        }
        case "data":
          expect(told.head).toBeDefined();
          expect(event.bytes.length).toBeGreaterThan(0);
          told.body += byteString(event.bytes);
          break;
        case "trailers":
          told.trailers = { fields: [...event.fields.lines], raw: event.raw };
          break;
        case "end":
          told.closeReason = event.closeReason;
      }
    }
  } catch (error) {
    if (!(error instanceof CurlError)) throw error;
    told.error = [error.code, error.message];
  }
}

/** The case whole, bytewise and with bytes behind it: each must tell the same. */
export function checkCase({ wire, options = {}, closes = false, expected }: CodecCase): void {
  const whole = drive([wire], { options, closes });
  expect(whole).toMatchObject(expected);
  if (!expected.error) expect(whole.error).toBeUndefined();
  expect(whole.error !== undefined || whole.closeReason !== undefined).toBe(true);
  expect(drive(wire, { options, closes })).toEqual(whole);
  if (closes) return;
  const trailing = "HTTP/1.1 200 \0\r\n";
  const rest = whole.error ? "" : whole.rest + trailing;
  expect(drive([wire + trailing], { options, closes })).toEqual({ ...whole, rest });
  expect(drive(wire + trailing, { options, closes: true })).toEqual({ ...whole, rest });
}
