import { describe, expect, test } from "bun:test";
import { bytesOf } from "../../../../src/bytes.ts";
import { orderedWriter } from "../../../../src/cli/output/ordered-writer.ts";
import { MemoryStream } from "../../../support/memory-host.ts";

describe("OrderedWriter", () => {
  test("writes at once where the output takes it", () => {
    const stream = new MemoryStream();
    orderedWriter(stream).write(bytesOf("a"));
    orderedWriter(stream).write(bytesOf("b"));
    expect(stream.text).toBe("ab");
  });

  test("keeps the order of several writers while the output is full", async () => {
    const stream = new MemoryStream();
    stream.hold();
    for (const text of ["a", "b", "c"]) orderedWriter(stream).write(bytesOf(text));
    expect(stream.text).toBe("");
    stream.release();
    await orderedWriter(stream).idle();
    expect(stream.text).toBe("abc");
    orderedWriter(stream).write(bytesOf("d"));
    expect(stream.text).toBe("abcd");
  });

  test("goes on without a reader", async () => {
    const stream = new MemoryStream();
    stream.abandon();
    orderedWriter(stream).write(bytesOf("lost"));
    await orderedWriter(stream).idle();
    expect(stream.text).toBe("");
  });
});
