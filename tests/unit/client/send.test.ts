import { describe, expect, test } from "bun:test";
import { bytesOf } from "../../../src/bytes.ts";
import { newCounters } from "../../../src/client/outcome.ts";
import { sendBody } from "../../../src/client/send.ts";
import type { RequestBody } from "../../../src/http/body/request-body.ts";
import { ScriptedStream } from "../../support/client/scripted-stream.ts";
import { turn, VirtualClock } from "../../support/client/virtual-clock.ts";

const MIB = 1024 * 1024;

/** `parts` in turn, and how many of them were taken. */
function bodyOf(...parts: Uint8Array[]): { body: RequestBody; taken: () => number } {
  let taken = 0;
  return {
    taken: () => taken,
    body: {
      type: null,
      sizeBytes: null,
      replayable: false,
      async *open() {
        for (const part of parts) {
          taken++;
          yield part;
        }
      },
    },
  };
}

function setting(chunked = false, isStopped: () => boolean = () => false) {
  return { chunked, isStopped, counters: newCounters(), clock: new VirtualClock() };
}

describe("sendBody", () => {
  test("sends what the source gives, and counts it", async () => {
    const stream = new ScriptedStream();
    const options = setting();
    const { body } = bodyOf(bytesOf("one"), bytesOf(""), bytesOf("two"));
    expect(await sendBody(stream, body, options)).toBe("sent");
    expect(stream.writes).toEqual(["one", "two"]);
    expect(options.counters).toMatchObject({ uploaded: 6, requests: 6 });
  });

  test("frames chunks, and counts the frame with the request only", async () => {
    const stream = new ScriptedStream();
    const options = setting(true);
    const { body } = bodyOf(bytesOf("hello"), bytesOf(""), bytesOf("!"));
    expect(await sendBody(stream, body, options)).toBe("sent");
    expect(stream.sent).toBe("5\r\nhello\r\n1\r\n!\r\n0\r\n\r\n");
    expect(options.counters).toMatchObject({ uploaded: 6, requests: stream.sent.length });
  });

  test("takes nothing more from the source while the stream is full", async () => {
    const stream = new ScriptedStream();
    stream.fill();
    const { body, taken } = bodyOf(bytesOf("one"), bytesOf("two"));
    const done = sendBody(stream, body, setting());
    await turn();
    expect([stream.sent, taken()]).toEqual(["one", 1]);
    await stream.drain();
    expect(await done).toBe("sent");
    expect(stream.sent).toBe("onetwo");
  });

  test("stops before the next chunk, and sends no last one", async () => {
    const stream = new ScriptedStream();
    const { body, taken } = bodyOf(bytesOf("one"), bytesOf("two"), bytesOf("three"));
    const isStopped = (): boolean => stream.sent.includes("one");
    expect(await sendBody(stream, body, setting(true, isStopped))).toBe("stopped");
    expect([stream.sent, taken()]).toEqual(["3\r\none\r\n", 2]);
  });

  test("stopped behind the last chunk, it does not end the body", async () => {
    const stream = new ScriptedStream();
    const { body } = bodyOf(bytesOf("one"));
    const isStopped = (): boolean => stream.sent.includes("one");
    expect(await sendBody(stream, body, setting(true, isStopped))).toBe("stopped");
    expect(stream.sent).not.toContain("0\r\n\r\n");
  });

  test("gives others a turn every 4 MiB of a path that is never full", async () => {
    const options = setting();
    const parts = Array.from({ length: 12 }, () => new Uint8Array(MIB));
    await sendBody(new ScriptedStream(), bodyOf(...parts).body, options);
    expect(options.clock.yields).toBe(3);
  });

  test("needs not where the stream was full now and then", async () => {
    const options = setting();
    const stream = new ScriptedStream();
    let writes = 0;
    stream.write = () => (writes++ % 3 === 0 ? Promise.resolve() : undefined);
    const parts = Array.from({ length: 12 }, () => new Uint8Array(MIB));
    await sendBody(stream, bodyOf(...parts).body, options);
    expect([writes, options.clock.yields]).toEqual([12, 0]);
  });

  test("passes on what the source and the stream throw", async () => {
    const broken = new ScriptedStream();
    broken.close();
    expect(sendBody(broken, bodyOf(bytesOf("x")).body, setting())).rejects.toThrow();
    const gone = new Error("gone");
    const source: RequestBody = {
      type: null,
      sizeBytes: 1,
      replayable: true,
      // biome-ignore lint/correctness/useYield: a source that fails before its first byte
      async *open() {
        throw gone;
      },
    };
    expect(sendBody(new ScriptedStream(), source, setting())).rejects.toBe(gone);
  });
});
