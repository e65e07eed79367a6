// The progress meter and the bar of -#, on standard error.
//
// Here: when a person would see it, its two faces, and the drawing. It only reads Counters, by a timer of its own;
// nothing in the transfer waits for it or knows of it. Rows begin with CR and have no line end until the last one.
//
//   % Total    % Received % Xferd  Average Speed  Time ...     each second, and at the end
//   ####################                    36.4%              -#: each 100 ms; a wandering figure without a length
//
// On a terminal the meter grows a line for each path of an MPTCP connection that has more than one (path-lines.ts).
// Then row and lines are one drawing, redrawn in place. Between two the cursor waits at the start of the row and not
// below the lines: a terminal that is made narrower may or may not break longer lines in two, so that nobody knows how
// far up the row is by then, while from its start on everything below can be written anew whatever the terminal did.

import { utf8 } from "../../bytes.ts";
import type { Counters } from "../../client/outcome.ts";
import type { Clock, Timer } from "../../clock.ts";
import type { Host } from "../host.ts";
import type { GlobalSettings } from "../operation.ts";
import { durationText, sizeText } from "./figures.ts";
import { type OrderedWriter, stderrWriter } from "./ordered-writer.ts";
import { PathLines } from "./path-lines.ts";
import { lineWidth } from "./terminal-text.ts";

export interface ProgressOptions {
  readonly host: Host;
  readonly global: GlobalSettings;
  /** Of the transfer that is shown; live. */
  readonly counters: Counters;
  readonly clock: Clock;
  /** Whether the response goes to a terminal: the meter would write into it. */
  readonly isTerminalOutput: boolean;
}

export interface Progress {
  /** The header lines; arms the timer. Once. */
  start(): void;
  /** Shows the counters, unless the last row is too young. The timer calls it; calling it more often does no harm. */
  update(): void;
  /** The last row and its line end; cancels the timer. Further calls do nothing. */
  stop(): void;
}

const METER_INTERVAL_MS = 1000;
const BAR_INTERVAL_MS = 100;
// "Current Speed" is that of the last five seconds.
const SPEED_ROWS = 5;

const METER_HEADER =
  "  % Total    % Received % Xferd  Average Speed  Time    Time    Time   Current\n" +
  "                                 Dload  Upload  Total   Spent   Left   Speed\n";

/** The meter of one transfer, by the options; one that shows nothing under -s or --no-progress-meter. */
export function createProgress(options: ProgressOptions): Progress {
  const { silent, progressMeter, progressBar } = options.global;
  if (silent || !progressMeter || options.isTerminalOutput) return NOTHING;
  return progressBar
    ? new Ticker(options, new Bar(options), BAR_INTERVAL_MS)
    : new Ticker(options, new Meter(options.counters), METER_INTERVAL_MS);
}

const NOTHING: Progress = { start() {}, update() {}, stop() {} };

/** What a Ticker draws. All return text for standard error, "" for nothing. */
interface Face {
  header(): string;
  /** @param spentMs since start() */
  row(spentMs: number): string;
  /** Lines below the row, no wider than the terminal; none where there is none. */
  linesBelow(nowMs: number, columns: number): string[];
}

const CLEAR_TO_LINE_END = "\x1b[K";
const CLEAR_TO_SCREEN_END = "\x1b[J";

class Ticker implements Progress {
  readonly #host: Host;
  readonly #clock: Clock;
  readonly #writer: OrderedWriter;
  readonly #face: Face;
  readonly #intervalMs: number;
  #startedMs = 0;
  #shownMs = 0;
  #timer: Timer | undefined;
  #countBelow = 0;
  #forgetTermination: (() => void) | undefined;

  constructor(options: ProgressOptions, face: Face, intervalMs: number) {
    this.#host = options.host;
    this.#clock = options.clock;
    this.#writer = stderrWriter(options.host);
    this.#face = face;
    this.#intervalMs = intervalMs;
  }

  start(): void {
    this.#startedMs = this.#clock.nowMs();
    this.#write(this.#face.header());
    this.#show();
    this.#arm();
  }

  update(): void {
    if (this.#timer && this.#clock.nowMs() - this.#shownMs >= this.#intervalMs) this.#show();
  }

  stop(): void {
    if (!this.#timer) return;
    this.#timer.cancel();
    this.#timer = undefined;
    this.#show();
    if (this.#writer.hasDrawing) this.#leaveDrawing();
    else this.#write("\n");
    this.#forgetTermination?.();
  }

  #arm(): void {
    this.#timer = this.#clock.after(this.#intervalMs, () => {
      this.update();
      this.#arm();
    });
  }

  #show(): void {
    const nowMs = this.#clock.nowMs();
    this.#shownMs = nowMs;
    const row = this.#face.row(nowMs - this.#startedMs);
    const columns = this.#host.terminalColumns();
    const below = columns === null ? [] : this.#face.linesBelow(nowMs, columns);
    if (columns === null || below.length === 0) this.#write(row);
    else this.#draw([row.slice("\r".length), ...below], columns);
  }

  #draw(lines: readonly string[], columns: number): void {
    this.#countBelow = lines.length - 1;
    // Ctrl-C: the shell's prompt comes below, and not into the lines.
    this.#forgetTermination ??= this.#host.onTermination(() => {
      if (this.#writer.hasDrawing) this.#leaveDrawing();
    });
    const text = lines.map((line) => line.slice(0, columns - 1)).join(`${CLEAR_TO_LINE_END}\n`);
    this.#writer.draw(`\r${text}${CLEAR_TO_SCREEN_END}\r\x1b[${this.#countBelow}A`);
  }

  #leaveDrawing(): void {
    this.#writer.keepDrawing(`\x1b[${this.#countBelow}B\n`);
  }

  #write(text: string): void {
    if (text !== "") this.#writer.write(utf8(text));
  }
}

class Meter implements Face {
  readonly #counters: Counters;
  readonly #samples: { readonly atMs: number; readonly bytes: number }[] = [];
  readonly #paths = new PathLines();

  constructor(counters: Counters) {
    this.#counters = counters;
  }

  linesBelow(nowMs: number, columns: number): string[] {
    const { mptcp } = this.#counters;
    return mptcp === null ? [] : this.#paths.lines(mptcp, { nowMs, columns });
  }

  header(): string {
    return METER_HEADER;
  }

  row(spentMs: number): string {
    const { downloaded, downloadTotal, uploaded, uploadTotal } = this.#counters;
    const bytes = downloaded + uploaded;
    const total = (downloadTotal ?? downloaded) + (uploadTotal ?? uploaded);
    const isKnown = downloadTotal !== null || uploadTotal !== null;
    const downloadSpeed = perSecond(downloaded, spentMs);
    const uploadSpeed = perSecond(uploaded, spentMs);
    const totalMs = Math.max(
      estimateMs(downloadTotal, downloadSpeed),
      estimateMs(uploadTotal, uploadSpeed),
    );
    return (
      `\r${percent(bytes, isKnown ? total : null)} ${sizeText(total)} ` +
      `${percent(downloaded, downloadTotal)} ${sizeText(downloaded)} ` +
      `${percent(uploaded, uploadTotal)} ${sizeText(uploaded)} ` +
      `${sizeText(downloadSpeed)} ${sizeText(uploadSpeed)} ` +
      `${durationText(totalMs)} ${durationText(spentMs)} ` +
      `${durationText(Math.max(0, totalMs - spentMs))} ${sizeText(this.#currentSpeed(spentMs, bytes))}`
    );
  }

  #currentSpeed(atMs: number, bytes: number): number {
    const oldest = this.#samples[0] ?? { atMs: 0, bytes: 0 };
    this.#samples.push({ atMs, bytes });
    if (this.#samples.length > SPEED_ROWS) this.#samples.shift();
    return perSecond(bytes - oldest.bytes, atMs - oldest.atMs);
  }
}

class Bar implements Face {
  readonly #counters: Counters;
  readonly #columns: number;
  #drawn = "";
  #step = 0;

  constructor({ counters, host }: ProgressOptions) {
    this.#counters = counters;
    this.#columns = Math.min(400, lineWidth(host));
  }

  header(): string {
    return "";
  }

  row(): string {
    const { downloaded, downloadTotal, uploaded, uploadTotal } = this.#counters;
    const bytes = downloaded + uploaded;
    const total = (downloadTotal ?? 0) + (uploadTotal ?? 0);
    if (bytes === 0) return "";
    if (downloaded > 0 && downloadTotal === null) return this.#figure();
    const part = total > 0 ? Math.min(1, bytes / total) : 1;
    const width = this.#columns - 7;
    const row = `\r${"#".repeat(Math.floor(part * width)).padEnd(width)} ${(part * 100).toFixed(1).padStart(5)}%`;
    return this.#change(row);
  }

  linesBelow(): string[] {
    return [];
  }

  /** Runs from side to side as long as nobody knows how far it is. */
  #figure(): string {
    const figure = "-=O=-";
    const room = this.#columns - figure.length;
    const position = this.#step++ % (2 * room);
    const indent = position < room ? position : 2 * room - position;
    return this.#change(`\r${`${" ".repeat(indent)}${figure}`.padEnd(this.#columns)}`);
  }

  #change(row: string): string {
    if (row === this.#drawn) return "";
    this.#drawn = row;
    return row;
  }
}

function perSecond(bytes: number, ms: number): number {
  return ms > 0 ? Math.floor((bytes * 1000) / ms) : 0;
}

/** How long all of it takes at that speed, in ms; 0: nobody knows. */
function estimateMs(totalBytes: number | null, bytesPerSecond: number): number {
  return totalBytes === null || bytesPerSecond === 0 ? 0 : (totalBytes / bytesPerSecond) * 1000;
}

function percent(bytes: number, total: number | null): string {
  const value = total === null || total === 0 ? 0 : Math.floor((bytes * 100) / total);
  return String(Math.min(100, value)).padStart(3);
}
