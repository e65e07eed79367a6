// The machine as the program sees it: arguments, environment, files, standard streams and terminal as one value.
//
// Interfaces only, so that everything in cli/ can run on another machine in tests; the real one is system-host.ts.

/** Something to write to: a file, a pipe, a terminal. */
export interface Output {
  readonly isTerminal: boolean;
  /**
   * Writes all of it. A Promise only where the other end is full; nothing else may be written until it resolves.
   * @throws CurlError WRITE_ERROR (writeFailure), at once or by the Promise
   */
  write(bytes: Uint8Array): void | Promise<void>;
  /** Empties a regular file and goes to its start; false for anything else, which is left as it is. */
  truncate(): boolean;
  close(): void;
}

/** Something to send: a regular file has a size, a pipe has none and can be read once. */
export interface Input {
  readonly sizeBytes: number | null;
  /** The bytes from `offset` on; a chunk is valid until the next one is asked for. @throws CurlError READ_ERROR */
  read(offset: number): AsyncIterable<Uint8Array>;
}

export interface OpenOptions {
  /** "truncate": create or empty; "append": create or add; "exclusive": EEXIST where it exists. */
  readonly mode: "truncate" | "append" | "exclusive";
}

/** Paths and all other text are byte strings. What the system refuses is thrown as a SystemError. */
export interface Host {
  /** Arguments behind the program's name. */
  readonly argv: readonly string[];
  env(name: string): string | undefined;
  readonly stdout: Output;
  readonly stderr: Output;
  /** Width of the terminal behind stderr; null when it is none. */
  terminalColumns(): number | null;
  openOutput(path: string, options: OpenOptions): Output;
  /** Creates a directory with its parents, mode 0750 as curl does; existing ones are fine. */
  createDirectories(path: string): void;
  exists(path: string): boolean;
  /** A whole file; standard input for "-". */
  readAll(path: string): Uint8Array;
  /** A file to send; standard input for "-". */
  openInput(path: string): Input;
  /** The names in a directory. */
  listDirectory(path: string): Promise<string[]>;
  /**
   * Has `handler` run when SIGINT, SIGTERM or SIGHUP is about to end the program, which then dies by that very signal.
   * One that the program was started to ignore stays ignored. The handler must not wait for anything;
   * one that throws keeps no other from running.
   * @returns what takes the handler back
   */
  onTermination(handler: () => void): () => void;
}
