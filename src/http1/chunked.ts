// The chunked transfer coding (RFC 9112 §7.1), both ways.
//
// Sending: encodeChunk frames a piece without copying it. Receiving: ChunkedReader, a byte-driven machine between
// pieces that hands out views of what was received; body bytes are never gathered.
//
//   chunked-body = *chunk last-chunk trailer-section CRLF
//   chunk        = chunk-size [ chunk-ext ] CRLF chunk-data CRLF
//   last-chunk   = 1*("0") [ chunk-ext ] CRLF
//   chunk-ext    = *( BWS ";" BWS chunk-ext-name [ BWS "=" BWS chunk-ext-val ] )
//
//   size ──digit…──► size ──LF──► data ──all──► data-end ──[CR] LF──► size
//     └─other─► extension ──LF──┘  └─ size 0 ─► trailers ──empty line──► done
//
// As curl reads it: whatever stands between the digits and LF is skipped, so a quoted LF in an extension ends the line.

import { bytesOf } from "../bytes.ts";
import { CurlError } from "../error.ts";
import { type FieldSection, FieldSectionReader, type HeadBudget } from "./field-section.ts";
import { isHexDigit } from "./grammar.ts";
import type { LineBuffer } from "./line-buffer.ts";

const CR = 0x0d;
const LF = 0x0a;
const CRLF = bytesOf("\r\n");

/** Ends a chunked body that has no trailers. */
export const LAST_CHUNK: Uint8Array = bytesOf("0\r\n\r\n");

/** One chunk as pieces to be written in order; nothing for no bytes, because a chunk of size 0 would end the body. */
export function encodeChunk(bytes: Uint8Array): Uint8Array[] {
  return bytes.length === 0 ? [] : [bytesOf(`${bytes.length.toString(16)}\r\n`), bytes, CRLF];
}

/** Most hex digits of a chunk size (curl's bound, leading zeros included). */
const SIZE_DIGITS_LIMIT = 16;
/** Most bytes from the chunk size to its LF. curl has no bound; extensions of this size have no honest use. */
export const SIZE_LINE_LIMIT_BYTES = 16 * 1024;

export class ChunkedReader {
  readonly #trailers: FieldSectionReader;
  #state: "size" | "extension" | "data" | "data-end" | "trailers" = "size";
  #digits = "";
  #sizeLineBytes = 0;
  #remainingBytes = 0;
  #sawCr = false;

  constructor(budget: HeadBudget) {
    this.#trailers = new FieldSectionReader(budget);
  }

  /**
   * A piece of the body, or at its end the trailer section (often empty), or "need-data".
   * @throws CurlError RECV_ERROR for broken framing, the errors of FieldSectionReader for trailers
   */
  read(input: LineBuffer): Uint8Array | FieldSection | "need-data" {
    for (;;) {
      if (this.#state === "trailers") return this.#trailers.read(input);
      if (this.#state === "data") {
        const bytes = input.takeBytes(this.#remainingBytes);
        if (!bytes) return "need-data";
        this.#remainingBytes -= bytes.length;
        if (this.#remainingBytes === 0) this.#state = "data-end";
        return bytes;
      }
      const byte = input.takeByte();
      if (byte === -1) return "need-data";
      if (this.#state === "data-end") this.#endData(byte);
      else this.#readSizeLine(byte);
    }
  }

  #readSizeLine(byte: number): void {
    this.#sizeLineBytes++;
    if (this.#sizeLineBytes > SIZE_LINE_LIMIT_BYTES) {
      throw new CurlError(
        "RECV_ERROR",
        `chunk-size line longer than ${SIZE_LINE_LIMIT_BYTES} bytes`,
      );
    }
    if (this.#state === "size" && isHexDigit(byte)) {
      if (this.#digits.length === SIZE_DIGITS_LIMIT) {
        throw new CurlError("RECV_ERROR", `chunk hex-length longer than ${SIZE_DIGITS_LIMIT}`);
      }
      this.#digits += String.fromCharCode(byte);
      return;
    }
    if (this.#digits === "") {
      const shown = byte.toString(16);
      throw new CurlError("RECV_ERROR", `chunk hex-length char not a hex digit: 0x${shown}`);
    }
    this.#state = "extension";
    if (byte === LF) this.#beginChunk();
  }

  #beginChunk(): void {
    const size = Number(`0x${this.#digits}`);
    if (!Number.isSafeInteger(size)) {
      throw new CurlError("RECV_ERROR", `invalid chunk size: '${this.#digits}'`);
    }
    this.#remainingBytes = size;
    this.#state = size === 0 ? "trailers" : "data";
    this.#digits = "";
    this.#sizeLineBytes = 0;
  }

  #endData(byte: number): void {
    if (byte === LF) {
      this.#state = "size";
      this.#sawCr = false;
    } else if (byte === CR && !this.#sawCr) {
      this.#sawCr = true;
    } else {
      throw new CurlError("RECV_ERROR", "Malformed encoding found in chunked-encoding");
    }
  }
}
