// Text that people see: decoding byte strings, taking the teeth out of control characters, the width of a line.
//
// A server chooses header values, reason phrases and names in certificates. An escape sequence among them could
// rename the terminal's window, fill its clipboard or paint a false prompt. Whatever is shown to people therefore
// goes through printable(): ESC becomes the four characters \x1b. Here: that, and the width for wrapping. Not here: the
// wrapping (messages.ts), figures (figures.ts), bodies (left as they came, as curl does) and text that goes into files.

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

/** An address as it stands before a port: IPv6 in brackets (RFC 3986 §3.2.2). */
export function bracketed(address: string): string {
  return address.includes(":") ? `[${address}]` : address;
}
