// Bytes and byte strings.
//
// A *byte string* is a JavaScript string in which every char is U+0000–00FF and stands for one byte. Text from argv,
// from files and from the wire keeps that form all the way, so that what came as bytes leaves as the same bytes; only
// messages to people are decoded. Here: the conversions and a queue of chunks. Not here: any meaning of the bytes.

const NON_ASCII = /[^\0-\x7f]/;
const utf8Encoder = new TextEncoder();

/** Byte string → bytes. Chars above U+00FF cannot occur in a byte string; Buffer would cut them to 8 bits. */
export function bytesOf(text: string): Uint8Array {
  return Buffer.from(text, "latin1");
}

/** Bytes → byte string. */
export function byteString(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("latin1");
}

/** Unicode text → its UTF-8. */
export function utf8(text: string): Uint8Array {
  return utf8Encoder.encode(text);
}

/** Unicode text → byte string of its UTF-8. */
export function byteStringOfText(text: string): string {
  return NON_ASCII.test(text) ? byteString(utf8(text)) : text;
}

/** Byte string → Unicode text for people (invalid UTF-8 becomes U+FFFD). */
export function textOf(bytes: string): string {
  return NON_ASCII.test(bytes) ? Buffer.from(bytes, "latin1").toString("utf8") : bytes;
}

/** One array out of many. A single chunk is returned as it is, not copied. */
export function concat(chunks: readonly Uint8Array[]): Uint8Array {
  return chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks as Uint8Array[]);
}

/** Chunks in arrival order: push at one end, shift whole chunks at the other. */
export class ByteQueue {
  #chunks: Uint8Array[] = [];
  #sizeBytes = 0;

  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  push(chunk: Uint8Array): void {
    if (chunk.length === 0) return;
    this.#chunks.push(chunk);
    this.#sizeBytes += chunk.length;
  }

  shift(): Uint8Array | undefined {
    const chunk = this.#chunks.shift();
    if (chunk) this.#sizeBytes -= chunk.length;
    return chunk;
  }
}
