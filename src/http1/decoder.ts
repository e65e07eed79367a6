// Bytes → response events, without I/O: the reader of one exchange's response.
//
// push() takes what the connection brought, finish() says that it ended, next() gives events until "need-data"; an
// error is thrown once all that came before it has been given, and again by every later next(). One decoder serves one
// exchange: any number of 1xx, then one final response. What came behind the end is `rest()`.
//
// The states are lifecycle.ts's table; each has one method here that reads its part. Bodies are handed out as views of
// the chunks pushed and never gathered, so memory is what one push brought. The result does not depend on how the bytes
// were cut. Connections that end early: before the status line is complete nothing was received (52); inside the fields
// the response is what came of them, as in curl, unless a Content-Length promised a body (18); inside a body 18.

import { CurlError } from "../error.ts";
import { HeaderList } from "../headers.ts";
import { ChunkedReader } from "./chunked.ts";
import {
  type FieldSection,
  FieldSectionReader,
  HeadBudget,
  LINE_LIMIT_BYTES,
} from "./field-section.ts";
import { type BodyLength, responseBodyLength } from "./framing.ts";
import { lineContent, parseStatusLine, STATUS_LINE_START, type StatusLine } from "./grammar.ts";
import {
  asksToClose,
  BODY_TRIGGER,
  type CloseReason,
  closeReasonOf,
  nextState,
  type ResponseState,
  type Trigger,
} from "./lifecycle.ts";
import { LineBuffer } from "./line-buffer.ts";

export type { BodyLength } from "./framing.ts";

export interface ResponseHead {
  readonly version: "0.9" | "1.0" | "1.1";
  /** 100–999; 0 for HTTP/0.9, which has none. */
  readonly status: number;
  readonly reason: string;
  readonly fields: HeaderList;
  /** Status line and field lines as received, folded ones joined by one space, with their line ends and the empty line. */
  readonly raw: string;
  /** Bytes that the block took on the wire. */
  readonly sizeBytes: number;
}

export type ResponseEvent =
  | { readonly type: "informational"; readonly head: ResponseHead }
  | { readonly type: "head"; readonly head: ResponseHead; readonly body: BodyLength }
  | { readonly type: "data"; readonly bytes: Uint8Array }
  /** Only where there are any. `raw` has no empty line. */
  | { readonly type: "trailers"; readonly fields: HeaderList; readonly raw: string }
  /**
   * The response is whole. `closeReason` says why the connection cannot carry another one; null: as far as the response
   * says, it can. Bytes behind the end and a connection that has ended meanwhile are for the caller to see.
   */
  | { readonly type: "end"; readonly closeReason: CloseReason | null };

export interface DecoderOptions {
  /** Of the request, as sent: HEAD and CONNECT change what follows the head. */
  readonly method: string;
  /** --http0.9: a reply without status line is a body. */
  readonly allowHttp09?: boolean;
  readonly ignoreContentLength?: boolean;
  /** The request said `Connection: close`. */
  readonly clientCloses?: boolean;
}

const NO_BODY: BodyLength = { kind: "none" };
const NO_BYTES = new Uint8Array(0);

export class ResponseDecoder {
  readonly #options: DecoderOptions;
  readonly #input = new LineBuffer();
  readonly #budget = new HeadBudget();
  #state: ResponseState = "status-line-first";
  #failure: unknown = null;
  #hasFinished = false;

  /** The line being received begins as a status line does. */
  #hasLineStart = false;
  #statusLine: (StatusLine & { readonly raw: string }) | null = null;
  #fieldReader: FieldSectionReader;
  #chunkedReader: ChunkedReader;
  #remainingBytes = 0;
  /** A 1xx said `Connection: close`; it holds for the connection all the same. */
  #informationalCloses = false;
  #closeReason: CloseReason | null = null;

  constructor(options: DecoderOptions) {
    this.#options = options;
    this.#fieldReader = new FieldSectionReader(this.#budget);
    this.#chunkedReader = new ChunkedReader(this.#budget);
  }

  /** Bytes behind the end of the response; 0 before the "end" event. */
  get excessBytes(): number {
    return this.#state === "ended" ? this.#input.sizeBytes : 0;
  }

  /** Bytes behind the end of the response: excess, or after an upgrade the other protocol's. Empty before "end". */
  rest(): Uint8Array {
    return this.#state === "ended" ? this.#input.rest() : NO_BYTES;
  }

  /** Hands over bytes in order of arrival. They are kept, not copied: the caller must not write to them again. */
  push(bytes: Uint8Array): void {
    if (this.#hasFinished) throw new Error("ResponseDecoder: push after finish");
    if (this.#state !== "failed") this.#input.push(bytes);
  }

  /** The connection ended in order: no more bytes will come. */
  finish(): void {
    this.#hasFinished = true;
  }

  /**
   * The next event, or "need-data": push more or finish. Also "need-data" after "end".
   * @throws CurlError UNSUPPORTED_PROTOCOL, WEIRD_SERVER_REPLY, PARTIAL_FILE, GOT_NOTHING, RECV_ERROR,
   *   BAD_CONTENT_ENCODING, TOO_LARGE, in curl's words
   */
  next(): ResponseEvent | "need-data" {
    if (this.#state === "failed") throw this.#failure;
    try {
      return this.#read();
    } catch (error) {
      this.#failure = error;
      this.#go("broken");
      throw error;
    }
  }

  #read(): ResponseEvent | "need-data" {
    switch (this.#state) {
      case "sized-body":
        return this.#readSized();
      case "chunked-body":
        return this.#readChunked();
      case "to-close-body":
        return this.#readToClose();
      case "status-line-first":
      case "status-line-again":
        return this.#readStatusLine();
      case "fields":
        return this.#readFields();
      case "finishing":
        this.#go("told");
        return { type: "end", closeReason: this.#closeReason };
      case "ended":
      case "failed":
        return "need-data";
    }
  }

  #go(trigger: Trigger): void {
    this.#state = nextState(this.#state, trigger);
  }

  #readStatusLine(): ResponseEvent | "need-data" {
    if (!this.#hasLineStart) {
      const start = this.#input.peek(STATUS_LINE_START.length).toUpperCase();
      if (!STATUS_LINE_START.startsWith(start)) return this.#readWithoutStatusLine();
      this.#hasLineStart = start === STATUS_LINE_START;
    }
    const line = this.#hasLineStart ? this.#input.takeLine(LINE_LIMIT_BYTES) : null;
    if (line === null) {
      if (this.#hasFinished) throw new CurlError("GOT_NOTHING", "Empty reply from server");
      return "need-data";
    }
    this.#hasLineStart = false;
    this.#budget.spendLine(line);
    this.#statusLine = { ...parseStatusLine(lineContent(line)), raw: line };
    this.#fieldReader = new FieldSectionReader(this.#budget);
    this.#go("status-line");
    return this.#readFields();
  }

  // HTTP/0.9: the reply is the body and nothing else.
  #readWithoutStatusLine(): ResponseEvent {
    if (this.#state === "status-line-again") {
      throw new CurlError("WEIRD_SERVER_REPLY", "Invalid status line");
    }
    if (!this.#options.allowHttp09) {
      throw new CurlError("UNSUPPORTED_PROTOCOL", "Received HTTP/0.9 when not allowed");
    }
    if (this.#options.method === "HEAD") {
      throw new CurlError("WEIRD_SERVER_REPLY", "Weird server reply");
    }
    this.#go("not-http");
    this.#closeReason = "close-delimited";
    const fields = new HeaderList();
    return {
      type: "head",
      head: { version: "0.9", status: 0, reason: "", fields, raw: "", sizeBytes: 0 },
      body: { kind: "close" },
    };
  }

  #readFields(): ResponseEvent | "need-data" {
    const section = this.#fieldReader.read(this.#input);
    if (section === "need-data") return this.#hasFinished ? this.#readCutHead() : "need-data";
    const head = this.#head(section);
    if (head.status < 200 && head.status !== 101) {
      this.#informationalCloses ||= asksToClose(head.fields);
      this.#go("informational");
      return { type: "informational", head };
    }
    const body = responseBodyLength({ ...this.#options, ...head });
    this.#closeReason = this.#closeReasonAfter(head, body);
    return this.#beginBody(head, body, BODY_TRIGGER[body.kind]);
  }

  // The connection ended before the empty line. curl takes what came for the whole reply, a 1xx included; only a body
  // whose size was told makes it a cut one.
  #readCutHead(): ResponseEvent {
    this.#input.dropLine();
    const head = this.#head(this.#fieldReader.cut());
    const body = responseBodyLength({ ...this.#options, ...head });
    this.#closeReason = "close-delimited";
    return body.kind === "content-length"
      ? this.#beginBody(head, body, "sized")
      : this.#beginBody(head, NO_BODY, "cut");
  }

  #beginBody(head: ResponseHead, body: BodyLength, trigger: Trigger): ResponseEvent {
    if (body.kind === "content-length") this.#remainingBytes = body.sizeBytes;
    this.#go(trigger);
    return { type: "head", head, body };
  }

  #head(section: FieldSection): ResponseHead {
    const line = this.#statusLine;
    if (!line) throw new Error("ResponseDecoder: fields before the status line");
    return {
      version: line.version,
      status: line.status,
      reason: line.reason,
      fields: section.fields,
      raw: line.raw + section.raw + section.emptyLine,
      sizeBytes: line.raw.length + section.sizeBytes,
    };
  }

  #closeReasonAfter(head: ResponseHead, body: BodyLength): CloseReason | null {
    const { method, clientCloses = false } = this.#options;
    const { version, status, fields } = head;
    const reason = closeReasonOf({ method, version, status, fields, body, clientCloses });
    return reason ?? (this.#informationalCloses ? "server-asked" : null);
  }

  #readSized(): ResponseEvent | "need-data" {
    if (this.#remainingBytes === 0) return this.#end("whole");
    const bytes = this.#input.takeBytes(this.#remainingBytes);
    if (bytes) {
      this.#remainingBytes -= bytes.length;
      return { type: "data", bytes };
    }
    if (!this.#hasFinished) return "need-data";
    throw new CurlError(
      "PARTIAL_FILE",
      `end of response with ${this.#remainingBytes} bytes missing`,
    );
  }

  #readChunked(): ResponseEvent | "need-data" {
    const part = this.#chunkedReader.read(this.#input);
    if (part instanceof Uint8Array) return { type: "data", bytes: part };
    if (part === "need-data") {
      if (!this.#hasFinished) return part;
      throw new CurlError("PARTIAL_FILE", "transfer closed with outstanding read data remaining");
    }
    if (part.fields.size === 0) return this.#end("whole");
    this.#go("whole");
    return { type: "trailers", fields: part.fields, raw: part.raw };
  }

  #readToClose(): ResponseEvent | "need-data" {
    const bytes = this.#input.takeBytes(Number.POSITIVE_INFINITY);
    if (bytes) return { type: "data", bytes };
    return this.#hasFinished ? this.#end("closed") : "need-data";
  }

  #end(trigger: "whole" | "closed"): ResponseEvent | "need-data" {
    this.#go(trigger);
    return this.#read();
  }
}
