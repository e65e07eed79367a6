// The chunked coding, written and read; reading goes through the decoder: whole, bytewise, with bytes behind it.

import { describe, expect, test } from "bun:test";
import { byteString, bytesOf, concat } from "../../../src/bytes.ts";
import type { Field } from "../../../src/headers.ts";
import { encodeChunk, LAST_CHUNK, SIZE_LINE_LIMIT_BYTES } from "../../../src/http1/chunked.ts";
import { type CodecCase, checkCase, drive } from "../../support/codec-cases.ts";

const HEAD = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
const CUT_SHORT: CodecCase["expected"]["error"] = [
  "PARTIAL_FILE",
  "transfer closed with outstanding read data remaining",
];
const LONGEST_EXTENSION = SIZE_LINE_LIMIT_BYTES - "2;\r\n".length;

const READ: [name: string, wire: string, body: string][] = [
  ["several chunks", "2\r\nhi\r\n5\r\nthere\r\n0\r\n\r\n", "hithere"],
  ["no data", "0\r\n\r\n", ""],
  [
    "hex in both cases",
    `a\r\n${"x".repeat(10)}\r\nB\r\n${"y".repeat(11)}\r\n0\r\n\r\n`,
    "x".repeat(10) + "y".repeat(11),
  ],
  ["data that look like framing", "7\r\n0\r\n\r\n0\r\r\n0\r\n\r\n", "0\r\n\r\n0\r"],
  ["LF alone everywhere", "2\nhi\n0\n\n", "hi"],
  ["extensions", '2;a;b=c;d="e f"\r\nhi\r\n0;z\r\n\r\n', "hi"],
  ["blank behind the size", "2 \r\nhi\r\n0\t\r\n\r\n", "hi"],
  ["junk behind the size", "2xyz\rq\r\nhi\r\n0\r\n\r\n", "hi"],
  ["leading zeros up to 16 digits", "0000000000000002\r\nhi\r\n0000000000000000\r\n\r\n", "hi"],
  ["longest extension", `2;${"x".repeat(LONGEST_EXTENSION)}\r\nhi\r\n0\r\n\r\n`, "hi"],
];

const REFUSED: [name: string, wire: string, message: string][] = [
  ["no hex digit", "z", "chunk hex-length char not a hex digit: 0x7a"],
  ["blank before the size", " 2\r\n", "chunk hex-length char not a hex digit: 0x20"],
  ["sign", "-2\r\n", "chunk hex-length char not a hex digit: 0x2d"],
  ["no size", "\r\n", "chunk hex-length char not a hex digit: 0xd"],
  ["no size but an extension", ";a\r\n", "chunk hex-length char not a hex digit: 0x3b"],
  ["byte beyond ASCII", "\xff", "chunk hex-length char not a hex digit: 0xff"],
  ["17 digits", "00000000000000002", "chunk hex-length longer than 16"],
  ["2^53", "20000000000000\r\n", "invalid chunk size: '20000000000000'"],
  ["2^64-1", "ffffffffffffffff\r\n", "invalid chunk size: 'ffffffffffffffff'"],
  ["no line end behind the data", "2\r\nhiX", "Malformed encoding found in chunked-encoding"],
  ["CR without LF behind the data", "2\r\nhi\rX", "Malformed encoding found in chunked-encoding"],
  ["CR CR LF behind the data", "2\r\nhi\r\r\n", "Malformed encoding found in chunked-encoding"],
  [
    "extension too long",
    `2;${"x".repeat(LONGEST_EXTENSION + 2)}y`,
    `chunk-size line longer than ${SIZE_LINE_LIMIT_BYTES} bytes`,
  ],
];

describe("ChunkedReader", () => {
  for (const [name, wire, body] of READ) {
    test(name, () => checkCase({ name, wire: HEAD + wire, expected: { body, closeReason: null } }));
  }
  for (const [name, wire, message] of REFUSED) {
    test(`refused: ${name}`, () => {
      checkCase({ name, wire: HEAD + wire, expected: { error: ["RECV_ERROR", message] } });
    });
  }
  test("trailers come behind the data, in their own event", () => {
    const trailers = {
      fields: [
        ["A", "b"],
        ["C", "d"],
      ] as Field[],
      raw: "A: b\r\nC:  d \r\n",
    };
    const wire = `${HEAD}2\r\nhi\r\n0\r\n${trailers.raw}\r\n`;
    checkCase({ name: "", wire, expected: { body: "hi", trailers, closeReason: null } });
    expect(drive([`${HEAD}0\r\n\r\n`], { closes: false }).trailers).toBeUndefined();
  });

  test("data before a bad chunk are delivered", () => {
    const error: CodecCase["expected"]["error"] = [
      "RECV_ERROR",
      "chunk hex-length char not a hex digit: 0x7a",
    ];
    checkCase({ name: "", wire: `${HEAD}2\r\nhi\r\nz`, expected: { body: "hi", error } });
  });

  for (const wire of [
    "",
    "2",
    "2\r\n",
    "2\r\nhi",
    "2\r\nhi\r\n0",
    "2\r\nhi\r\n0\r\n",
    "2\r\nhi\r\n0\r\nA: b\r\n",
    "2\r\nhi\r\n0\r\n\r",
  ]) {
    test(`closed early behind ${JSON.stringify(wire)}`, () => {
      const body = wire.includes("hi") ? "hi" : "";
      checkCase({
        name: "",
        wire: HEAD + wire,
        closes: true,
        expected: { body, error: CUT_SHORT },
      });
    });
  }

  test("2^53-1 is a size", () => {
    const told = drive([`${HEAD}1fffffffffffff\r\nhi`], { closes: true });
    expect(told).toMatchObject({
      body: "hi",
      error: CUT_SHORT,
    });
  });
});

describe("encodeChunk", () => {
  test("frames the bytes without copying them", () => {
    const bytes = bytesOf("x".repeat(300));
    const pieces = encodeChunk(bytes);
    expect(pieces[1]).toBe(bytes);
    expect(byteString(concat(pieces))).toBe(`12c\r\n${"x".repeat(300)}\r\n`);
  });

  test("gives nothing for no bytes, which would end the body", () => {
    expect(encodeChunk(new Uint8Array(0))).toEqual([]);
  });

  test("with LAST_CHUNK makes what the reader reads", () => {
    const wire = [...encodeChunk(bytesOf("hello ")), ...encodeChunk(bytesOf("there")), LAST_CHUNK]
      .map(byteString)
      .join("");
    checkCase({
      name: "",
      wire: HEAD + wire,
      expected: { body: "hello there", closeReason: null },
    });
  });
});
