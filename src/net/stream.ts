// A connected byte stream over one socket: the only Bun.connect.
//
// Here: adopting a descriptor whose connect(2) is under way, writing with back-pressure, pushing what arrives to one
// reader, pausing, putting TLS on top, and one funnel for every kind of end. Not here: which address (dial.ts), TLS
// rules (tls.ts), when to give up (the caller calls fail()), what the bytes mean.
//
//   connecting ──drain, SO_ERROR 0──▶ open ──FIN──▶ open, ended ──▶ closed
//        └──────────── close, error or fail(), from any state ────────▲
//
// Facts of Bun 1.4.5 that shape this file, each measured: the first `drain` means connected; an exception in a handler
// leaves the connection open, so every handler ends in #finish(); Bun owns the descriptor from adoption on, and it is
// gone when `close` runs; data may come after pause(), so it waits in #backlog; under TLS the raw socket goes on
// reporting ciphertext, drain and close, of which only the ciphertext is wanted (tls-records.ts).

import type { Socket, SocketHandler, TLSOptions } from "bun";
import { errnoText } from "#ffi/errno.ts";
import { closeSocket, takeSocketErrno } from "#ffi/socket.ts";
import { ByteQueue } from "../bytes.ts";
import { CurlError } from "../error.ts";
import type { MptcpRecord } from "./mptcp/paths.ts";
import type { MptcpState } from "./mptcp/verdict.ts";
import { TlsRecordWatch } from "./tls-records.ts";

/** What is known of a connection; it outlives the stream. */
export interface Connection {
  /** Counts from 0 in a session. */
  readonly id: number;
  /** What the socket was opened as. */
  readonly protocol: "mptcp" | "tcp" | "unix";
  /** What the kernel said of MPTCP last; null where the connection was not asked for as MPTCP. */
  readonly mptcp: MptcpState | null;
  /** Numeric address, or the path of a Unix socket. */
  readonly remoteAddress: string;
  /** -1 for a Unix socket. */
  readonly remotePort: number;
  readonly localAddress: string;
  readonly localPort: number;
  /** What the server spoke last; null before its first response. Without meaning here: whoever speaks HTTP keeps it. */
  httpVersion: "0.9" | "1.0" | "1.1" | null;
  /** 0 fine; else OpenSSL's verify result (X509_V_ERR_…), also under -k. */
  tlsVerifyResult: number;
  /** The server's chain, leaf first, PEM; empty without TLS. */
  certificates: readonly string[];
}

/** Who gets what arrives on a stream. An exception of data() or end() becomes the stream's failure. */
export interface StreamReader {
  /** Never called between pause() and resume(). The bytes belong to the reader. */
  data(bytes: Uint8Array): void;
  /** The peer closed its direction in order (FIN; under TLS, close_notify). Nothing comes behind it. */
  end(): void;
  /** The stream broke; nothing comes behind it. A CurlError, or a bug. */
  fail(error: Error): void;
}

/** How a transfer uses a connection that is looked after. */
export interface WatchUse {
  /** How long a path may owe an answer; milliseconds, 0: for ever. */
  readonly pathTimeoutMs: number;
  /** Whether somebody reads the paths: then they are looked at from the start, else only once it takes long. */
  readonly paths: "unread" | "read" | "series";
  /**
   * MPTCP was taken out after the handshake, and nothing of the reply was read: whether the request may be sent a
   * second time. false: the transfer goes on, and its body is not vouched for.
   */
  mayRepeat(): boolean;
}

/** Looks after a connection that was asked for as MPTCP; made by whoever dials. */
export interface StreamWatch {
  /** Bytes came off the wire, and nobody has seen them yet. May fail the stream. */
  received(): void;
  /** A transfer takes the connection. A Promise only where paths are to be looked at from the start. */
  begin(use: WatchUse): MptcpRecord | Promise<MptcpRecord>;
  /** The transfer is done with it; the last look. */
  end(): void;
  /** The descriptor is about to be closed by us: the last moment to ask it. */
  closing(): void;
  /** The descriptor is gone. */
  closed(): void;
}

export interface Stream {
  readonly connection: Connection;
  /** null where the connection was not asked for as MPTCP. */
  readonly watch: StreamWatch | null;
  /** False once the peer closed, or anything ended it. */
  readonly isOpen: boolean;
  /** Gives all that comes to `reader`; what arrived while there was none comes first. null: nobody reads. */
  attach(reader: StreamReader | null): void;
  /** Writes all. A Promise only where the socket is full; one write at a time. @throws CurlError SEND_ERROR */
  write(bytes: Uint8Array): void | Promise<void>;
  /** Until resume() nothing is delivered, and the stream does not keep the process alive: nobody waits for it. */
  pause(): void;
  resume(): void;
  /** Whether the stream keeps the process alive while it is not paused; it does at first. */
  ref(): void;
  unref(): void;
  /** Ends the stream because of `error`, which the reader and a waiting write() get. */
  fail(error: Error): void;
  /** Ends the stream; nobody is told. */
  close(): void;
}

/** A connect that failed, in the kernel's words. */
export class ConnectFailure extends Error {
  override readonly name = "ConnectFailure";
}

/** What Bun reports: the kernel's errors have errno and code, TLS's a code. */
export type SocketError = Error & { readonly code?: string; readonly errno?: number };

interface Waiting {
  resolve(): void;
  reject(error: Error): void;
}

/** Looks at a finished handshake, before a byte of ours goes out. @throws to refuse the peer */
export type HandshakeJudge = (socket: Socket<SocketStream>, error: SocketError | null) => void;

export class SocketStream implements Stream {
  /** Valid while isOpen; Bun closes it. */
  readonly fd: number;
  /** Set by whoever connects, once it stands. */
  connection!: Connection;
  /** Set by whoever connects; asked with every piece of bytes that arrives, those of a TLS handshake included. */
  watch: StreamWatch | null = null;
  #socket: Socket<SocketStream> | null = null;
  #phase: "connecting" | "open" | "closed" = "connecting";
  #ended = false;
  #hasDescriptor = true;
  #failure: Error | null = null;
  #paused = false;
  #referenced = true;
  #reader: StreamReader | null = null;
  readonly #backlog = new ByteQueue();
  #connecting: Waiting | null = null;
  #writing: Waiting | null = null;
  #handshake: (Waiting & { judge: HandshakeJudge }) | null = null;
  #records: TlsRecordWatch | null = null;

  private constructor(fd: number) {
    this.fd = fd;
  }

  /**
   * Adopts a non-blocking descriptor on which connect(2) returned 0 or EINPROGRESS, and owns it from then on.
   * `connected` resolves when the connection stands; it rejects with ConnectFailure, or with what fail() was given.
   */
  static adopt(fd: number): { stream: SocketStream; connected: Promise<void> } {
    const stream = new SocketStream(fd);
    const connected = new Promise<void>((resolve, reject) => {
      stream.#connecting = { resolve, reject };
    });
    Bun.connect<SocketStream>({ fd, data: stream, socket: RAW_HANDLERS }).catch((error: Error) => {
      // Only a descriptor that is no socket is rejected, and such a one is still ours to close.
      closeSocket(fd);
      stream.#finish(error);
    });
    return { stream, connected };
  }

  get isTls(): boolean {
    return this.#records !== null;
  }

  get isOpen(): boolean {
    return this.#phase === "open" && !this.#ended;
  }

  attach(reader: StreamReader | null): void {
    this.#reader = reader;
    this.#deliver();
  }

  write(bytes: Uint8Array): void | Promise<void> {
    return this.#writeFrom(bytes, 0);
  }

  #writeFrom(bytes: Uint8Array, from: number): void | Promise<void> {
    if (this.#phase !== "open" || !this.#socket) throw this.#failure ?? brokenPipe();
    const count = this.#socket.write(bytes, from, bytes.length - from);
    if (count < 0) throw this.#failure ?? brokenPipe();
    const next = from + count;
    if (next === bytes.length) return;
    return new Promise<void>((resolve, reject) => {
      this.#writing = { resolve, reject };
    }).then(() => this.#writeFrom(bytes, next));
  }

  pause(): void {
    if (this.#paused) return;
    this.#paused = true;
    if (this.#phase === "open") this.#socket?.pause();
    this.#holdProcess();
  }

  resume(): void {
    if (!this.#paused) return;
    this.#paused = false;
    if (this.#phase === "open") this.#socket?.resume();
    this.#holdProcess();
    this.#deliver();
  }

  ref(): void {
    this.#referenced = true;
    this.#holdProcess();
  }

  unref(): void {
    this.#referenced = false;
    this.#holdProcess();
  }

  #holdProcess(): void {
    if (this.#phase !== "open") return;
    if (this.#referenced && !this.#paused) this.#socket?.ref();
    else this.#socket?.unref();
  }

  fail(error: Error): void {
    this.#finish(error);
  }

  close(): void {
    this.#reader = null;
    this.#finish(new CurlError("RECV_ERROR", "the connection was closed"));
  }

  /**
   * Puts TLS on top; resolves when the handshake is over and `judge` did not throw, else rejects with what it threw.
   * @throws what Bun throws for bad options (certificates, versions); the stream is then as before
   */
  startTls(tls: TLSOptions, judge: HandshakeJudge): Promise<void> {
    const raw = this.#socket;
    if (!raw) throw new Error("startTls before the connection stands");
    // A ClientHello into an MPTCP socket that was reset since the last turn of the event loop: Bun would spin on
    // EPOLLHUP, which comes without EPOLLIN there, and tell nobody.
    const errno = this.#phase === "open" ? takeSocketErrno(this.fd) : 0;
    if (errno !== 0) this.#finish(new CurlError("RECV_ERROR", `Recv failure: ${errnoText(errno)}`));
    if (this.#phase !== "open") {
      const text = (this.#failure ?? brokenPipe()).message.replace(/^(Recv|Send) failure: /, "");
      return Promise.reject(new CurlError("SSL_CONNECT_ERROR", `TLS connect error: ${text}`));
    }
    const [, secure] = raw.upgradeTLS<SocketStream>({ data: this, tls, socket: TLS_HANDLERS });
    this.#records = new TlsRecordWatch();
    this.#socket = secure as Socket<SocketStream>;
    return new Promise<void>((resolve, reject) => {
      this.#handshake = { resolve, reject, judge };
    });
  }

  // ---- what Bun's handlers say; see the tables below

  onOpen(socket: Socket<SocketStream>): void {
    // Adopted, not yet connected. A race that was decided in between closes it here.
    if (this.#phase === "closed") hangUp(socket);
    else this.#socket = socket;
  }

  onDrain(): void {
    if (this.#phase === "connecting") {
      const errno = takeSocketErrno(this.fd);
      if (errno !== 0) return this.#finish(new ConnectFailure(errnoText(errno)));
      this.#phase = "open";
      const connecting = this.#connecting;
      this.#connecting = null;
      connecting?.resolve();
    }
    const writing = this.#writing;
    this.#writing = null;
    writing?.resolve();
  }

  /** Bytes off the wire: ciphertext once there is TLS, else what the reader gets. */
  onReceived(bytes: Uint8Array): void {
    if (this.watch) {
      this.watch.received();
      if (this.#phase === "closed") return;
    }
    if (this.#records) this.#records.received(bytes);
    else this.onData(bytes);
  }

  onData(bytes: Uint8Array): void {
    this.#records?.decrypted(bytes.length);
    if (this.#reader && !this.#paused && this.#backlog.sizeBytes === 0) {
      this.#guard(() => this.#reader?.data(bytes));
    } else this.#backlog.push(bytes);
  }

  onHandshake(error: SocketError | null): void {
    // Hanging up ends a handshake as well; why we did is what its caller is to hear.
    if (this.#phase === "closed") return;
    const waiting = this.#handshake;
    this.#handshake = null;
    if (!waiting || !this.#socket) return;
    try {
      waiting.judge(this.#socket, error);
      waiting.resolve();
    } catch (refusal) {
      waiting.reject(refusal as Error);
      this.#finish(refusal as Error);
    }
  }

  onEnd(): void {
    if (this.#ended || this.#phase === "closed") return;
    if (this.#handshake) return;
    if (this.#records && !this.#records.sawCloseNotify) {
      return this.#finish(
        new CurlError(
          "RECV_ERROR",
          "TLS read: unexpected eof while reading: the peer closed the connection without close_notify, so the " +
            "data may have been cut short on the way",
        ),
      );
    }
    this.#ended = true;
    this.#deliver();
  }

  onClose(error: SocketError | undefined): void {
    this.#descriptorGone();
    if (error || this.#phase === "connecting" || this.#handshake)
      return this.#finish(this.#failureOf(error));
    // After a FIN `end` came first; a close alone, without an error, is one that Bun folded into it.
    this.onEnd();
    this.#phase = "closed";
    this.#writing?.reject(this.#failure ?? brokenPipe());
    this.#writing = null;
  }

  onError(error: SocketError): void {
    this.#finish(this.#failureOf(error));
  }

  #descriptorGone(): void {
    if (!this.#hasDescriptor) return;
    this.#hasDescriptor = false;
    this.watch?.closed();
  }

  #failureOf(error: SocketError | undefined): Error {
    // Errors of the kernel and of TLS carry a code; one without is a bug of a handler's.
    if (error && !error.code) return error;
    const text = error?.errno
      ? errnoText(Math.abs(error.errno))
      : (error?.message ?? "Connection closed");
    if (this.#phase === "connecting") return new ConnectFailure(text, { cause: error });
    if (this.#handshake)
      return new CurlError("SSL_CONNECT_ERROR", `TLS connect error: ${text}`, { cause: error });
    return new CurlError("RECV_ERROR", `Recv failure: ${text}`, { cause: error });
  }

  /** Hands what waited to the reader, then the end or the failure behind it. */
  #deliver(): void {
    this.#guard(() => {
      while (this.#reader && !this.#paused) {
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
    });
  }

  #guard(action: () => void): void {
    try {
      action();
    } catch (error) {
      this.#finish(error as Error);
    }
  }

  /** The one way out: closes the socket and tells whoever waits. The first reason stays. */
  #finish(error: Error): void {
    this.#failure ??= error;
    if (this.#phase !== "closed") {
      this.#phase = "closed";
      if (this.#hasDescriptor) this.watch?.closing();
      hangUp(this.#socket);
      this.#descriptorGone();
    }
    for (const waiting of [this.#connecting, this.#handshake, this.#writing])
      waiting?.reject(this.#failure);
    this.#connecting = null;
    this.#handshake = null;
    this.#writing = null;
    this.#deliver();
  }
}

/**
 * Closes as curl does: close_notify under TLS, then FIN. terminate() would set SO_LINGER to 0, and the peer would see a
 * reset (on MPTCP a fast close) where a transfer ended well. end() alone leaves a TLS socket open until the peer closes.
 */
function hangUp(socket: Socket<SocketStream> | null): void {
  socket?.end();
  socket?.close();
}

function brokenPipe(): CurlError {
  return new CurlError("SEND_ERROR", "Send failure: Broken pipe");
}

/** The socket as adopted; below TLS it reports ciphertext and is otherwise not asked any more. */
const RAW_HANDLERS: SocketHandler<SocketStream> = {
  open: (socket) => socket.data.onOpen(socket),
  drain: (socket) => socket.data.onDrain(),
  data: (socket, bytes) => socket.data.onReceived(bytes),
  end: (socket) => {
    if (!socket.data.isTls) socket.data.onEnd();
  },
  close: (socket, error) => {
    if (!socket.data.isTls) socket.data.onClose(error);
  },
  error: (socket, error) => socket.data.onError(error),
};

const TLS_HANDLERS: SocketHandler<SocketStream> = {
  handshake: (socket, _ok, error) => socket.data.onHandshake(error),
  drain: (socket) => socket.data.onDrain(),
  data: (socket, bytes) => socket.data.onData(bytes),
  end: (socket) => socket.data.onEnd(),
  close: (socket, error) => socket.data.onClose(error),
  error: (socket, error) => socket.data.onError(error),
};
