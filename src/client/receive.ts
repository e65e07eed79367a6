// The response on its way in, in phases of a fixed order: framing (http1) → counting → content coding → sink.
//
// Here: what happens to each event of a response, once the transfer has judged its head. Not here: the judgement
// (transfer.ts) and the bytes' destination (Sink).

import type { CurlError } from "../error.ts";
import type { Decoder } from "../http/coding.ts";
import type { BodyLength, ResponseHead } from "../http1/decoder.ts";
import type { ResponseReceiver } from "./exchange.ts";
import type { Counters } from "./outcome.ts";
import type { HeaderKind, Sink } from "./sink.ts";

/** What becomes of a final response. */
export type Disposition =
  | { readonly kind: "deliver" }
  /** The transfer goes on elsewhere: the head is shown, the body is read and dropped, so that the connection stays. */
  | { readonly kind: "pass-over" }
  /** The head is shown, then the transfer fails. */
  | { readonly kind: "refuse"; readonly error: CurlError };

export interface ReceiverOptions {
  readonly counters: Counters;
  /** --compressed. */
  readonly decodes: boolean;
  readonly judge: (head: ResponseHead) => Disposition;
  /** Every head, informational ones included, before anything is done with it. */
  readonly seen: (head: ResponseHead) => void;
}

export class Receiver implements ResponseReceiver {
  readonly #sink: Sink;
  readonly #options: ReceiverOptions;
  #decoder: Decoder | null = null;
  #delivers = false;

  constructor(sink: Sink, options: ReceiverOptions) {
    this.#sink = sink;
    this.#options = options;
  }

  informational(head: ResponseHead): void | Promise<void> {
    this.#options.seen(head);
    return this.#sink.header(head.raw, "informational");
  }

  head(head: ResponseHead, length: BodyLength): void | Promise<void> {
    this.#options.seen(head);
    const disposition = this.#options.judge(head);
    const kind: HeaderKind = disposition.kind === "pass-over" ? "intermediate" : "final";
    const shown = this.#sink.header(head.raw, kind);
    const begin = (): void | Promise<void> => {
      if (disposition.kind === "refuse") throw disposition.error;
      if (disposition.kind === "deliver") return this.#begin(head, length);
    };
    return shown ? shown.then(begin) : begin();
  }

  #begin(head: ResponseHead, length: BodyLength): void | Promise<void> {
    this.#delivers = true;
    const begun = this.#sink.begin(head);
    if (!this.#options.decodes || length.kind === "none" || !head.fields.has("Content-Encoding"))
      return begun;
    return this.#startDecoding(head, begun);
  }

  async #startDecoding(head: ResponseHead, begun: void | Promise<void>): Promise<void> {
    await begun;
    // Loaded here, for few responses are coded and every start would pay for it.
    const { contentDecoder } = await import("../http/coding.ts");
    this.#decoder = contentDecoder(head.fields, (bytes) => this.#deliver(bytes));
  }

  data(bytes: Uint8Array): void | Promise<void> {
    this.#options.counters.downloaded += bytes.length;
    if (!this.#delivers) return;
    return this.#decoder ? this.#decoder.write(bytes) : this.#deliver(bytes);
  }

  #deliver(bytes: Uint8Array): void | Promise<void> {
    this.#options.counters.delivered += bytes.length;
    return this.#sink.write(bytes);
  }

  trailers(raw: string): void | Promise<void> {
    return this.#sink.header(raw, "trailers");
  }

  end(): void | Promise<void> {
    return this.#decoder?.end();
  }
}
