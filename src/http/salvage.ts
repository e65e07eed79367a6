// The last bytes of a compressed stream that turned bad.
//
// The engine's DecompressionStream drops the chunk that it was filling when it fails, so up to 64 KiB of good data
// would be lost behind damage or trailing junk. Here: what was written is remembered while it is little, and on failure
// decoded again, bisecting the last write for its longest good prefix. Not here: any decision about the error
// (coding.ts). Tried and left: cutting every write into small pieces (slow, and still loses a piece's output), and a
// second decoder one write behind (twice the CPU for every response).

import { concat } from "../bytes.ts";

export type CodingFormat = "gzip" | "deflate" | "deflate-raw" | "brotli" | "zstd";

export interface Salvaged {
  /** Output behind what was delivered already. */
  readonly chunks: readonly Uint8Array[];
  /** Whether the good prefix ends a stream, so that the bad bytes come after it. */
  readonly complete: boolean;
}

// Some twenty decodings: bounded by what they read and by what they make of it.
const MAX_INPUT_BYTES = 262_144;
const MAX_OUTPUT_BYTES = 8_388_608;
// ID1, ID2 and CM (RFC 1952 §2.3.1), and the place before them.
const GZIP_MAGIC_BYTES = 4;

interface Attempt {
  readonly good: boolean;
  readonly complete: boolean;
  readonly chunks: readonly Uint8Array[];
}

/** The input of one stage so far, until it grows beyond use. */
export class History {
  #writes: Uint8Array[] | null = [];
  #sizeBytes = 0;

  /** A write that went well; `outputBytes` came out so far. */
  add(bytes: Uint8Array, outputBytes: number): void {
    if (!this.#writes) return;
    this.#sizeBytes += bytes.length;
    if (this.#sizeBytes > MAX_INPUT_BYTES || outputBytes > MAX_OUTPUT_BYTES) this.#writes = null;
    else this.#writes.push(bytes);
  }

  /**
   * What `bytes`, the write that failed, still holds.
   * @param skipBytes of output that were delivered already
   * @returns null: too much has passed
   */
  async salvage(
    format: CodingFormat,
    bytes: Uint8Array,
    skipBytes: number,
  ): Promise<Salvaged | null> {
    const tooMuch = this.#sizeBytes + bytes.length > MAX_INPUT_BYTES;
    if (!this.#writes || tooMuch || skipBytes > MAX_OUTPUT_BYTES) return null;
    const input = concat([...this.#writes, bytes]);
    // The longest prefix that decodes without error lies in [low, high).
    let low = this.#sizeBytes;
    let high = input.length;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      const { good } = await decode(format, input.subarray(0, middle));
      if (good) low = middle;
      else high = middle;
    }
    const { chunks } = await decode(format, input.subarray(0, low));
    // The first bytes of junk may have passed for the beginning of another gzip member.
    let complete = false;
    for (let end = low; end > Math.max(0, low - GZIP_MAGIC_BYTES) && !complete; end--) {
      complete = (await decode(format, input.subarray(0, end))).complete;
    }
    return { chunks: without(chunks, skipBytes), complete };
  }
}

async function decode(format: CodingFormat, input: Uint8Array): Promise<Attempt> {
  const stream = new DecompressionStream(format);
  const writer = stream.writable.getWriter();
  const chunks: Uint8Array[] = [];
  let outputBytes = 0;
  const reader = stream.readable.getReader();
  const pump = (async () => {
    for (;;) {
      const { value } = await reader.read();
      if (!value) return;
      chunks.push(value);
      outputBytes += value.length;
      if (outputBytes > 2 * MAX_OUTPUT_BYTES) return reader.cancel();
    }
  })().catch(() => {});
  writer.closed.catch(() => {});
  let good = false;
  let complete = false;
  try {
    if (input.length > 0) await writer.write(input as Uint8Array<ArrayBuffer>);
    await writer.write(new Uint8Array(0));
    good = true;
    await writer.close();
    complete = true;
  } catch {
    // Bad, or good and cut short.
  }
  await pump;
  return { good, complete, chunks };
}

function without(chunks: readonly Uint8Array[], skipBytes: number): Uint8Array[] {
  const rest: Uint8Array[] = [];
  let skip = skipBytes;
  for (const chunk of chunks) {
    if (chunk.length > skip) rest.push(skip > 0 ? chunk.subarray(skip) : chunk);
    skip = Math.max(0, skip - chunk.length);
  }
  return rest;
}
