// Responses as the wire brings them: each case whole, bytewise and with bytes behind it (support/codec-cases).

import { describe, expect, test } from "bun:test";
import { bytesOf } from "../../../src/bytes.ts";
import { CurlError } from "../../../src/error.ts";
import { ResponseDecoder } from "../../../src/http1/decoder.ts";
import { type CodecCase, checkCase } from "../../support/codec-cases.ts";

const OK = "HTTP/1.1 200 OK\r\n";
const EMPTY = "Content-Length: 0\r\n\r\n";
const TWO = "Content-Length: 2\r\n\r\nhi";
const CHUNKED = "Transfer-Encoding: chunked\r\n";
const CHUNKS = "2\r\nhi\r\n0\r\n\r\n";
const HEAD = { method: "HEAD" };

const GROUPS: Record<string, CodecCase[]> = {
  "status line": [
    {
      name: "HTTP/1.1",
      wire: OK + TWO,
      expected: {
        head: {
          version: "1.1",
          status: 200,
          reason: "OK",
          fields: [["Content-Length", "2"]],
          raw: "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n",
          sizeBytes: 38,
        },
        body: "hi",
        closeReason: null,
      },
    },
    {
      name: "HTTP/1.0",
      wire: `HTTP/1.0 200 OK\r\n${TWO}`,
      expected: { head: head({ version: "1.0" }), body: "hi" },
    },
    {
      name: "without reason",
      wire: `HTTP/1.1 200\r\n${TWO}`,
      expected: { head: head({ status: 200, reason: "" }), body: "hi" },
    },
    {
      name: "with an empty reason",
      wire: `HTTP/1.1 404 \r\n${TWO}`,
      expected: { head: head({ status: 404, reason: "" }) },
    },
    {
      name: "keeps the bytes of its reason",
      wire: `HTTP/1.1 200 na\xefve \xa0\r\n${EMPTY}`,
      expected: { head: head({ reason: "na\xefve \xa0" }) },
    },
    {
      name: "LF alone",
      wire: "HTTP/1.1 200 OK\nContent-Length: 2\n\nhi",
      expected: {
        head: head({ raw: "HTTP/1.1 200 OK\nContent-Length: 2\n\n", sizeBytes: 35 }),
        body: "hi",
      },
    },
    {
      name: "in lower case",
      wire: `http/1.1 200 ok\r\n${TWO}`,
      expected: { head: head({ version: "1.1", status: 200 }) },
    },
    {
      name: "tab for the blank",
      wire: `HTTP/1.1\t200\tOK\r\n${TWO}`,
      expected: { head: head({ status: 200, reason: "OK" }) },
    },
    { name: "999", wire: `HTTP/1.1 999 x\r\n${TWO}`, expected: { head: head({ status: 999 }) } },
    refusal(
      "099",
      "HTTP/1.1 099 x\r\n",
      "UNSUPPORTED_PROTOCOL",
      "Unsupported response code in HTTP response",
    ),
    refusal(
      "two digits",
      "HTTP/1.1 20 OK\r\n",
      "UNSUPPORTED_PROTOCOL",
      "Unsupported HTTP/1 subversion in response",
    ),
    refusal(
      "two blanks",
      "HTTP/1.1  200 OK\r\n",
      "UNSUPPORTED_PROTOCOL",
      "Unsupported HTTP/1 subversion in response",
    ),
    refusal(
      "no status",
      "HTTP/1.1\r\n",
      "UNSUPPORTED_PROTOCOL",
      "Unsupported HTTP/1 subversion in response",
    ),
    refusal(
      "HTTP/1.2",
      "HTTP/1.2 200 OK\r\n",
      "UNSUPPORTED_PROTOCOL",
      "Unsupported HTTP/1 subversion in response",
    ),
    refusal(
      "HTTP/2",
      "HTTP/2 200\r\n",
      "UNSUPPORTED_PROTOCOL",
      "Unsupported HTTP version (2.0) in response",
    ),
    refusal(
      "HTTP/2.0",
      "HTTP/2.0 200 OK\r\n",
      "UNSUPPORTED_PROTOCOL",
      "Unsupported HTTP version (2.0) in response",
    ),
    refusal(
      "HTTP/3",
      "HTTP/3 200\r\n",
      "UNSUPPORTED_PROTOCOL",
      "Unsupported HTTP version (3.0) in response",
    ),
    refusal(
      "HTTP/0.9",
      "HTTP/0.9 200 OK\r\n",
      "UNSUPPORTED_PROTOCOL",
      "Unsupported HTTP version in response",
    ),
    refusal(
      "HTTP/x.y",
      "HTTP/x.y 200 OK\r\n",
      "UNSUPPORTED_PROTOCOL",
      "Unsupported HTTP version in response",
    ),
    refusal("NUL", "HTTP/1.1 200 O\0K\r\n", "WEIRD_SERVER_REPLY", "Nul byte in header"),
    refusal(
      "lone CR",
      "HTTP/1.1 200 O\rK\r\n",
      "WEIRD_SERVER_REPLY",
      "Carriage return found in header",
    ),
  ],
  "HTTP/0.9": [
    refusal(
      "not allowed",
      "hello\r\n",
      "UNSUPPORTED_PROTOCOL",
      "Received HTTP/0.9 when not allowed",
    ),
    refusal(
      "not allowed, told by the first byte",
      "h3",
      "UNSUPPORTED_PROTOCOL",
      "Received HTTP/0.9 when not allowed",
    ),
    refusal(
      "empty line first",
      `\r\n${OK}`,
      "UNSUPPORTED_PROTOCOL",
      "Received HTTP/0.9 when not allowed",
    ),
    refusal("blank first", ` ${OK}`, "UNSUPPORTED_PROTOCOL", "Received HTTP/0.9 when not allowed"),
    {
      name: "allowed: all of it is body",
      wire: "HTThello\r\n\0",
      options: { allowHttp09: true },
      closes: true,
      expected: {
        head: { version: "0.9", status: 0, reason: "", fields: [], raw: "", sizeBytes: 0 },
        bodyLength: { kind: "close" },
        body: "HTThello\r\n\0",
        closeReason: "close-delimited",
      },
    },
    {
      name: "allowed and HTTP/1.1 came",
      wire: OK + TWO,
      options: { allowHttp09: true },
      expected: { head: head({ version: "1.1" }), body: "hi" },
    },
    {
      name: "allowed, cut while it may still be a status line",
      wire: "HTT",
      options: { allowHttp09: true },
      closes: true,
      expected: { error: ["GOT_NOTHING", "Empty reply from server"] },
    },
    {
      name: "allowed but HEAD",
      wire: "hello",
      options: { allowHttp09: true, ...HEAD },
      expected: { error: ["WEIRD_SERVER_REPLY", "Weird server reply"] },
    },
  ],
  informational: [
    {
      name: "100 before 200",
      wire: `HTTP/1.1 100 Continue\r\n\r\n${OK}${TWO}`,
      expected: {
        informational: ["HTTP/1.1 100 Continue\r\n\r\n"],
        head: head({ status: 200, sizeBytes: 38 }),
        body: "hi",
        closeReason: null,
      },
    },
    {
      name: "several, with fields",
      wire: `HTTP/1.1 102 A\r\n\r\nHTTP/1.1 103 B\r\nLink: x\r\n\r\n${OK}${TWO}`,
      expected: {
        informational: ["HTTP/1.1 102 A\r\n\r\n", "HTTP/1.1 103 B\r\nLink: x\r\n\r\n"],
        body: "hi",
      },
    },
    {
      name: "framing fields in 1xx mean nothing",
      wire: `HTTP/1.1 100 A\r\nContent-Length: x\r\nTransfer-Encoding: y\r\n\r\n${OK}${TWO}`,
      expected: { body: "hi" },
    },
    {
      name: "Connection: close in 1xx holds",
      wire: `HTTP/1.1 100 A\r\nConnection: close\r\n\r\n${OK}${TWO}`,
      expected: { closeReason: "server-asked" },
    },
    {
      name: "unasked 101 is final and lasts until the close",
      wire: "HTTP/1.1 101 S\r\nContent-Length: 1\r\n\r\n\x81\x02hi",
      closes: true,
      expected: {
        informational: [],
        head: head({ status: 101 }),
        bodyLength: { kind: "close" },
        body: "\x81\x02hi",
        closeReason: "upgraded",
      },
    },
    refusal(
      "no status line behind 100",
      "HTTP/1.1 100 A\r\n\r\nhello\r\n",
      "WEIRD_SERVER_REPLY",
      "Invalid status line",
    ),
    {
      name: "closed behind 100",
      wire: "HTTP/1.1 100 A\r\n\r\n",
      closes: true,
      expected: {
        informational: ["HTTP/1.1 100 A\r\n\r\n"],
        error: ["GOT_NOTHING", "Empty reply from server"],
      },
    },
    {
      name: "closed in the fields of 100",
      wire: "HTTP/1.1 100 A\r\nB: c\r\n",
      closes: true,
      expected: { informational: [], head: head({ status: 100 }), closeReason: "close-delimited" },
    },
  ],
  "no body": [
    {
      name: "HEAD",
      wire: `${OK}Content-Length: 2\r\n\r\n`,
      options: HEAD,
      expected: { bodyLength: { kind: "none" }, body: "", closeReason: null },
    },
    {
      name: "HEAD with framing that would be refused",
      wire: `${OK}Content-Length: x\r\nTransfer-Encoding: y\r\n\r\n`,
      options: HEAD,
      expected: { bodyLength: { kind: "none" } },
    },
    {
      name: "204",
      wire: "HTTP/1.1 204 No\r\nContent-Length: 2\r\n\r\n",
      expected: { body: "", closeReason: null },
    },
    {
      name: "304",
      wire: `HTTP/1.1 304 No\r\n${CHUNKED}\r\n`,
      expected: { body: "", closeReason: null },
    },
    {
      name: "200 to CONNECT: what follows is the tunnel's",
      wire: `${OK}${TWO}`,
      options: { method: "CONNECT" },
      expected: { body: "", closeReason: "upgraded", rest: "hi" },
    },
    {
      name: "407 to CONNECT has one",
      wire: `HTTP/1.1 407 No\r\n${TWO}`,
      options: { method: "CONNECT" },
      expected: { body: "hi", closeReason: null },
    },
  ],
  "content-length body": [
    {
      name: "bytes behind it are not its own",
      wire: `${OK}${TWO}there`,
      expected: { body: "hi", rest: "there", closeReason: null },
    },
    {
      name: "closed early",
      wire: `${OK}Content-Length: 5\r\n\r\nhi`,
      closes: true,
      expected: { body: "hi", error: ["PARTIAL_FILE", "end of response with 3 bytes missing"] },
    },
    {
      name: "closed at once",
      wire: `${OK}Content-Length: 5\r\n\r\n`,
      closes: true,
      expected: { body: "", error: ["PARTIAL_FILE", "end of response with 5 bytes missing"] },
    },
    {
      name: "ignored on demand",
      wire: `${OK}Content-Length: x\r\n\r\nhi`,
      options: { ignoreContentLength: true },
      closes: true,
      expected: { body: "hi", closeReason: "close-delimited" },
    },
    {
      name: "chunked all the same when ignored",
      wire: `${OK}Content-Length: 9\r\n${CHUNKED}\r\n${CHUNKS}`,
      options: { ignoreContentLength: true },
      expected: { body: "hi" },
    },
  ],
  "close-delimited body": [
    {
      name: "no length",
      wire: `${OK}\r\nhi\r\n`,
      closes: true,
      expected: { bodyLength: { kind: "close" }, body: "hi\r\n", closeReason: "close-delimited" },
    },
    {
      name: "empty",
      wire: `${OK}\r\n`,
      closes: true,
      expected: { body: "", closeReason: "close-delimited" },
    },
    {
      name: "length beyond 2^53-1",
      wire: `${OK}Content-Length: 9007199254740992\r\n\r\nhi`,
      closes: true,
      expected: { body: "hi", closeReason: "close-delimited" },
    },
  ],
  "closed in the head": [
    ...["", "H", "HTTP/", "HTTP/1.1 200 OK", "HTTP/1.1 200 OK\r"].map(
      (wire): CodecCase => ({
        name: `status line not complete: ${JSON.stringify(wire)}`,
        wire,
        closes: true,
        expected: { error: ["GOT_NOTHING", "Empty reply from server"] },
      }),
    ),
    {
      name: "behind the status line",
      wire: OK,
      closes: true,
      expected: {
        head: head({ status: 200, raw: OK, sizeBytes: 17 }),
        bodyLength: { kind: "none" },
        body: "",
        closeReason: "close-delimited",
        rest: "",
      },
    },
    {
      name: "the unfinished line is dropped",
      wire: `${OK}A: b\r\nC: d`,
      closes: true,
      expected: {
        head: head({ fields: [["A", "b"]], raw: `${OK}A: b\r\n` }),
        closeReason: "close-delimited",
        rest: "",
      },
    },
    {
      name: "chunked announced",
      wire: OK + CHUNKED,
      closes: true,
      expected: { body: "", closeReason: "close-delimited" },
    },
    {
      name: "a body promised",
      wire: `${OK}Content-Length: 5\r\n`,
      closes: true,
      expected: { error: ["PARTIAL_FILE", "end of response with 5 bytes missing"] },
    },
    {
      name: "an empty body promised",
      wire: `${OK}Content-Length: 0\r\n`,
      closes: true,
      expected: { body: "", closeReason: "close-delimited" },
    },
    {
      name: "a body promised, to HEAD",
      wire: `${OK}Content-Length: 5\r\n`,
      options: HEAD,
      closes: true,
      expected: { body: "", closeReason: "close-delimited" },
    },
  ],
  connection: [
    { name: "1.1 stays", wire: OK + EMPTY, expected: { closeReason: null } },
    {
      name: "1.0 closes",
      wire: `HTTP/1.0 200 OK\r\n${EMPTY}`,
      expected: { closeReason: "http-1.0" },
    },
    {
      name: "we asked",
      wire: OK + EMPTY,
      options: { clientCloses: true },
      expected: { closeReason: "client-asked" },
    },
    {
      name: "Transfer-Encoding beside Content-Length",
      wire: `${OK}Content-Length: 1\r\n${CHUNKED}\r\n${CHUNKS}`,
      expected: { body: "hi", closeReason: "ambiguous-length" },
    },
    {
      name: "chunked on 1.0",
      wire: `HTTP/1.0 200 OK\r\nConnection: keep-alive\r\n${CHUNKED}\r\n${CHUNKS}`,
      expected: { body: "hi", closeReason: "ambiguous-length" },
    },
  ],
};

for (const [group, cases] of Object.entries(GROUPS)) {
  describe(`ResponseDecoder, ${group}`, () => {
    for (const codecCase of cases) test(codecCase.name, () => checkCase(codecCase));
  });
}

describe("ResponseDecoder", () => {
  test("body data are views of what was pushed, for every kind of body", () => {
    for (const fields of [
      `Content-Length: ${1 << 16}`,
      "Connection: close",
      "Transfer-Encoding: chunked",
    ]) {
      const decoder = new ResponseDecoder({ method: "GET" });
      decoder.push(
        bytesOf(`${OK}${fields}\r\n\r\n${fields.endsWith("chunked") ? "10000\r\n" : ""}`),
      );
      expect(decoder.next()).toMatchObject({ type: "head" });
      const pushed = new Uint8Array(1 << 16);
      decoder.push(pushed);
      const event = decoder.next();
      if (event === "need-data" || event.type !== "data")
        throw new Error(`not data: ${JSON.stringify(event)}`);
      expect(event.bytes.buffer).toBe(pushed.buffer);
      expect(event.bytes.length).toBe(pushed.length);
    }
  });

  test("data that came before an error are given before it is thrown, and it is thrown again", () => {
    const decoder = new ResponseDecoder({ method: "GET" });
    decoder.push(bytesOf(`${OK}Content-Length: 3\r\n\r\nhi`));
    decoder.finish();
    expect(decoder.next()).toMatchObject({ type: "head" });
    expect(decoder.next()).toMatchObject({ type: "data" });
    expect(() => decoder.next()).toThrow(CurlError);
    expect(() => decoder.next()).toThrow("end of response with 1 bytes missing");
  });
});

/** The expectation of a head by some of its parts. */
function head(
  parts: Partial<NonNullable<CodecCase["expected"]["head"]>>,
): NonNullable<CodecCase["expected"]["head"]> {
  return expect.objectContaining(parts) as unknown as NonNullable<CodecCase["expected"]["head"]>;
}

function refusal(
  name: string,
  wire: string,
  ...error: NonNullable<CodecCase["expected"]["error"]>
): CodecCase {
  return { name: `refused: ${name}`, wire, expected: { error } };
}
