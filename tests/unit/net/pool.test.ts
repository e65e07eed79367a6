import { describe, expect, test } from "bun:test";
import { Pool } from "../../../src/net/pool.ts";
import { ScriptedStream } from "../../support/client/scripted-stream.ts";
import { VirtualClock } from "../../support/client/virtual-clock.ts";

const MAX_IDLE_MS = 118_000;

function pool(): { pool: Pool; clock: VirtualClock } {
  const clock = new VirtualClock();
  return { pool: new Pool(clock), clock };
}

describe("Pool", () => {
  test("gives a connection to its place only, and once; what idles holds no process", () => {
    const { pool: kept } = pool();
    const stream = new ScriptedStream();
    kept.put("a", stream);
    expect(stream.isReferenced).toBe(false);
    expect(kept.take("b")).toBeNull();
    expect(kept.take("a")).toBe(stream);
    expect(kept.take("a")).toBeNull();
    expect([stream.isOpen, stream.isReferenced]).toEqual([true, true]);
  });

  test("gives the one that idled shortest", async () => {
    const { pool: kept, clock } = pool();
    const [older, newer] = [new ScriptedStream(0), new ScriptedStream(1)];
    kept.put("a", older);
    await clock.advance(1000);
    kept.put("a", newer);
    expect([kept.take("a"), kept.take("a")]).toEqual([newer, older]);
  });

  test("keeps 118 s and no longer", async () => {
    const { pool: kept, clock } = pool();
    const [stays, goes] = [new ScriptedStream(), new ScriptedStream()];
    kept.put("stays", stays);
    kept.put("goes", goes);
    await clock.advance(MAX_IDLE_MS);
    expect(kept.take("stays")).toBe(stays);
    await clock.advance(1);
    expect(kept.take("goes")).toBeNull();
    expect(goes.isClosed).toBe(true);
  });

  test("closes a connection that says something unasked, ends or breaks", async () => {
    const { pool: kept } = pool();
    const [talks, ends, breaks] = [1, 2, 3].map((id) => new ScriptedStream(id));
    for (const stream of [talks, ends, breaks]) if (stream) kept.put("a", stream);
    await talks?.receive("HTTP/1.1 408 Request Timeout\r\n\r\n");
    await ends?.end();
    await breaks?.break();
    expect([talks, ends, breaks].map((stream) => stream?.isClosed)).toEqual([true, true, true]);
    expect(kept.take("a")).toBeNull();
  });

  test("closes what had said something before it was kept", async () => {
    const { pool: kept } = pool();
    const stream = new ScriptedStream();
    await stream.receive("excess");
    kept.put("a", stream);
    expect(stream.isClosed).toBe(true);
    expect(kept.take("a")).toBeNull();
  });

  test("one that goes takes no other with it", async () => {
    const { pool: kept } = pool();
    const [first, second] = [new ScriptedStream(0), new ScriptedStream(1)];
    kept.put("a", first);
    kept.put("a", second);
    await second.end();
    expect([kept.take("a"), kept.take("a")]).toEqual([first, null]);
  });

  test("does not listen on a connection that it gave away", async () => {
    const { pool: kept } = pool();
    const stream = new ScriptedStream();
    kept.put("a", stream);
    kept.take("a");
    await stream.receive("HTTP/1.1 200 OK");
    expect(stream.isClosed).toBe(false);
  });

  test("close ends all that idles", () => {
    const { pool: kept } = pool();
    const streams = [new ScriptedStream(0), new ScriptedStream(1), new ScriptedStream(2)];
    for (const [index, stream] of streams.entries()) kept.put(`place ${index % 2}`, stream);
    kept.close();
    expect(streams.every((stream) => stream.isClosed)).toBe(true);
    expect(kept.take("place 0")).toBeNull();
  });
});
