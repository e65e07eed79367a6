// One line for each path of an MPTCP connection, below the progress meter's row.
//
//   c1 10.9.1.1 -> 10.9.1.2:8080  #############-------  64%  2.66M/s  up
//   c2 10.9.2.1 -> 10.9.1.2:8080  #######-------------  36%  1.50M/s  up, backup
//
// Interface, local and remote address, its share of all bytes as a bar, its speed now, and how it is. Here: the text,
// and the speeds, which are those of the last rows, like the meter's own. Not here: drawing (progress.ts). A line is
// never wider than the terminal: the bar gets short first, then the remote address goes, which is mostly the same for
// all paths, then the bar. One path alone is what the meter's row shows already.

import type { MptcpRecord, PathRecord } from "../../net/mptcp/paths.ts";
import { sizeText } from "./figures.ts";
import { bracketed, printable } from "./terminal-text.ts";

/** The kernel allows nine paths or, later, more; a screen has rows for so many. */
const MOST_LINES = 8;
/** As of the meter's "Current Speed". */
const SPEED_ROWS = 5;
const LONGEST_BAR = 20;
const SHORTEST_BAR = 5;

interface Sample {
  readonly atMs: number;
  readonly bytes: number;
}

/** The words of one path. */
interface Cells {
  readonly name: string;
  readonly local: string;
  readonly way: string;
  readonly share: number;
  /** What stands behind the bar. */
  readonly figures: string;
}

export class PathLines {
  #record: MptcpRecord | null = null;
  readonly #samples = new Map<number, Sample[]>();

  /** To be asked once a row: the speeds count from call to call. @param nowMs on the record's clock */
  lines(
    record: MptcpRecord,
    { nowMs, columns }: { readonly nowMs: number; readonly columns: number },
  ): string[] {
    if (record !== this.#record) this.#samples.clear();
    this.#record = record;
    const speeds = new Map(record.paths.map((path) => [path.id, this.#speed(path, nowMs)]));
    if (record.paths.length < 2) return [];
    let allBytes = 0;
    for (const path of record.paths) allBytes += bytesOf(path);
    const cells = mostTelling(record.paths).map((path): Cells => {
      const share = allBytes === 0 ? 0 : bytesOf(path) / allBytes;
      const speed = path.phase === "closed" ? 0 : (speeds.get(path.id) ?? 0);
      return {
        name: printable(path.interfaceName ?? "?"),
        local: path.local.address,
        way: `${path.local.address} -> ${bracketed(path.remote.address)}:${path.remote.port}`,
        share,
        figures: `${String(Math.round(share * 100)).padStart(3)}% ${sizeText(speed)}/s  ${stateText(path)}`,
      };
    });
    // The last column stays free: a terminal would wait there, and break the line at the next character.
    return inColumns(cells, columns - 1);
  }

  /** Bytes a second, both ways, over the last rows. */
  #speed(path: PathRecord, nowMs: number): number {
    let samples = this.#samples.get(path.id);
    if (!samples) {
      samples = [{ atMs: Math.max(path.upMs, this.#record?.startedMs ?? 0), bytes: 0 }];
      this.#samples.set(path.id, samples);
    }
    const [oldest] = samples;
    const bytes = bytesOf(path);
    samples.push({ atMs: nowMs, bytes });
    if (samples.length > SPEED_ROWS) samples.shift();
    const ms = nowMs - (oldest?.atMs ?? nowMs);
    return ms > 0 ? Math.max(0, Math.floor(((bytes - (oldest?.bytes ?? 0)) * 1000) / ms)) : 0;
  }
}

/** All, or where they are too many: without those that are gone, the oldest first. */
function mostTelling(paths: readonly PathRecord[]): readonly PathRecord[] {
  let tooMany = paths.length - MOST_LINES;
  if (tooMany <= 0) return paths;
  return paths.filter(({ phase }) => phase !== "closed" || tooMany-- <= 0).slice(0, MOST_LINES);
}

function inColumns(cells: readonly Cells[], width: number): string[] {
  const longest = (texts: readonly string[]): number =>
    texts.reduce((most, text) => Math.max(most, Bun.stringWidth(text)), 0);
  const nameWidth = longest(cells.map(({ name }) => name));
  const wayWidth = longest(cells.map(({ way }) => way));
  const localWidth = longest(cells.map(({ local }) => local));
  const room = width - nameWidth - longest(cells.map(({ figures }) => figures)) - 5;
  const isWide = room >= wayWidth + SHORTEST_BAR;
  const addressWidth = isWide ? wayWidth : localWidth;
  const barWidth = Math.min(LONGEST_BAR, room - addressWidth);
  return cells.map(({ name, way, local, share, figures }) => {
    const address = (isWide ? way : local).padEnd(addressWidth);
    const bar = barWidth < SHORTEST_BAR ? "" : `  ${barOf(share, barWidth)}`;
    const space = " ".repeat(nameWidth - Bun.stringWidth(name) + 1);
    return `${name}${space}${address}${bar}  ${figures}`.slice(0, width);
  });
}

function barOf(share: number, width: number): string {
  return "#".repeat(Math.round(share * width)).padEnd(width, "-");
}

function stateText({ phase, backup }: PathRecord): string {
  return backup === true ? `${phase}, backup` : phase;
}

function bytesOf({ bytesIn, bytesOut }: PathRecord): number {
  return bytesIn + bytesOut;
}
