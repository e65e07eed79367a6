// Where a response goes: the seam between a transfer and whoever wants its bytes.
//
// Here: the interface. The program's sink is cli/output/file-sink, the library's is client/fetch. A sink that is full
// returns a Promise; the socket is paused until it resolves, and only then (measured: pushing costs 0.30 s CPU a GiB,
// queued reads 0.35 s and up to 1.6 times the wall).

import type { ResponseHead } from "../http1/decoder.ts";
import type { Outcome } from "./outcome.ts";

/** What a block of header lines belongs to. */
export type HeaderKind = "informational" | "intermediate" | "final" | "trailers";

export interface Sink {
  /**
   * A block of header lines arrived, in wire order: 1xx, then heads that the transfer goes on from (redirects), the
   * head of the response proper, and trailers after its body.
   * @param raw the lines as received, line ends included, folded lines joined; a byte string
   */
  header(raw: string, kind: HeaderKind): void | Promise<void>;
  /** The response proper begins: its body follows, if any. Called once, unless restart() comes between. */
  begin(head: ResponseHead): void | Promise<void>;
  /** Body bytes, decoded. They belong to the sink from here on. */
  write(bytes: Uint8Array): void | Promise<void>;
  /** Forget what write() got: the body will come again from its start. */
  restart(): void | Promise<void>;
  /** The transfer is over, well or not. Called once. */
  finish(outcome: Outcome): void | Promise<void>;
}
