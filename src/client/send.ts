// The body of a request on its way out, in phases of a fixed order: source → framing → stream.
//
// Memory does not grow with the body: one chunk is under way at a time, and a full socket holds the source back.

import type { Clock } from "../clock.ts";
import type { RequestBody } from "../http/body/request-body.ts";
import { encodeChunk, LAST_CHUNK } from "../http1/chunked.ts";
import type { Stream } from "../net/stream.ts";
import type { Counters } from "./outcome.ts";

export interface SendOptions {
  readonly chunked: boolean;
  readonly counters: Counters;
  readonly clock: Clock;
  /** Asked before each chunk: whether the rest is no longer wanted. */
  readonly isStopped: () => boolean;
}

/** A fast path takes bytes for seconds without ever being full; after so many the other sockets and timers get a turn. */
const YIELD_AFTER_BYTES = 4 * 1024 * 1024;

/** Sends the body, unless stopped: then "stopped". @throws CurlError of the source (READ_ERROR) or the stream (SEND_ERROR) */
export async function sendBody(
  stream: Stream,
  body: RequestBody,
  { chunked, counters, clock, isStopped }: SendOptions,
): Promise<"sent" | "stopped"> {
  let sinceTurn = 0;
  for await (const chunk of body.open()) {
    if (isStopped()) return "stopped";
    if (chunk.length === 0) continue;
    for (const piece of chunked ? encodeChunk(chunk) : [chunk]) {
      const full = stream.write(piece);
      if (full) {
        await full;
        sinceTurn = 0;
      }
      counters.requests += piece.length;
    }
    counters.uploaded += chunk.length;
    sinceTurn += chunk.length;
    if (sinceTurn >= YIELD_AFTER_BYTES) {
      await clock.yield();
      sinceTurn = 0;
    }
  }
  if (isStopped()) return "stopped";
  if (chunked) {
    await stream.write(LAST_CHUNK);
    counters.requests += LAST_CHUNK.length;
  }
  return "sent";
}
