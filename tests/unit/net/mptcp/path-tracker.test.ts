import { describe, expect, test } from "bun:test";
import type { FullInfo, SubflowInfo } from "../../../../ffi/structs.ts";
import { TCP_STATES } from "../../../../ffi/tcp-info.ts";
import { type EndEvidence, PathTracker } from "../../../../src/net/mptcp/path-tracker.ts";
import type { PathEndCause } from "../../../../src/net/mptcp/paths.ts";
import { DEAD_FIRST, fullInfo, subflow, type tcpInfo } from "../../../support/mptcp/looks.ts";
import { mptcpRecord } from "../../../support/outcome.ts";

interface Circumstances {
  readonly dead?: readonly number[];
  /** How counters moved since a path went last. */
  readonly moved?: Readonly<Record<string, number>>;
  readonly hasAddress?: boolean | null;
  readonly interfaceRuns?: boolean | null;
}

/** A tracker and the record that it keeps, looked at every 100 ms from 5000 ms on. */
class Tracking {
  readonly record = mptcpRecord();
  readonly tracker: PathTracker;
  atMs = 4900;
  questions = 0;

  constructor(given: { series?: boolean; baseline?: FullInfo } = {}) {
    const { series = false, baseline = null } = given;
    this.tracker = new PathTracker(this.record, { series, baseline });
  }

  /** @returns the changes as words, e.g. ["up 1"] */
  look(look: readonly SubflowInfo[] | FullInfo, given: Circumstances = {}): string[] {
    this.atMs += 100;
    const { dead = [], moved = {}, hasAddress = true, interfaceRuns = true } = given;
    const evidence: EndEvidence = {
      before: new Map([["MPRstTx", 3]]),
      after: new Map([["MPRstTx", 3], ...Object.entries(moved)]),
      hasAddress: () => hasAddress,
      interfaceRuns: () => interfaceRuns,
    };
    const changes = this.tracker.observe({
      info: "info" in look ? look : fullInfo(look),
      atMs: this.atMs,
      dead: new Set(dead),
      interfaceOf: (address) => (address.startsWith("10.9.") ? `c${address[5]}` : null),
      evidence: () => {
        this.questions++;
        return evidence;
      },
    });
    return changes.map(({ change, path }) => `${change} ${path.id}`);
  }

  path(id: number) {
    const path = this.record.paths.find((one) => one.id === id);
    if (!path) throw new Error(`there is no path ${id}`);
    return path;
  }
}

/** The one path of a connection that fell back, as it is looked at from then on. */
function afterFallback(given: Parameters<typeof tcpInfo>[0]): FullInfo {
  const only = { ...subflow(1, given), id: 0 };
  return fullInfo([only], { totalSubflows: null, retransmittedBytes: null });
}

describe("PathTracker: paths", () => {
  test("come up when first seen established, with their ends and interface", () => {
    const tracking = new Tracking();
    expect(tracking.look([subflow(1)])).toEqual(["up 1"]);
    expect(tracking.look([subflow(1), subflow(2)])).toEqual(["up 2"]);
    expect(tracking.look([subflow(1), subflow(2)])).toEqual([]);
    expect(tracking.path(2)).toMatchObject({
      local: { address: "10.9.2.1", port: 40002 },
      remote: { address: "10.9.1.2", port: 8080 },
      interfaceName: "c2",
      phase: "up",
      upMs: 5100,
      downMs: null,
      endCause: null,
    });
  });

  test("are none while they connect, and none of what is left of a first one that died", () => {
    const tracking = new Tracking();
    const joining = subflow(2, { state: TCP_STATES.SYN_SENT });
    tracking.look([DEAD_FIRST, joining, subflow(3)]);
    expect(tracking.record.paths.map(({ id }) => id)).toEqual([3]);
    expect(tracking.record.mostSubflows).toBe(1);
  });

  test("that vanish are closed with their last values", () => {
    const tracking = new Tracking();
    const moved = { bytesReceived: 700, bytesAcked: 31, totalRetransmissions: 2, rttUs: 1500 };
    tracking.look([subflow(1), subflow(2, moved)]);
    expect(tracking.look([subflow(1)])).toEqual(["down 2"]);
    expect(tracking.path(2)).toMatchObject({
      phase: "closed",
      downMs: 5100,
      bytesIn: 700,
      bytesOut: 30,
      retransmissions: 2,
      rttMs: 1.5,
    });
  });

  test("the first, too, when the kernel keeps its entry with counters of 0", () => {
    for (const remains of [DEAD_FIRST, subflow(1, { state: TCP_STATES.CLOSE, bytesAcked: 0 })]) {
      const tracking = new Tracking();
      tracking.look([subflow(1, { bytesReceived: 700 }), subflow(2)]);
      expect(tracking.look([remains, subflow(2)])).toEqual(["down 1"]);
      expect(tracking.path(1)).toMatchObject({ phase: "closed", bytesIn: 700 });
    }
  });

  test("go down when dead, recover when not, and are told once of each", () => {
    const tracking = new Tracking();
    tracking.look([subflow(1), subflow(2)]);
    expect(tracking.look([subflow(1), subflow(2)], { dead: [2] })).toEqual(["down 2"]);
    expect(tracking.look([subflow(1), subflow(2)], { dead: [2] })).toEqual([]);
    expect(tracking.path(2)).toMatchObject({ phase: "down", downMs: 5100, endCause: "unanswered" });
    expect(tracking.look([subflow(1), subflow(2)])).toEqual(["recovered 2"]);
    expect(tracking.path(2)).toMatchObject({ phase: "up", downMs: null, endCause: null });
  });

  test("that were down are closed without another word", () => {
    const tracking = new Tracking();
    tracking.look([subflow(1), subflow(2)]);
    tracking.look([subflow(1), subflow(2)], { dead: [2] });
    expect(tracking.look([subflow(1)])).toEqual([]);
    expect(tracking.path(2)).toMatchObject({
      phase: "closed",
      downMs: 5200,
      endCause: "unanswered",
    });
  });

  test("of one number that comes again are two", () => {
    const tracking = new Tracking();
    tracking.look([subflow(1), subflow(2)]);
    tracking.look([subflow(1)]);
    expect(tracking.look([subflow(1), subflow(2)])).toEqual(["up 2"]);
    expect(tracking.record.paths.map(({ phase }) => phase)).toEqual(["up", "closed", "up"]);
  });
});

describe("PathTracker: no path left", () => {
  test("is told when the last that was up vanishes, of it", () => {
    const tracking = new Tracking();
    tracking.look([subflow(1), subflow(2)]);
    tracking.look([DEAD_FIRST, subflow(2)]);
    expect(tracking.look([DEAD_FIRST])).toEqual(["down 2", "none-left 2"]);
    expect(tracking.look([DEAD_FIRST])).toEqual([]);
  });

  test("is told when the last is found dead, and again after a recovery", () => {
    const tracking = new Tracking();
    tracking.look([subflow(1)]);
    expect(tracking.look([subflow(1)], { dead: [1] })).toEqual(["down 1", "none-left 1"]);
    expect(tracking.look([subflow(1)])).toEqual(["recovered 1"]);
    expect(tracking.look([DEAD_FIRST])).toEqual(["down 1", "none-left 1"]);
  });

  test("is no event of a connection that closes in order", () => {
    const tracking = new Tracking();
    tracking.look([subflow(1), subflow(2)]);
    const closing = [1, 2].map((id) => subflow(id, { state: TCP_STATES.CLOSE_WAIT }));
    expect(tracking.look(closing)).toEqual([]);
    expect(tracking.path(1).phase).toBe("up");
    expect(tracking.look([])).toEqual([]);
    expect(tracking.path(1)).toMatchObject({ phase: "closed", endCause: "connection-closed" });
    expect(tracking.record.events.map(({ kind }) => kind)).toEqual(["path-up", "path-up"]);
  });

  test("is not said of a connection that fell back", () => {
    const tracking = new Tracking();
    tracking.look(afterFallback({}));
    expect(tracking.look(afterFallback({}), { dead: [0] })).toEqual(["down 0"]);
  });
});

describe("PathTracker: causes of an end", () => {
  const last = { probes: 0, retransmits: 0 };
  const CAUSES: readonly (readonly [string, Partial<typeof last>, Circumstances, PathEndCause])[] =
    [
      ["nothing known", {}, {}, "unknown"],
      ["a reset that says MPTCP", {}, { moved: { MPRstRx: 1, EstabResets: 1 } }, "reset"],
      ["a plain reset", {}, { moved: { EstabResets: 1 } }, "reset"],
      ["a reset of our own", {}, { moved: { MPRstTx: 4, EstabResets: 1 } }, "reset"],
      ["probes under way", { probes: 3 }, { moved: { MPRstTx: 4, EstabResets: 1 } }, "unanswered"],
      [
        "retransmissions under way",
        { retransmits: 5 },
        { moved: { EstabResets: 1 } },
        "unanswered",
      ],
      ["a reset while probing", { probes: 1 }, { moved: { MPRstRx: 1 } }, "reset"],
      ["an endpoint deleted here", {}, { moved: { RmSubflow: 1 } }, "address-removed"],
      ["an address taken back", {}, { moved: { RmAddr: 1, RmSubflow: 1 } }, "removed-by-peer"],
      ["no interface has the address", { probes: 1 }, { hasAddress: false }, "address-removed"],
      ["the interface is down", { probes: 1 }, { interfaceRuns: false }, "interface-down"],
      [
        "the interface is down, and took its address with it",
        {},
        { interfaceRuns: false, hasAddress: false },
        "interface-down",
      ],
      ["a system that does not tell", {}, { interfaceRuns: null, hasAddress: null }, "unknown"],
    ];

  for (const [name, tcp, circumstances, cause] of CAUSES) {
    test(`${name}: ${cause}`, () => {
      const tracking = new Tracking();
      tracking.look([subflow(1), subflow(2, tcp)]);
      tracking.look([subflow(1)], circumstances);
      expect(tracking.path(2).endCause).toBe(cause);
    });
  }

  for (const [name, circumstances, cause] of [
    ["nothing else known", {}, "unanswered"],
    ["its address gone", { hasAddress: false }, "address-removed"],
    ["its interface down", { interfaceRuns: false }, "interface-down"],
    ["others reset meanwhile", { moved: { MPRstRx: 1, RmAddr: 1 } }, "unanswered"],
  ] as const) {
    test(`of a path that is silent, ${name}: ${cause}`, () => {
      const tracking = new Tracking();
      tracking.look([subflow(1), subflow(2)]);
      tracking.look([subflow(1), subflow(2)], { ...circumstances, dead: [2] });
      expect(tracking.path(2).endCause).toBe(cause);
    });
  }

  test("of one that closes in order beside others is the counters'", () => {
    const tracking = new Tracking();
    tracking.look([subflow(1), subflow(2, { state: TCP_STATES.CLOSE_WAIT })]);
    tracking.look([subflow(1)], { moved: { RmAddr: 1 } });
    expect(tracking.path(2).endCause).toBe("removed-by-peer");
  });

  test("are asked for once a look, and only when a path goes", () => {
    const tracking = new Tracking();
    tracking.look([subflow(1), subflow(2), subflow(3)]);
    tracking.look([subflow(1), subflow(2), subflow(3)]);
    expect(tracking.questions).toBe(0);
    tracking.look([subflow(1)]);
    expect(tracking.questions).toBe(1);
  });
});

describe("PathTracker: numbers", () => {
  test("bytes out are those acknowledged, without the SYN", () => {
    const tracking = new Tracking();
    tracking.look([subflow(1, { bytesAcked: 1 })]);
    expect(tracking.path(1).bytesOut).toBe(0);
    tracking.look([subflow(1, { bytesAcked: 120_058 })]);
    expect(tracking.path(1).bytesOut).toBe(120_057);
  });

  test("of a reused connection are this transfer's, and its paths no news", () => {
    const before = { bytesReceived: 1000, bytesAcked: 101, totalRetransmissions: 4 };
    const baseline = fullInfo([subflow(1, before)], { retransmittedBytes: 50 });
    const tracking = new Tracking({ baseline });
    expect(tracking.look(baseline)).toEqual([]);
    expect(tracking.record.events).toEqual([]);
    expect(tracking.path(1)).toMatchObject({ bytesIn: 0, bytesOut: 0, lastByteMs: null });
    const now = subflow(1, { bytesReceived: 1500, bytesAcked: 111, totalRetransmissions: 5 });
    const joined = subflow(2, { bytesReceived: 20 });
    const info = fullInfo([now, joined], { retransmittedBytes: 70 });
    expect(tracking.look(info)).toEqual(["up 2"]);
    expect(tracking.path(1)).toMatchObject({ bytesIn: 500, bytesOut: 10, retransmissions: 1 });
    expect(tracking.path(2).bytesIn).toBe(20);
    expect(tracking.record.bytesRetransmitted).toBe(20);
  });

  test("the last byte is when one came or was acknowledged, not when an empty answer came", () => {
    const tracking = new Tracking();
    tracking.look([subflow(1)]);
    expect(tracking.path(1).lastByteMs).toBeNull();
    tracking.look([subflow(1, { bytesReceived: 9, lastDataReceivedMs: 40 })]);
    expect(tracking.path(1).lastByteMs).toBe(5060);
    tracking.look([subflow(1, { bytesReceived: 9, lastAckReceivedMs: 4 })]);
    expect(tracking.path(1).lastByteMs).toBe(5060);
    tracking.look([subflow(1, { bytesReceived: 9, bytesAcked: 5, lastAckReceivedMs: 4 })]);
    expect(tracking.path(1).lastByteMs).toBe(5296);
  });

  test("round trip times are the sender's, and the receiver's where more came in than went out", () => {
    const tracking = new Tracking();
    tracking.look([subflow(1)]);
    expect(tracking.path(1)).toMatchObject({ rttMs: null, minRttMs: null });
    tracking.look([subflow(1, { rttUs: 94, minRttUs: 37, bytesAcked: 39 })]);
    expect(tracking.path(1)).toMatchObject({ rttMs: 0.094, minRttMs: 0.037 });
    const download = { rttUs: 94, receiverRttUs: 11_700, bytesAcked: 39, bytesReceived: 4000 };
    tracking.look([subflow(1, download)]);
    expect(tracking.path(1)).toMatchObject({ rttMs: 11.7, minRttMs: 0.037 });
    tracking.look([subflow(1, { ...download, bytesAcked: 5000 })]);
    expect(tracking.path(1).rttMs).toBe(0.094);
  });

  test("most subflows are those established at once", () => {
    const tracking = new Tracking();
    const joining = subflow(3, { state: TCP_STATES.SYN_SENT });
    tracking.look([subflow(1), subflow(2), joining]);
    tracking.look([subflow(1)]);
    expect(tracking.record.mostSubflows).toBe(2);
  });

  test("a kernel that tells no bytes sent again leaves them unknown", () => {
    const tracking = new Tracking();
    tracking.record.bytesRetransmitted = null;
    tracking.look(fullInfo([subflow(1)], { retransmittedBytes: null }));
    expect(tracking.record.bytesRetransmitted).toBeNull();
  });

  test("events carry their time, path and cause", () => {
    const tracking = new Tracking();
    tracking.look([subflow(1)]);
    tracking.look([subflow(1)], { dead: [1] });
    tracking.look([subflow(1)]);
    expect(tracking.record.events).toEqual([
      { atMs: 5000, kind: "path-up", pathId: 1, text: "" },
      { atMs: 5100, kind: "path-down", pathId: 1, text: "no answer" },
      { atMs: 5100, kind: "no-path-left", pathId: 1, text: "no answer" },
      { atMs: 5200, kind: "path-recovered", pathId: 1, text: "" },
    ]);
  });

  test("the series has every look where it was asked for, of the paths that there are", () => {
    const tracking = new Tracking({ series: true });
    tracking.look([subflow(1, { bytesReceived: 5 })]);
    tracking.look([subflow(1, { bytesReceived: 5 }), subflow(2, { rttUs: 2000 })]);
    tracking.look([subflow(2)]);
    const first = { id: 1, bytesIn: 5, bytesOut: 0, rttMs: null };
    const second = { id: 2, bytesIn: 0, bytesOut: 0, rttMs: 2 };
    expect(tracking.record.samples).toEqual([
      { atMs: 5000, paths: [first] },
      { atMs: 5100, paths: [first, second] },
      { atMs: 5200, paths: [second] },
    ]);
    const without = new Tracking();
    without.look([subflow(1)]);
    expect(without.record.samples).toEqual([]);
  });
});

describe("PathTracker: after a fall back", () => {
  test("at connect, there is one path, number 0, and no subflow", () => {
    const tracking = new Tracking();
    expect(tracking.look(afterFallback({ bytesReceived: 10 }))).toEqual(["up 0"]);
    expect(tracking.path(0)).toMatchObject({ interfaceName: "c1", bytesIn: 10 });
    expect(tracking.record.mostSubflows).toBe(0);
  });

  test("in mid-stream, the path goes on under its number, and its bytes count once", () => {
    const tracking = new Tracking();
    tracking.look(fullInfo([subflow(1, { bytesReceived: 600 })], { retransmittedBytes: 9 }));
    expect(tracking.look(afterFallback({ bytesReceived: 900 }))).toEqual([]);
    expect(tracking.record.paths).toHaveLength(1);
    expect(tracking.path(1)).toMatchObject({ phase: "up", bytesIn: 900 });
    expect(tracking.record).toMatchObject({ mostSubflows: 1, bytesRetransmitted: 9 });
    expect(tracking.look(afterFallback({ bytesReceived: 950 }), { dead: [0] })).toEqual(["down 1"]);
  });
});
