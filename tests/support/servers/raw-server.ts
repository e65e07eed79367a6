// A server that sends exactly the bytes it was told to, when it was told to, and keeps every byte
// it received: for what real servers never send, and to see what really went over the wire.
//
//   connection opened ──▶ reply {on: "connect"} is due, if it is the next one
//   header block in   ──▶ `interim` goes out, reply {on: "head"} is due
//   body in           ──▶ reply {on: "request"} is due (the default)
//
// Replies are taken in order, over all connections; a request beyond the last one closes its
// connection. The request's body is framed only as far as knowing its end needs.

import type { Socket, TCPSocketListener, UnixSocketListener } from "bun";
import { bytesOf, latin1 } from "../program.ts";
import { openListener } from "./loopback.ts";

/** One piece of a reply: bytes, or a wait in milliseconds. */
export type Piece = string | Uint8Array | number;

export interface Reply {
  /** When it goes out; "request" by default. */
  readonly on?: "connect" | "head" | "request";
  /** Sent as soon as the header block is in, before the body is read. */
  readonly interim?: string;
  /** False: no body follows the head whatever the head says (an Expect that was turned down). */
  readonly body?: boolean;
  /** Strings are latin1; several pieces are several writes. */
  readonly send: Piece | readonly Piece[];
  /** What becomes of the connection; "keep" waits for the next request. */
  readonly after?: "keep" | "close" | "reset" | "half-close" | "stall";
}

export interface RawServerOptions {
  readonly host?: string;
  readonly mptcp?: boolean;
  readonly backlog?: number;
  readonly unixPath?: string;
  /** PEM texts; the server then speaks TLS. */
  readonly tls?: Bun.TLSOptions;
  /** Every byte of every reply is a write of its own. */
  readonly bytewise?: boolean;
}

interface Conversation {
  readonly socket: Socket<Conversation>;
  received: string;
  /** How much of `received` has been parsed as requests. */
  parsed: number;
  open: boolean;
  wake: () => void;
  drained: () => void;
}

export interface RawServer {
  /** 0 on a Unix socket. */
  readonly port: number;
  /** What each connection sent, in the order of their opening, one character a byte. */
  received(): string[];
  /** Adds replies to the script. */
  script(...replies: readonly Reply[]): void;
  /** Connections that are open now. */
  openCount(): number;
  /** Waits until all connections of the clients are closed. */
  idle(): Promise<void>;
  /** Waits until so many bytes in all have been received. */
  receivedAtLeast(bytes: number): Promise<void>;
  /** Sends an RST on every open connection. */
  resetAll(): void;
  stop(): void;
}

/** A turn of the event loop by its timer; an immediate has been seen to wait for the next event. */
function tick(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}

function nextNews(conversation: Conversation): Promise<void> {
  return new Promise((resolve) => {
    conversation.wake = resolve;
  });
}

/** Where the header block that begins at `from` ends, or -1. */
function headEnd(text: string, from: number): number {
  const match = /\r?\n\r?\n/g;
  match.lastIndex = from;
  const found = match.exec(text);
  return found === null ? -1 : found.index + found[0].length;
}

/** Where the chunked body that begins at `from` ends, or -1. */
function chunkedEnd(text: string, from: number): number {
  for (let at = from; ; ) {
    const lineEnd = text.indexOf("\r\n", at);
    if (lineEnd < 0) return -1;
    const size = Number.parseInt(text.slice(at, lineEnd), 16);
    if (size === 0) {
      if (text.startsWith("\r\n", lineEnd + 2)) return lineEnd + 4;
      const trailers = text.indexOf("\r\n\r\n", lineEnd);
      return trailers < 0 ? -1 : trailers + 4;
    }
    at = lineEnd + 2 + size + 2;
    if (at > text.length) return -1;
  }
}

function bodyEnd(text: string, headFrom: number, bodyFrom: number): number {
  const head = text.slice(headFrom, bodyFrom);
  if (/^transfer-encoding:.*chunked/im.test(head)) return chunkedEnd(text, bodyFrom);
  const length = /^content-length:\s*(\d+)/im.exec(head);
  const end = bodyFrom + Number(length?.[1] ?? 0);
  return end > text.length ? -1 : end;
}

async function writeAll(conversation: Conversation, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length && conversation.open; ) {
    const wrote = conversation.socket.write(bytes, at, bytes.length - at);
    if (wrote < 0) return;
    at += wrote;
    if (at < bytes.length) {
      await new Promise<void>((resolve) => {
        conversation.drained = resolve;
      });
    }
  }
}

async function play(conversation: Conversation, reply: Reply, bytewise: boolean): Promise<void> {
  const pieces = Array.isArray(reply.send)
    ? (reply.send as readonly Piece[])
    : [reply.send as Piece];
  for (const piece of pieces) {
    if (!conversation.open) return;
    if (typeof piece === "number") {
      await Bun.sleep(piece);
      continue;
    }
    const bytes = bytesOf(piece);
    if (!bytewise) {
      await writeAll(conversation, bytes);
      await tick();
      continue;
    }
    for (let at = 0; at < bytes.length && conversation.open; at++) {
      await writeAll(conversation, bytes.subarray(at, at + 1));
      await tick();
    }
  }
  if (!conversation.open) return;
  if (reply.after === "close") conversation.socket.end();
  else if (reply.after === "reset") conversation.socket.terminate();
  else if (reply.after === "half-close") conversation.socket.shutdown();
}

/** Starts a server that plays the replies; stop() ends it and every connection. */
export function startRawServer(
  replies: readonly Reply[],
  options: RawServerOptions = {},
): RawServer {
  return new ScriptedServer(replies, options);
}

class ScriptedServer implements RawServer {
  readonly port: number;
  readonly #options: RawServerOptions;
  readonly #queue: Reply[];
  readonly #conversations: Conversation[] = [];
  readonly #watchers = new Set<() => void>();
  readonly #listener: TCPSocketListener<Conversation> | UnixSocketListener<Conversation>;

  constructor(replies: readonly Reply[], options: RawServerOptions) {
    this.#options = options;
    this.#queue = [...replies];
    const common = {
      socket: this.#handlers(),
      ...(options.tls === undefined ? {} : { tls: options.tls }),
    };
    if (options.unixPath !== undefined) {
      this.port = 0;
      this.#listener = Bun.listen<Conversation>({ unix: options.unixPath, ...common } as never);
    } else {
      const bound = openListener(options);
      this.port = bound.port;
      this.#listener = Bun.listen<Conversation>({ fd: bound.fd, ...common } as never);
    }
  }

  #handlers(): Bun.SocketHandler<Conversation, "uint8array"> {
    return {
      binaryType: "uint8array",
      open: (opened) => this.#opened(opened as Socket<Conversation>),
      data: ({ data: conversation }, bytes) => {
        conversation.received += latin1(bytes);
        conversation.wake();
        this.#news();
      },
      drain: ({ data: conversation }) => conversation?.drained(),
      close: ({ data: conversation }) => {
        if (conversation === undefined) return;
        hangUp(conversation);
        this.#news();
      },
      error() {},
    };
  }

  #opened(socket: Socket<Conversation>): void {
    const conversation: Conversation = {
      socket,
      received: "",
      parsed: 0,
      open: true,
      wake: () => {},
      drained: () => {},
    };
    socket.data = conversation;
    socket.setNoDelay(true);
    this.#conversations.push(conversation);
    this.#converse(conversation).catch((error: unknown) => {
      process.stderr.write(`raw server: ${error}\n`);
      socket.terminate();
    });
  }

  async #converse(conversation: Conversation): Promise<void> {
    const bytewise = this.#options.bytewise ?? false;
    while (conversation.open) {
      const greeting = this.#queue[0]?.on === "connect" ? this.#queue.shift() : undefined;
      if (greeting !== undefined) {
        await play(conversation, greeting, bytewise);
        if (!isKept(greeting)) return;
      }
      const from = conversation.parsed;
      const bodyFrom = await arrival(conversation, () => headEnd(conversation.received, from));
      if (bodyFrom < 0) return;
      const reply = this.#queue.shift();
      if (reply === undefined) {
        conversation.socket.end();
        return;
      }
      if (reply.interim !== undefined) await writeAll(conversation, bytesOf(reply.interim));
      if (reply.on === "head") await play(conversation, reply, bytewise);
      const end = await arrival(conversation, () =>
        reply.body === false ? bodyFrom : bodyEnd(conversation.received, from, bodyFrom),
      );
      if (end < 0) return;
      conversation.parsed = end;
      if (reply.on !== "head") await play(conversation, reply, bytewise);
      if (!isKept(reply)) return;
    }
  }

  #news(): void {
    for (const watcher of [...this.#watchers]) watcher();
  }

  #when(condition: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      const watcher = (): void => {
        if (!condition()) return;
        this.#watchers.delete(watcher);
        resolve();
      };
      this.#watchers.add(watcher);
      watcher();
    });
  }

  received(): string[] {
    return this.#conversations.map((each) => each.received);
  }

  script(...replies: readonly Reply[]): void {
    this.#queue.push(...replies);
  }

  openCount(): number {
    return this.#conversations.filter((each) => each.open).length;
  }

  idle(): Promise<void> {
    return this.#when(() => this.openCount() === 0);
  }

  receivedAtLeast(bytes: number): Promise<void> {
    return this.#when(
      () => this.#conversations.reduce((sum, each) => sum + each.received.length, 0) >= bytes,
    );
  }

  resetAll(): void {
    for (const { open, socket } of this.#conversations) if (open) socket.terminate();
  }

  stop(): void {
    this.#listener.stop(true);
    for (const conversation of this.#conversations) hangUp(conversation);
  }
}

function isKept(reply: Reply): boolean {
  return reply.after === undefined || reply.after === "keep";
}

/** Waits until `find` gives a place; -1 when the connection ended before. */
async function arrival(conversation: Conversation, find: () => number): Promise<number> {
  for (let place = find(); ; place = find()) {
    if (place >= 0 || !conversation.open) return place;
    await nextNews(conversation);
  }
}

/** Nothing more will come, and nobody waits any longer. */
function hangUp(conversation: Conversation): void {
  conversation.open = false;
  conversation.wake();
  conversation.drained();
}
