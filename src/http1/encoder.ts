// Request head → byte string.
//
// Here: the layout of request line and field lines (RFC 9112 §3, §5), and the last check before the wire: nothing that
// holds CR, LF or NUL passes, so no header, URL or method can smuggle a second line or request in. curl sends those
// bytes as they are; that is a difference on purpose. Not here: which fields a request has (http/request) and body
// framing (chunked). Names need not be tokens and values may hold any other byte: curl sends them as given.

import { CurlError } from "../error.ts";
import type { HeaderList } from "../headers.ts";

export interface RequestHead {
  readonly method: string;
  readonly target: string;
  readonly version: "1.0" | "1.1";
  readonly fields: HeaderList;
  /** Positions in `fields` of those that take no blank behind their colon, because the user wrote none. */
  readonly tight?: ReadonlySet<number>;
}

// Chars above U+00FF are no bytes; cut to 8 bits on the way out, U+010A would become LF.
const BREAKS_LINE = /[\r\n\0\u0100-\uffff]/;
const BREAKS_WORD = /[ \t\r\n\0\u0100-\uffff]/;

// request-line = method SP request-target SP HTTP-version
// field-line   = field-name ":" OWS field-value OWS

/**
 * The head as a byte string, ready for bytesOf. A field with an empty value gets no blank after its colon, as curl's
 * `-H "Name;"`.
 * @throws CurlError BAD_FUNCTION_ARGUMENT where a part would break its line
 */
export function encodeRequestHead(head: RequestHead): string {
  if (BREAKS_WORD.test(head.method)) {
    throw refused("The request method holds a blank, line break or NUL", "use one word, like GET");
  }
  if (BREAKS_WORD.test(head.target)) {
    throw refused(
      "The request target holds a blank, line break or NUL",
      "percent-encode it (%20, %0D, %0A, %00)",
    );
  }
  let text = `${head.method} ${head.target} HTTP/${head.version}\r\n`;
  let position = 0;
  for (const [name, value] of head.fields.lines) {
    if (BREAKS_LINE.test(name)) {
      throw refused(
        `The name of header "${printable(name)}" holds a line break or NUL`,
        "give each header by itself",
      );
    }
    if (BREAKS_LINE.test(value)) {
      throw refused(
        `The value of header "${printable(name)}" holds a line break or NUL`,
        "remove it",
      );
    }
    const blank = value === "" || head.tight?.has(position) ? "" : " ";
    text += `${name}:${blank}${value}\r\n`;
    position++;
  }
  return `${text}\r\n`;
}

function refused(what: string, remedy: string): CurlError {
  return new CurlError("BAD_FUNCTION_ARGUMENT", `${what}: ${remedy}`);
}

function printable(name: string): string {
  return name.replaceAll(/[^ -~]/g, "?");
}
