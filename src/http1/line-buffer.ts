// Received bytes that nobody has consumed yet.
//
// Two ways out: lines as byte strings (heads, trailers) and pieces as views of what was pushed, never copied (bodies).
// A line that spans chunks is gathered in a string as its parts arrive, so that no byte is searched for LF twice and
// bytewise arrival costs the same as one push. Nothing here knows HTTP. Chunks are kept, not copied: whoever pushes
// hands them over.

import { byteString, concat } from "../bytes.ts";
import { CurlError } from "../error.ts";

const LF = 0x0a;
const NO_BYTES = new Uint8Array(0);

export class LineBuffer {
  #chunks: Uint8Array[] = [];
  /** Index of the first chunk that is not used up, and what of it is. */
  #first = 0;
  #offset = 0;
  /** Beginning of a line whose LF has not come. */
  #line = "";
  #sizeBytes = 0;

  /** Bytes not consumed, an unfinished line included. */
  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  push(chunk: Uint8Array): void {
    if (chunk.length === 0) return;
    this.#chunks.push(chunk);
    this.#sizeBytes += chunk.length;
  }

  /** The next bytes as a byte string, at most `count`, without consuming them. Not within a line begun by takeLine. */
  peek(count: number): string {
    let text = "";
    let offset = this.#offset;
    for (let i = this.#first; text.length < count; i++) {
      const chunk = this.#chunks[i];
      if (!chunk) break;
      text += byteString(chunk.subarray(offset, offset + count - text.length));
      offset = 0;
    }
    return text;
  }

  /**
   * The next line with its LF, or null until it is complete.
   * @param limitBytes a line of this size or longer, whether its end has come or not, is refused
   * @throws CurlError TOO_LARGE
   */
  takeLine(limitBytes: number): string | null {
    for (let chunk = this.#chunk(); chunk; chunk = this.#chunk()) {
      const end = chunk.indexOf(LF, this.#offset) + 1;
      const size = (end || chunk.length) - this.#offset;
      if (this.#line.length + size >= limitBytes) {
        throw new CurlError("TOO_LARGE", "A value or data field grew larger than allowed");
      }
      this.#line += byteString(chunk.subarray(this.#offset, this.#offset + size));
      this.#advance(chunk, size);
      if (end === 0) continue;
      const line = this.#line;
      this.#line = "";
      this.#sizeBytes -= line.length;
      return line;
    }
    return null;
  }

  /** Forgets a line that takeLine has begun and whose end will not come. */
  dropLine(): void {
    this.#sizeBytes -= this.#line.length;
    this.#line = "";
  }

  /** The next byte, or -1. */
  takeByte(): number {
    const chunk = this.#chunk();
    if (!chunk) return -1;
    const byte = chunk[this.#offset] ?? -1;
    this.#advance(chunk, 1);
    this.#sizeBytes--;
    return byte;
  }

  /** A view of the next bytes, at most `limitBytes` (> 0) and at most what one push brought; null when none are left. */
  takeBytes(limitBytes: number): Uint8Array | null {
    const chunk = this.#chunk();
    if (!chunk) return null;
    const size = Math.min(chunk.length - this.#offset, limitBytes);
    const bytes = size === chunk.length ? chunk : chunk.subarray(this.#offset, this.#offset + size);
    this.#advance(chunk, size);
    this.#sizeBytes -= size;
    return bytes;
  }

  /** All that takeByte and takeBytes would still give, without consuming it. */
  rest(): Uint8Array {
    const chunk = this.#chunk();
    if (!chunk) return NO_BYTES;
    return concat([chunk.subarray(this.#offset), ...this.#chunks.slice(this.#first + 1)]);
  }

  #chunk(): Uint8Array | undefined {
    return this.#chunks[this.#first];
  }

  // An index instead of shift(), which moves the whole array: a caller may push a great many small chunks at once.
  #advance(chunk: Uint8Array, size: number): void {
    this.#offset += size;
    if (this.#offset < chunk.length) return;
    this.#offset = 0;
    this.#first++;
    if (this.#first === this.#chunks.length) {
      this.#chunks = [];
      this.#first = 0;
    } else if (this.#first === 1024) {
      this.#chunks = this.#chunks.slice(1024);
      this.#first = 0;
    }
  }
}
