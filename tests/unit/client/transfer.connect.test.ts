import { describe, expect, test } from "bun:test";
import type { Transfer } from "../../../src/client/transfer.ts";
import { CurlError } from "../../../src/error.ts";
import { ScriptedStream } from "../../support/client/scripted-stream.ts";
import { moved, ok, started, TransferRun } from "../../support/client/transfer-run.ts";

const A = "http://a.example/";
const B = "http://b.example/";
const SECURE = "https://a.example/";
const FOLLOW: Partial<Transfer> = { redirects: { follow: true, maxRedirects: 3 } };

function limits(connectTimeoutMs: number, maxTimeMs: number): Partial<Transfer> {
  return { limits: { connectTimeoutMs, maxTimeMs } };
}

/** The connection that was made `index`th. */
function made(run: TransferRun, index: number): ScriptedStream {
  const stream = run.made[index];
  if (!stream) throw new Error(`there are ${run.made.length} connections`);
  return stream;
}

describe("transfer: a fresh connection", () => {
  test("is made where none is kept, counted, and kept for the next one", async () => {
    const run = new TransferRun(A);
    await run.start();
    await made(run, 0).receive(ok("x"));
    expect(run.outcome).toMatchObject({ connection: { id: 0 }, counters: { connectCount: 1 } });
    expect(made(run, 0).isOpen).toBe(true);
    const kept = run.events.some(({ type }) => type === "connection-kept");
    expect([run.result, kept]).toEqual(["0", true]);
  });

  test("that ends before a reply is 52, and is not tried again", async () => {
    const run = new TransferRun(A);
    await run.start();
    await made(run, 0).end();
    expect(run.result).toBe("52 Empty reply from server");
    expect([run.made.length, run.outcome.counters.connectCount]).toEqual([1, 1]);
    expect(run.events.some(({ type }) => type === "connection-died")).toBe(false);
  });

  test("that is reset before a reply is 56, and is not tried again", async () => {
    const run = new TransferRun(A);
    await run.start();
    await made(run, 0).break();
    expect(run.result).toBe("56 Recv failure: Connection reset by peer");
    expect(run.made).toHaveLength(1);
  });

  test("follows a kept one that is dead", async () => {
    const run = new TransferRun(A);
    const dead = run.keep(A, new ScriptedStream(7).dieOnWrite());
    await run.start();
    await made(run, 0).receive(ok("fine"));
    expect([run.result, run.sink.body, dead.isClosed]).toEqual(["0", "fine", true]);
    expect(run.outcome).toMatchObject({
      connection: made(run, 0).connection,
      counters: { connectCount: 1 },
    });
  });

  test("that follows a dead one is as final as any", async () => {
    const run = new TransferRun(A);
    run.keep(A, new ScriptedStream(7).dieOnWrite());
    await run.start();
    await made(run, 0).end();
    expect(run.result).toBe("52 Empty reply from server");
    expect(run.made).toHaveLength(1);
  });

  test("is made for each place that redirects lead to", async () => {
    const run = new TransferRun(A, FOLLOW);
    await run.start();
    await made(run, 0).receive(moved(B));
    await made(run, 1).receive(ok("there"));
    expect(run.outcome).toMatchObject({
      connection: { id: 1 },
      counters: { connectCount: 2, redirectCount: 1 },
    });
  });

  test("that cannot be made ends the transfer, and counts for nothing", async () => {
    const run = new TransferRun(A);
    run.refusal = new CurlError("COULDNT_CONNECT", "Failed to connect");
    await run.start();
    expect(run.result).toBe("7 Failed to connect");
    expect(run.outcome.connection).toBeUndefined();
    expect([run.outcome.counters.connectCount, run.sink.finishes]).toEqual([0, 1]);
  });
});

describe("transfer: times of a connect", () => {
  test("say when its steps were over, TLS's only where there is TLS", async () => {
    for (const [url, appConnectMs] of [
      [A, 0],
      [SECURE, 20],
    ] as const) {
      const run = new TransferRun(url, FOLLOW);
      const first = run.keep(url);
      await run.start();
      await run.clock.advance(20);
      const next = url.replace("a.example", "b.example");
      await first.receive(moved(next));
      await run.clock.advance(10);
      await made(run, 0).receive(ok("x"));
      expect(run.outcome.timings).toMatchObject({
        redirectMs: 20,
        nameLookupMs: 20,
        connectMs: 20,
        appConnectMs,
        startTransferMs: 30,
        totalMs: 30,
      });
    }
  });

  test("a limit names the step that it ended", async () => {
    for (const [url, hangsIn, text] of [
      [A, "look-up", "Resolving timed out after 300 milliseconds"],
      [A, "handshake", "Connection timed out after 300 milliseconds"],
      [SECURE, "TLS", "Connection timed out after 300 milliseconds"],
    ] as const) {
      for (const given of [limits(300, 0), limits(0, 300)]) {
        const run = new TransferRun(url, given);
        run.hangsIn = hangsIn;
        await run.start();
        await run.clock.advance(299);
        expect(run.isDone).toBe(false);
        await run.clock.advance(1);
        expect([run.result, run.clock.pending]).toEqual([`28 ${text}`, 0]);
      }
    }
  });

  test("--connect-timeout begins anew for the connection that follows a dead one", async () => {
    const run = new TransferRun(A, limits(300, 0));
    const dies = run.keep(A);
    run.hangsIn = "handshake";
    await run.start();
    await run.clock.advance(10_000);
    await dies.break();
    await run.clock.advance(299);
    expect(run.isDone).toBe(false);
    await run.clock.advance(1);
    expect(run.result).toBe("28 Connection timed out after 300 milliseconds");
  });
});

describe("transfer: a sink that never finishes", () => {
  test("is waited for until --max-time, then it is 28", async () => {
    const { run, stream } = await started(A, limits(100, 2000));
    run.sink.busyAt = /^finish/;
    await stream.receive(ok("hello"));
    await run.clock.advance(1999);
    expect(run.isDone).toBe(false);
    await run.clock.advance(1);
    expect(run.result).toBe(
      "28 Operation timed out after 2000 milliseconds with 5 out of 5 bytes received",
    );
    expect([run.sink.finishes, run.clock.pending]).toEqual([1, 0]);
  });

  test("is not waited for behind a limit that was reached", async () => {
    const { run } = await started(A, limits(0, 2000));
    run.sink.busyAt = /^finish/;
    await run.clock.advance(2000);
    expect(run.result).toBe("28 Operation timed out after 2000 milliseconds with 0 bytes received");
  });

  test("does not hide why the transfer failed", async () => {
    const { run, stream } = await started(A, limits(0, 2000));
    run.sink.busyAt = /^finish/;
    await stream.receive("HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n");
    await run.clock.advance(2000);
    expect(run.result).toStartWith("8 ");
  });

  test("is let go when the transfer is ended from outside", async () => {
    const { run, stream } = await started(A);
    run.sink.busyAt = /^finish/;
    await stream.receive(ok("hello"));
    run.abort.abort(new CurlError("WRITE_ERROR", "nobody reads"));
    await run.clock.advance(0);
    expect(run.result).toBe("23 nobody reads");
  });

  test("a bug in finish() goes on as it is, whatever failed before", async () => {
    const run = new TransferRun(A);
    run.refusal = new CurlError("COULDNT_CONNECT", "Failed to connect");
    run.sink.failsAt = (call) => (call === "finish" ? new TypeError("a bug") : undefined);
    await run.start();
    expect(() => run.outcome).toThrow(TypeError);
  });
});
