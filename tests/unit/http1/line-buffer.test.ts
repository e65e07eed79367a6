import { expect, test } from "bun:test";
import { byteString, bytesOf } from "../../../src/bytes.ts";
import { LineBuffer } from "../../../src/http1/line-buffer.ts";

test("takeLine gives lines over any cut and null until one is complete", () => {
  const buffer = filled("a\nb", "c", "\n\n");
  expect([
    buffer.takeLine(99),
    buffer.takeLine(99),
    buffer.takeLine(99),
    buffer.takeLine(99),
  ]).toEqual(["a\n", "bc\n", "\n", null]);
  buffer.push(bytesOf("d"));
  expect(buffer.takeLine(99)).toBeNull();
  expect(buffer.sizeBytes).toBe(1);
  buffer.push(bytesOf("\ne"));
  expect(buffer.takeLine(99)).toBe("d\n");
  expect(buffer.sizeBytes).toBe(1);
});

test("takeLine refuses a line of the limit's size, complete or not, over any cut", () => {
  for (const pieces of [["12345\n"], ["12", "345\n"], ["123456"], ["1", "23456"]]) {
    expect(() => filled(...pieces).takeLine(6)).toThrow(
      expect.objectContaining({ code: "TOO_LARGE" }),
    );
  }
  expect(filled("1", "234\n5678901").takeLine(6)).toBe("1234\n");
});

test("dropLine forgets the line begun and nothing behind it", () => {
  const buffer = filled("ab");
  expect(buffer.takeLine(99)).toBeNull();
  buffer.dropLine();
  expect(buffer.sizeBytes).toBe(0);
  buffer.push(bytesOf("c\n"));
  expect(buffer.takeLine(99)).toBe("c\n");
});

test("takeBytes gives views of one chunk at a time, the chunk itself where it is taken whole", () => {
  const chunk = bytesOf("hello");
  const buffer = new LineBuffer();
  buffer.push(chunk);
  buffer.push(bytesOf("there"));
  expect(text(buffer.takeBytes(2))).toBe("he");
  const rest = buffer.takeBytes(99);
  expect(text(rest)).toBe("llo");
  expect(rest?.buffer).toBe(chunk.buffer);
  expect(text(buffer.takeBytes(99))).toBe("there");
  expect(buffer.takeBytes(99)).toBeNull();
  buffer.push(chunk);
  expect(buffer.takeBytes(99)).toBe(chunk);
});

test("peek and rest consume nothing", () => {
  const buffer = filled("xab", "", "c", "de");
  expect(buffer.takeByte()).toBe(0x78);
  expect([buffer.peek(0), buffer.peek(4), buffer.peek(99)]).toEqual(["", "abcd", "abcde"]);
  expect(text(buffer.rest())).toBe("abcde");
  expect(buffer.sizeBytes).toBe(5);
  expect(text(new LineBuffer().rest())).toBe("");
});

test("takeByte gives every byte in order, over more chunks than are dropped at once", () => {
  const buffer = new LineBuffer();
  for (let i = 0; i < 5000; i++) buffer.push(Uint8Array.of(i & 255, (i >> 8) & 255));
  for (let i = 0; i < 5000; i++) expect(buffer.takeByte() | (buffer.takeByte() << 8)).toBe(i);
  expect(buffer.takeByte()).toBe(-1);
  expect(buffer.sizeBytes).toBe(0);
});

function filled(...pieces: string[]): LineBuffer {
  const buffer = new LineBuffer();
  for (const piece of pieces) buffer.push(bytesOf(piece));
  return buffer;
}

function text(bytes: Uint8Array | null): string | null {
  return bytes && byteString(bytes);
}
