import { describe, expect, test } from "bun:test";
import { byteString, bytesOf } from "../../../src/bytes.ts";
import { newCounters } from "../../../src/client/outcome.ts";
import { type Disposition, Receiver } from "../../../src/client/receive.ts";
import type { Sink } from "../../../src/client/sink.ts";
import { CurlError } from "../../../src/error.ts";
import type { BodyLength, ResponseHead } from "../../../src/http1/decoder.ts";
import { turn } from "../../support/client/virtual-clock.ts";
import { responseHead } from "../../support/outcome.ts";

const OK = responseHead("HTTP/1.1 200 OK");
const GZIP = responseHead("HTTP/1.1 200 OK", "Content-Encoding: gzip");
const TO_CLOSE: BodyLength = { kind: "close" };

interface Setting {
  readonly disposition?: Disposition;
  readonly decodes?: boolean;
  /** The calls that make the sink busy. */
  readonly busyAt?: RegExp;
}

function begin({ disposition = { kind: "deliver" }, decodes = false, busyAt }: Setting = {}) {
  const calls: string[] = [];
  const seen: number[] = [];
  const counters = newCounters();
  let release = (): void => {};
  const note = (call: string): void | Promise<void> => {
    calls.push(call);
    if (busyAt?.test(call)) {
      return new Promise((resolve) => {
        release = resolve;
      });
    }
  };
  const sink: Sink = {
    header: (raw, kind) => note(`header ${kind} ${raw.split("\r\n", 1)[0]}`),
    begin: (head: ResponseHead) => note(`begin ${head.status}`),
    write: (bytes) => note(`write ${byteString(bytes)}`),
    restart: () => note("restart"),
    finish: () => note("finish"),
  };
  const receiver = new Receiver(sink, {
    counters,
    decodes,
    judge: () => disposition,
    seen: ({ status }) => seen.push(status),
  });
  return { receiver, calls, seen, counters, release: () => release() };
}

describe("Receiver", () => {
  test("shows heads by their kind, begins, writes, and shows trailers", async () => {
    const { receiver, calls, seen } = begin();
    await receiver.informational(responseHead("HTTP/1.1 103 Early Hints"));
    await receiver.head(OK, TO_CLOSE);
    await receiver.data(bytesOf("abc"));
    await receiver.trailers("T: 1\r\n");
    await receiver.end();
    expect(calls).toEqual([
      "header informational HTTP/1.1 103 Early Hints",
      "header final HTTP/1.1 200 OK",
      "begin 200",
      "write abc",
      "header trailers T: 1",
    ]);
    expect(seen).toEqual([103, 200]);
  });

  test("works at once where the sink does", () => {
    const { receiver } = begin();
    expect(receiver.head(OK, TO_CLOSE)).toBeUndefined();
    expect(receiver.data(bytesOf("abc"))).toBeUndefined();
    expect(receiver.end()).toBeUndefined();
  });

  test("a response passed over shows its head as intermediate, and its body counts only", () => {
    const { receiver, calls, counters } = begin({ disposition: { kind: "pass-over" } });
    receiver.head(responseHead("HTTP/1.1 302 Found"), TO_CLOSE);
    receiver.data(bytesOf("moved"));
    receiver.end();
    expect(calls).toEqual(["header intermediate HTTP/1.1 302 Found"]);
    expect(counters).toMatchObject({ downloaded: 5, delivered: 0 });
  });

  test("a response refused shows its head first, and then throws", async () => {
    const error = new CurlError("HTTP_RETURNED_ERROR", "no");
    const atOnce = begin({ disposition: { kind: "refuse", error } });
    expect(() => atOnce.receiver.head(OK, TO_CLOSE)).toThrow(error);
    expect(atOnce.calls).toEqual(["header final HTTP/1.1 200 OK"]);
    const busy = begin({ disposition: { kind: "refuse", error }, busyAt: /^header/ });
    const head = busy.receiver.head(OK, TO_CLOSE);
    busy.release();
    expect(head).rejects.toBe(error);
  });

  test("does not begin while the sink is busy with the head", async () => {
    const { receiver, calls, release } = begin({ busyAt: /^header/ });
    const head = receiver.head(OK, TO_CLOSE);
    await turn();
    expect(calls).toEqual(["header final HTTP/1.1 200 OK"]);
    release();
    await head;
    expect(calls.at(-1)).toBe("begin 200");
  });

  test("hands the sink's Promise on with the data", async () => {
    const { receiver, release } = begin({ busyAt: /^write/ });
    receiver.head(OK, TO_CLOSE);
    const write = receiver.data(bytesOf("abc"));
    let isDone = false;
    write?.then(() => {
      isDone = true;
    });
    await turn();
    expect(isDone).toBe(false);
    release();
    await turn();
    expect(isDone).toBe(true);
  });
});

describe("Receiver that decodes", () => {
  const coded = Bun.gzipSync("hello hello hello");

  test("counts what came and what it became apart", async () => {
    const { receiver, calls, counters } = begin({ decodes: true });
    await receiver.head(GZIP, TO_CLOSE);
    await receiver.data(coded.subarray(0, 12));
    await receiver.data(coded.subarray(12));
    await receiver.end();
    const written = calls.filter((call) => call.startsWith("write "));
    expect(written.map((call) => call.slice("write ".length)).join("")).toBe("hello hello hello");
    expect(counters).toMatchObject({ downloaded: coded.length, delivered: 17 });
  });

  test("has all of it delivered at the end, cut short or not", async () => {
    const { receiver, counters } = begin({ decodes: true });
    await receiver.head(GZIP, TO_CLOSE);
    await receiver.data(coded.subarray(0, -4));
    const end = receiver.end();
    expect(end).toBeInstanceOf(Promise);
    await end;
    expect(counters.delivered).toBe(17);
  });

  test("is not asked for: the bytes are as they came", async () => {
    const { receiver, counters } = begin();
    await receiver.head(GZIP, TO_CLOSE);
    await receiver.data(coded);
    await receiver.end();
    expect(counters.delivered).toBe(coded.length);
  });

  test("leaves a response without coding, or without body, alone", () => {
    expect(begin({ decodes: true }).receiver.head(OK, TO_CLOSE)).toBeUndefined();
    const { receiver } = begin({ decodes: true });
    expect(receiver.head(GZIP, { kind: "none" })).toBeUndefined();
    expect(receiver.end()).toBeUndefined();
  });

  test("what cannot be decoded is 61", async () => {
    const { receiver } = begin({ decodes: true });
    await receiver.head(GZIP, TO_CLOSE);
    const write = async () => {
      await receiver.data(bytesOf("this is no gzip stream at all"));
      await receiver.end();
    };
    expect(write()).rejects.toHaveProperty("exitCode", 61);
  });
});
