// The web's request bodies as ours: text, bytes, forms, Blobs, streams and async iterables.
//
// Here: their bytes, type and length. What stands in memory is sent with its length and can be sent again after a
// redirect; a Blob or file is read as it goes; a stream or iterable goes out in chunks (or with the Content-Length that
// the caller promises, which is held to), once. Not here: the framing itself (client/send).

import { utf8 } from "../bytes.ts";
import { CurlError } from "../error.ts";
import { memoryBody, type RequestBody } from "../http/body/request-body.ts";

/** What fetch() takes as a body. */
export type WebBody =
  | string
  | ArrayBuffer
  | ArrayBufferView
  | Blob
  | FormData
  | URLSearchParams
  | ReadableStream<Uint8Array>
  | AsyncIterable<Uint8Array | string>;

/** @internal */
export interface WebBodyContext {
  /** The request's fields: Content-Type replaces the body's own, Content-Length must be true. */
  readonly headers: Headers;
  /** There is no body to tell the type of. */
  readonly isEmpty: boolean;
  /** Aborted when nobody wants the body any more: a source that is being waited for is let go. */
  readonly ended: AbortSignal;
}

/**
 * @internal
 * @throws CurlError BAD_FUNCTION_ARGUMENT, READ_ERROR (a file that is not there)
 */
export async function webBody(body: WebBody, context: WebBodyContext): Promise<RequestBody> {
  const { headers, isEmpty, ended } = context;
  const ownType = headers.get("content-type");
  const promised = promisedLength(headers);
  if (isSource(body)) {
    if (body instanceof ReadableStream && body.locked) throw refused("the body's stream is locked");
    return {
      type: ownType,
      sizeBytes: promised,
      replayable: false,
      open: () => bytesFrom(body, promised, ended),
    };
  }
  if (body instanceof Blob) {
    await checkFile(body);
    // A pipe's or device's size is not to be known.
    const sizeBytes = Number.isFinite(body.size) ? body.size : null;
    checkLength(promised, sizeBytes);
    return {
      type: ownType ?? (body.type || null),
      sizeBytes: sizeBytes ?? promised,
      replayable: sizeBytes !== null,
      open: (offset = 0) => {
        const part = offset > 0 ? body.slice(offset) : body;
        const leftBytes = sizeBytes === null ? promised : sizeBytes - offset;
        return bytesFrom(part.stream() as ReadableStream<Uint8Array>, leftBytes, ended);
      },
    };
  }
  // Text, bytes, forms: the web's own rules for their bytes and their type, where Bun has one (text has none).
  const response = new Response(body as ConstructorParameters<typeof Response>[0]);
  const type =
    typeof body === "string" ? "text/plain;charset=UTF-8" : response.headers.get("content-type");
  const bytes = new Uint8Array(await response.arrayBuffer());
  checkLength(promised, bytes.length);
  return memoryBody(bytes, ownType ?? (isEmpty ? null : type));
}

type Source = ReadableStream<Uint8Array> | AsyncIterable<Uint8Array | string>;

function isSource(body: WebBody): body is Source {
  if (body instanceof ReadableStream) return true;
  return typeof body === "object" && Symbol.asyncIterator in body && !(body instanceof Blob);
}

/** Bun.file() of a missing file has the size 0; a request with an empty body is not what was meant. */
async function checkFile(body: Blob): Promise<void> {
  const { exists, name } = body as { exists?: () => Promise<boolean>; name?: string };
  if (exists && !(await exists.call(body)))
    throw new CurlError("READ_ERROR", `Failed to open ${name ?? "the body's file"}`);
}

function promisedLength(headers: Headers): number | null {
  const text = headers.get("content-length");
  if (text === null) return null;
  if (!/^\d{1,15}$/.test(text)) throw refused(`"${text}" is no Content-Length`);
  return Number(text);
}

function checkLength(promised: number | null, actual: number | null): void {
  if (promised !== null && actual !== null && promised !== actual)
    throw refused(`Content-Length says ${promised} and the body has ${actual} bytes`);
}

/**
 * The bytes of a source, all of them and no more.
 * @throws CurlError READ_ERROR: the source failed (its error is the cause), or has not as many bytes as promised
 */
async function* bytesFrom(
  source: Source,
  promised: number | null,
  ended: AbortSignal,
): AsyncGenerator<Uint8Array> {
  const reader = readerOf(source);
  // Nobody asks for a next chunk while one is waited for, so the end of the transfer must end the wait.
  let letGo = (): void => {};
  const stopped = new Promise<null>((resolve) => {
    letGo = () => {
      resolve(null);
      reader.stop(ended.reason);
    };
  });
  ended.addEventListener("abort", letGo);
  let count = 0;
  let isDone = false;
  try {
    for (;;) {
      const chunk = await Promise.race([reader.next(), stopped]);
      if (chunk === null) break;
      const bytes = bytesOfChunk(chunk);
      count += bytes.length;
      if (promised !== null && count > promised) throw wrongLength(promised, "more");
      yield bytes;
    }
    isDone = true;
    if (promised !== null && count < promised && !ended.aborted)
      throw wrongLength(promised, `only ${count}`);
  } catch (cause) {
    if (cause instanceof CurlError) throw cause;
    const text = cause instanceof Error ? cause.message : String(cause);
    throw new CurlError("READ_ERROR", `the request's body failed: ${text}`, { cause });
  } finally {
    ended.removeEventListener("abort", letGo);
    if (!isDone) reader.stop(undefined);
  }
}

interface SourceReader {
  /** null at the end. */
  next(): Promise<unknown>;
  /** The source is not read any further. */
  stop(reason: unknown): void;
}

function readerOf(source: Source): SourceReader {
  const ignore = (): void => {};
  if (source instanceof ReadableStream) {
    const reader = source.getReader();
    return {
      next: async () => (await reader.read()).value ?? null,
      stop: (reason) => void reader.cancel(reason).catch(ignore),
    };
  }
  const iterator = source[Symbol.asyncIterator]();
  return {
    next: async () => {
      const { value, done } = await iterator.next();
      return done ? null : value;
    },
    stop: () => void iterator.return?.().catch(ignore),
  };
}

function bytesOfChunk(chunk: unknown): Uint8Array {
  if (chunk instanceof Uint8Array) return chunk;
  if (typeof chunk === "string") return utf8(chunk);
  if (chunk instanceof ArrayBuffer) return new Uint8Array(chunk);
  if (ArrayBuffer.isView(chunk))
    return new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.byteLength);
  throw new CurlError("READ_ERROR", `the request's body gave ${typeof chunk}, not bytes or text`);
}

function wrongLength(promised: number, found: string): CurlError {
  return new CurlError(
    "READ_ERROR",
    `the request's body has ${found} bytes where Content-Length promised ${promised}`,
  );
}

function refused(what: string): CurlError {
  return new CurlError("BAD_FUNCTION_ARGUMENT", `fetch: ${what}`);
}
