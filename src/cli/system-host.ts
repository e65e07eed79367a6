// The real machine behind cli/host: the only place of the program that touches files, standard streams and process.*.
//
// Everything is FFI or Bun's own: node:fs would cost 1 ms of start-up, process.stdout 8 ms (measured). A pipe on
// standard output is opened anew, non-blocking, by /proc/self/fd/1: a blocking write(2) would stop timers and
// --max-time while the reader sleeps, and O_NONBLOCK on the descriptor itself would leak to the pipe's other users.

import { SyscallError } from "#ffi/errno.ts";
import {
  closeFile,
  fileExists,
  isSeekable,
  isTerminal,
  makeDirectory,
  openForReading,
  openForWriting,
  readAt,
  readSome,
  regularFileSize,
  truncateFile,
  waitWritable,
  windowSize,
  writeSome,
} from "#ffi/io.ts";
import { LibcUnavailable } from "#ffi/libc.ts";
import { byteString, byteStringOfText, concat, textOf } from "../bytes.ts";
import { systemClock } from "../clock.ts";
import { CurlError } from "../error.ts";
import type { Host, Input, OpenOptions, Output } from "./host.ts";
import { readFailure, writeFailure } from "./system-error.ts";

const STDIN = 0;
const STDOUT = 1;
const STDERR = 2;

/** How long a full pipe is waited for before timers and sockets get a turn. */
const FULL_PIPE_POLL_MS = 20;

const READ_CHUNK_BYTES = 256 * 1024;

/** Whether a call ended because this system gives us no C library: not Linux, or no code made at run time. */
export function isWithoutLibc(error: unknown): error is LibcUnavailable {
  return error instanceof LibcUnavailable;
}

export function systemHost(): Host {
  const lazy = <T>(make: () => T): (() => T) => {
    let value: T | undefined;
    return () => {
      value ??= make();
      return value;
    };
  };
  const stdout = lazy(() => new FileOutput(openStandard(STDOUT), STDOUT));
  const stderr = lazy(() => new FileOutput(STDERR, STDERR));
  return {
    argv: readArgv(),
    env: (name) => {
      const value = process.env[name];
      return value === undefined ? undefined : byteStringOfText(value);
    },
    get stdout() {
      return stdout();
    },
    get stderr() {
      return stderr();
    },
    terminalColumns: () => windowSize(STDERR)?.columns ?? null,
    openOutput,
    createDirectories,
    exists: fileExists,
    readAll,
    openInput,
    listDirectory,
    onTermination,
  };
}

/** The arguments as bytes. Bun decodes them as UTF-8; where that lost something the kernel has the original. */
function readArgv(): string[] {
  const decoded = process.argv.slice(2);
  if (!decoded.join("").includes("\uFFFD")) return decoded.map(byteStringOfText);
  const all = byteString(readAll("/proc/self/cmdline")).split("\0");
  // Every argument ends with NUL, so the last piece is empty.
  return all.slice(all.length - 1 - decoded.length, -1);
}

class FileOutput implements Output {
  readonly #fd: number;
  readonly #asked: number;
  #isTerminal: boolean | undefined;

  /** @param asked the descriptor to ask for a terminal, where `fd` is a copy of it */
  constructor(fd: number, asked: number = fd) {
    this.#fd = fd;
    this.#asked = asked;
  }

  get isTerminal(): boolean {
    this.#isTerminal ??= isTerminal(this.#asked);
    return this.#isTerminal;
  }

  write(bytes: Uint8Array): void | Promise<void> {
    const end = this.#writeSome(bytes, 0);
    collectAfter(bytes.length);
    if (end < bytes.length) return this.#writeRest(bytes, end);
  }

  async #writeRest(bytes: Uint8Array, from: number): Promise<void> {
    for (let at = from; at < bytes.length; at = this.#writeSome(bytes, at)) {
      waitWritable(this.#fd, FULL_PIPE_POLL_MS);
      await systemClock.yield();
    }
  }

  #writeSome(bytes: Uint8Array, from: number): number {
    try {
      return writeSome(this.#fd, bytes, from);
    } catch (cause) {
      throw writeFailure(cause, { givenBytes: bytes.length, writtenBytes: from });
    }
  }

  truncate(): boolean {
    if (regularFileSize(this.#fd) === null) return false;
    truncateFile(this.#fd);
    return true;
  }

  close(): void {
    if (this.#fd > STDERR) closeFile(this.#fd);
  }
}

/**
 * How much is written between two collections of garbage. Each chunk from a socket is a new array; left to itself the
 * collector lets 40 MiB of them pile up. Measured with 1 GiB: 88 MiB at the peak without, 62 MiB so for 5 % more time;
 * every 16 MiB it would be 57 MiB for 20 % more, since what is freed goes back to the kernel and is faulted in again.
 * The library does not do this: its user's heap may be large, and collecting that is dear.
 */
const COLLECT_EVERY_BYTES = 28 * 1024 * 1024;

let writtenSinceCollection = 0;

function collectAfter(sizeBytes: number): void {
  writtenSinceCollection += sizeBytes;
  if (writtenSinceCollection < COLLECT_EVERY_BYTES) return;
  writtenSinceCollection = 0;
  Bun.gc(true);
}

function openStandard(fd: number): number {
  if (isSeekable(fd) || isTerminal(fd)) return fd;
  try {
    return openForWriting(`/proc/self/fd/${fd}`, "non-blocking");
  } catch (error) {
    // A socket cannot be opened so, and /proc may be missing: then writes block, which is slow and not wrong.
    if (error instanceof SyscallError) return fd;
    throw error;
  }
}

function openOutput(path: string, { mode }: OpenOptions): Output {
  return new FileOutput(openForWriting(path, mode));
}

function createDirectories(path: string): void {
  for (let end = path.indexOf("/", 1); ; end = path.indexOf("/", end + 1)) {
    const part = end < 0 ? path : path.slice(0, end);
    try {
      makeDirectory(part, 0o750);
    } catch (error) {
      // "Is there already" is the aim; whether it is a directory shows when something is opened in it.
      if (!(error instanceof SyscallError) || !fileExists(part)) throw error;
    }
    if (end < 0) return;
  }
}

function readAll(path: string): Uint8Array {
  const fd = path === "-" ? STDIN : openForReading(path);
  try {
    const chunks: Uint8Array[] = [];
    for (;;) {
      const chunk = new Uint8Array(READ_CHUNK_BYTES);
      const count = readSome(fd, chunk);
      if (count === 0) return concat(chunks);
      chunks.push(chunk.subarray(0, count));
    }
  } finally {
    if (fd !== STDIN) closeFile(fd);
  }
}

function openInput(path: string): Input {
  if (path === "-") return pipeInput(STDIN);
  const fd = openForReading(path);
  const sizeBytes = regularFileSize(fd);
  if (sizeBytes === null) return pipeInput(fd);
  // Opened again when it is sent: a run over many files holds one at a time.
  closeFile(fd);
  return fileInput(path, sizeBytes);
}

/** A regular file: as many bytes as it had when it was looked at, for that is what Content-Length promised. */
function fileInput(path: string, sizeBytes: number): Input {
  return {
    sizeBytes,
    async *read(offset) {
      const fd = orReadFailure(() => openForReading(path));
      try {
        const buffer = new Uint8Array(READ_CHUNK_BYTES);
        for (let at = offset; at < sizeBytes; ) {
          const room = buffer.subarray(0, Math.min(buffer.length, sizeBytes - at));
          const count = orReadFailure(() => readAt(fd, room, at));
          if (count === 0) {
            throw new CurlError(
              "READ_ERROR",
              `'${path}' became shorter while it was being sent: ${at} of ${sizeBytes} bytes are left`,
            );
          }
          yield room.subarray(0, count);
          at += count;
        }
      } finally {
        closeFile(fd);
      }
    },
  };
}

function orReadFailure<T>(read: () => T): T {
  try {
    return read();
  } catch (cause) {
    throw readFailure(cause);
  }
}

/** Standard input or a FIFO: Bun reads it without blocking, so that a slow writer stops nothing else. */
function pipeInput(fd: number): Input {
  return {
    sizeBytes: null,
    async *read() {
      try {
        yield* Bun.file(fd).stream() as AsyncIterable<Uint8Array>;
      } catch (cause) {
        throw readFailure(asSyscallError(cause));
      }
    },
  };
}

/** By Bun.Glob: node:fs would be loaded at every start of the compiled program, even where it is imported at its use. */
async function listDirectory(path: string): Promise<string[]> {
  const cwd = textOf(path);
  try {
    const names = new Bun.Glob("*").scan({ cwd, dot: true, onlyFiles: false });
    return (await Array.fromAsync(names)).map(byteStringOfText);
  } catch (cause) {
    throw asSyscallError(cause);
  }
}

/** Bun's errors of system calls as ours; they have the errno, negated. Others stay what they are. */
function asSyscallError(error: unknown): unknown {
  if (!(error instanceof Error) || !("errno" in error) || !("syscall" in error)) return error;
  return new SyscallError(String(error.syscall), Math.abs(Number(error.errno)));
}

/** What asks a program to end, with its number (signal(7); equal on x86-64 and AArch64). */
const TERMINATIONS = { SIGHUP: 1, SIGINT: 2, SIGTERM: 15 } as const;

type Termination = keyof typeof TERMINATIONS;

const terminationHandlers = new Set<() => void>();

/** Signals are caught only while there is a handler: a run without one dies at once, as the kernel has it. */
function onTermination(handler: () => void): () => void {
  if (terminationHandlers.size === 0) {
    for (const signal of heededTerminations()) process.on(signal, die);
  }
  terminationHandlers.add(handler);
  return () => {
    terminationHandlers.delete(handler);
    if (terminationHandlers.size === 0) restoreTerminations();
  };
}

function restoreTerminations(): void {
  // A signal without listener has its default again (measured, Bun 1.4.5).
  for (const signal of Object.keys(TERMINATIONS)) process.removeListener(signal, die);
}

/** Runs the handlers one by one, each though another throws, and ends by the signal. */
function die(signal: Termination): void {
  const [handler] = terminationHandlers;
  if (handler !== undefined) {
    terminationHandlers.delete(handler);
    try {
      handler();
    } finally {
      die(signal);
    }
    return;
  }
  restoreTerminations();
  // By the signal and not by exit(130): a shell ends its loop only for what died by SIGINT.
  process.kill(process.pid, signal);
}

/** All but those ignored since before the start, as nohup and a shell's background jobs have it (SigIgn, proc(5)). */
function heededTerminations(): Termination[] {
  const all = Object.keys(TERMINATIONS) as Termination[];
  let ignored = 0n;
  try {
    const mask = /^SigIgn:\s*([0-9a-f]+)$/m.exec(byteString(readAll("/proc/self/status")))?.[1];
    ignored = BigInt(`0x${mask ?? "0"}`);
  } catch (error) {
    if (!(error instanceof SyscallError)) throw error;
  }
  return all.filter((signal) => ((ignored >> BigInt(TERMINATIONS[signal] - 1)) & 1n) === 0n);
}
