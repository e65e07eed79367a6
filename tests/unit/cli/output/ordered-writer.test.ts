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

test("stderrIdle of a host to which nobody wrote is over at once", async () => {
  const host = new MemoryHost();
  host.stderr.hold();
  await stderrIdle(host);
  expect(host.stderr.text).toBe("");
});
