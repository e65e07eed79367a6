// Field lines in heads and trailers: folds, forms that are refused, limits. Through the decoder, so that every case
// runs whole, bytewise and with bytes behind it.

import { describe, expect, test } from "bun:test";
import type { Field } from "../../../src/headers.ts";
import { checkCase, drive } from "../../support/codec-cases.ts";

const OK = "HTTP/1.1 200 OK\r\n";
const END = "Content-Length: 0\r\n\r\n";
const BEFORE_TRAILERS = `${OK}Transfer-Encoding: chunked\r\n\r\n0\r\n`;

/** Field lines → the fields and the raw lines. */
const READ: [name: string, lines: string, fields: Field[], raw?: string][] = [
  ["blanks around the value go", "A: \t b c\t \r\n", [["A", "b c"]]],
  ["no blank behind the colon", "A:b\r\n", [["A", "b"]]],
  [
    "empty value",
    "A:\r\nB: \r\n",
    [
      ["A", ""],
      ["B", ""],
    ],
  ],
  ["more colons are value", "A: b:c\r\n", [["A", "b:c"]]],
  [
    "names keep their case, order and repeats",
    "b: 1\r\nA: 2\r\nB: 3\r\n",
    [
      ["b", "1"],
      ["A", "2"],
      ["B", "3"],
    ],
  ],
  [
    "bytes beyond ASCII stay, U+00A0 is no blank",
    "F\xfc: \xa0\xe9\xa0\r\n",
    [["F\xfc", "\xa0\xe9\xa0"]],
  ],
  ["blank before the colon is part of the name", "Content-Type : x\r\n", [["Content-Type ", "x"]]],
  ["empty name", ": x\r\n", [["", "x"]]],
  [
    "LF alone",
    "A: b\nC: d\n",
    [
      ["A", "b"],
      ["C", "d"],
    ],
  ],
  ["fold", "A: b\r\n c\r\n", [["A", "b c"]], "A: b c\r\n"],
  ["fold with many blanks on both sides", "A: b \t \r\n \t c\r\n", [["A", "b c"]], "A: b c\r\n"],
  [
    "folds in a row",
    "A: b\r\n c\r\n\td\r\nE: f\r\n",
    [
      ["A", "b c d"],
      ["E", "f"],
    ],
    "A: b c d\r\nE: f\r\n",
  ],
  ["fold of an empty value", "A:\r\n b\r\n", [["A", "b"]], "A: b\r\n"],
  ["fold with LF alone", "A: b\n c\n", [["A", "b c"]], "A: b c\n"],
  ["a folded line ends as its last part does", "A: b\r\n c\n", [["A", "b c"]], "A: b c\n"],
  ["fold of blanks", "A: b\r\n \r\n", [["A", "b"]], "A: b \r\n"],
  ["fold keeps U+00A0", "A: b\xa0\r\n \xa0c\r\n", [["A", "b\xa0 \xa0c"]], "A: b\xa0 \xa0c\r\n"],
];

/** Lines that end the transfer, in heads as in trailers. */
const REFUSED: [name: string, lines: string, message: string][] = [
  ["no colon", "A\r\n", "Header without colon"],
  ["no colon, though a fold brings one", "A\r\n : b\r\n", "Header without colon"],
  ["NUL in the value", "A: b\0\r\n", "Nul byte in header"],
  ["NUL in the name", "A\0: b\r\n", "Nul byte in header"],
  ["CR in the value", "A: b\rc\r\n", "Carriage return found in header"],
  ["CR in the name", "A\r: b\r\n", "Carriage return found in header"],
  ["CR CR LF", "A: b\r\r\n", "Carriage return found in header"],
  ["CR CR LF for the empty line", "A: b\r\n\r\r\n", "Carriage return found in header"],
  ["CR in a fold", "A: b\r\n c\rd\r\n", "Carriage return found in header"],
  ["fold first", " A: b\r\n", "Folded header line without a header before it"],
];

describe("FieldSectionReader", () => {
  for (const [name, lines, fields, raw = lines] of READ) {
    test(`head: ${name}`, () => {
      const expected: Field[] = [...fields, ["Content-Length", "0"]];
      const head = expect.objectContaining({
        fields: expected,
        raw: OK + raw + END,
        sizeBytes: (OK + lines + END).length,
      });
      checkCase({
        name,
        wire: OK + lines + END,
        expected: { head: head as never, closeReason: null },
      });
    });
    test(`trailers: ${name}`, () => {
      const wire = `${BEFORE_TRAILERS}${lines}\r\n`;
      checkCase({ name, wire, expected: { trailers: { fields, raw }, closeReason: null } });
    });
  }

  for (const [name, lines, message] of REFUSED) {
    test(`head refused: ${name}`, () => {
      checkCase({ name, wire: OK + lines, expected: { error: ["WEIRD_SERVER_REPLY", message] } });
    });
    test(`trailers refused: ${name}`, () => {
      checkCase({
        name,
        wire: BEFORE_TRAILERS + lines,
        expected: { error: ["WEIRD_SERVER_REPLY", message] },
      });
    });
  }

  test("a folded Content-Length counts", () => {
    checkCase({
      name: "",
      wire: `${OK}Content-Length:\r\n 2\r\n\r\nhi`,
      expected: { body: "hi", closeReason: null },
    });
  });
});

describe("head limits", () => {
  const TOO_LARGE: [never, string] = [
    "TOO_LARGE" as never,
    "A value or data field grew larger than allowed",
  ];
  const line = (sizeBytes: number) => `A: ${"x".repeat(sizeBytes - 5)}\r\n`;

  test("a line of 102399 bytes passes, one of 102400 does not", () => {
    checkCase({ name: "", wire: OK + line(102399) + END, expected: { closeReason: null } });
    checkCase({ name: "", wire: OK + line(102400) + END, expected: { error: TOO_LARGE } });
  });

  test("a line without end is refused once it is too long", () => {
    checkCase({ name: "", wire: `${OK}${"x".repeat(102400)}`, expected: { error: TOO_LARGE } });
    checkCase({
      name: "",
      wire: `HTTP/1.1 200 ${"x".repeat(102400)}`,
      expected: { error: TOO_LARGE },
    });
  });

  test("folds count to their line", () => {
    const folded = `${line(60000)} ${"y".repeat(42394)}`;
    checkCase({ name: "", wire: `${OK}${folded}\r\n${END}`, expected: { closeReason: null } });
    checkCase({ name: "", wire: `${OK}${folded}yyyyyy\r\n`, expected: { error: TOO_LARGE } });
  });

  test("all heads together may take 307200 bytes, 1xx included", () => {
    const full = OK + line(1024).repeat(299);
    const rest = 307200 - full.length - END.length;
    expect(drive([full + line(rest) + END], { closes: false })).toMatchObject({
      closeReason: null,
    });
    expect(drive([full + line(rest + 1) + END], { closes: false }).error).toEqual([
      "RECV_ERROR",
      "Too large response headers: 307201 > 307200",
    ]);
    const informational = `HTTP/1.1 100 C\r\n${line(1024).repeat(150)}\r\n`;
    expect(drive([informational + informational], { closes: false }).error).toEqual([
      "RECV_ERROR",
      "Too large response headers: 307234 > 307200",
    ]);
  });

  test("5000 fields pass, 5001 do not, 1xx and trailers included", () => {
    const error = ["TOO_LARGE", "Too many response headers, 5000 is max"];
    const fields = (count: number) => "A: b\r\n".repeat(count);
    expect(drive([`${OK}${fields(4999)}${END}`], { closes: false })).toMatchObject({
      closeReason: null,
    });
    expect(drive([`${OK}${fields(5001)}`], { closes: false }).error as string[]).toEqual(error);
    expect(
      drive([`HTTP/1.1 100 C\r\n${fields(3000)}\r\n${OK}${fields(2001)}`], { closes: false })
        .error as string[],
    ).toEqual(error);
    expect(drive([BEFORE_TRAILERS + fields(5000)], { closes: false }).error as string[]).toEqual(
      error,
    );
  });

  test("a long run of blanks inside a value costs no quadratic time", () => {
    const started = performance.now();
    drive([`${OK}A: b${" \t".repeat(51000)}c\r\n${END}`], { closes: false });
    expect(performance.now() - started).toBeLessThan(1000);
  });
});
