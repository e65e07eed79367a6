import { describe, expect, test } from "bun:test";
import { bytesOf } from "../../../src/bytes.ts";
import type { Transfer } from "../../../src/client/transfer.ts";
import { CurlError } from "../../../src/error.ts";
import { memoryBody } from "../../../src/http/body/request-body.ts";
import { slowBody } from "../../support/client/exchange-run.ts";
import { reset, ScriptedStream } from "../../support/client/scripted-stream.ts";
import {
  moved,
  ok,
  pipe,
  requestOf as request,
  started,
  TransferRun,
} from "../../support/client/transfer-run.ts";
import { turn } from "../../support/client/virtual-clock.ts";

const A = "http://a.example/";
const B = "http://b.example/";
const FOLLOW: Partial<Transfer> = { redirects: { follow: true, maxRedirects: 3 } };
const BASIC = "Authorization: Basic dTpw\r\n";

describe("transfer", () => {
  test("gives the response to the sink, and its facts as outcome", async () => {
    const limits = { connectTimeoutMs: 5000, maxTimeMs: 5000 };
    const { run, stream } = await started(A, { limits });
    await run.clock.advance(30);
    await stream.receive(ok("hello"));
    expect(run.sink.calls).toEqual(["final HTTP/1.1 200 OK", "begin 200", "write hello", "finish"]);
    expect(run.outcome).toMatchObject({
      method: "GET",
      head: { status: 200 },
      redirectUrl: null,
      connection: stream.connection,
      counters: { downloaded: 5, downloadTotal: 5, delivered: 5, connectCount: 0 },
      timings: { nameLookupMs: 0, connectMs: 0, startTransferMs: 30, totalMs: 30 },
    });
    expect(run.outcome.error).toBeUndefined();
    expect(run.clock.pending).toBe(0);
  });

  test("keeps the connection for the next transfer, and closes one that cannot go on", async () => {
    const { run: keeps, stream: kept } = await started(A);
    await kept.receive(ok(""));
    expect([kept.isOpen, kept.isReferenced]).toEqual([true, false]);
    expect(keeps.events.at(-1)).toMatchObject({ type: "connection-kept", connectionId: 0 });

    const { run: closes, stream: closed } = await started(A);
    await closed.receive(ok("", "Connection: close"));
    expect(closed.isClosed).toBe(true);
    expect(closes.events.at(-1)).toMatchObject({
      type: "connection-closed",
      reason: "server-asked",
    });
  });

  test("a server that speaks 1.0 gets 1.0 on that connection", async () => {
    const { stream } = await started(A, FOLLOW);
    stream.takeSent();
    await stream.receive(
      "HTTP/1.0 302 Found\r\nLocation: /b\r\nConnection: keep-alive\r\nContent-Length: 0\r\n\r\n",
    );
    expect(stream.sent).toStartWith("GET /b HTTP/1.0\r\n");
  });

  test("a status of 400 and up is no error, under -f one without body, else one behind the body", async () => {
    const reply = "HTTP/1.1 404 No\r\nContent-Length: 4\r\n\r\nsad!";
    const table = [
      ["no", "0", "sad!"],
      ["without-body", "22 The requested URL returned error: 404", ""],
      ["with-body", "22 The requested URL returned error: 404", "sad!"],
    ] as const;
    for (const [failOnStatus, result, body] of table) {
      const { run, stream } = await started(A, { failOnStatus });
      await stream.receive(reply);
      expect([failOnStatus, run.result, run.sink.body]).toEqual([failOnStatus, result, body]);
      expect(run.sink.calls[0]).toBe("final HTTP/1.1 404 No");
    }
  });

  test("a body cut short is 18, what came of it was delivered", async () => {
    const { run, stream } = await started(A);
    await stream.receive("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf");
    await stream.end();
    expect(run.result).toBe("18 end of response with 5 bytes missing");
    expect(run.sink.body).toBe("half");
    expect(stream.isClosed).toBe(true);
  });

  test("finish() is called once whatever happens, and its error counts where there is no other", async () => {
    const full = new CurlError("WRITE_ERROR", "disk full");
    const late = new TransferRun(A);
    const stream = late.keep(A);
    late.sink.failsAt = (call) => (call === "finish" ? full : undefined);
    await late.start();
    await stream.receive(ok("x"));
    expect([late.result, late.sink.finishes]).toEqual(["23 disk full", 1]);

    const earlier = new TransferRun(A);
    const other = earlier.keep(A);
    earlier.sink.failsAt = (call) => (call === "finish" ? full : undefined);
    await earlier.start();
    await other.receive("HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n");
    expect(earlier.result).toStartWith("8 ");
    expect(earlier.sink.finishes).toBe(1);
  });

  test("a sink that throws ends it with that error, and the connection with it", async () => {
    const run = new TransferRun(A);
    const stream = run.keep(A);
    run.sink.failsAt = (call) =>
      call.startsWith("write") ? new CurlError("WRITE_ERROR", "disk full") : undefined;
    await run.start();
    await stream.receive(ok("hello"));
    expect([run.result, stream.isClosed]).toEqual(["23 disk full", true]);
    expect(run.sink.outcome?.error?.message).toBe("disk full");
  });

  test("a bug goes on as it is", async () => {
    const run = new TransferRun(A);
    const stream = run.keep(A);
    run.sink.failsAt = () => new TypeError("a bug");
    await run.start();
    await stream.receive(ok("hello"));
    expect(() => run.outcome).toThrow(TypeError);
    expect([stream.isClosed, run.clock.pending]).toEqual([true, 0]);
  });
});

test("transfer: ended before it began sends nothing, and the kept connection stays", async () => {
  const run = new TransferRun(A);
  const stream = run.keep(A);
  run.abort.abort(new CurlError("WRITE_ERROR", "nobody reads"));
  await run.start();
  expect([run.result, stream.sent, stream.isOpen]).toEqual(["23 nobody reads", "", true]);
});

describe("transfer: time", () => {
  const limits = (connectTimeoutMs: number, maxTimeMs: number): Partial<Transfer> => ({
    limits: { connectTimeoutMs, maxTimeMs },
  });

  test("--max-time ends an exchange, which --connect-timeout does not, and says what came", async () => {
    const { run, stream } = await started(A, limits(100, 2000));
    await stream.receive("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf");
    await run.clock.advance(1999);
    expect(run.isDone).toBe(false);
    await run.clock.advance(1);
    expect(run.result).toBe(
      "28 Operation timed out after 2000 milliseconds with 4 out of 9 bytes received",
    );
    expect(stream.isClosed).toBe(true);
  });

  test("--max-time ends it while the sink is stuck", async () => {
    const run = new TransferRun(A, limits(0, 2000));
    const stream = run.keep(A);
    run.sink.busyAt = /^write/;
    await run.start();
    await stream.receive("HTTP/1.1 200 OK\r\n\r\nsome");
    expect(stream.isPaused).toBe(true);
    await run.clock.advance(2000);
    expect(run.result).toBe("28 Operation timed out after 2000 milliseconds with 4 bytes received");
  });

  test("--max-time covers all redirects together", async () => {
    const { run, stream } = await started(A, { ...FOLLOW, ...limits(0, 2000) });
    await run.clock.advance(1500);
    await stream.receive(moved("/b"));
    await run.clock.advance(499);
    expect(run.isDone).toBe(false);
    await run.clock.advance(1);
    expect(run.result).toStartWith("28 Operation timed out after 2000 milliseconds");
  });

  test("--connect-timeout ends a name that is not answered, --max-time too where it is nearer", async () => {
    for (const [given, text] of [
      [limits(300, 0), "28 Resolving timed out after 300 milliseconds"],
      [limits(300, 200), "28 Resolving timed out after 200 milliseconds"],
      [limits(0, 700), "28 Resolving timed out after 700 milliseconds"],
    ] as const) {
      const run = new TransferRun(A, given);
      run.hangsIn = "look-up";
      await run.start();
      await run.clock.advance(5000);
      expect(run.result).toBe(text);
      expect(run.sink.finishes).toBe(1);
    }
  });

  test("each redirect's connect has the whole of --connect-timeout", async () => {
    const run = new TransferRun(A, { ...FOLLOW, ...limits(300, 0) });
    const stream = run.keep(A);
    run.hangsIn = "look-up";
    await run.start();
    await run.clock.advance(10_000);
    await stream.receive(moved(B));
    await run.clock.advance(299);
    expect(run.isDone).toBe(false);
    await run.clock.advance(1);
    expect(run.result).toBe("28 Resolving timed out after 300 milliseconds");
  });
});

describe("transfer: redirects", () => {
  test("are followed on the same connection; what they brought is not delivered", async () => {
    const { run, stream } = await started(A, FOLLOW);
    await stream.receive(moved("/b?c"));
    expect(stream.writes[1]).toStartWith("GET /b?c HTTP/1.1\r\nHost: a.example\r\n");
    await stream.receive(ok("here"));
    expect(run.sink.calls).toEqual([
      "intermediate HTTP/1.1 302 Moved",
      "final HTTP/1.1 200 OK",
      "begin 200",
      "write here",
      "finish",
    ]);
    expect(run.outcome).toMatchObject({
      effectiveUrl: { path: "/b", query: "c" },
      redirectUrl: null,
      counters: { redirectCount: 1, downloaded: 4 },
    });
    expect(run.outcome.heads.map(({ status }) => status)).toEqual([302, 200]);
  });

  test("without -L are an answer, which says where it leads", async () => {
    const { run, stream } = await started(A);
    await stream.receive(moved("/b"));
    expect(run.sink.body).toBe("moved");
    expect(run.outcome.redirectUrl).toBe("http://a.example/b");
  });

  test("end with 47 at the limit, the last head shown and its body not", async () => {
    const { run, stream } = await started(A, FOLLOW);
    for (let hop = 0; hop < 4; hop++) await stream.receive(moved("/again"));
    expect(run.result).toBe("47 Maximum (3) redirects followed");
    expect([stream.writes.length, run.sink.body]).toEqual([4, ""]);
  });

  test("to another origin leave -u, -H Authorization, -H Cookie and -H Host behind, and back they come again", async () => {
    const secrets = request({
      headers: [
        { kind: "set", name: "Cookie", value: "c=1" },
        { kind: "set", name: "X-Own", value: "stays" },
      ],
    });
    const run = new TransferRun(A, {
      ...FOLLOW,
      request: secrets,
      credentials: { user: "u", password: "p" },
    });
    const [a, b] = [run.keep(A), run.keep(B)];
    await run.start();
    expect(a.takeSent()).toContain(BASIC);
    await a.receive(moved(B));
    const away = b.takeSent();
    expect(away).toContain("Host: b.example\r\n");
    expect(away).toContain("X-Own: stays\r\n");
    expect(away).not.toMatch(/authorization|cookie/i);
    await b.receive(moved(A));
    const back = a.takeSent();
    expect(back).toContain(BASIC);
    expect(back).toContain("Cookie: c=1\r\n");
  });

  test("credentials of a URL stay with it, and those of a Location are used", async () => {
    const run = new TransferRun("http://u:p@a.example/", FOLLOW);
    const [a, b] = [run.keep(A), run.keep(B)];
    await run.start();
    expect(a.takeSent()).toContain(BASIC);
    await a.receive(moved("/same"));
    expect(a.takeSent()).toContain(BASIC);
    await a.receive(moved(B));
    expect(b.takeSent()).not.toContain("Authorization");
    await b.receive(moved("http://x:y@a.example/"));
    expect(a.takeSent()).toContain(`Authorization: Basic ${btoa("x:y")}\r\n`);
  });

  test("send a body again at 307, and drop it at 303", async () => {
    const { stream } = await started(A, {
      ...FOLLOW,
      request: request({ method: "POST" }),
      body: memoryBody(bytesOf("a=1"), null),
    });
    await stream.receive(moved("/again", 307));
    await stream.receive(moved("/done", 303));
    expect(stream.writes.map((text) => text.split(" ", 1)[0])).toEqual(["POST", "POST", "GET"]);
    expect(stream.writes.map((text) => text.endsWith("\r\n\r\na=1"))).toEqual([true, true, false]);
  });

  test("end with 65 where the body came from a pipe, and the connection is let go", async () => {
    const { run, stream } = await started(A, {
      ...FOLLOW,
      request: request({ method: "PUT", headers: [{ kind: "remove", name: "Expect" }] }),
      body: pipe("once"),
    });
    await stream.receive(moved("/again", 307));
    expect(run.result).toStartWith("65 seek callback returned error 2");
    expect(stream.isClosed).toBe(true);
  });

  test("a pipe that was not read yet can go elsewhere", async () => {
    const run = new TransferRun(A, {
      ...FOLLOW,
      request: request({ method: "PUT" }),
      body: pipe("once"),
    });
    const [a, b] = [run.keep(A), run.keep(B)];
    await run.start();
    await a.receive(moved(B, 307));
    await b.receive("HTTP/1.1 100 Continue\r\n\r\n");
    expect(b.sent).toEndWith("4\r\nonce\r\n0\r\n\r\n");
  });

  test("under ;auto name the URL before as referer, without its secrets", async () => {
    const { stream } = await started("http://u:p@a.example/x#f", {
      ...FOLLOW,
      request: request({ refererAuto: true }),
    });
    stream.takeSent();
    await stream.receive(moved("/b"));
    expect(stream.sent).toContain("Referer: http://a.example/x\r\n");
  });
});

describe("transfer: a kept connection that is dead", () => {
  test("is replaced, and nobody hears of it", async () => {
    const run = new TransferRun(A);
    const alive = run.keep(A);
    const dead = run.keep(A, new ScriptedStream(7).dieOnWrite());
    await run.start();
    expect([dead.writes.length, alive.writes.length]).toEqual([1, 1]);
    await alive.receive(ok("fine"));
    expect([run.result, run.sink.body]).toEqual(["0", "fine"]);
    expect(run.events).toContainEqual({ type: "connection-died", retry: 1 });
  });

  test("is replaced five times and no more", async () => {
    const run = new TransferRun(A);
    const dead = Array.from({ length: 7 }, (_, id) =>
      run.keep(A, new ScriptedStream(id).dieOnWrite()),
    );
    await run.start();
    expect(dead.filter(({ writes }) => writes.length > 0)).toHaveLength(6);
    expect(run.result).toBe("56 Recv failure: Connection reset by peer");
  });

  test("is replaced where it ended in order, or in the writing", async () => {
    for (const error of [
      new CurlError("GOT_NOTHING", "Empty reply from server"),
      new CurlError("SEND_ERROR", "Send failure: Broken pipe"),
    ]) {
      const run = new TransferRun(A);
      const alive = run.keep(A);
      run.keep(A, new ScriptedStream(1).dieOnWrite(error));
      await run.start();
      expect(alive.writes).toHaveLength(1);
    }
  });

  const BEGINNINGS = [
    "H",
    "HTTP/1.1 200 OK\r\nContent-Le",
    "HTTP/1.1 100 Continue\r\n\r\n",
    "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhal",
  ];
  for (const beginning of BEGINNINGS) {
    test(`is not replaced once it said ${JSON.stringify(beginning)}`, async () => {
      const run = new TransferRun(A);
      const alive = run.keep(A);
      const dies = run.keep(A);
      await run.start();
      await dies.receive(beginning);
      await dies.break(reset());
      expect([run.result, alive.writes.length]).toEqual([
        "56 Recv failure: Connection reset by peer",
        0,
      ]);
    });
  }

  test("is not replaced for a reply that cannot be read", async () => {
    const run = new TransferRun(A);
    const other = run.keep(A);
    const talks = run.keep(A);
    await run.start();
    await talks.receive(
      "HTTP/1.1 200 OK\r\n",
      ...Array.from({ length: 4 }, () => `X: ${"x".repeat(90_000)}\r\n`),
    );
    expect(run.result).toStartWith("56 Too large response headers");
    expect(other.writes).toHaveLength(0);
  });

  test("gets a body again that can be had again, and one from a pipe not", async () => {
    const put = request({ method: "PUT", headers: [{ kind: "remove", name: "Expect" }] });
    const again = new TransferRun(A, { request: put, body: memoryBody(bytesOf("text"), null) });
    const alive = again.keep(A);
    again.keep(A, new ScriptedStream(1).dieOnWrite());
    await again.start();
    expect(alive.sent).toEndWith("\r\n\r\ntext");

    const once = new TransferRun(A, { request: put, body: pipe("text") });
    const unused = once.keep(A);
    const dies = once.keep(A);
    await once.start();
    await dies.break(reset());
    expect(once.result).toStartWith("56 ");
    expect(unused.writes).toHaveLength(0);
  });

  test("is not replaced where the transfer was ended from outside", async () => {
    const run = new TransferRun(A);
    const [unused] = [run.keep(A), run.keep(A)];
    await run.start();
    run.abort.abort(reset());
    await turn();
    const died = run.events.some(({ type }) => type === "connection-died");
    expect([run.result, unused?.sent, died]).toEqual([`56 ${reset().message}`, "", false]);
  });
});

describe("transfer: 417", () => {
  const NO = "HTTP/1.1 417 Expectation Failed\r\nContent-Length: 3\r\n\r\nno!";
  const expects = request({
    method: "POST",
    headers: [{ kind: "set", name: "Expect", value: "100-continue" }],
  });
  const body = memoryBody(bytesOf("a=1"), null);

  test("asks again without Expect, on the same connection; the first answer is passed over", async () => {
    const { run, stream } = await started(A, { request: expects, body });
    expect(stream.takeSent()).toContain("Expect: 100-continue\r\n");
    await stream.receive(NO);
    expect(stream.sent).not.toContain("Expect");
    expect(stream.sent).toEndWith("\r\n\r\na=1");
    await stream.receive(ok("taken"));
    expect([run.result, run.sink.body]).toEqual(["0", "taken"]);
    expect(run.sink.calls.filter((call) => call.startsWith("begin"))).toEqual(["begin 200"]);
  });

  test("a second one is the answer", async () => {
    const { run, stream } = await started(A, { request: expects, body });
    await stream.receive(NO, NO);
    expect([run.result, run.sink.body, stream.writes.length]).toEqual(["0", "no!", 2]);
  });

  test("is the answer where nothing was expected", async () => {
    const { run, stream } = await started(A, { request: request({ method: "POST" }), body });
    await stream.receive(NO);
    expect([run.result, run.sink.body]).toEqual(["0", "no!"]);
  });

  test("asks again after a redirect that had taken the body already", async () => {
    const { run, stream } = await started(A, { ...FOLLOW, request: expects, body });
    await stream.receive("HTTP/1.1 100 Continue\r\n\r\n", moved("/again", 307));
    await stream.receive(NO);
    await stream.receive(ok("taken"));
    expect([run.result, run.sink.body]).toEqual(["0", "taken"]);
    expect(run.sink.calls.filter((call) => call.startsWith("begin"))).toEqual(["begin 200"]);
  });

  test("is the answer, once, where the body had begun", async () => {
    const { body: slow, give } = slowBody();
    const { run, stream } = await started(A, { request: expects, body: slow });
    await run.clock.advance(1000);
    await stream.receive(NO);
    await give("a=1");
    expect([run.result, run.sink.body]).toEqual(["0", "no!"]);
    expect(run.sink.finishes).toBe(1);
  });
});

describe("transfer: a sink that is full", () => {
  test("holds the connection back, loses nothing and keeps the order", async () => {
    const run = new TransferRun(A);
    const stream = run.keep(A);
    run.sink.busyAt = /^(write|begin|final)/;
    await run.start();
    await stream.receive("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nab", "cd", "ef");
    const bodies: string[] = [];
    while (!run.isDone) {
      bodies.push(`${run.sink.body}${stream.isPaused ? " paused" : ""}`);
      await run.sink.release();
    }
    expect(bodies).toEqual([" paused", " paused", "ab paused", "abcd paused", "abcdef paused"]);
    expect(run.sink.body).toBe("abcdef");
  });

  test("at the end keeps the outcome back", async () => {
    const run = new TransferRun(A);
    const stream = run.keep(A);
    run.sink.busyAt = /^finish/;
    await run.start();
    await stream.receive(ok("x"));
    expect(run.isDone).toBe(false);
    await run.sink.release();
    expect(run.result).toBe("0");
  });
});
