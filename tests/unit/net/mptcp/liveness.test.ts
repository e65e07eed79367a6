import { describe, expect, test } from "bun:test";
import type { SubflowInfo } from "../../../../ffi/structs.ts";
import { TCP_STATES } from "../../../../ffi/tcp-info.ts";
import {
  type Liveness,
  NO_PATH_GRACE_MS,
  PathLiveness,
} from "../../../../src/net/mptcp/liveness.ts";
import { DEAD_FIRST, fullInfo, subflow } from "../../../support/mptcp/looks.ts";

const TIMEOUT_MS = 30_000;

/** A connection that is looked at. Looks are 100 ms apart unless a test says otherwise. */
class Looker {
  readonly liveness: PathLiveness;
  atMs = 1_000_000;
  hasUnread = false;
  last: Liveness = { dead: new Set(), end: null };

  constructor(pathTimeoutMs = TIMEOUT_MS) {
    this.liveness = new PathLiveness(pathTimeoutMs);
  }

  look(subflows: readonly SubflowInfo[], totalSubflows?: number | null): Liveness {
    const given = totalSubflows === undefined ? {} : { totalSubflows };
    const info = fullInfo(subflows, given);
    this.last = this.liveness.observe({ info, atMs: this.atMs, hasUnread: this.hasUnread });
    return this.last;
  }

  /** Looks for `forMs`. @returns after how long it first was true that `holds`; null: never */
  watch(
    forMs: number,
    {
      subflows,
      holds,
      everyMs = 100,
    }: {
      subflows: (sinceMs: number) => readonly SubflowInfo[];
      holds: (seen: Liveness) => boolean;
      everyMs?: number;
    },
  ): number | null {
    const startMs = this.atMs;
    let first: number | null = null;
    for (; this.atMs - startMs <= forMs; this.atMs += everyMs) {
      const sinceMs = this.atMs - startMs;
      if (holds(this.look(subflows(sinceMs)))) first ??= sinceMs;
    }
    return first;
  }
}

const isEnded = ({ end }: Liveness): boolean => end !== null;
const isDead =
  (id: number) =>
  ({ dead }: Liveness): boolean =>
    dead.has(id);

function silent(ms: number) {
  return { lastAckReceivedMs: ms, lastDataReceivedMs: ms };
}

describe("PathLiveness: no path left", () => {
  test("ends a second after the first look at none, since that look", () => {
    const looker = new Looker();
    looker.look([subflow(1)]);
    looker.atMs += 100;
    const sinceMs = looker.atMs;
    const endedMs = looker.watch(2000, { subflows: () => [DEAD_FIRST], holds: isEnded });
    expect(endedMs).toBe(NO_PATH_GRACE_MS);
    expect(looker.last.end).toEqual({ kind: "none-left", sinceMs });
  });

  test("a timer that fires early costs no look more", () => {
    const looker = new Looker();
    const options = { subflows: () => [DEAD_FIRST], holds: isEnded, everyMs: 99.7 };
    expect(looker.watch(2000, options)).toBeCloseTo(997, 5);
  });

  test("holds with the timeout switched off", () => {
    const looker = new Looker(0);
    expect(looker.watch(2000, { subflows: () => [DEAD_FIRST], holds: isEnded })).toBe(1000);
  });

  test("counts what is listed where the kernel gives no total (before Linux 6.8)", () => {
    const looker = new Looker();
    looker.look([DEAD_FIRST], null);
    looker.atMs += 1000;
    expect(looker.look([DEAD_FIRST], null).end).toMatchObject({ kind: "none-left" });
    expect(looker.look([subflow(1)], null).end).toBeNull();
  });

  for (const [name, comeBack] of [
    ["a subflow that comes back", (looker: Looker) => looker.look([subflow(2)])],
    ["a join under way", (looker: Looker) => looker.look([subflow(2, { state: 2 })])],
    ["bytes received", (looker: Looker) => looker.liveness.received()],
  ] as const) {
    test(`${name} begins the second again`, () => {
      const looker = new Looker();
      expect(looker.watch(900, { subflows: () => [DEAD_FIRST], holds: isEnded })).toBeNull();
      comeBack(looker);
      const again = { subflows: () => [DEAD_FIRST], holds: isEnded };
      expect(looker.watch(2000, again)).toBe(NO_PATH_GRACE_MS);
    });
  }

  test("never ends with unread bytes; they begin the second again", () => {
    const looker = new Looker();
    looker.hasUnread = true;
    const none = { subflows: () => [DEAD_FIRST], holds: isEnded };
    expect(looker.watch(5000, none)).toBeNull();
    looker.hasUnread = false;
    expect(looker.watch(2000, none)).toBe(NO_PATH_GRACE_MS);
  });

  test("never ends a connection that fell back and was closed in order: its end is TCP's", () => {
    const looker = new Looker();
    looker.look([{ ...subflow(1), id: 0 }], null);
    looker.atMs += 100;
    const gone = () => [{ ...subflow(1, { state: TCP_STATES.CLOSE_WAIT }), id: 0 }];
    expect(looker.watch(5000, { subflows: gone, holds: isEnded })).toBeNull();
  });

  test("ends one that fell back and was reset, if TCP has not said so by the next look", () => {
    const reset = () => [{ ...subflow(1, { state: TCP_STATES.CLOSE }), id: 0 }];
    const looker = new Looker();
    looker.hasUnread = true;
    expect(looker.watch(5000, { subflows: reset, holds: isEnded })).toBeNull();
    looker.hasUnread = false;
    expect(looker.watch(5000, { subflows: reset, holds: isEnded })).toBe(100);
    expect(looker.last.end).toEqual({ kind: "reset" });
  });
});

describe("PathLiveness: data without acknowledgement", () => {
  test("is dead when nothing came for the timeout, and the connection with its last path", () => {
    const looker = new Looker();
    const stalled = (ms: number) => [subflow(1, { unacked: 26, retransmits: 3, ...silent(ms) })];
    expect(looker.watch(60_000, { subflows: stalled, holds: isDead(1) })).toBe(TIMEOUT_MS);
    expect(looker.last.end).toEqual({ kind: "all-dead" });
  });

  test("counts from when it owes, not from a silence before", () => {
    const looker = new Looker();
    looker.look([subflow(1, silent(600_000))]);
    looker.atMs += 100;
    const sent = (ms: number) => [subflow(1, { unacked: 1, ...silent(600_100 + ms) })];
    expect(looker.watch(60_000, { subflows: sent, holds: isDead(1) })).toBe(TIMEOUT_MS);
  });

  test("counts from the last sign of life where it owed all along", () => {
    const looker = new Looker();
    const lively = () => [subflow(1, { unacked: 99, lastDataReceivedMs: 900_000 })];
    expect(looker.watch(60_000, { subflows: lively, holds: isDead(1) })).toBeNull();
    const stalled = (ms: number) => [subflow(1, { unacked: 99, ...silent(ms) })];
    expect(looker.watch(60_000, { subflows: stalled, holds: isDead(1) })).toBe(TIMEOUT_MS);
  });

  test("bytes received are a sign of life like an ACK", () => {
    const looker = new Looker();
    const receiving = (ms: number) => [subflow(1, { unacked: 1, lastAckReceivedMs: ms })];
    expect(looker.watch(90_000, { subflows: receiving, holds: isDead(1) })).toBeNull();
  });

  test("a subflow that one side began to close owes the same", () => {
    const looker = new Looker();
    const state = TCP_STATES.FIN_WAIT1;
    const stalled = (ms: number) => [subflow(1, { state, unacked: 1, ...silent(ms) })];
    expect(looker.watch(60_000, { subflows: stalled, holds: isDead(1) })).toBe(TIMEOUT_MS);
  });
});

describe("PathLiveness: probes", () => {
  test("a server that is slow to speak is not dead while it answers them, or before any was sent", () => {
    const looker = new Looker();
    const answered = (ms: number) => [
      subflow(1, { lastDataReceivedMs: ms, lastAckReceivedMs: ms % 15_000 }),
    ];
    expect(looker.watch(200_000, { subflows: answered, holds: isDead(1) })).toBeNull();
    const unasked = (ms: number) => [subflow(1, silent(ms))];
    expect(looker.watch(200_000, { subflows: unasked, holds: isDead(1) })).toBeNull();
  });

  test("that begin after half of the timeout find a dead idle path in the whole of it", () => {
    const looker = new Looker();
    const probed = (ms: number) => [
      subflow(1, { probes: Math.max(0, Math.floor(ms / 5000) - 2), ...silent(ms) }),
    ];
    expect(looker.watch(60_000, { subflows: probed, holds: isDead(1) })).toBe(TIMEOUT_MS);
    expect(looker.last.end).toEqual({ kind: "all-dead" });
  });

  test("that begin sooner find it no sooner", () => {
    const looker = new Looker();
    const probed = (ms: number) => [subflow(1, { probes: ms < 5000 ? 0 : 1, ...silent(ms) })];
    expect(looker.watch(60_000, { subflows: probed, holds: isDead(1) })).toBe(TIMEOUT_MS);
  });

  test("that begin later get half of the timeout", () => {
    const looker = new Looker();
    const probed = (ms: number) => [subflow(1, { probes: ms < 60_000 ? 0 : 1, ...silent(ms) })];
    expect(looker.watch(90_000, { subflows: probed, holds: isDead(1) })).toBe(75_000);
  });

  test("a peer with a shut window that answers is alive, however rarely it is asked", () => {
    const looker = new Looker();
    // A probe every 40 s, and 300 ms until its answer.
    const probed = (ms: number) => {
      const sinceProbeMs = ms % 40_000;
      const isAnswered = ms < 40_000 || sinceProbeMs >= 300;
      const silentMs = isAnswered ? sinceProbeMs - 300 : 40_000 - 300 + sinceProbeMs;
      return [subflow(1, { probes: isAnswered ? 0 : 1, notSentBytes: 1, ...silent(silentMs) })];
    };
    expect(looker.watch(300_000, { subflows: probed, holds: isDead(1) })).toBeNull();
  });
});

describe("PathLiveness: joins", () => {
  // Before the handshake the kernel's times count from its start: hours of silence that mean nothing.
  const join = (state: number) => {
    const unacked = state === TCP_STATES.SYN_SENT ? 1 : 0;
    return subflow(2, { state, unacked, ...silent(12_125_708) });
  };

  for (const state of [TCP_STATES.SYN_SENT, TCP_STATES.SYN_RECV]) {
    test(`in state ${state} are dead after the timeout`, () => {
      const looker = new Looker();
      const subflows = () => [subflow(1), join(state)];
      expect(looker.watch(60_000, { subflows, holds: isDead(2) })).toBe(TIMEOUT_MS);
      expect(looker.last.end).toBeNull();
    });
  }

  test("keep a connection whose other paths are dead until they are dead too", () => {
    const looker = new Looker();
    const subflows = (ms: number) => {
      const first = subflow(1, { unacked: 1, ...silent(ms) });
      return ms < 20_000 ? [first] : [first, join(TCP_STATES.SYN_SENT)];
    };
    expect(looker.watch(90_000, { subflows, holds: isEnded })).toBe(20_000 + TIMEOUT_MS);
  });

  test("are not dead once established", () => {
    const looker = new Looker();
    const subflows = (ms: number) => [ms < 29_000 ? join(TCP_STATES.SYN_SENT) : subflow(2)];
    expect(looker.watch(90_000, { subflows, holds: isDead(2) })).toBeNull();
  });
});

describe("PathLiveness: a connection", () => {
  const dead = (ms: number) => subflow(1, { unacked: 1, ...silent(ms) });

  test("goes on with one living path", () => {
    const looker = new Looker();
    const subflows = (ms: number) => [dead(ms), subflow(2)];
    expect(looker.watch(90_000, { subflows, holds: isEnded })).toBeNull();
    expect([...looker.last.dead]).toEqual([1]);
  });

  test("does not end with unread bytes; with them read it does", () => {
    const looker = new Looker();
    looker.hasUnread = true;
    const subflows = (ms: number) => [dead(ms)];
    expect(looker.watch(60_000, { subflows, holds: isEnded })).toBeNull();
    expect([...looker.last.dead]).toEqual([1]);
    looker.hasUnread = false;
    expect(looker.look([dead(61_000)]).end).toEqual({ kind: "all-dead" });
  });

  test("does not count what is left of a first subflow that died", () => {
    const looker = new Looker();
    const subflows = (ms: number) => [DEAD_FIRST, subflow(2, { unacked: 1, ...silent(ms) })];
    expect(looker.watch(60_000, { subflows, holds: isEnded })).toBe(TIMEOUT_MS);
  });

  test("a timeout of 0 finds nobody dead", () => {
    const looker = new Looker(0);
    const subflows = (ms: number) => [dead(ms), subflow(2, { state: TCP_STATES.SYN_SENT })];
    const holds = (seen: Liveness) => seen.dead.size > 0 || isEnded(seen);
    expect(looker.watch(300_000, { subflows, holds })).toBeNull();
  });

  test("a dead path stays dead until something comes, whatever it owes, and then lives", () => {
    const looker = new Looker();
    looker.watch(31_000, { subflows: (ms) => [dead(ms)], holds: isEnded });
    expect([...looker.look([subflow(1, silent(31_100))]).dead]).toEqual([1]);
    looker.atMs += 100;
    expect(looker.look([subflow(1, { unacked: 1 })])).toEqual({ dead: new Set(), end: null });
  });

  test("after a gap between looks nobody is dead for it, and what is owed counts anew", () => {
    const looker = new Looker();
    looker.watch(10_000, { subflows: (ms) => [dead(ms)], holds: isEnded });
    looker.atMs += 3_600_000;
    const after = (ms: number) => [dead(3_610_000 + ms)];
    expect(looker.watch(60_000, { subflows: after, holds: isDead(1) })).toBe(TIMEOUT_MS);
  });

  test("after a gap between looks those found dead before are dead still", () => {
    const looker = new Looker();
    looker.watch(31_000, { subflows: (ms) => [dead(ms), subflow(2)], holds: isEnded });
    looker.atMs += 3_600_000;
    expect([...looker.look([dead(3_631_000), subflow(2)]).dead]).toEqual([1]);
  });

  test("a number that comes again is another subflow", () => {
    const looker = new Looker();
    looker.watch(31_000, { subflows: (ms) => [dead(ms), subflow(2)], holds: isEnded });
    looker.look([subflow(2)]);
    looker.atMs += 100;
    expect(looker.look([dead(40_000), subflow(2)]).dead.size).toBe(0);
  });
});
