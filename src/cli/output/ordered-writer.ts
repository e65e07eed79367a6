// Standard error has many voices (messages, -v, the progress meter) and an Output takes one write at a time: while it
// has returned a Promise nothing else may be written. Here: the queue that they share, one for each Host, so that lines
// come out whole and in order although nobody who traces or warns can wait. Not here: standard output's data, whose
// writer does wait, because the socket must be paused meanwhile.
//
// Errors of the output are swallowed, as in curl: a standard error that nobody reads is no reason to end a transfer.

import { CurlError } from "../../error.ts";
import type { Host, Output } from "../host.ts";

export class OrderedWriter {
  readonly #output: Output;
  readonly #queue: Uint8Array[] = [];
  #draining: Promise<void> | undefined;

  /** Use stderrWriter(): two writers on one Output would break the order. */
  constructor(output: Output) {
    this.#output = output;
  }

  /** Writes now where the output takes it, else behind what waits. Never fails. */
  write(bytes: Uint8Array): void {
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
