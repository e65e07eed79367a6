import { describe, expect, test } from "bun:test";
import {
  ByteQueue,
  byteString,
  byteStringOfText,
  bytesOf,
  concat,
  textOf,
} from "../../src/bytes.ts";

const ALL = Uint8Array.from({ length: 256 }, (_, byte) => byte);

describe("byte strings", () => {
  test("bytesOf and byteString keep every byte, both ways", () => {
    const text = byteString(ALL);
    expect([...text].map((char) => char.charCodeAt(0))).toEqual([...ALL]);
    expect([...bytesOf(text)]).toEqual([...ALL]);
  });

  test("byteString reads the view and not the buffer under it", () => {
    expect(byteString(ALL.subarray(65, 68))).toBe("ABC");
  });

  test("byteStringOfText gives UTF-8, one char a byte", () => {
    expect(byteStringOfText("plain")).toBe("plain");
    expect(byteStringOfText("é€😀")).toBe("\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80");
  });

  test("textOf reads UTF-8, and marks what is none", () => {
    expect(textOf("\xc3\xa9\xe2\x82\xac")).toBe("é€");
    expect(textOf("plain")).toBe("plain");
    expect(textOf("a\xffb")).toBe("a\ufffdb");
  });
});

describe("concat", () => {
  test("joins in order, of none an empty array", () => {
    expect([...concat([])]).toEqual([]);
    expect([...concat([Uint8Array.of(1), Uint8Array.of(), Uint8Array.of(2, 3)])]).toEqual([
      1, 2, 3,
    ]);
  });

  test("copies no single chunk", () => {
    expect(concat([ALL])).toBe(ALL);
  });
});

describe("ByteQueue", () => {
  test("gives chunks in order", () => {
    const queue = new ByteQueue();
    queue.push(Uint8Array.of(2, 3));
    queue.push(Uint8Array.of(4));
    expect([...(queue.shift() ?? [])]).toEqual([2, 3]);
    expect([...(queue.shift() ?? [])]).toEqual([4]);
    expect(queue.shift()).toBeUndefined();
  });

  test("counts its bytes and holds no empty chunk", () => {
    const queue = new ByteQueue();
    queue.push(new Uint8Array(0));
    expect([queue.sizeBytes, queue.shift()]).toEqual([0, undefined]);
    queue.push(new Uint8Array(5));
    queue.push(new Uint8Array(2));
    expect(queue.sizeBytes).toBe(7);
    queue.shift();
    expect(queue.sizeBytes).toBe(2);
    queue.shift();
    queue.shift();
    expect(queue.sizeBytes).toBe(0);
  });
});
