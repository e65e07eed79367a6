// Standard error has many voices (messages, -v, the progress meter) and an Output takes one write at a time: while it
// has returned a Promise nothing else may be written. Here: the queue that they share, one for each Host, so that lines
// come out whole and in order although nobody who traces or warns can wait. Not here: standard output's data, whose
// writer does wait, because the socket must be paused meanwhile.
//
// A voice that redraws in place (the meter with its paths) leaves its cursor inside of what it drew. What it gave draw()
// is erased before the next text of anybody else, and comes back with its next drawing.
//
// Errors of the output are swallowed, as in curl: a standard error that nobody reads is no reason to end a transfer.

import { utf8 } from "../../bytes.ts";
import { CurlError } from "../../error.ts";
import type { Host, Output } from "../host.ts";

export class OrderedWriter {
  readonly #output: Output;
  readonly #queue: Uint8Array[] = [];
  #draining: Promise<void> | undefined;
  #hasDrawing = false;

  /** Use stderrWriter(): two writers on one Output would break the order. */
  constructor(output: Output) {
    this.#output = output;
  }

  /** Writes now where the output takes it, else behind what waits. Never fails. */
  write(bytes: Uint8Array): void {
    this.makeRoom();
    this.#push(bytes);
  }

  /** As write(), but what was drawn stays; the cursor must end at the start of the drawing's first line. */
  draw(text: string): void {
    this.#hasDrawing = true;
    this.#push(utf8(text));
  }

  /** Whether something drawn is on the screen, with the cursor in it. */
  get hasDrawing(): boolean {
    return this.#hasDrawing;
  }

  /** Erases what is drawn: for text that goes to the same terminal by another way. */
  makeRoom(): void {
    if (!this.#hasDrawing) return;
    this.#hasDrawing = false;
    this.#push(utf8(ERASE));
  }

  /** The drawing stays on the screen for good. @param text moves the cursor behind it */
  keepDrawing(text: string): void {
    this.#hasDrawing = false;
    this.#push(utf8(text));
  }

  #push(bytes: Uint8Array): void {
    this.#queue.push(bytes);
    if (this.#draining) return;
    const pending = this.#writeQueue();
    if (pending) {
      this.#draining = pending.finally(() => {
        this.#draining = undefined;
      });
    }
  }

  /** Resolves when all that was written so far is out. */
  idle(): Promise<void> {
    return this.#draining ?? Promise.resolve();
  }

  /** As far as it goes without waiting; the rest by the Promise. */
  #writeQueue(): Promise<void> | undefined {
    for (let next = this.#queue.shift(); next; next = this.#queue.shift()) {
      try {
        const pending = this.#output.write(next);
        if (pending) return pending.catch(ignoreOutputError).then(() => this.#writeQueue());
      } catch (error) {
        ignoreOutputError(error);
      }
    }
    return undefined;
  }
}

/** From the start of the line to the end of the screen. */
const ERASE = "\r\x1b[J";

const writers = new WeakMap<Host, OrderedWriter>();

/** The one writer of the host's standard error. */
export function stderrWriter(host: Host): OrderedWriter {
  let writer = writers.get(host);
  if (!writer) {
    writer = new OrderedWriter(host.stderr);
    writers.set(host, writer);
  }
  return writer;
}

/** Waits until all that was written to standard error is out; where nobody wrote, there is no writer to ask. */
export async function stderrIdle(host: Host): Promise<void> {
  await writers.get(host)?.idle();
}

function ignoreOutputError(error: unknown): void {
  if (!(error instanceof CurlError)) throw error;
}
