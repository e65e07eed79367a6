import { describe, expect, test } from "bun:test";
import { byteString, bytesOf } from "../../../../src/bytes.ts";
import { type DataPiece, joinData } from "../../../../src/http/body/urlencoded.ts";

const FILES: Readonly<Record<string, string>> = {
  lines: "a\r\nb\0c\n",
  text: "x y\n&=\xc3\xa9",
  empty: "",
  "-": "from stdin\n",
};

function readFile(path: string): Uint8Array {
  const content = FILES[path];
  if (content === undefined) throw new Error(`no file ${path}`);
  return bytesOf(content);
}

function joined(...pieces: readonly [DataPiece["kind"], string][]): string {
  return byteString(
    joinData(
      pieces.map(([kind, text]) => ({ kind, text })),
      readFile,
    ),
  );
}

describe("joinData", () => {
  test.each<[[DataPiece["kind"], string][], string]>([
    [
      [
        ["data", "a"],
        ["data", "b"],
      ],
      "a&b",
    ],
    [
      [
        ["data", ""],
        ["data", "a"],
      ],
      "a",
    ],
    [
      [
        ["data", "a"],
        ["data", ""],
      ],
      "a&",
    ],
    [
      [
        ["data", "a"],
        ["data", ""],
        ["data", "b"],
      ],
      "a&&b",
    ],
    [
      [
        ["data", ""],
        ["data", ""],
      ],
      "",
    ],
    [
      [
        ["data", "@empty"],
        ["data", "a"],
      ],
      "a",
    ],
    [
      [
        ["data", "a"],
        ["json", "b"],
        ["data", "c"],
      ],
      "ab&c",
    ],
    [
      [
        ["json", ""],
        ["json", "{}"],
        ["json", "x"],
      ],
      "{}x",
    ],
    [
      [
        ["json", "a"],
        ["urlencode", "b c"],
      ],
      "a&b+c",
    ],
    [
      [
        ["urlencode", "a"],
        ["data", "b"],
        ["urlencode", "c d"],
      ],
      "a&b&c+d",
    ],
  ])("%j gives %j", (pieces, expected) => {
    expect(joined(...pieces)).toBe(expected);
  });

  test.each<[DataPiece["kind"], string, string]>([
    ["data", "@lines", "abc"],
    ["data", "@-", "from stdin"],
    ["data", "a\r\nb", "a\r\nb"],
    ["binary", "@lines", "a\r\nb\0c\n"],
    ["json", "@lines", "a\r\nb\0c\n"],
    ["raw", "@lines", "@lines"],
    ["urlencode", "a b&", "a+b%26"],
    ["urlencode", "=a b=", "a+b%3D"],
    ["urlencode", "n=a b=@", "n=a+b%3D%40"],
    ["urlencode", "@text", "x+y%0A%26%3D%C3%A9"],
    ["urlencode", "n n@text", "n n=x+y%0A%26%3D%C3%A9"],
    ["urlencode", "@lines", "a%0D%0Ab%00c%0A"],
    ["urlencode", "a@b=c", "a@b=c"],
    ["urlencode", "=@text", "%40text"],
    ["urlencode", "n%=b", "n%=b"],
    ["urlencode", "n=", "n="],
    ["urlencode", "=", ""],
    ["urlencode", "n@empty", ""],
    ["urlencode", "-._~!*'()\"\x7f\xe9\n", "-._~%21%2A%27%28%29%22%7F%E9%0A"],
  ])("%s %j sends %j", (kind, text, expected) => {
    expect(joined([kind, text])).toBe(expected);
  });

  test("what reading throws passes through", () => {
    expect(() => joined(["data", "@missing"])).toThrow("no file missing");
    expect(() => joined(["urlencode", "n@missing"])).toThrow("no file missing");
  });

  test("bytes survive as they are", () => {
    const all = Uint8Array.from({ length: 256 }, (_, i) => i);
    expect(joinData([{ kind: "binary", text: "@f" }], () => all)).toEqual(all);
  });
});
