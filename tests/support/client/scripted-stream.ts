// A Stream in memory whose peer is the test: it reads what was sent and says what comes next. It keeps the promises of
// net/stream's Stream (order, nothing between pause and resume, what nobody read waits) and objects where its user
// breaks one (two writes at a time), so that code which works on it works on a socket.

import { ByteQueue, byteString, bytesOf } from "../../../src/bytes.ts";
import { CurlError } from "../../../src/error.ts";
import type { Connection, Stream, StreamReader, StreamWatch } from "../../../src/net/stream.ts";
import { turn } from "./virtual-clock.ts";

export class ScriptedStream implements Stream {
  readonly connection: Connection;
  watch: StreamWatch | null = null;
  /** All that was sent; a byte string. */
  sent = "";
  /** What each write() was given. */
  readonly writes: string[] = [];
  isPaused = false;
  isClosed = false;
  /** Whether the stream would keep the process alive. */
  isReferenced = true;
  /** How often pause() stopped a stream that ran. */
  pauses = 0;
  #isFull = false;
  #writing: { resolve(): void; reject(error: Error): void } | null = null;
  #reader: StreamReader | null = null;
  readonly #backlog = new ByteQueue();
  #ended = false;
  #failure: Error | null = null;
  #lostOnWrite: Error | null = null;

  constructor(id = 0) {
    this.connection = {
      id,
      protocol: "tcp",
      mptcp: null,
      remoteAddress: "192.0.2.1",
      remotePort: 80,
      localAddress: "192.0.2.2",
      localPort: 40000,
      httpVersion: null,
      tlsVerifyResult: 0,
      certificates: [],
    };
  }

  get isOpen(): boolean {
    return !this.isClosed && !this.#ended && !this.#failure;
  }

  get isRead(): boolean {
    return this.#reader !== null;
  }

  // ---- the peer's side

  /** Bytes arrive, and all that can be done with them is done. */
  async receive(...pieces: (string | Uint8Array)[]): Promise<void> {
    for (const piece of pieces) {
      this.#backlog.push(typeof piece === "string" ? bytesOf(piece) : piece);
      this.#deliver();
      await turn();
    }
  }

  /** The peer closes its direction in order. */
  async end(): Promise<void> {
    this.#ended = true;
    this.#deliver();
    await turn();
  }

  /** The connection breaks. */
  async break(error: Error = reset()): Promise<void> {
    this.fail(error);
    await turn();
  }

  /** The connection is dead already, and the next write finds out. */
  dieOnWrite(error: Error = reset()): this {
    this.#lostOnWrite = error;
    return this;
  }

  /** The peer reads nothing: the next write() waits until drain(). */
  fill(): void {
    this.#isFull = true;
  }

  async drain(): Promise<void> {
    this.#isFull = false;
    this.#writing?.resolve();
    this.#writing = null;
    await turn();
  }

  /** Takes what was sent so far, for a look at what comes next. */
  takeSent(): string {
    const { sent } = this;
    this.sent = "";
    return sent;
  }

  // ---- the user's side

  attach(reader: StreamReader | null): void {
    this.#reader = reader;
    this.#deliver();
  }

  write(bytes: Uint8Array): void | Promise<void> {
    if (this.#writing) throw new Error("a second write while the first waits");
    if (this.isClosed || this.#failure) {
      throw this.#failure ?? new CurlError("SEND_ERROR", "Send failure: Broken pipe");
    }
    const text = byteString(bytes);
    this.sent += text;
    this.writes.push(text);
    if (this.#lostOnWrite) {
      const error = this.#lostOnWrite;
      queueMicrotask(() => this.fail(error));
    }
    if (!this.#isFull) return;
    return new Promise((resolve, reject) => {
      this.#writing = { resolve, reject };
    });
  }

  pause(): void {
    if (!this.isPaused) this.pauses++;
    this.isPaused = true;
  }

  resume(): void {
    this.isPaused = false;
    this.#deliver();
  }

  ref(): void {
    this.isReferenced = true;
  }

  unref(): void {
    this.isReferenced = false;
  }

  fail(error: Error): void {
    this.#failure ??= error;
    this.#writing?.reject(this.#failure);
    this.#writing = null;
    this.#deliver();
  }

  close(): void {
    this.#reader = null;
    this.isClosed = true;
    this.fail(new CurlError("RECV_ERROR", "the connection was closed"));
  }

  #deliver(): void {
    try {
      while (this.#reader && !this.isPaused) {
        const bytes = this.#backlog.shift();
        if (bytes) {
          this.#reader.data(bytes);
          continue;
        }
        const reader = this.#reader;
        if (this.#failure || this.#ended) this.#reader = null;
        if (this.#failure) reader.fail(this.#failure);
        else if (this.#ended) reader.end();
        return;
      }
    } catch (error) {
      this.fail(error as Error);
    }
  }
}

/** What a reset connection says. */
export function reset(): CurlError {
  return new CurlError("RECV_ERROR", "Recv failure: Connection reset by peer");
}
