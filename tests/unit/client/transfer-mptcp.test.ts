import { describe, expect, test } from "bun:test";
import { bytesOf } from "../../../src/bytes.ts";
import type { Transfer } from "../../../src/client/transfer.ts";
import { memoryBody, type RequestBody } from "../../../src/http/body/request-body.ts";
import { mptcpRefusal } from "../../../src/net/mptcp/refusal.ts";
import { ScriptedStream } from "../../support/client/scripted-stream.ts";
import { ScriptedWatch, STRIPPED } from "../../support/client/scripted-watch.ts";
import { ok, PLAIN_ROUTE, requestOf, TransferRun } from "../../support/client/transfer-run.ts";
import { turn } from "../../support/client/virtual-clock.ts";
import { mptcpRecord } from "../../support/outcome.ts";

const URL = "http://a.example/";
const OVER_MPTCP: Partial<Transfer> = { route: { ...PLAIN_ROUTE, protocol: "mptcp" } };
const REQUIRED: Partial<Transfer> = {
  route: {
    ...PLAIN_ROUTE,
    protocol: "mptcp",
    mptcp: { ...PLAIN_ROUTE.mptcp, required: true },
  },
};

/** A run whose connections are all watched. */
async function watched(
  given: Partial<Transfer>,
): Promise<{ run: TransferRun; watches: ScriptedWatch[] }> {
  const run = new TransferRun(URL, { ...OVER_MPTCP, ...given });
  const watches: ScriptedWatch[] = [];
  run.prepares = (stream, { mptcp }) => watches.push(new ScriptedWatch(stream, mptcp.fellBack));
  await run.start();
  return { run, watches };
}

async function strip({ run, watches }: { run: TransferRun; watches: ScriptedWatch[] }) {
  const stream = run.made[0] as ScriptedStream;
  const first = watches[0] as ScriptedWatch;
  const isDelivered = first.strip();
  await turn();
  if (isDelivered) await stream.receive(ok("doubtful"));
}

const PIPE: RequestBody = {
  type: null,
  sizeBytes: null,
  replayable: false,
  async *open() {
    yield bytesOf("piped");
  },
};

describe("a reply in doubt at its first bytes", () => {
  test.each(["GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE"])(
    "%s is sent again, once, over plain TCP",
    async (method) => {
      const both = await watched({ request: requestOf({ method }) });
      const { run, watches } = both;
      await strip(both);
      expect(run.protocols).toEqual(["mptcp", "tcp"]);
      const asked = run.made.map(({ sent }) => sent.split("\r\n", 1)[0]);
      expect(asked).toEqual([`${method} / HTTP/1.1`, `${method} / HTTP/1.1`]);
      await (run.made[1] as ScriptedStream).receive(
        method === "HEAD" ? "HTTP/1.1 200 OK\r\n\r\n" : ok("fine"),
      );
      expect([run.result, run.sink.body]).toEqual(["0", method === "HEAD" ? "" : "fine"]);
      const { records, warnings } = run.outcome.mptcp ?? { records: [], warnings: [] };
      expect(records.map(({ state }) => state.verdict)).toEqual(["fallback", "fallback"]);
      expect(records[1]?.state.reason?.cause).toBe("stripped");
      expect(warnings).toEqual([]);
      expect(run.events.filter(({ type }) => type === "mptcp-repeat")).toHaveLength(1);
      expect(watches.map(({ ends }) => ends)).toEqual([1, 1]);
    },
  );

  test.each([
    ["POST", { request: requestOf({ method: "POST" }), body: memoryBody(bytesOf("a=1"), null) }],
    ["-X word", { request: requestOf({ method: "GET", customMethod: "PATCH" }) }],
    ["PUT from a pipe", { request: requestOf({ method: "PUT" }), body: PIPE }],
  ] as const)("%s goes on, with a warning, and is not sent twice", async (_name, given) => {
    const both = await watched(given);
    const { run } = both;
    // A body of unknown length waits a second for 100 (Continue).
    await run.clock.advance(1000);
    await strip(both);
    expect([run.result, run.sink.body]).toEqual(["0", "doubtful"]);
    expect(run.protocols).toEqual(["mptcp"]);
    expect(run.outcome.mptcp?.warnings).toHaveLength(1);
    expect(run.events.filter(({ type }) => type === "mptcp-doubt")).toHaveLength(1);
    expect(run.outcome.mptcp?.warnings[0]).toContain("cannot be vouched for");
  });

  test("the plain connection is kept for the next transfer that asks for MPTCP", async () => {
    const both = await watched({});
    await strip(both);
    const { run } = both;
    await (run.made[1] as ScriptedStream).receive(ok("fine"));
    const { events } = run;
    expect(events.at(-1)).toMatchObject({ type: "connection-kept", connectionId: 1 });
    await run.again();
    expect((run.made[1] as ScriptedStream).sent.match(/GET/g)).toHaveLength(2);
    expect(run.made).toHaveLength(2);
  });
});

describe("a kept connection that its watch ends before the reply", () => {
  async function givenUp(kind: "fallback" | "no-path-left", given: Partial<Transfer>) {
    const run = new TransferRun(URL, { ...OVER_MPTCP, ...given });
    const watch = new ScriptedWatch(run.keep(URL));
    await run.start();
    watch.giveUp(kind);
    await turn();
    return run;
  }

  test.each(["fallback", "no-path-left"] as const)(
    "a POST is not sent twice: %s leaves open what became of it",
    async (kind) => {
      const body = memoryBody(bytesOf("a=1"), null);
      const run = await givenUp(kind, { request: requestOf({ method: "POST" }), body });
      expect([run.result, run.made.length]).toEqual([`56 ${kind}`, 0]);
    },
  );

  test.each(["fallback", "no-path-left"] as const)(
    "a GET goes out again on a connection of its own: %s",
    async (kind) => {
      const run = await givenUp(kind, {});
      await (run.made[0] as ScriptedStream).receive(ok("fine"));
      expect([run.result, run.sink.body]).toEqual(["0", "fine"]);
    },
  );

  test("a POST goes out again where the server had closed it", async () => {
    const body = memoryBody(bytesOf("a=1"), null);
    const run = new TransferRun(URL, {
      ...OVER_MPTCP,
      request: requestOf({ method: "POST" }),
      body,
    });
    const kept = run.keep(URL);
    new ScriptedWatch(kept);
    await run.start();
    await kept.end();
    await (run.made[0] as ScriptedStream).receive(ok("fine"));
    expect(run.result).toBe("0");
  });
});

describe("the watch of a connection", () => {
  test("begins and ends with each exchange, also one that fails", async () => {
    const { run, watches } = await watched({});
    await (run.made[0] as ScriptedStream).end();
    expect(run.result).toStartWith("52 ");
    expect(watches.map(({ uses, ends }) => [uses.length, ends])).toEqual([[1, 1]]);
  });

  test("its record is the outcome's, and the meter's while it runs", async () => {
    const { run } = await watched({});
    expect(run.counters.mptcp?.connectionId).toBe(0);
    await (run.made[0] as ScriptedStream).receive(ok("x"));
    expect(run.outcome.mptcp?.records).toEqual([run.counters.mptcp] as never);
  });

  test("is told of the path timeout", async () => {
    const route = {
      ...PLAIN_ROUTE,
      protocol: "mptcp" as const,
      mptcp: { required: false, pathTimeoutMs: 5000, fellBack: null },
    };
    const { watches } = await watched({ route });
    expect(watches[0]?.uses[0]).toMatchObject({ pathTimeoutMs: 5000, paths: "unread" });
  });

  test("does not exist without --mptcp", async () => {
    const run = new TransferRun(URL);
    await run.start();
    await (run.made[0] as ScriptedStream).receive(ok("x"));
    expect(run.outcome.mptcp).toBeNull();
  });
});

describe("--mptcp-require", () => {
  test("refuses a connection that is no MPTCP socket before a byte leaves", async () => {
    const run = new TransferRun(URL, REQUIRED);
    await run.start();
    expect(run.result).toStartWith("120 ");
    expect(run.made[0]).toMatchObject({ sent: "", isClosed: true });
  });

  test("has the verdict of a connection that was refused for what it is", async () => {
    const run = new TransferRun(URL, REQUIRED);
    const { state } = new ScriptedWatch(new ScriptedStream(), STRIPPED);
    const record = { ...mptcpRecord(), state };
    run.refusal = mptcpRefusal("it is not MPTCP", record);
    await run.start();
    expect(run.result).toBe("120 it is not MPTCP");
    expect(run.outcome.mptcp?.records).toEqual([record]);
  });

  test("does not take a kept connection that fell back meanwhile", async () => {
    const run = new TransferRun(URL, REQUIRED);
    const kept = run.keep(URL);
    new ScriptedWatch(kept).state.verdict = "fallback";
    run.prepares = (stream) => new ScriptedWatch(stream);
    await run.start();
    await (run.made[0] as ScriptedStream).receive(ok("fine"));
    expect([run.result, kept.isClosed, kept.sent]).toEqual(["0", true, ""]);
  });
});
