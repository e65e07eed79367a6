import { describe, expect, test } from "bun:test";
import { abortable } from "../../src/abortable.ts";
import { CurlError } from "../../src/error.ts";
import { turn } from "../support/client/virtual-clock.ts";

const REASON = new CurlError("OPERATION_TIMEDOUT", "too late");

async function settled(promise: Promise<unknown>): Promise<unknown> {
  let result: unknown = "waits";
  promise.then(
    (value) => {
      result = value;
    },
    (error: unknown) => {
      result = error;
    },
  );
  await turn();
  return result;
}

describe("abortable", () => {
  test("is what the promise is, as long as nobody aborts", async () => {
    const { signal } = new AbortController();
    const failure = new Error("no");
    expect(await settled(abortable(Promise.resolve(1), signal))).toBe(1);
    expect(await settled(abortable(Promise.reject(failure), signal))).toBe(failure);
    expect(await settled(abortable(new Promise(() => {}), signal))).toBe("waits");
  });

  test("rejects with the signal's reason, whenever that comes", async () => {
    const before = AbortSignal.abort(REASON);
    expect(await settled(abortable(new Promise(() => {}), before))).toBe(REASON);
    const later = new AbortController();
    const waiting = abortable(new Promise(() => {}), later.signal);
    later.abort(REASON);
    expect(await settled(waiting)).toBe(REASON);
  });

  test("a result that is there already counts, although the signal is aborted", async () => {
    expect(await settled(abortable(Promise.resolve(1), AbortSignal.abort(REASON)))).toBe(1);
  });

  test("a rejection that comes too late is nobody's", async () => {
    const { promise, reject } = Promise.withResolvers<void>();
    expect(await settled(abortable(promise, AbortSignal.abort(REASON)))).toBe(REASON);
    // Unhandled, it would fail this test.
    reject(new Error("late"));
    await turn();
  });
});
