// Reader of a field section: the header fields of a response, or the trailers behind a chunked body.
//
// Here: folds joined, lines counted against the limits, fields collected. Not here: the grammar of one line (grammar)
// and the status line (decoder). It follows the contract of every reader in this folder: `read` gives its result, throws
// a CurlError, or says "need-data" and goes on where it was.
//
// A line is only done when the next one shows that it is not continued, so one line is always held back.

import { CurlError } from "../error.ts";
import { HeaderList } from "../headers.ts";
import {
  isFold,
  lineContent,
  lineEnd,
  parseFieldLine,
  requireColon,
  trimOws,
  trimOwsStart,
} from "./grammar.ts";
import type { LineBuffer } from "./line-buffer.ts";

/** Size at which a line is refused, its end and its folds included (curl's 100 KB: 102399 bytes pass). */
export const LINE_LIMIT_BYTES = 100 * 1024;
/** Most bytes that all heads of one exchange may take, 1xx and trailers included (curl's 300 KB). */
export const HEAD_LIMIT_BYTES = 300 * 1024;
/** Most field lines of one exchange, likewise. */
export const FIELD_LIMIT = 5000;

/** What the heads of one exchange have used of the limits. */
export class HeadBudget {
  #sizeBytes = 0;
  #fields = 0;

  /** @throws CurlError RECV_ERROR when all lines together are too large */
  spendLine(line: string): void {
    this.#sizeBytes += line.length;
    if (this.#sizeBytes > HEAD_LIMIT_BYTES) {
      throw new CurlError(
        "RECV_ERROR",
        `Too large response headers: ${this.#sizeBytes} > ${HEAD_LIMIT_BYTES}`,
      );
    }
  }

  /** @throws CurlError TOO_LARGE when there are too many fields */
  spendField(): void {
    this.#fields++;
    if (this.#fields > FIELD_LIMIT) {
      throw new CurlError("TOO_LARGE", `Too many response headers, ${FIELD_LIMIT} is max`);
    }
  }
}

export interface FieldSection {
  readonly fields: HeaderList;
  /** The field lines with their ends, each joined with its folds; the empty line is not among them. */
  readonly raw: string;
  /** The empty line; "" where the connection ended before it. */
  readonly emptyLine: string;
  /** Bytes on the wire, the empty line included. */
  readonly sizeBytes: number;
}

export class FieldSectionReader {
  readonly #budget: HeadBudget;
  readonly #fields = new HeaderList();
  #raw = "";
  #sizeBytes = 0;
  /** The line held back: what is settled, its last part (whose trailing blanks a fold would drop), and its end. */
  #held: { settled: string; last: string; end: string } | null = null;

  constructor(budget: HeadBudget) {
    this.#budget = budget;
  }

  /** @throws CurlError WEIRD_SERVER_REPLY, RECV_ERROR, TOO_LARGE in curl's words */
  read(input: LineBuffer): FieldSection | "need-data" {
    for (;;) {
      const line = input.takeLine(LINE_LIMIT_BYTES);
      if (line === null) return "need-data";
      this.#budget.spendLine(line);
      this.#sizeBytes += line.length;
      const content = lineContent(line);
      if (content === "") return this.#section(line);
      if (isFold(content)) this.#fold(content, lineEnd(line));
      else this.#begin(content, lineEnd(line));
    }
  }

  /** What came before the connection ended in mid-section; an unfinished line is dropped, as curl does. */
  cut(): FieldSection {
    return this.#section("");
  }

  #begin(content: string, end: string): void {
    this.#settle();
    requireColon(content);
    this.#budget.spendField();
    this.#held = { settled: "", last: content, end };
  }

  // RFC 9112 §5.2: a user agent MUST "replace each received obs-fold with one or more SP octets".
  #fold(content: string, end: string): void {
    const held = this.#held;
    if (!held) {
      throw new CurlError("WEIRD_SERVER_REPLY", "Folded header line without a header before it");
    }
    held.settled += `${trimOws(held.last)} `;
    held.last = trimOwsStart(content);
    held.end = end;
    if (held.settled.length + held.last.length + end.length >= LINE_LIMIT_BYTES) {
      throw new CurlError("TOO_LARGE", "A value or data field grew larger than allowed");
    }
  }

  #settle(): void {
    if (!this.#held) return;
    const content = this.#held.settled + this.#held.last;
    this.#raw += content + this.#held.end;
    this.#fields.append(...parseFieldLine(content));
    this.#held = null;
  }

  #section(emptyLine: string): FieldSection {
    this.#settle();
    return { fields: this.#fields, raw: this.#raw, emptyLine, sizeBytes: this.#sizeBytes };
  }
}
