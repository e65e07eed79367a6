import { describe, expect, test } from "bun:test";
import { percentDecoded, percentEncoded, percentEncodedByte } from "../../src/percent.ts";

const EVERY_BYTE = String.fromCharCode(...Array.from({ length: 256 }, (_, byte) => byte));

test("percentEncodedByte gives two digits in upper case", () => {
  expect(["\0", "\n", " ", "\xff"].map(percentEncodedByte)).toEqual(["%00", "%0A", "%20", "%FF"]);
});

describe("percentEncoded", () => {
  test("leaves the unreserved characters alone, and no others", () => {
    const plain = [...EVERY_BYTE].filter((byte) => percentEncoded(byte) === byte).join("");
    expect(plain).toBe("-.0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz~");
  });

  test("is undone by percentDecoded, for every byte", () => {
    expect(percentDecoded(percentEncoded(EVERY_BYTE))).toBe(EVERY_BYTE);
  });
});

test("percentDecoded takes digits of either case, and leaves what is no code", () => {
  expect(percentDecoded("%41%6a%6A")).toBe("Ajj");
  expect(percentDecoded("100% %4 %zz %")).toBe("100% %4 %zz %");
  expect(percentDecoded("%2541")).toBe("%41");
});
