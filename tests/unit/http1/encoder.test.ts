import { describe, expect, test } from "bun:test";
import { type Field, HeaderList } from "../../../src/headers.ts";
import { encodeRequestHead, type RequestHead } from "../../../src/http1/encoder.ts";

describe("encodeRequestHead", () => {
  test("writes request line, fields in order and the empty line", () => {
    const fields: Field[] = [
      ["Host", "x"],
      ["b", "1"],
      ["A", "2"],
      ["b", "3"],
    ];
    expect(encodeRequestHead(head({ method: "PUT", target: "/p?q", fields }))).toBe(
      "PUT /p?q HTTP/1.1\r\nHost: x\r\nb: 1\r\nA: 2\r\nb: 3\r\n\r\n",
    );
  });

  test("writes HTTP/1.0 and no fields", () => {
    expect(encodeRequestHead(head({ version: "1.0" }))).toBe("GET / HTTP/1.0\r\n\r\n");
  });

  test("an empty value has no blank before it", () => {
    expect(encodeRequestHead(head({ fields: [["X", ""]] }))).toBe("GET / HTTP/1.1\r\nX:\r\n\r\n");
  });

  test("the positions in `tight` have no blank either, wherever they stand", () => {
    const fields: Field[] = [
      ["A", "1"],
      ["B", ""],
      ["C", "3"],
      ["D", "4"],
    ];
    expect(encodeRequestHead(head({ fields, tight: new Set([2]) }))).toBe(
      "GET / HTTP/1.1\r\nA: 1\r\nB:\r\nC:3\r\nD: 4\r\n\r\n",
    );
  });

  test("names and values go as given, bytes beyond ASCII and other control characters included", () => {
    const text = encodeRequestHead(
      head({ target: "/\xe9\x01", fields: [["X y(", " \xff\t\x7f "]] }),
    );
    expect(text).toBe("GET /\xe9\x01 HTTP/1.1\r\nX y(:  \xff\t\x7f \r\n\r\n");
  });

  for (const bad of ["\r", "\n", "\0", "\r\nX: y", "\u010a", "\ud83d\ude00"]) {
    test(`refuses ${JSON.stringify(bad)} in every part and names it`, () => {
      refuses(head({ method: `G${bad}` }), /request method/);
      refuses(head({ target: `/${bad}` }), /request target/);
      refuses(head({ fields: [[`X-A${bad}`, "v"]] }), /name of header "X-A\?/);
      refuses(head({ fields: [["X-B", `v${bad}`]] }), /value of header "X-B"/);
    });
  }

  test("refuses blanks in method and target", () => {
    for (const blank of [" ", "\t"]) {
      refuses(head({ method: `A${blank}B` }), /request method/);
      refuses(head({ target: `/a${blank}b` }), /request target.*percent-encode/);
    }
  });
});

function head(parts: Partial<Omit<RequestHead, "fields">> & { fields?: Field[] }): RequestHead {
  return {
    method: "GET",
    target: "/",
    version: "1.1",
    ...parts,
    fields: new HeaderList(parts.fields),
  };
}

function refuses(request: RequestHead, message: RegExp): void {
  expect(() => encodeRequestHead(request)).toThrow(
    expect.objectContaining({
      code: "BAD_FUNCTION_ARGUMENT",
      exitCode: 43,
      message: expect.stringMatching(message),
    }),
  );
}
