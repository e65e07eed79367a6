// A small HTTP/1.1 server whose listening socket speaks MPTCP (or TCP with --plain), run as a script in a namespace:
//
//   bun tests/support/mptcp/server.ts --port 8080 [--address ::] [--plain] [--cert FILE --key FILE]
//
// GET and HEAD of /SIZE serve SIZE bytes of generated-file.ts, with Content-Length and Range; PUT and POST read their
// body, and answer how many bytes came and their SHA-256. A query makes it misbehave on purpose:
//
//   ?abort=BYTES    resets the connection behind so much of the body, either way (SO_LINGER 0: MP_FASTCLOSE)
//   ?close=BYTES    a download: closes it there in order
//   ?wait=SECONDS   a download: answers that much later
//   ?stall=SECONDS  an upload: reads nothing for so long once its head is there
//
// It prints one JSON line an event (see ServerEvent), which is how tests count connections and requests. Bodies are
// made and sent a block at a time, only as fast as the peer reads. Not a model of a server: requests are assumed to be
// well-formed, what real servers do nginx shows.
import { parseArgs } from "node:util";
import type { Socket, TLSOptions } from "bun";
import { BLOCK_BYTES, fillBlock } from "./generated-file.ts";
import { openListener } from "./listen.ts";
import { Upload } from "./upload.ts";

export type ServerEvent =
  | { readonly event: "listening"; readonly port: number; readonly mptcp: boolean }
  | { readonly event: "connection" }
  /** A request is there whose answer is to come later. */
  | { readonly event: "waiting"; readonly path: string }
  | {
      readonly event: "request";
      readonly method: string;
      readonly path: string;
      readonly status: number;
      readonly uploadedBytes: number;
    };

/** Let timers and other connections run after this much: a write loop on a fast path can go on for seconds. */
const YIELD_AFTER_BYTES = 4 << 20;

/** The state of one connection: what is left to send, what is left to receive. */
class Peer {
  readonly socket: Socket<Peer>;
  readonly #words = new Uint32Array(BLOCK_BYTES / 4);
  readonly #block = new Uint8Array(this.#words.buffer);
  #blockNumber = -1;
  #received = "";
  #upload: Upload | null = null;
  #uploadAbortsAt = Number.POSITIVE_INFINITY;
  #head: Uint8Array = new Uint8Array(0);
  #next = 0;
  #end = 0;
  #sending = false;
  /** What is done once #end is reached that lies before the body's. */
  #cutOff: "abort" | "close" | null = null;

  constructor(socket: Socket<Peer>) {
    this.socket = socket;
  }

  receive(chunk: Uint8Array): void {
    let bytes = chunk;
    if (this.#upload !== null) {
      bytes = this.#upload.take(bytes);
      if (this.#upload.uploadedBytes >= this.#uploadAbortsAt) this.socket.terminate();
      if (!this.#upload.done) return;
      this.#finishUpload(this.#upload);
    }
    this.#received += Buffer.from(bytes).toString("latin1");
    this.#nextRequest();
  }

  /** Sends until the kernel takes no more; the socket's drain calls again. */
  send(): void {
    let sent = 0;
    while (this.#sending) {
      const piece = this.#piece();
      if (piece.length === 0) {
        this.#sending = false;
        this.#finish();
        return;
      }
      const accepted = this.socket.write(piece);
      if (accepted < 0) return;
      this.#advance(accepted);
      if (accepted < piece.length) return;
      sent += accepted;
      if (sent >= YIELD_AFTER_BYTES) {
        setImmediate(() => this.send());
        return;
      }
    }
  }

  #finish(): void {
    if (this.#cutOff === "abort") this.socket.terminate();
    else if (this.#cutOff === "close") this.socket.end();
    else this.#nextRequest();
  }

  #piece(): Uint8Array {
    if (this.#head.length > 0) return this.#head;
    if (this.#next >= this.#end) return new Uint8Array(0);
    const number = Math.floor(this.#next / BLOCK_BYTES);
    if (number !== this.#blockNumber) {
      fillBlock(this.#words, number);
      this.#blockNumber = number;
    }
    const start = number * BLOCK_BYTES;
    return this.#block.subarray(this.#next - start, Math.min(BLOCK_BYTES, this.#end - start));
  }

  #advance(count: number): void {
    if (this.#head.length > 0) this.#head = this.#head.subarray(count);
    else this.#next += count;
  }

  #nextRequest(): void {
    if (this.#sending || this.#upload !== null) return;
    const end = this.#received.indexOf("\r\n\r\n");
    if (end < 0) return;
    const lines = this.#received.slice(0, end).split("\r\n");
    const rest = this.#received.slice(end + 4);
    this.#received = "";
    const [method = "", target = ""] = (lines[0] ?? "").split(" ");
    const [path = "", query = ""] = target.split("?");
    const orders = new URLSearchParams(query);
    const fields = new Map(lines.slice(1).map((line) => splitField(line)));
    if (method === "PUT" || method === "POST") {
      this.#upload = new Upload(method, path, fields);
      if (fields.get("expect") === "100-continue")
        this.socket.write("HTTP/1.1 100 Continue\r\n\r\n");
      this.#uploadAbortsAt = Number(orders.get("abort") ?? Number.POSITIVE_INFINITY);
      this.#stall(Number(orders.get("stall") ?? 0));
      this.receive(Buffer.from(rest, "latin1"));
      return;
    }
    this.#received = rest;
    const waitMs = 1000 * Number(orders.get("wait") ?? 0);
    const answer = () => this.#answer({ method, path, fields, orders });
    if (waitMs === 0) return answer();
    report({ event: "waiting", path });
    setTimeout(answer, waitMs);
  }

  #stall(seconds: number): void {
    if (seconds === 0) return;
    this.socket.pause();
    setTimeout(() => this.socket.resume(), 1000 * seconds);
  }

  #answer({ method, path, fields, orders }: Request): void {
    const size = /^\/(\d+)$/.exec(path)?.[1];
    if (size === undefined) {
      this.#reply({ method, path, status: 404, fields: "Content-Length: 0\r\n", uploadedBytes: 0 });
      return;
    }
    const sizeBytes = Number(size);
    const range = /^bytes=(\d+)-(\d*)$/.exec(fields.get("range") ?? "");
    const first = range === null ? 0 : Number(range[1]);
    const last = range === null || range[2] === "" ? sizeBytes : Number(range[2]) + 1;
    this.#next = first;
    this.#end = Math.min(last, sizeBytes);
    let head = `Content-Length: ${this.#end - first}\r\nAccept-Ranges: bytes\r\n`;
    if (range !== null) head += `Content-Range: bytes ${first}-${this.#end - 1}/${sizeBytes}\r\n`;
    if (method === "HEAD") this.#next = this.#end;
    this.#cutOff = orders.has("abort") ? "abort" : orders.has("close") ? "close" : null;
    if (this.#cutOff !== null) this.#end = first + Number(orders.get(this.#cutOff));
    const status = range === null ? 200 : 206;
    this.#reply({ method, path, status, fields: head, uploadedBytes: 0 });
  }

  #finishUpload(upload: Upload): void {
    this.#upload = null;
    const { method, path, uploadedBytes } = upload;
    const body = `${uploadedBytes} ${upload.digest()}\n`;
    const fields = `Content-Length: ${body.length}\r\n`;
    this.#reply({ method, path, status: 200, fields, body, uploadedBytes });
  }

  #reply(reply: Reply): void {
    const { method, path, status, uploadedBytes } = reply;
    report({ event: "request", method, path, status, uploadedBytes });
    const head = `HTTP/1.1 ${status} ${REASONS[status]}\r\n${reply.fields}\r\n${reply.body ?? ""}`;
    this.#head = Buffer.from(head, "latin1");
    this.#sending = true;
    this.send();
  }
}

interface Request {
  readonly method: string;
  readonly path: string;
  readonly fields: Map<string, string>;
  /** The query. */
  readonly orders: URLSearchParams;
}

interface Reply {
  readonly method: string;
  readonly path: string;
  readonly status: number;
  readonly fields: string;
  readonly body?: string;
  readonly uploadedBytes: number;
}

const REASONS: Record<number, string> = { 200: "OK", 206: "Partial Content", 404: "Not Found" };

function splitField(line: string): [string, string] {
  const colon = line.indexOf(":");
  return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
}

function report(event: ServerEvent): void {
  process.stdout.write(`${JSON.stringify(event)}\n`);
}

/** Bun.listen takes a descriptor, though its types do not say so. */
type ListenOnDescriptor = (options: {
  fd: number;
  tls?: TLSOptions;
  socket: Bun.SocketHandler<Peer>;
}) => unknown;

function serve(): void {
  const { values } = parseArgs({
    options: {
      port: { type: "string", default: "8080" },
      address: { type: "string", default: "::" },
      plain: { type: "boolean", default: false },
      cert: { type: "string" },
      key: { type: "string" },
    },
  });
  const port = Number(values.port);
  const mptcp = !values.plain;
  const fd = openListener({ address: values.address, port, mptcp });
  const listen = Bun.listen as unknown as ListenOnDescriptor;
  listen({
    fd,
    ...(values.cert && values.key
      ? { tls: { cert: Bun.file(values.cert), key: Bun.file(values.key) } }
      : {}),
    socket: {
      open(socket) {
        socket.data = new Peer(socket);
        report({ event: "connection" });
      },
      data: (socket, chunk) => socket.data.receive(chunk),
      drain: (socket) => socket.data?.send(),
      error: (socket) => socket.terminate(),
    },
  });
  report({ event: "listening", port, mptcp });
}

if (import.meta.main) serve();
