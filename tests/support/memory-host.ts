// A machine in memory: a Host whose files, streams and environment are plain data. A real implementation of the
// interface, with the system's refusals (ENOENT, EEXIST, EISDIR, a full disk, a pipe without a reader, a pipe that is
// full), so that tests look at what came out and not at what was called.

import { byteString, bytesOf, concat } from "../../src/bytes.ts";
import type { Host, Input, OpenOptions, Output } from "../../src/cli/host.ts";
import { type SystemError, writeFailure } from "../../src/cli/system-error.ts";
import type { CurlError } from "../../src/error.ts";

export interface MemoryHostOptions {
  readonly argv?: readonly string[];
  readonly env?: { readonly [name: string]: string };
  readonly files?: { readonly [path: string]: string };
  readonly stdin?: string;
  readonly isStdoutTerminal?: boolean;
  readonly isStderrTerminal?: boolean;
  readonly columns?: number;
  /** Bytes that fit on the disk; a write beyond fails with ENOSPC. */
  readonly diskBytes?: number;
  /** Directories that exist, besides "." and "/". */
  readonly directories?: readonly string[];
}

const WORDS: { readonly [code: string]: string } = {
  ENOENT: "No such file or directory",
  EEXIST: "File exists",
  EISDIR: "Is a directory",
  ENOTDIR: "Not a directory",
  ENOSPC: "No space left on device",
  EPIPE: "Broken pipe",
};

/** What the system says: "open: No such file or directory", with its parts. */
class MemoryError extends Error implements SystemError {
  readonly code: string;
  readonly reason: string;

  constructor(call: string, code: string) {
    const reason = WORDS[code] ?? code;
    super(`${call}: ${reason}`);
    this.code = code;
    this.reason = reason;
  }
}

function writeError(code: string, givenBytes: number): CurlError {
  return writeFailure(new MemoryError("write", code), { givenBytes, writtenBytes: 0 });
}

/** A stream that remembers what was written. */
export class MemoryStream implements Output {
  readonly isTerminal: boolean;
  #chunks: Uint8Array[] = [];
  #release: (() => void) | null = null;
  #isHeld = false;
  #isClosed = false;

  constructor(isTerminal = false) {
    this.isTerminal = isTerminal;
  }

  /** All that came out so far; a byte string. */
  get text(): string {
    return byteString(concat(this.#chunks));
  }

  /** From now on the pipe is full: write() returns Promises, until release(). */
  hold(): void {
    this.#isHeld = true;
  }

  release(): void {
    this.#isHeld = false;
    this.#release?.();
    this.#release = null;
  }

  /** The reader goes away: writes fail with EPIPE. */
  abandon(): void {
    this.#isClosed = true;
  }

  write(bytes: Uint8Array): void | Promise<void> {
    if (this.#release !== null) throw new Error("written to while a write was pending");
    if (this.#isClosed) throw writeError("EPIPE", bytes.length);
    const copy = bytes.slice();
    if (!this.#isHeld) {
      this.#chunks.push(copy);
      return;
    }
    return new Promise((resolve) => {
      this.#release = () => {
        this.#chunks.push(copy);
        resolve();
      };
    });
  }

  truncate(): boolean {
    return false;
  }

  close(): void {
    // Standard streams outlive their users.
  }
}

export class MemoryHost implements Host {
  readonly argv: readonly string[];
  readonly stdout: MemoryStream;
  readonly stderr: MemoryStream;
  /** Path → content, both byte strings. */
  readonly files = new Map<string, string>();
  readonly directories: Set<string>;
  /** Files open for writing. */
  openFiles = 0;
  readonly #options: MemoryHostOptions;
  readonly #terminationHandlers = new Set<() => void>();

  constructor(options: MemoryHostOptions = {}) {
    this.#options = options;
    this.argv = options.argv ?? [];
    this.stdout = new MemoryStream(options.isStdoutTerminal);
    this.stderr = new MemoryStream(options.isStderrTerminal);
    this.directories = new Set([".", "", "/", ...(options.directories ?? [])]);
    for (const [path, content] of Object.entries(options.files ?? {})) {
      this.files.set(path, content);
    }
  }

  env(name: string): string | undefined {
    return this.#options.env?.[name];
  }

  terminalColumns(): number | null {
    return this.#options.columns ?? null;
  }

  openOutput(path: string, { mode }: OpenOptions): Output {
    if (path === "") throw new MemoryError("open", "ENOENT");
    if (this.directories.has(path)) throw new MemoryError("open", "EISDIR");
    const parent = path.replace(/\/*[^/]*$/, "");
    if (!this.directories.has(parent)) throw new MemoryError("open", "ENOENT");
    const exists = this.files.has(path);
    if (exists && mode === "exclusive") throw new MemoryError("open", "EEXIST");
    if (!exists || mode === "truncate") this.files.set(path, "");
    this.openFiles++;
    const { files } = this;
    const diskBytes = this.#options.diskBytes ?? Number.POSITIVE_INFINITY;
    let isOpen = true;
    return {
      isTerminal: false,
      write(bytes) {
        const content = (files.get(path) ?? "") + byteString(bytes);
        if (content.length > diskBytes) throw writeError("ENOSPC", bytes.length);
        files.set(path, content);
      },
      truncate() {
        files.set(path, "");
        return true;
      },
      close: () => {
        if (isOpen) this.openFiles--;
        isOpen = false;
      },
    };
  }

  createDirectories(path: string): void {
    const parts = path.split("/");
    for (let count = 1; count <= parts.length; count++) {
      const directory = parts.slice(0, count).join("/");
      if (this.files.has(directory)) throw new MemoryError("mkdir", "ENOTDIR");
      this.directories.add(directory);
    }
  }

  exists(path: string): boolean {
    return this.files.has(path) || this.directories.has(path);
  }

  readAll(path: string): Uint8Array {
    const content = path === "-" ? (this.#options.stdin ?? "") : this.files.get(path);
    if (content === undefined) throw new MemoryError("open", "ENOENT");
    return bytesOf(content);
  }

  openInput(path: string): Input {
    const content = this.readAll(path);
    return {
      sizeBytes: path === "-" ? null : content.length,
      async *read(offset) {
        if (offset < content.length) yield content.subarray(offset);
      },
    };
  }

  async listDirectory(path: string): Promise<string[]> {
    const prefix = path === "." ? "" : `${path}/`;
    const names = [...this.files.keys()]
      .filter((file) => file.startsWith(prefix) && !file.slice(prefix.length).includes("/"))
      .map((file) => file.slice(prefix.length));
    if (names.length === 0 && !this.directories.has(path)) throw new MemoryError("open", "ENOENT");
    return names;
  }

  onTermination(handler: () => void): () => void {
    this.#terminationHandlers.add(handler);
    return () => this.#terminationHandlers.delete(handler);
  }

  /** How much is still to be done when a signal ends the program. */
  get pendingTerminations(): number {
    return this.#terminationHandlers.size;
  }

  /** A signal ends the program: what is registered runs. */
  terminate(): void {
    for (const handler of this.#terminationHandlers) handler();
  }
}
