// An exchange on a scripted stream and a virtual clock, with a receiver that notes what it gets.

import { byteString, bytesOf } from "../../../src/bytes.ts";
import {
  type ExchangeRequest,
  type ExchangeResult,
  exchange,
  type ResponseReceiver,
} from "../../../src/client/exchange.ts";
import { type Counters, newCounters } from "../../../src/client/outcome.ts";
import { CurlError } from "../../../src/error.ts";
import { HeaderList } from "../../../src/headers.ts";
import type { RequestBody } from "../../../src/http/body/request-body.ts";
import type { TraceEvent } from "../../../src/trace.ts";
import { ScriptedStream } from "./scripted-stream.ts";
import { turn, VirtualClock } from "./virtual-clock.ts";

/** A receiver that notes what it gets; `holds` makes it busy until release(). */
export class Notes implements ResponseReceiver {
  readonly events: string[] = [];
  holds: (event: string) => boolean = () => false;
  throws: ((event: string) => Error | undefined) | null = null;
  #waiting: (() => void)[] = [];

  informational = (head: { status: number }) => this.#note(`1xx ${head.status}`);
  head = (head: { status: number }) => this.#note(`head ${head.status}`);
  data = (bytes: Uint8Array) => this.#note(`data ${byteString(bytes)}`);
  trailers = (raw: string) => this.#note(`trailers ${raw}`);
  end = () => this.#note("end");

  async release(): Promise<void> {
    for (const resolve of this.#waiting.splice(0)) resolve();
    await turn();
  }

  #note(event: string): void | Promise<void> {
    this.events.push(event);
    const error = this.throws?.(event);
    if (error) throw error;
    if (this.holds(event)) return new Promise((resolve) => this.#waiting.push(resolve));
  }
}

export interface Running {
  readonly stream: ScriptedStream;
  readonly clock: VirtualClock;
  readonly notes: Notes;
  readonly counters: Counters;
  readonly trace: TraceEvent["type"][];
  readonly steps: string[];
  readonly abort: AbortController;
  /** What the exchange came to; null while it runs. */
  outcome(): ExchangeResult | string | null;
}

/** An exchange that runs: a GET, or a POST where there is a body. */
export async function begin(
  given: Partial<ExchangeRequest> = {},
  prepare: (stream: ScriptedStream, notes: Notes, abort: AbortController) => void = () => {},
): Promise<Running> {
  const stream = new ScriptedStream();
  const clock = new VirtualClock();
  const notes = new Notes();
  const counters = newCounters();
  const trace: TraceEvent["type"][] = [];
  const steps: string[] = [];
  const abort = new AbortController();
  prepare(stream, notes, abort);
  let outcome: ExchangeResult | string | null = null;
  const method = given.body ? "POST" : "GET";
  const request: ExchangeRequest = {
    head: { method, target: "/", version: "1.1", fields: new HeaderList([["Host", "h"]]) },
    impliedMethod: method,
    body: null,
    chunked: false,
    expectContinue: false,
    ...given,
  };
  exchange(stream, request, {
    receiver: notes,
    context: {
      clock,
      counters,
      trace: (event) => trace.push(event.type),
      signal: abort.signal,
      reached: (step) => steps.push(step),
    },
  }).then(
    (result) => {
      outcome = result;
    },
    (error: Error) => {
      outcome =
        error instanceof CurlError ? `${error.exitCode} ${error.message}` : `bug ${error.message}`;
    },
  );
  await turn();
  return { stream, clock, notes, counters, trace, steps, abort, outcome: () => outcome };
}

/** A body whose chunks come when the test says so. */
export function slowBody(sizeBytes: number | null = null) {
  const chunks: (string | null | Error)[] = [];
  let wake: (() => void) | null = null;
  const state = { opened: 0, closed: 0 };
  const give = async (chunk: string | null | Error): Promise<void> => {
    chunks.push(chunk);
    wake?.();
    await turn();
  };
  const body: RequestBody = {
    type: null,
    sizeBytes,
    replayable: false,
    async *open() {
      state.opened++;
      try {
        for (;;) {
          while (chunks.length === 0) {
            await new Promise<void>((resolve) => {
              wake = resolve;
            });
          }
          const chunk = chunks.shift();
          if (chunk === null || chunk === undefined) return;
          if (chunk instanceof Error) throw chunk;
          yield bytesOf(chunk);
        }
      } finally {
        state.closed++;
      }
    },
  };
  return { body, give, state };
}
