// --mptcp-report FILE: the whole record of what MPTCP did in a run, a section for each transfer.
//
// Here: where it goes and in which form. "-" is the table on standard output, "%" on standard error; a file's ending
// says whether it is JSON for machines or a page for people. Not here: the forms (report/).
//
//   createMptcpReport ─▶ begin ─▶ add ─▶ begin ─▶ add … ─▶ finish
//        makes the file    └─ a signal: writes what there is, at once
//
// The file is made before the first transfer, so that a path that cannot be written ends the run before it begins.
// The page is loaded only where it is asked for, and then early: a signal's handler cannot wait for it.

import { utf8 } from "../../bytes.ts";
import { type Clock, systemClock } from "../../clock.ts";
import { CurlError } from "../../error.ts";
import { VERSION } from "../../version.ts";
import type { Host, Output } from "../host.ts";
import { reasonOf } from "../system-error.ts";
import { stderrWriter } from "./ordered-writer.ts";
import {
  type Beginning,
  interruptedAsJson,
  type JsonReport,
  type JsonTransfer,
  jsonReport,
  type ReportEntry,
  type RunningEntry,
  SCHEMA,
  SCHEMA_VERSION,
  transferAsJson,
} from "./report/json.ts";
import { tableReport } from "./report/table.ts";

export type { ReportEntry, RunningEntry } from "./report/json.ts";

export interface MptcpReport {
  /** A transfer that begins now; what a signal would leave to tell of it. */
  begin(entry: RunningEntry): void;
  /** A transfer that ended, one way or another; in order. */
  add(entry: ReportEntry): void;
  /** Writes the report; once, of a run that failed too. @throws CurlError WRITE_ERROR */
  finish(): Promise<void>;
}

/**
 * @param target "-", "%", or a path that ends in ".json" or ".html"; a byte string
 * @param clock of the transfers' records
 * @throws CurlError WRITE_ERROR where the file cannot be made
 */
export function createMptcpReport(
  target: string,
  host: Host,
  { clock = systemClock }: { readonly clock?: Clock } = {},
): MptcpReport {
  return new RunReport(destinationOf(target, host), clock, host);
}

/** One place and form of the report. */
interface Destination {
  /** Resolves when write() can be called; undefined: at once. */
  readonly ready?: Promise<void>;
  /** Writes all of it and closes what it opened; by the Promise only where the other end is full. */
  write(transfers: readonly JsonTransfer[]): void | Promise<void>;
}

class RunReport implements MptcpReport {
  readonly #destination: Destination;
  readonly #clock: Clock;
  readonly #forgetTermination: () => void;
  readonly #transfers: JsonTransfer[] = [];
  #running: { readonly entry: RunningEntry; readonly beginning: Beginning } | null = null;

  constructor(destination: Destination, clock: Clock, host: Host) {
    this.#destination = destination;
    this.#clock = clock;
    this.#forgetTermination = host.onTermination(() => this.#interrupt());
  }

  begin(entry: RunningEntry): void {
    this.#running = { entry, beginning: this.#since(this.#clock.nowMs()) };
  }

  add(entry: ReportEntry): void {
    this.#running = null;
    const originMs = entry.outcome?.timings.startedMs ?? this.#clock.nowMs();
    this.#transfers.push(transferAsJson(entry, this.#since(originMs)));
  }

  async finish(): Promise<void> {
    await this.#destination.ready;
    // A signal from here on would write a second time.
    this.#forgetTermination();
    await this.#destination.write(this.#transfers);
  }

  #interrupt(): void {
    const running = this.#running;
    if (running) this.#transfers.push(interruptedAsJson(running.entry, running.beginning));
    try {
      // A pipe that is full keeps the rest to itself: nobody waits for a program that was told to end.
      this.#destination.write(this.#transfers)?.catch(ignoreWriteError);
    } catch (error) {
      ignoreWriteError(error);
    }
  }

  #since(originMs: number): Beginning {
    const epochMs = this.#clock.epochMs() - (this.#clock.nowMs() - originMs);
    return { originMs, epochMs };
  }
}

function destinationOf(target: string, host: Host): Destination {
  if (target === "-") {
    return { write: (transfers) => host.stdout.write(utf8(tableReport(transfers))) };
  }
  if (target === "%") {
    return {
      write(transfers) {
        const stderr = stderrWriter(host);
        stderr.write(utf8(tableReport(transfers)));
        return stderr.idle();
      },
    };
  }
  const file = openReport(target, host);
  if (!/\.html$/i.test(target)) {
    return { write: (transfers) => writeFile(file, jsonReport(reportOf(transfers))) };
  }
  // Without the page there is nothing to write, and the transfers have not begun to tell of.
  let page = (_report: JsonReport): Uint8Array => new Uint8Array();
  return {
    ready: import("./report/html.ts").then(({ htmlReport }) => {
      page = htmlReport;
    }),
    write: (transfers) => writeFile(file, page(reportOf(transfers))),
  };
}

function reportOf(transfers: readonly JsonTransfer[]): JsonReport {
  return { schema: SCHEMA, version: SCHEMA_VERSION, program: `mpcurl ${VERSION}`, transfers };
}

function openReport(path: string, host: Host): Output {
  try {
    return host.openOutput(path, { mode: "truncate" });
  } catch (cause) {
    throw new CurlError(
      "WRITE_ERROR",
      `Failed to open the file '${path}' of --mptcp-report: ${reasonOf(cause)}`,
      { cause },
    );
  }
}

/** Closed behind the write, failed or not; at once where the file takes all at once, as for a signal it must. */
function writeFile(file: Output, bytes: Uint8Array): void | Promise<void> {
  let pending: Promise<void> | undefined;
  try {
    pending = file.write(bytes) ?? undefined;
  } finally {
    if (!pending) file.close();
  }
  return pending?.finally(() => file.close());
}

function ignoreWriteError(error: unknown): void {
  if (!(error instanceof CurlError)) throw error;
}
