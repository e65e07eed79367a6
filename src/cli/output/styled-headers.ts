// Header lines as a terminal shows them: names in bold, Location as a link.
//
// Nothing of a server's reaches the terminal that it would obey (terminal-text.ts). Only for what goes to a person;
// files and pipes get the bytes as received.

import { utf8 } from "../../bytes.ts";
import { CurlError } from "../../error.ts";
import { formatUrl, resolveUrl, type Url } from "../../url.ts";
import { printable } from "./terminal-text.ts";

const BOLD = "\x1b[1m";
const PLAIN = "\x1b[0m";
// OSC 8: a hyperlink around text, ended by one without a target.
const LINK = "\x1b]8;;";
const STRING_END = "\x1b\\";

/**
 * A block of header lines for a terminal.
 * @param raw byte string, line ends included
 * @param styled bold names and a linked Location; else only made harmless
 * @param base the URL that was asked, which a Location is relative to
 */
export function headersForTerminal(raw: string, styled: boolean, base: Url): Uint8Array {
  const text = printable(raw);
  if (!styled) return utf8(text);
  return utf8(
    text.replace(/^([^:\r\n]+):([ \t]*)([^\r\n]*)/gm, (line, name, blank, value) =>
      // A status line's reason may hold a colon.
      /^HTTP\/\d/i.test(line)
        ? line
        : `${BOLD}${name}${PLAIN}:${blank}${name.toLowerCase() === "location" ? link(value, base) : value}`,
    ),
  );
}

/** Only what mpcurl could follow becomes a link: what a click on another scheme starts is not the server's to choose. */
function link(location: string, base: Url): string {
  const target = linkTarget(location, base);
  // OSC 8 takes printable ASCII only.
  const isPlain = target !== null && /^[!-~]+$/.test(target);
  return isPlain ? `${LINK}${target}${STRING_END}${location}${LINK}${STRING_END}` : location;
}

/** Without credentials: what is on the screen gets copied. */
function linkTarget(location: string, base: Url): string | null {
  try {
    return formatUrl(resolveUrl(base, location), { credentials: false });
  } catch (error) {
    if (error instanceof CurlError) return null;
    throw error;
  }
}
