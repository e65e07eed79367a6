import { describe, expect, test } from "bun:test";
import { CurlError } from "../../../src/error.ts";
import { type ConnectContext, connect } from "../../../src/net/connect.ts";
import { Resolver } from "../../../src/net/resolve.ts";
import { planRoute, targetOf } from "../../../src/net/route.ts";
import { parseUrl } from "../../../src/url.ts";
import { plainTransfer } from "../../support/client/transfer-run.ts";
import { turn, VirtualClock } from "../../support/client/virtual-clock.ts";

const LATE = new CurlError("OPERATION_TIMEDOUT", "too late");

/** A connect to `url` that looks names up by `resolve`. */
function connecting(url: string, resolve: Resolver["resolve"]) {
  const abort = new AbortController();
  const steps: string[] = [];
  const clock = new VirtualClock();
  const resolver = new Resolver(clock);
  resolver.resolve = resolve;
  const context: ConnectContext = {
    clock,
    resolver,
    trace: undefined,
    signal: abort.signal,
    nextConnectionId: () => 0,
    reached: (step) => steps.push(step),
  };
  const target = targetOf(parseUrl(url));
  const { route: spec, tls } = plainTransfer(url);
  const outcome = connect(planRoute(target, spec, tls), { target, spec }, context).catch(
    (error: unknown) => error,
  );
  return { abort, steps, outcome };
}

describe("connect", () => {
  test("that is ended while a name is looked up rejects with the reason, at once", async () => {
    const { abort, steps, outcome } = connecting("http://h/", () => new Promise(() => {}));
    await turn();
    abort.abort(LATE);
    expect([await outcome, steps]).toEqual([LATE, []]);
  });

  test("passes on why a name has no address", async () => {
    const unknown = new CurlError("COULDNT_RESOLVE_HOST", "Could not resolve host: h");
    const atOnce = connecting("http://h/", () => {
      throw unknown;
    });
    const later = connecting("http://h/", () => Promise.reject(unknown));
    expect([await atOnce.outcome, await later.outcome]).toEqual([unknown, unknown]);
  });

  test("looks up the place where the connection goes", async () => {
    const asked: unknown[] = [];
    const { outcome } = connecting("http://h:8080/", (query) => {
      asked.push(query);
      throw LATE;
    });
    await outcome;
    expect(asked).toEqual([{ host: "h", port: 8080, zoneId: null, family: "any", rules: [] }]);
  });
});
