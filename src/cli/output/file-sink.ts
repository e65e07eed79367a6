// Where the program puts a response: a file or standard output, with -i's and -D's header lines. The CLI's Sink.
//
//            header()                     begin(), write()          finish()
//   -D  ──▶  dump (opened at once)
//   -J  ──▶  name
//   -i -I ─▶ output ◀──────────────────── body                       an empty file where nothing came
//
// The output is opened by the first byte for it, so that a transfer that fails before leaves an older file alone; -D's
// file and the directories of --create-dirs are made at once: what cannot be made should fail before a connection is.
// Here: opening, writing, and the sentences for what fails there. Not here: which names (filename.ts) and what comes
// at all: the transfer keeps redirects' bodies and, under -f, those of errors from its sink.

import { bytesOf } from "../../bytes.ts";
import type { Outcome } from "../../client/outcome.ts";
import type { HeaderKind, Sink } from "../../client/sink.ts";
import { CurlError } from "../../error.ts";
import { HeaderList } from "../../headers.ts";
import { resolveUrl, type Url } from "../../url.ts";
import type { Host, Output } from "../host.ts";
import type { Operation, OutputSlot } from "../operation.ts";
import { reasonOf } from "../system-error.ts";
import { dispositionName, locationName, outputPath, remoteName } from "./filename.ts";
import type { Messages } from "./messages.ts";
import { stderrWriter } from "./ordered-writer.ts";
import { headersForTerminal } from "./styled-headers.ts";

export interface FileSinkOptions {
  readonly host: Host;
  readonly messages: Messages;
  readonly operation: Operation;
  /** null: standard output. */
  readonly slot: OutputSlot | null;
  readonly url: Url;
  /** Whether this is the operation's first transfer, which empties -D's file; later ones append to it. */
  readonly isFirst: boolean;
}

/** A Sink for the command line, and what -w and the progress meter want to know of it. */
export interface FileSink extends Sink {
  /** The path written to, or that would be; null for standard output. May change until the head of the response came. */
  readonly filenameEffective: string | null;
  /** Bytes of header lines that -i or -I put into the output. */
  readonly headerBytes: number;
  /** Whether the output is a terminal, where a progress meter would be in the way. */
  readonly isTerminal: boolean;
  /** A warning has said why the transfer failed; curl prints no error line behind it. */
  readonly isExplained: boolean;
}

// A NUL within so many bytes of the start says that this is no text for a terminal (curl's measure).
const BINARY_CHECK_BYTES = 2000;

const BINARY_WARNING =
  'Binary output can mess up your terminal. Use "--output -" to tell mpcurl to output it to your terminal anyway, ' +
  'or consider "--output <FILE>" to save to a file.';

/**
 * The sink of one transfer. Makes the directories of --create-dirs and opens -D's file.
 * @throws CurlError WRITE_ERROR where one of them cannot be made; nothing is left open then
 */
export function createFileSink(options: FileSinkOptions): FileSink {
  const { host, operation, slot, url } = options;
  const { dir, createDirs, dumpHeader } = operation.output;
  const name = slot === null ? null : slot.kind === "remote-name" ? remoteName(url) : slot.path;
  const path = name === null || isDash(slot) ? null : outputPath(dir, name);
  if (createDirs && path !== null) createParents(host, path);
  if (createDirs && dumpHeader !== null) createParents(host, dumpHeader);
  return new ResponseFile(options, path, openDump(host, dumpHeader, options.isFirst));
}

interface DumpTarget {
  readonly output: Output;
  /** Standard streams stay open. */
  readonly isOwn: boolean;
}

class ResponseFile implements FileSink {
  readonly #options: FileSinkOptions;
  readonly #dump: DumpTarget | null;
  readonly #showsHeaders: boolean;
  readonly #takesServerName: boolean;
  readonly #isBinaryAllowed: boolean;
  #path: string | null;
  /** The name is the server's choice: what exists is not for it to overwrite. */
  #isServerNamed = false;
  #isDispositionNamed = false;
  #output: Output | undefined;
  /** Of the response whose headers come, for the links in them. */
  #base: Url;
  #writtenBytes = 0;
  #headerBytes = 0;
  #isExplained = false;
  /** Header blocks in the file that come no second time when the body does: see restart(). */
  #lastingHeaders: string[] = [];

  constructor(options: FileSinkOptions, path: string | null, dump: DumpTarget | null) {
    const { operation, slot, url } = options;
    this.#options = options;
    this.#path = path;
    this.#dump = dump;
    this.#base = url;
    this.#showsHeaders = operation.output.showHeaders || operation.request.head;
    this.#takesServerName = operation.output.remoteHeaderName && slot?.kind === "remote-name";
    this.#isBinaryAllowed = isDash(slot);
  }

  get filenameEffective(): string | null {
    return this.#path;
  }

  get headerBytes(): number {
    return this.#headerBytes;
  }

  get isTerminal(): boolean {
    return this.#path === null && this.#options.host.stdout.isTerminal;
  }

  get isExplained(): boolean {
    return this.#isExplained;
  }

  header(raw: string, kind: HeaderKind): void | Promise<void> {
    if (this.#dump === null && !this.#showsHeaders && !this.#takesServerName) return;
    return this.#header(raw, kind);
  }

  begin(): void {
    // Nothing: the file is opened by its first byte.
  }

  write(bytes: Uint8Array): void | Promise<void> {
    const output = this.#output ?? this.#open(bytes.length);
    if (output instanceof Promise) return output;
    if (output.isTerminal && this.#looksBinary(bytes)) return this.#refuseBinary(bytes.length);
    this.#writtenBytes += bytes.length;
    return output.write(bytes);
  }

  /** A file is emptied and gets its earlier headers again; what went into a pipe or a terminal cannot be taken back. */
  async restart(): Promise<void> {
    if (this.#output === undefined || this.#path === null || !this.#output.truncate()) return;
    this.#writtenBytes = 0;
    this.#headerBytes = 0;
    const headers = this.#lastingHeaders.join("");
    if (headers !== "") await this.#writeHeaders(this.#output, headers);
  }

  finish(outcome: Outcome): void | Promise<void> {
    // Success without a byte is an empty file; 304 says that the one which is there is still good.
    const isEmptyFile = this.#path !== null && this.#output === undefined;
    if (isEmptyFile && outcome.error === undefined && outcome.head?.status !== 304) {
      const opened = this.#open(0);
      if (opened instanceof Promise) return opened.finally(() => this.#close());
    }
    this.#close();
  }

  #close(): void {
    if (this.#path !== null) this.#output?.close();
    if (this.#dump?.isOwn) this.#dump.output.close();
  }

  async #header(raw: string, kind: HeaderKind): Promise<void> {
    const { host, operation } = this.#options;
    const lines = this.#takesServerName || kind === "intermediate" ? fieldsOf(raw) : null;
    if (this.#dump !== null) {
      const { output } = this.#dump;
      const bytes = output.isTerminal ? headersForTerminal(raw, false, this.#base) : bytesOf(raw);
      // Standard error has other writers, and as in curl its failure does not count.
      // The meter may have drawn on the same terminal.
      if (output.isTerminal) stderrWriter(host).makeRoom();
      if (operation.output.dumpHeader === "%") stderrWriter(host).write(bytes);
      else await output.write(bytes);
    }
    if (this.#takesServerName && lines !== null && kind !== "trailers")
      await this.#learnName(raw, lines);
    if (this.#showsHeaders) {
      const firstLineBytes = raw.indexOf("\n") + 1;
      await this.#writeHeaders(this.#output ?? (await this.#open(firstLineBytes)), raw);
      if (kind === "informational" || kind === "intermediate") this.#lastingHeaders.push(raw);
    }
    if (kind === "intermediate") this.#base = nextBase(this.#base, lines?.get("location"));
  }

  async #writeHeaders(output: Output, raw: string): Promise<void> {
    this.#writtenBytes += raw.length;
    this.#headerBytes += raw.length;
    const isStyled = this.#path === null;
    await output.write(
      output.isTerminal ? headersForTerminal(raw, isStyled, this.#base) : bytesOf(raw),
    );
  }

  /**
   * -J: the first name in a Content-Disposition of a 2xx or 3xx head counts, and opens the file there and then, so
   * that an existing one stops the transfer before its body; failing that the last redirect's name.
   */
  async #learnName(raw: string, fields: HeaderList): Promise<void> {
    if (this.#isDispositionNamed || this.#output !== undefined) return;
    const status = Number(/^HTTP\/[\d.]+ (\d{3})/.exec(raw)?.[1] ?? 0);
    if (status >= 400 || status === 304) return;
    const { dir } = this.#options.operation.output;
    const disposed = dispositionName(fields);
    const location = status >= 300 ? fields.get("location") : undefined;
    const name = disposed ?? (location === undefined ? null : locationName(location));
    if (name === null) return;
    this.#path = outputPath(dir, name);
    this.#isServerNamed = true;
    if (disposed === null) return;
    this.#isDispositionNamed = true;
    const line = /^content-disposition:[^\n]*\n?/im.exec(raw)?.[0] ?? "";
    await this.#open(line.length);
  }

  /**
   * Opens the output, at once or never: a file system does not keep one waiting, only the warning might.
   * @param sizeBytes of what was to be written, for curl's sentence
   */
  #open(sizeBytes: number): Output | Promise<never> {
    const { host } = this.#options;
    const path = this.#path;
    try {
      this.#output =
        path === null
          ? host.stdout
          : host.openOutput(path, { mode: this.#isServerNamed ? "exclusive" : "truncate" });
      return this.#output;
    } catch (error) {
      return this.#failToOpen(`${path}: ${reasonOf(error)}`, clientError(sizeBytes, error));
    }
  }

  async #failToOpen(what: string, error: CurlError): Promise<never> {
    await this.#options.messages.warning(`Failed to open the file ${what}`);
    throw error;
  }

  #looksBinary(bytes: Uint8Array): boolean {
    return !this.#isBinaryAllowed && this.#writtenBytes < BINARY_CHECK_BYTES && bytes.includes(0);
  }

  async #refuseBinary(sizeBytes: number): Promise<never> {
    await this.#options.messages.warning(BINARY_WARNING);
    this.#isExplained = true;
    throw clientError(sizeBytes, undefined);
  }
}

function nextBase(base: Url, location: string | undefined): Url {
  try {
    return location === undefined ? base : resolveUrl(base, location);
  } catch (error) {
    // The transfer will say so; here it only means that no link is made.
    if (error instanceof CurlError) return base;
    throw error;
  }
}

function isDash(slot: OutputSlot | null): boolean {
  return slot?.kind === "file" && slot.path === "-";
}

function openDump(host: Host, name: string | null, isFirst: boolean): DumpTarget | null {
  if (name === null) return null;
  if (name === "-") return { output: host.stdout, isOwn: false };
  if (name === "%") return { output: host.stderr, isOwn: false };
  try {
    return {
      output: host.openOutput(name, { mode: isFirst ? "truncate" : "append" }),
      isOwn: true,
    };
  } catch (error) {
    throw new CurlError("WRITE_ERROR", `Failed to open ${name}: ${reasonOf(error)}`, {
      cause: error,
    });
  }
}

function createParents(host: Host, path: string): void {
  const parent = path.replace(/\/*[^/]*$/, "");
  if (parent === "") return;
  try {
    host.createDirectories(parent);
  } catch (error) {
    throw new CurlError("WRITE_ERROR", `Failed to create directory ${parent}: ${reasonOf(error)}`, {
      cause: error,
    });
  }
}

/** The fields of a block of header lines; the status line has no field. */
function fieldsOf(raw: string): HeaderList {
  const fields = new HeaderList();
  for (const line of raw.split(/\r?\n/)) {
    const colon = line.indexOf(":");
    if (colon > 0) fields.append(line.slice(0, colon), line.slice(colon + 1).trim());
  }
  return fields;
}

function clientError(sizeBytes: number, cause: unknown): CurlError {
  return new CurlError("WRITE_ERROR", `client returned ERROR on write of ${sizeBytes} bytes`, {
    cause,
  });
}
