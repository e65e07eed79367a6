// The rules of RFC 9112 §6.3 as a table, with curl's exceptions from it.

import { describe, expect, test } from "bun:test";
import { CurlError } from "../../../src/error.ts";
import { type Field, HeaderList } from "../../../src/headers.ts";
import { type BodyLength, isUpgrade, responseBodyLength } from "../../../src/http1/framing.ts";

const NONE: BodyLength = { kind: "none" };
const CLOSE: BodyLength = { kind: "close" };
const CHUNKED: BodyLength = { kind: "chunked" };
const BAD_LENGTH = ["WEIRD_SERVER_REPLY", "Invalid Content-Length: value"] as const;

/** Lines "te: …" and "cl: …" → what they come to on a 200 to GET. */
const ROWS: [lines: string[], expected: BodyLength | readonly [code: string, message: string]][] = [
  [[], CLOSE],
  [["cl: 0"], sized(0)],
  [["cl: 5"], sized(5)],
  [["cl: 0005"], sized(5)],
  [["cl: 5", "cl: 5"], sized(5)],
  [["cl: 5, 5"], sized(5)],
  [["cl: 05 , 5", "cl: 5"], sized(5)],
  [["cl: 9007199254740991"], sized(9007199254740991)],
  [["cl: 9007199254740992"], CLOSE],
  [["cl: 99999999999999999999999"], CLOSE],
  [["cl: 99999999999999999999999", "cl: 99999999999999999999999"], CLOSE],
  [["cl: 5", "cl: 6"], BAD_LENGTH],
  [["cl: 5, 6"], BAD_LENGTH],
  [["cl: 5", "cl: 99999999999999999999999"], BAD_LENGTH],
  [["cl: 99999999999999999999998", "cl: 99999999999999999999999"], BAD_LENGTH],
  [["cl: "], BAD_LENGTH],
  [["cl: 5,"], BAD_LENGTH],
  [["cl: ,5"], BAD_LENGTH],
  [["cl: -5"], BAD_LENGTH],
  [["cl: +5"], BAD_LENGTH],
  [["cl: 5x"], BAD_LENGTH],
  [["cl: 5 5"], BAD_LENGTH],
  [["cl: 0x5"], BAD_LENGTH],
  [["cl: 5.0"], BAD_LENGTH],
  [["cl: 5e1"], BAD_LENGTH],
  [["te: chunked"], CHUNKED],
  [["te: Chunked"], CHUNKED],
  [["te: chunked", "cl: 5"], CHUNKED],
  [["cl: 5", "te: chunked"], CHUNKED],
  [["te: chunked", "cl: x"], BAD_LENGTH],
  [["te: chunked", "cl: 5", "cl: 6"], BAD_LENGTH],
  [["te: chunked, chunked"], CHUNKED],
  [["te: chunked", "te: CHUNKED"], CHUNKED],
  [["te: , chunked,"], CHUNKED],
  [["te: "], CLOSE],
  [["te: identity"], CLOSE],
  [["te: identity", "cl: 5"], sized(5)],
  [["te: identity, chunked"], CHUNKED],
  [["te: chunked, identity"], unsolicited("identity")],
  [["te: chunked, gzip"], unsolicited("gzip")],
  [["te: gzip, chunked"], unsolicited("gzip")],
  [["te: gzip", "te: chunked"], unsolicited("gzip")],
  [["te: Foo;q=1"], unsolicited("Foo;q=1")],
  [["te: chunked;a=b"], unsolicited("chunked;a=b")],
  [["te: xchunked"], unsolicited("xchunked")],
  [["te: chunked x"], unsolicited("chunked x")],
  [["te: \x0bchunked"], unsolicited("\x0bchunked")],
];

describe("responseBodyLength", () => {
  for (const [lines, expected] of ROWS) {
    test(`${JSON.stringify(lines)} → ${JSON.stringify(expected)}`, () => {
      const length = () =>
        responseBodyLength({ method: "GET", status: 200, fields: fieldsOf(lines) });
      if (!("kind" in expected)) {
        const [code, message] = expected;
        expect(length).toThrow(expect.objectContaining({ code, message }));
        expect(length).toThrow(CurlError);
      } else {
        expect(length()).toEqual(expected);
      }
    });
  }

  test.each([
    ["HEAD", 200],
    ["GET", 100],
    ["GET", 204],
    ["GET", 304],
    ["CONNECT", 200],
    ["CONNECT", 299],
  ] as const)("%s %d has no body, whatever the fields say", (method, status) => {
    for (const lines of [[], ["cl: 5"], ["cl: x"], ["te: chunked"], ["te: gzip"]]) {
      expect(responseBodyLength({ method, status, fields: fieldsOf(lines) })).toEqual(NONE);
    }
  });

  test("101 lasts until the close, whatever the fields say", () => {
    for (const lines of [[], ["cl: 5"], ["te: chunked"], ["te: x"]]) {
      expect(responseBodyLength({ method: "GET", status: 101, fields: fieldsOf(lines) })).toEqual(
        CLOSE,
      );
    }
  });

  test("205 and an answer to CONNECT that is no 2xx follow the fields", () => {
    expect(responseBodyLength({ method: "GET", status: 205, fields: fieldsOf(["cl: 5"]) })).toEqual(
      sized(5),
    );
    expect(
      responseBodyLength({ method: "CONNECT", status: 407, fields: fieldsOf(["cl: 5"]) }),
    ).toEqual(sized(5));
  });

  test("ignoreContentLength does not look at the field, and leaves chunked as it is", () => {
    const ignoring = { method: "GET", status: 200, ignoreContentLength: true };
    expect(responseBodyLength({ ...ignoring, fields: fieldsOf(["cl: x"]) })).toEqual(CLOSE);
    expect(responseBodyLength({ ...ignoring, fields: fieldsOf(["te: chunked", "cl: x"]) })).toEqual(
      CHUNKED,
    );
  });
});

test.each([
  ["GET", 101, true],
  ["GET", 200, false],
  ["CONNECT", 200, true],
  ["CONNECT", 300, false],
  ["CONNECT", 100, false],
] as const)("isUpgrade: %s %d is %p", (method, status, expected) => {
  expect(isUpgrade(method, status)).toBe(expected);
});

function fieldsOf(lines: readonly string[]): HeaderList {
  return new HeaderList(
    lines.map(
      (line): Field => [
        line.startsWith("te") ? "Transfer-Encoding" : "content-length",
        line.slice(4),
      ],
    ),
  );
}

function sized(sizeBytes: number): BodyLength {
  return { kind: "content-length", sizeBytes };
}

function unsolicited(coding: string) {
  return ["BAD_CONTENT_ENCODING", `Unsolicited Transfer-Encoding (${coding}) found`] as const;
}
