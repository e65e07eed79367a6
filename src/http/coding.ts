// Content codings (RFC 9110 §8.4) undone: gzip, deflate, br, zstd, up to five of them stacked.
//
// Here: a push chain, one stage a coding, over the engine's DecompressionStream (native, no import, 64 KiB outputs).
// Not here: Transfer-Encoding (http1) and whether to decode at all (client/receive, --compressed).
//
//   write(bytes) → stage (last coding of the field) → … → stage (first coding) → deliver(bytes)
//
// Back-pressure: a write is over when its input is taken, and input is taken only as fast as `deliver` resolves; a
// bomb occupies a few chunks. Cut-short streams pass, as in curl: whether the body is whole is framing's question.
// When a stream turns bad the engine throws away what it decoded last (< 64 KiB). Where little has passed so far it is
// won back by decoding again up to the last good byte (salvage.ts); that also tells junk behind a complete stream
// (curl: exit 23, all data written) from damage (61).

import { CurlError } from "../error.ts";
import type { HeaderList } from "../headers.ts";
import { type CodingFormat, History } from "./salvage.ts";

export type Deliver = (bytes: Uint8Array) => void | Promise<void>;

export interface Decoder {
  /**
   * Takes the next bytes; they must not change afterwards. Wait for the promise before the next write.
   * @throws CurlError BAD_CONTENT_ENCODING (damaged), WRITE_ERROR (bytes behind the end); what deliver() throws
   */
  write(bytes: Uint8Array): Promise<void>;
  /** No more bytes: resolves when everything was delivered. @throws as write() */
  end(): Promise<void>;
}

/** What is used of a ReadableStreamDefaultReader; bun-types has two that do not match. */
interface ChunkReader {
  read(): Promise<{ value?: Uint8Array | undefined }>;
  cancel(reason?: unknown): Promise<void>;
}

const MAX_CODINGS = 5;
const FORMATS: Readonly<Record<string, CodingFormat | "deflate-any">> = {
  gzip: "gzip",
  "x-gzip": "gzip",
  deflate: "deflate-any",
  br: "brotli",
  zstd: "zstd",
};
// "none" is no coding of RFC 9110, but servers send it and curl takes it for identity.
const IDENTITY = new Set(["identity", "none"]);

/**
 * The decoder for a response's Content-Encoding.
 * @returns null: nothing to decode
 * @throws CurlError BAD_CONTENT_ENCODING: unknown coding, or too many
 */
export function contentDecoder(fields: HeaderList, deliver: Deliver): Decoder | null {
  const codings = fields
    .getAll("content-encoding")
    .flatMap((value) => value.split(","))
    .map((coding) => coding.trim().toLowerCase())
    .filter((coding) => coding !== "");
  if (codings.length > MAX_CODINGS) {
    throw badCoding(`Reject response due to more than ${MAX_CODINGS} content encodings`);
  }
  let decoder: Decoder | null = null;
  for (const coding of codings) {
    if (IDENTITY.has(coding)) continue;
    const format = FORMATS[coding];
    if (format === undefined) {
      throw badCoding(
        "Unrecognized content encoding type. libcurl understands deflate, gzip, br, zstd content encodings.",
      );
    }
    const next: Decoder | null = decoder;
    const onward: Deliver = next ? (bytes) => next.write(bytes) : deliver;
    const stage: Decoder =
      format === "deflate-any" ? new DeflateStage(onward) : new Stage(format, onward);
    decoder = next ? new Chain(stage, next) : stage;
  }
  return decoder;
}

/** A stage and what follows it. The stages pass bytes on by themselves; only the end has to be handed on. */
class Chain implements Decoder {
  readonly #first: Decoder;
  readonly #rest: Decoder;

  constructor(first: Decoder, rest: Decoder) {
    this.#first = first;
    this.#rest = rest;
  }

  async write(bytes: Uint8Array): Promise<void> {
    try {
      await this.#first.write(bytes);
    } catch (error) {
      // What came through before the failure is on its way in the rest; its own failure is no news by then.
      await this.#rest.end().catch(() => {});
      throw error;
    }
  }

  async end(): Promise<void> {
    await this.#first.end();
    await this.#rest.end();
  }
}

/** One DecompressionStream, pumped into `deliver`. */
class Stage implements Decoder {
  readonly #format: CodingFormat;
  readonly #deliver: Deliver;
  readonly #writer: WritableStreamDefaultWriter<Bun.BufferSource>;
  readonly #history = new History();
  readonly #pumped: Promise<void>;
  #deliveredBytes = 0;
  // What deliver() threw: it goes to the writer, who else would see a decoding error.
  #refusal: { readonly error: unknown } | null = null;
  #finished = false;

  constructor(format: CodingFormat, deliver: Deliver) {
    this.#format = format;
    this.#deliver = deliver;
    const stream = new DecompressionStream(format);
    this.#writer = stream.writable.getWriter();
    // The same failures reject write(); nobody else waits for this promise.
    this.#writer.closed.catch(() => {});
    this.#pumped = this.#pump(stream.readable.getReader());
  }

  async write(bytes: Uint8Array): Promise<void> {
    if (this.#finished || bytes.length === 0) return;
    try {
      await this.#writer.write(bytes as Uint8Array<ArrayBuffer>);
    } catch (error) {
      this.#finished = true;
      await this.#fail(error, bytes);
      return;
    }
    this.#history.add(bytes, this.#deliveredBytes);
  }

  async end(): Promise<void> {
    if (this.#finished) return;
    this.#finished = true;
    try {
      // close() on a cut stream empties the output queue; a write, even of nothing, waits until it was read.
      await this.#writer.write(new Uint8Array(0));
      await this.#writer.close();
    } catch {
      // Cut short or never begun: what there was is delivered.
    }
    await this.#pumped;
    if (this.#refusal) throw this.#refusal.error;
  }

  async #pump(reader: ChunkReader): Promise<void> {
    for (;;) {
      let bytes: Uint8Array | undefined;
      try {
        bytes = (await reader.read()).value;
      } catch {
        return; // the writer reports it
      }
      if (!bytes) return;
      this.#deliveredBytes += bytes.length;
      try {
        const pending = this.#deliver(bytes);
        if (pending) await pending;
      } catch (error) {
        this.#refusal = { error };
        reader.cancel(error).catch(() => {});
        return;
      }
    }
  }

  // Throws, except for junk behind raw deflate, which curl does not mind.
  async #fail(error: unknown, bytes: Uint8Array): Promise<void> {
    await this.#pumped;
    if (this.#refusal) throw this.#refusal.error;
    const saved = await this.#history.salvage(this.#format, bytes, this.#deliveredBytes);
    for (const chunk of saved?.chunks ?? []) await this.#deliver(chunk);
    const complete = saved ? saved.complete : isJunkError(error);
    if (complete && this.#format !== "zstd") {
      if (this.#format === "deflate-raw" && saved) return;
      throw new CurlError("WRITE_ERROR", "Failed writing received data to disk/application", {
        cause: error,
      });
    }
    const detail = error instanceof Error ? error.message : String(error);
    throw badCoding(`Error while processing content unencoding: ${detail}`, error);
  }
}

/** "deflate" is zlib's format by the book and raw deflate from some servers; the first two bytes tell (RFC 1950 §2.2). */
class DeflateStage implements Decoder {
  readonly #deliver: Deliver;
  #first: number | null = null;
  #stage: Stage | null = null;

  constructor(deliver: Deliver) {
    this.#deliver = deliver;
  }

  async write(bytes: Uint8Array): Promise<void> {
    if (this.#stage) return this.#stage.write(bytes);
    const [head, next] = this.#first === null ? bytes : [this.#first, ...bytes.subarray(0, 1)];
    if (head === undefined) return;
    if (next === undefined) {
      this.#first = head;
      return;
    }
    const isZlib = (head & 15) === 8 && ((head << 8) | next) % 31 === 0;
    this.#stage = new Stage(isZlib ? "deflate" : "deflate-raw", this.#deliver);
    if (this.#first !== null) await this.#stage.write(Uint8Array.of(head));
    await this.#stage.write(bytes);
  }

  async end(): Promise<void> {
    await this.#stage?.end();
  }
}

function isJunkError(error: unknown): boolean {
  return (
    error instanceof Error && "code" in error && error.code === "ERR_TRAILING_JUNK_AFTER_STREAM_END"
  );
}

function badCoding(message: string, cause?: unknown): CurlError {
  return new CurlError("BAD_CONTENT_ENCODING", message, { cause });
}
