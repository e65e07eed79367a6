import { describe, expect, test } from "bun:test";
import { bytesOf } from "../../../src/bytes.ts";
import type { ExchangeRequest } from "../../../src/client/exchange.ts";
import { CurlError } from "../../../src/error.ts";
import { HeaderList } from "../../../src/headers.ts";
import { memoryBody, type RequestBody } from "../../../src/http/body/request-body.ts";
import { begin, type Running, slowBody } from "../../support/client/exchange-run.ts";
import { reset } from "../../support/client/scripted-stream.ts";
import { turn } from "../../support/client/virtual-clock.ts";

const OK = "HTTP/1.1 200 OK\r\n";
const LONG = "x".repeat(20_000);

function closeReason(run: Running): string | null {
  const outcome = run.outcome();
  if (outcome === null || typeof outcome === "string") return `not done: ${outcome}`;
  return outcome.closeReason;
}

describe("exchange: a request without body", () => {
  test("sends the head, gives the response in order, and leaves the stream open and unread", async () => {
    const run = await begin();
    expect(run.stream.sent).toBe("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
    await run.stream.receive(`${OK}Content-Length: 5\r\n\r\nhel`, "lo");
    expect(run.notes.events).toEqual(["head 200", "data hel", "data lo", "end"]);
    expect(run.outcome()).toMatchObject({ closeReason: null, expectationFailed: false });
    expect([run.stream.isOpen, run.stream.isRead, run.stream.isPaused]).toEqual([
      true,
      false,
      false,
    ]);
  });

  test("reaches its moments in order, the first byte once", async () => {
    const run = await begin();
    await run.stream.receive("HTTP/1.1 100 Continue\r\n\r\n", `${OK}Content-Length: 0\r\n\r\n`);
    expect(run.steps).toEqual(["sending", "sent", "first-byte"]);
    expect(run.trace).toEqual(["request-head", "request-sent", "response-head", "response-head"]);
  });

  test("counts the bytes of heads and request; trailers are not among them", async () => {
    const run = await begin();
    const head = `${OK}Transfer-Encoding: chunked\r\n\r\n`;
    await run.stream.receive(`${head}3\r\nabc\r\n0\r\nT: 1\r\n\r\n`);
    expect(run.notes.events).toEqual(["head 200", "data abc", "trailers T: 1\r\n", "end"]);
    expect(run.counters).toMatchObject({
      requests: run.stream.sent.length,
      headers: head.length,
      downloadTotal: null,
    });
  });

  test("any number of 1xx come before the response", async () => {
    const run = await begin();
    const hints = "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n";
    await run.stream.receive(hints + hints, "HTTP/1.1 204 No Content\r\n\r\n");
    expect(run.notes.events).toEqual(["1xx 103", "1xx 103", "head 204", "end"]);
    expect(closeReason(run)).toBeNull();
  });

  test("the response to HEAD has no body, whatever it says", async () => {
    const run = await begin({ impliedMethod: "HEAD" });
    await run.stream.receive(`${OK}Content-Length: 5\r\n\r\n`);
    expect(run.notes.events).toEqual(["head 200", "end"]);
  });

  test("-X's word decides nothing about the body", async () => {
    const head = {
      method: "HEAD",
      target: "/",
      version: "1.1",
      fields: new HeaderList(),
    } as const;
    const run = await begin({ head, impliedMethod: "GET" });
    await run.stream.receive(`${OK}Content-Length: 2\r\n\r\nok`);
    expect(run.notes.events).toEqual(["head 200", "data ok", "end"]);
  });
});

describe("exchange: whether the connection can go on", () => {
  const CASES: readonly (readonly [name: string, reply: string, reason: string | null])[] = [
    ["a length, 1.1", `${OK}Content-Length: 0\r\n\r\n`, null],
    ["chunks", `${OK}Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n`, null],
    ["close", `${OK}Content-Length: 0\r\nConnection: close\r\n\r\n`, "server-asked"],
    ["1.0", "HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n", "http-1.0"],
    [
      "1.0 that keeps alive",
      "HTTP/1.0 200 OK\r\nContent-Length: 0\r\nConnection: keep-alive\r\n\r\n",
      null,
    ],
    ["bytes behind the body", `${OK}Content-Length: 2\r\n\r\nokmore`, "excess-bytes"],
    ["bytes behind no body", "HTTP/1.1 204 No Content\r\n\r\nx", "excess-bytes"],
  ];
  for (const [name, reply, reason] of CASES) {
    test(`${name}: ${reason ?? "kept"}`, async () => {
      const run = await begin();
      await run.stream.receive(reply);
      expect(closeReason(run)).toBe(reason);
    });
  }

  test("the client's own Connection: close", async () => {
    const fields = new HeaderList([["Connection", "close"]]);
    const run = await begin({ head: { method: "GET", target: "/", version: "1.1", fields } });
    await run.stream.receive(`${OK}Content-Length: 0\r\n\r\n`);
    expect(closeReason(run)).toBe("client-asked");
  });

  test("a body that ends with the connection", async () => {
    const run = await begin();
    await run.stream.receive(`${OK}\r\nall of`, " it");
    expect(run.outcome()).toBeNull();
    await run.stream.end();
    expect(run.notes.events.at(-1)).toBe("end");
    expect(closeReason(run)).toBe("close-delimited");
  });
});

describe("exchange: a connection that ends early", () => {
  const CASES: readonly (readonly [name: string, reply: string, outcome: string])[] = [
    ["before any byte is 52", "", "52 Empty reply from server"],
    ["within the status line is 52", "HTTP/1.1 2", "52 Empty reply from server"],
    [
      "within a body of known length is 18",
      `${OK}Content-Length: 10\r\n\r\nhalf`,
      "18 end of response with 6 bytes missing",
    ],
    [
      "within chunks is 18",
      `${OK}Transfer-Encoding: chunked\r\n\r\n5\r\nab`,
      "18 transfer closed with outstanding read data remaining",
    ],
  ];
  for (const [name, reply, outcome] of CASES) {
    test(`${name}, and the stream is closed`, async () => {
      const run = await begin();
      await run.stream.receive(reply);
      await run.stream.end();
      expect(run.outcome()).toBe(outcome);
      expect(run.stream.isClosed).toBe(true);
    });
  }

  test("what came of a cut body was given before the error", async () => {
    const run = await begin();
    await run.stream.receive(`${OK}Content-Length: 10\r\n\r\nhalf`);
    await run.stream.end();
    expect(run.notes.events).toEqual(["head 200", "data half"]);
  });

  test("a stream that breaks gives its own error, a TLS end without close_notify too", async () => {
    const run = await begin();
    await run.stream.receive(`${OK}\r\nbody that ends with the connection`);
    await run.stream.break(new CurlError("RECV_ERROR", "TLS read: unexpected eof"));
    expect(run.outcome()).toBe("56 TLS read: unexpected eof");
  });

  test("once the response is whole, an end does not matter", async () => {
    const run = await begin();
    await run.stream.receive(`${OK}Content-Length: 2\r\n\r\nok`);
    await run.stream.break();
    expect(closeReason(run)).toBeNull();
  });
});

describe("exchange: a receiver that needs time", () => {
  test("pauses the stream at once, loses nothing, keeps the order", async () => {
    const run = await begin({}, (_, notes) => {
      notes.holds = (event) => event.startsWith("data");
    });
    await run.stream.receive(`${OK}Content-Length: 9\r\n\r\nabc`, "def");
    expect(run.stream.isPaused).toBe(true);
    expect(run.notes.events).toEqual(["head 200", "data abc"]);
    await run.stream.receive("ghi");
    await run.notes.release();
    expect(run.notes.events).toEqual(["head 200", "data abc", "data def"]);
    expect(run.stream.isPaused).toBe(true);
    await run.notes.release();
    await run.notes.release();
    expect(run.notes.events).toEqual(["head 200", "data abc", "data def", "data ghi", "end"]);
    expect(run.stream.isPaused).toBe(false);
    expect(closeReason(run)).toBeNull();
  });

  test("one that takes all at once never pauses it", async () => {
    const run = await begin();
    await run.stream.receive(`${OK}Content-Length: 6\r\n\r\nabc`, "def");
    expect(run.stream.pauses).toBe(0);
  });

  test("every kind of event can hold back", async () => {
    const run = await begin({}, (_, notes) => {
      notes.holds = () => true;
    });
    await run.stream.receive(
      `HTTP/1.1 103 Early Hints\r\n\r\n${OK}Transfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\nT: 1\r\n\r\n`,
    );
    for (const last of ["1xx 103", "head 200", "data a", "trailers T: 1\r\n", "end"]) {
      expect([run.notes.events.at(-1), run.outcome(), run.stream.isPaused]).toEqual([
        last,
        null,
        true,
      ]);
      await run.notes.release();
    }
    expect(closeReason(run)).toBeNull();
    expect(run.stream.isPaused).toBe(false);
  });

  test("an end that came meanwhile is seen behind the data", async () => {
    const run = await begin({}, (_, notes) => {
      notes.holds = (event) => event.startsWith("data");
    });
    await run.stream.receive(`${OK}Content-Length: 10\r\n\r\nabc`);
    await run.stream.end();
    expect(run.outcome()).toBeNull();
    await run.notes.release();
    expect(run.outcome()).toBe("18 end of response with 7 bytes missing");
  });

  test("one that throws, at once or later, ends the exchange with its error", async () => {
    const full = new CurlError("WRITE_ERROR", "disk full");
    const atOnce = await begin({}, (_, notes) => {
      notes.throws = (event) => (event.startsWith("data") ? full : undefined);
    });
    await atOnce.stream.receive(`${OK}Content-Length: 9\r\n\r\nabc`);
    expect([atOnce.outcome(), atOnce.stream.isClosed]).toEqual(["23 disk full", true]);
    const later = await begin({}, (_, notes) => {
      notes.data = () => Promise.reject(full);
    });
    await later.stream.receive(`${OK}Content-Length: 9\r\n\r\nabc`);
    expect([later.outcome(), later.stream.isClosed]).toEqual(["23 disk full", true]);
  });

  test("an abort ends the exchange however busy the receiver is", async () => {
    const run = await begin({}, (_, notes) => {
      notes.holds = () => true;
    });
    await run.stream.receive(`${OK}Content-Length: 9\r\n\r\nabc`);
    run.abort.abort(new CurlError("OPERATION_TIMEDOUT", "late"));
    await turn();
    expect([run.outcome(), run.stream.isClosed]).toEqual(["28 late", true]);
    await run.notes.release();
    expect(run.notes.events).toEqual(["head 200"]);
  });
});

test("exchange: an abort before it began sends nothing", async () => {
  const run = await begin({}, (_, __, abort) => abort.abort(new CurlError("WRITE_ERROR", "gone")));
  expect([run.outcome(), run.stream.sent, run.stream.isClosed]).toEqual(["23 gone", "", true]);
});

describe("exchange: a body", () => {
  test("a short one leaves in one write with the head", async () => {
    const run = await begin({ body: memoryBody(bytesOf("a=1"), null) });
    expect(run.stream.writes).toEqual(["POST / HTTP/1.1\r\nHost: h\r\n\r\na=1"]);
    expect(run.counters).toMatchObject({ uploaded: 3, uploadTotal: 3 });
  });

  test("a long one follows the head, and waits for a full socket", async () => {
    const run = await begin({ body: memoryBody(bytesOf(LONG), null) }, (stream) => stream.fill());
    expect(run.stream.writes).toHaveLength(1);
    expect(run.counters.uploaded).toBe(0);
    await run.stream.drain();
    expect(run.stream.sent).toEndWith(`\r\n\r\n${LONG}`);
    expect(run.counters).toMatchObject({
      uploaded: LONG.length,
      requests: run.stream.sent.length,
    });
  });

  test("of unknown length goes out in chunks, as they come", async () => {
    const { body, give } = slowBody();
    const run = await begin({ body, chunked: true });
    run.stream.takeSent();
    await give("hello");
    expect(run.stream.takeSent()).toBe("5\r\nhello\r\n");
    await give("");
    expect(run.stream.takeSent()).toBe("");
    await give("x".repeat(16));
    expect(run.stream.takeSent()).toBe(`10\r\n${"x".repeat(16)}\r\n`);
    await give(null);
    expect(run.stream.takeSent()).toBe("0\r\n\r\n");
    expect(run.counters.uploaded).toBe(21);
    expect(run.outcome()).toBeNull();
    await run.stream.receive(`${OK}Content-Length: 0\r\n\r\n`);
    expect(closeReason(run)).toBeNull();
  });

  test("chunks that were promised without a body end at once", async () => {
    const run = await begin({ chunked: true });
    expect(run.stream.sent).toEndWith("\r\n\r\n0\r\n\r\n");
  });

  test("a source that breaks ends the exchange with its error", async () => {
    const { body, give } = slowBody();
    const run = await begin({ body, chunked: true });
    await give(new CurlError("READ_ERROR", "the file is gone"));
    expect([run.outcome(), run.stream.isClosed]).toEqual(["26 the file is gone", true]);
  });

  test("a connection that breaks before an answer is its error, and the source is closed", async () => {
    const { body, give, state } = slowBody();
    const run = await begin({ body, chunked: true });
    await give("a");
    await run.stream.break();
    await give("b");
    expect(run.outcome()).toBe("56 Recv failure: Connection reset by peer");
    expect(state).toEqual({ opened: 1, closed: 1 });
  });

  test("a header that would break its line sends nothing", async () => {
    const fields = new HeaderList([["X", "a\r\nb"]]);
    const run = await begin({ head: { method: "GET", target: "/", version: "1.1", fields } });
    expect(run.outcome()).toStartWith("43 ");
    expect(run.stream.sent).toBe("");
  });
});

describe("exchange: a body that waits for 100 Continue", () => {
  const waits = (body: RequestBody): Partial<ExchangeRequest> => ({
    body,
    chunked: body.sizeBytes === null,
    expectContinue: true,
  });
  const short = memoryBody(bytesOf("body"), null);

  test("goes out when it comes", async () => {
    const run = await begin(waits(short));
    expect(run.stream.takeSent()).toEndWith("\r\n\r\n");
    await run.stream.receive("HTTP/1.1 100 Continue\r\n\r\n");
    expect(run.stream.sent).toBe("body");
    expect(run.clock.pending).toBe(0);
    await run.stream.receive(`${OK}Content-Length: 0\r\n\r\n`);
    expect(closeReason(run)).toBeNull();
    expect(run.notes.events).toEqual(["1xx 100", "head 200", "end"]);
  });

  test("goes out after 1 s without it", async () => {
    const run = await begin(waits(short));
    run.stream.takeSent();
    await run.clock.advance(999);
    expect(run.stream.sent).toBe("");
    await run.clock.advance(1);
    expect(run.stream.sent).toBe("body");
    expect(run.trace).toContain("continue-timeout");
  });

  test("another 1xx is not it", async () => {
    const run = await begin(waits(short));
    run.stream.takeSent();
    await run.stream.receive("HTTP/1.1 102 Processing\r\n\r\n");
    expect(run.stream.sent).toBe("");
  });

  test("stays here at 417: it may be asked again, on the same connection", async () => {
    const { body, state } = slowBody();
    const run = await begin(waits(body));
    run.stream.takeSent();
    await run.stream.receive("HTTP/1.1 417 Expectation Failed\r\nContent-Length: 0\r\n\r\n");
    expect(run.outcome()).toMatchObject({ closeReason: null, expectationFailed: true });
    expect([state.opened, run.stream.sent, run.clock.pending]).toEqual([0, "", 0]);
  });

  test("a 417 once the body had begun is an answer like others", async () => {
    const { body, give } = slowBody();
    const run = await begin(waits(body));
    await run.clock.advance(1000);
    await run.stream.receive("HTTP/1.1 417 Expectation Failed\r\nContent-Length: 0\r\n\r\n");
    expect(run.outcome()).toMatchObject({
      closeReason: "early-response",
      expectationFailed: false,
    });
    await give("too late");
    expect(run.stream.sent).not.toContain("too late");
  });

  test("stays here at any other final answer from 300 on, and the connection is done", async () => {
    for (const status of [301, 401, 413, 500]) {
      const run = await begin(waits(short));
      run.stream.takeSent();
      await run.stream.receive(`HTTP/1.1 ${status} No\r\nContent-Length: 0\r\n\r\n`);
      await run.clock.advance(5000);
      expect([closeReason(run), run.stream.sent]).toEqual(["early-response", ""]);
      expect(run.trace).toContain("upload-stopped");
    }
  });

  test("a final 2xx without 100 does not keep it from going out", async () => {
    const run = await begin(waits(short));
    run.stream.takeSent();
    await run.stream.receive(`${OK}Content-Length: 0\r\n\r\n`);
    expect(run.outcome()).toBeNull();
    await run.clock.advance(1000);
    expect(run.stream.sent).toBe("body");
    expect(closeReason(run)).toBeNull();
  });

  test("an answer while the head itself still waits stops the body for good", async () => {
    const run = await begin(waits(short), (stream) => stream.fill());
    await run.stream.receive("HTTP/1.1 500 No\r\nContent-Length: 4\r\n\r\n");
    await run.stream.drain();
    await run.clock.advance(5000);
    await run.stream.receive("gone");
    expect(closeReason(run)).toBe("early-response");
    expect(run.stream.sent).not.toContain("body");
  });

  test("100 while the head itself still waits is not waited for again", async () => {
    const run = await begin(waits(short), (stream) => stream.fill());
    await run.stream.receive("HTTP/1.1 100 Continue\r\n\r\n");
    await run.stream.drain();
    expect(run.stream.sent).toEndWith("\r\n\r\nbody");
  });
});

describe("exchange: an answer while the body goes out", () => {
  test("of 300 and up ends the sending between two chunks, and closes the source", async () => {
    const { body, give, state } = slowBody();
    const run = await begin({ body, chunked: true });
    await give("first");
    await run.stream.receive("HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\n\r\nno");
    expect(closeReason(run)).toBe("early-response");
    await give("second");
    expect(run.stream.sent).not.toContain("second");
    expect(state.closed).toBe(1);
    expect(run.notes.events).toEqual(["head 413", "data no", "end"]);
  });

  test("of 2xx lets the rest go out", async () => {
    const { body, give } = slowBody();
    const run = await begin({ body, chunked: true });
    await give("first");
    await run.stream.receive(`${OK}Content-Length: 2\r\n\r\nok`);
    expect(run.outcome()).toBeNull();
    run.stream.takeSent();
    await give("second");
    await give(null);
    expect(run.stream.sent).toBe("6\r\nsecond\r\n0\r\n\r\n");
    expect(closeReason(run)).toBeNull();
    expect(run.notes.events).toEqual(["head 200", "data ok", "end"]);
  });

  test("of 2xx, and then a connection that breaks: the body did not go out, which is 55", async () => {
    const { body, give } = slowBody();
    const run = await begin({ body, chunked: true });
    await give("first");
    await run.stream.receive(`${OK}Content-Length: 2\r\n\r\nok`);
    await run.stream.break();
    await give("second");
    expect(run.outcome()).toBe("55 Send failure: Connection reset by peer");
  });

  test("of 2xx, and then a write that fails is 55 as well", async () => {
    const { body, give } = slowBody();
    const run = await begin({ body, chunked: true });
    await run.stream.receive(`${OK}Content-Length: 2\r\n\r\nok`);
    run.stream.write = () => {
      throw new CurlError("SEND_ERROR", "Send failure: Broken pipe");
    };
    await give("more");
    expect(run.outcome()).toBe("55 Send failure: Broken pipe");
  });

  test("of 300 and up, and then a write that fails: the answer counts", async () => {
    const { body, give } = slowBody();
    const run = await begin({ body, chunked: true });
    await give("first");
    run.stream.fill();
    await give("second");
    await run.stream.receive("HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\n\r\nn");
    run.stream.write = () => {
      throw new CurlError("SEND_ERROR", "Send failure: Broken pipe");
    };
    await run.stream.drain();
    await run.stream.receive("o");
    expect(closeReason(run)).toBe("early-response");
  });

  test("that is not whole when the connection breaks is an error", async () => {
    const { body, give } = slowBody();
    const run = await begin({ body, chunked: true });
    await give("first");
    await run.stream.receive("HTTP/1.1 413 Too Large\r\nContent-Length: 20\r\n\r\nno");
    await run.stream.break(reset());
    expect(run.outcome()).toBe("56 Recv failure: Connection reset by peer");
  });
});
