// Text that people see: decoding byte strings, taking the teeth out of control characters, the width of a line, and
// sizes and durations in columns.
//
// A server chooses header values, reason phrases and names in certificates. An escape sequence among them could
// rename the terminal's window, fill its clipboard or paint a false prompt. Whatever is shown to people therefore
// goes through printable(): ESC becomes the four characters \x1b. Here: that, the width for wrapping, figures. Not here:
// the wrapping (messages.ts), bodies (they are left as they came, as curl does) and text that goes into files.

import { textOf } from "../../bytes.ts";
import type { Host } from "../host.ts";

// C0 but TAB and LF, DEL, and C1, which terminals obey in their UTF-8 form too (U+009B is CSI). CR stays where it
// belongs to a line end: alone it would let a later text overwrite an earlier one.
const UNSAFE = /\r(?!\n)|[\0-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]/g;
const WIDER_THAN_A_BYTE = /[^\0-\xff]/;

/**
 * A byte string as text that a terminal cannot obey; invalid UTF-8 becomes U+FFFD, control characters become \xNN.
 * Line ends and tabs stay. Text that is no byte string (our own sentences may hold any character) is taken as it is.
 */
export function printable(bytes: string): string {
  const text = WIDER_THAN_A_BYTE.test(bytes) ? bytes : textOf(bytes);
  return text.replace(UNSAFE, (c) => `\\x${c.charCodeAt(0).toString(16).padStart(2, "0")}`);
}

/** Columns to wrap at: COLUMNS when it is from 21 to 10000, else the terminal's, else 79 (curl's numbers). */
export function lineWidth(host: Host): number {
  const wanted = host.env("COLUMNS");
  if (wanted !== undefined && /^\d{1,5}$/.test(wanted)) {
    const columns = Number(wanted);
    if (columns > 20 && columns <= 10_000) return columns;
  }
  const columns = host.terminalColumns();
  return columns !== null && columns > 20 && columns <= 10_000 ? columns : 79;
}

/** Six columns: plain up to 99999, above in powers of 1024: `97.66k`, `976.6k`, ` 0.98M`. */
export function sizeText(bytes: number): string {
  if (bytes <= 99_999) return String(bytes).padStart(6);
  let value = bytes;
  let unit = "";
  for (const next of ["k", "M", "G", "T", "P"]) {
    value /= 1024;
    unit = next;
    if (value < 999.95) break;
  }
  const digits = value < 99.995 ? 2 : value < 999.95 ? 1 : 0;
  return `${value.toFixed(digits)}${unit}`.padStart(6);
}

/** Seven columns: blank for nothing, `MM:SS`, `H:MM:SS`, `HHh MMm`, `DDd HHh`, days. */
export function durationText(ms: number): string {
  const seconds = Math.floor(ms / 1000);
  const minutes = Math.floor(seconds / 60);
  const hours = Math.floor(minutes / 60);
  const days = Math.floor(hours / 24);
  const two = (value: number): string => String(value).padStart(2, "0");
  let text: string;
  if (seconds <= 0) text = "";
  else if (hours === 0) text = `${two(minutes)}:${two(seconds % 60)}`;
  else if (hours < 10) text = `${hours}:${two(minutes % 60)}:${two(seconds % 60)}`;
  else if (hours < 100) text = `${hours}h ${two(minutes % 60)}m`;
  else if (days < 100) text = `${days}d ${two(hours % 24)}h`;
  else text = `${Math.min(days, 999_999)}d`;
  return text.padStart(7);
}
