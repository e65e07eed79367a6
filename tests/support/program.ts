// Runs mpcurl, curl, or any other program the way a user would, in an empty directory and with an
// environment in which nothing of this machine shows: no proxies, no CA variables, no .curlrc.
// What comes back is all that a user could see: stdout, stderr, exit code, signal, files.

import {
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { programPath } from "./program-path.ts";
import { removeTempDir, tempDir } from "./temp-dir.ts";

export interface RunOptions {
  /** Path of the executable; the program under test when left out. */
  readonly program?: string;
  readonly stdin?: string | Uint8Array;
  /** Added to the clean environment. */
  readonly env?: Readonly<Record<string, string>>;
  /** Files that stand in the working directory before the run; text is written as UTF-8. */
  readonly files?: Readonly<Record<string, string | Uint8Array>>;
  /** An existing directory to run in; a fresh one, removed afterwards, when left out. */
  readonly cwd?: string;
  /** Kills the program after so long: a hang must fail, not stall. */
  readonly timeoutMs?: number;
}

export interface FileSeen {
  readonly bytes: Uint8Array;
  /** Permission bits. */
  readonly mode: number;
}

export interface Run {
  readonly stdout: Uint8Array;
  /** Decoded as latin1, so that every byte shows. */
  readonly out: string;
  readonly stderr: string;
  readonly exitCode: number | null;
  readonly signal: string | null;
  readonly timedOut: boolean;
  /** Everything in the working directory afterwards by relative path; a directory ends in "/". */
  readonly files: ReadonlyMap<string, FileSeen>;
}

/** The environment of every program that the tests start. */
export function cleanEnvironment(home: string): Record<string, string> {
  return { PATH: "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin", HOME: home, LANG: "C.UTF-8" };
}

/** Bytes as text, one character a byte. */
export function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("latin1");
}

/** Text of characters up to U+00FF as bytes. */
export function bytesOf(text: string | Uint8Array): Uint8Array {
  return typeof text === "string" ? new Uint8Array(Buffer.from(text, "latin1")) : text;
}

/** Writes files into a directory, making the directories between. */
export function plant(
  directory: string,
  files: Readonly<Record<string, string | Uint8Array>>,
): void {
  for (const [name, content] of Object.entries(files)) {
    const path = join(directory, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, content);
  }
}

/** All that a directory holds, by path relative to it. */
export function listFiles(root: string): Map<string, FileSeen> {
  const found = new Map<string, FileSeen>();
  const walk = (relative: string): void => {
    for (const name of readdirSync(join(root, relative)).sort()) {
      const path = relative === "" ? name : `${relative}/${name}`;
      const stat = lstatSync(join(root, path));
      const mode = stat.mode & 0o7777;
      if (stat.isDirectory()) {
        found.set(`${path}/`, { bytes: new Uint8Array(), mode });
        walk(path);
      } else if (stat.isSymbolicLink()) {
        found.set(path, { bytes: bytesOf(`-> ${readlinkSync(join(root, path))}`), mode });
      } else if (stat.isFile()) {
        found.set(path, { bytes: new Uint8Array(readFileSync(join(root, path))), mode });
      }
    }
  };
  walk("");
  return found;
}

/** Writes to a program's stdin through a real pipe, which, unlike a file, cannot be rewound. */
function feed(pipe: Bun.FileSink | undefined, bytes: Uint8Array): void {
  const gone = (): void => {};
  if (pipe === undefined) return;
  Promise.resolve(pipe.write(bytes)).catch(gone);
  Promise.resolve(pipe.end()).catch(gone);
}

/** A program under way. */
export interface Running {
  readonly pid: number;
  readonly cwd: string;
  kill(signal: NodeJS.Signals): void;
  /** Ends when the program has ended and its pipes are read to the end. */
  readonly finished: Promise<Run>;
}

/** Starts the program and returns at once; `finished` says how it went. */
export function start(argv: readonly string[], options: RunOptions = {}): Running {
  const cwd = options.cwd ?? tempDir("run");
  const home = tempDir("home");
  if (options.files) plant(cwd, options.files);
  const child = Bun.spawn([options.program ?? programPath(), ...argv], {
    cwd,
    env: { ...cleanEnvironment(home), ...options.env },
    stdin: options.stdin === undefined ? "ignore" : "pipe",
    stdout: "pipe",
    stderr: "pipe",
  });
  if (options.stdin !== undefined) feed(child.stdin, bytesOf(options.stdin));
  let timedOut = false;
  const alarm = setTimeout(() => {
    timedOut = true;
    child.kill("SIGKILL");
  }, options.timeoutMs ?? 15_000);
  const finish = async (): Promise<Run> => {
    const [stdout, stderr] = await Promise.all([
      new Response(child.stdout).bytes(),
      new Response(child.stderr).bytes(),
      child.exited,
    ]);
    clearTimeout(alarm);
    const files = listFiles(cwd);
    removeTempDir(home);
    if (options.cwd === undefined) removeTempDir(cwd);
    return {
      stdout,
      out: latin1(stdout),
      stderr: latin1(stderr),
      exitCode: child.signalCode === null ? child.exitCode : null,
      signal: child.signalCode === null ? null : String(child.signalCode),
      timedOut,
      files,
    };
  };
  return { pid: child.pid, cwd, kill: (signal) => child.kill(signal), finished: finish() };
}

/** Runs the program to its end. */
export function run(argv: readonly string[], options: RunOptions = {}): Promise<Run> {
  return start(argv, options).finished;
}

/** Runs a shell line in which `$MPCURL` is the program under test. */
export function runShell(line: string, options: Omit<RunOptions, "program"> = {}): Promise<Run> {
  return run(["-c", line], {
    ...options,
    program: "/bin/bash",
    env: { MPCURL: programPath(), ...options.env },
  });
}
