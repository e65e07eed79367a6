import { describe, expect, test } from "bun:test";
import { bytesOf } from "../../../../src/bytes.ts";
import { stderrIdle, stderrWriter } from "../../../../src/cli/output/ordered-writer.ts";
import { MemoryHost } from "../../../support/memory-host.ts";

describe("stderrWriter", () => {
  test("writes at once where the output takes it", () => {
    const host = new MemoryHost();
    stderrWriter(host).write(bytesOf("a"));
    stderrWriter(host).write(bytesOf("b"));
    expect(host.stderr.text).toBe("ab");
  });

  test("keeps the order of several writers while the output is full", async () => {
    const host = new MemoryHost();
    host.stderr.hold();
    for (const text of ["a", "b", "c"]) stderrWriter(host).write(bytesOf(text));
    expect(host.stderr.text).toBe("");
    host.stderr.release();
    await stderrIdle(host);
    expect(host.stderr.text).toBe("abc");
    stderrWriter(host).write(bytesOf("d"));
    expect(host.stderr.text).toBe("abcd");
  });

  test("goes on without a reader", async () => {
    const host = new MemoryHost();
    host.stderr.abandon();
    stderrWriter(host).write(bytesOf("lost"));
    await stderrIdle(host);
    expect(host.stderr.text).toBe("");
  });
});

describe("a drawing", () => {
  const ERASED = "\r\u001b[J";

  test("is erased before the next text of another voice, once", () => {
    const host = new MemoryHost();
    const writer = stderrWriter(host);
    writer.draw("row\r");
    writer.draw("next\r");
    writer.write(bytesOf("a"));
    writer.write(bytesOf("b"));
    expect(host.stderr.text).toBe(`row\rnext\r${ERASED}ab`);
    expect(writer.hasDrawing).toBe(false);
  });

  test("is erased before text that goes another way, and only if it is there", () => {
    const host = new MemoryHost();
    stderrWriter(host).makeRoom();
    expect(host.stderr.text).toBe("");
    stderrWriter(host).draw("row\r");
    stderrWriter(host).makeRoom();
    stderrWriter(host).makeRoom();
    expect(host.stderr.text).toBe(`row\r${ERASED}`);
  });

  test("stays when it is left for good", () => {
    const host = new MemoryHost();
    stderrWriter(host).draw("row\r");
    stderrWriter(host).keepDrawing("\n");
    stderrWriter(host).write(bytesOf("a"));
    expect(host.stderr.text).toBe("row\r\na");
  });
});

test("stderrIdle of a host to which nobody wrote is over at once", async () => {
  const host = new MemoryHost();
  host.stderr.hold();
  await stderrIdle(host);
  expect(host.stderr.text).toBe("");
});
