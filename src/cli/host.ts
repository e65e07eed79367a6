// placeholder: the machine as the program sees it. Contract; the implementation comes with cli/main.

/** Something to write to: a file, a pipe, a terminal. Errors are CurlError WRITE_ERROR naming what failed. */
export interface Output {
  readonly isTerminal: boolean;
  /**
   * Writes all of it. A Promise only where the other end is full; until it resolves nothing else may be written.
   * @throws CurlError WRITE_ERROR, synchronously or by the Promise, with "errno" (e.g. "ENOSPC", "EPIPE") as cause.code
   */
  write(bytes: Uint8Array): void | Promise<void>;
  close(): void;
}

export interface OpenOptions {
  /** "truncate": create or empty; "append": create or add; "exclusive": fail with EEXIST where it exists. */
  readonly mode: "truncate" | "append" | "exclusive";
}

/** argv, environment, files, stdio and terminal as one value; the only door to the system for cli/. */
export interface Host {
  /** Arguments after the program's name; byte strings. */
  readonly argv: readonly string[];
  /** Byte string; undefined where unset. */
  env(name: string): string | undefined;
  readonly stdout: Output;
  readonly stderr: Output;
  /** Columns of the terminal behind stderr; null when it is none. */
  terminalColumns(): number | null;
  /** Opens for writing. @throws SystemError-like with .code "ENOENT" "EEXIST" "EACCES" … */
  openOutput(path: string, options: OpenOptions): Output;
  /** Creates a directory and its parents, mode 0750 as curl does. Existing ones are fine. */
  createDirectories(path: string): void;
  exists(path: string): boolean;
  /** Whole file, or standard input for "-". @throws with .code */
  readAll(path: string): Uint8Array;
  /** Regular file: its size; anything else: null. @throws with .code where it cannot be opened. */
  openInput(path: string): Input;
}

/** Something to upload from. */
export interface Input {
  /** Size of a regular file; null for pipes and standard input. */
  readonly sizeBytes: number | null;
  /** Bytes from `offset` on; a chunk is valid until the next is asked for. */
  read(offset: number): AsyncIterable<Uint8Array>;
  close(): void;
}
