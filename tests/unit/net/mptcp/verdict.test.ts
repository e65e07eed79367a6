import { describe, expect, test } from "bun:test";
import {
  explainFallback,
  type FallbackCause,
  type FallbackEvidence,
  fallbackSentence,
} from "../../../../src/net/mptcp/verdict.ts";

interface Case {
  readonly moment: FallbackEvidence["moment"];
  /** How the counters moved, e.g. "MPCapableSYNTX 1 MPCapableFallbackSYNACK 1". */
  readonly moved: string;
  readonly attempts?: number;
  /** What they were before; 0 where it does not say. */
  readonly before?: string;
}

function counters(...texts: readonly string[]): Map<string, number> {
  const map = new Map([["MPCurrEstab", 0]]);
  for (const text of texts) {
    const words = text.split(" ").filter(Boolean);
    for (let i = 0; i < words.length; i += 2) {
      const name = words[i] ?? "";
      map.set(name, (map.get(name) ?? 0) + Number(words[i + 1]));
    }
  }
  return map;
}

function explain({ moment, moved, attempts = 1, before = "" }: Case) {
  return explainFallback({
    moment,
    before: counters(before),
    after: counters(before, moved),
    ownAttempts: attempts,
    blackholeTimeoutSeconds: 3600,
  });
}

/** What the client's kernel counted (Linux 6.18) when a router did it to the only connection of the namespace. */
const MEASURED: readonly (readonly [string, Case, FallbackCause])[] = [
  [
    "a server without MPTCP, and MPTCP stripped from SYNs, from SYN/ACKs, or from all",
    { moment: "connect", moved: "MPCapableSYNTX 1 MPCapableFallbackSYNACK 1 MPCurrEstab 1" },
    "not-answered",
  ],
  [
    "the same after an attempt that was refused, or was not answered in time",
    {
      moment: "connect",
      moved: "MPCapableSYNTX 2 MPCapableFallbackSYNACK 1 MPCurrEstab 1",
      attempts: 2,
    },
    "not-answered",
  ],
  [
    "SYNs with MPTCP dropped",
    {
      moment: "connect",
      moved: "MPCapableSYNTX 1 MPCapableSYNTXDrop 1 Blackhole 1 MPCurrEstab 1",
    },
    "unanswered",
  ],
  [
    "SYN/ACKs with MPTCP dropped",
    { moment: "connect", moved: "MPCapableSYNTX 1 MPCapableSYNTXDrop 1 MPCurrEstab 1" },
    "unanswered",
  ],
  [
    "the connect after a black hole",
    { moment: "connect", moved: "MPCapableSYNTXDisabled 1 MPCurrEstab 1" },
    "switched-off",
  ],
  [
    "MPTCP stripped from the client's packets, the server's, or both, after the handshake",
    {
      moment: "first-reply",
      moved: "MPCapableSYNTX 1 MPCapableSYNACKRX 1 MPCurrEstab 1 MPCapableDataFallback 1",
    },
    "stripped",
  ],
  [
    "the first reply rewritten, with checksums",
    {
      moment: "first-reply",
      moved: "MPCapableSYNTX 1 MPCapableSYNACKRX 1 MPCurrEstab 1 DataCsumErr 1 DssFallback 1",
    },
    "checksum",
  ],
  [
    "a later reply rewritten, with checksums",
    {
      moment: "later",
      moved:
        "MPCapableSYNTX 1 MPCapableSYNACKRX 1 MPCurrEstab 1 DataCsumErr 3 MPFailTx 3 MPFailRx 1 DssFallback 1",
    },
    "checksum",
  ],
  [
    "MPTCP stripped from the server's packets in mid-stream",
    {
      moment: "later",
      moved: "MPCapableSYNTX 1 MPCapableSYNACKRX 1 MPCurrEstab 1 RcvWndShared 2 DssFallback 1",
    },
    "late",
  ],
];

/** By the meaning of the counters (linux, net/mptcp/mib.h): a client of TCP cannot be brought to it from outside. */
const NAMED: readonly (readonly [string, Case, FallbackCause])[] = [
  ["TCP-MD5", { moment: "connect", moved: "MD5SigFallback 1" }, "md5"],
  ["no token", { moment: "connect", moved: "MPFallbackTokenInit 1" }, "no-token"],
  [
    "a simultaneous open",
    { moment: "connect", moved: "MPCapableSYNTX 1 SimultConnectFallback 1" },
    "simultaneous-open",
  ],
  [
    "an infinite mapping",
    { moment: "later", moved: "MPCapableSYNTX 1 InfiniteMapRx 1" },
    "ended-by-peer",
  ],
  [
    "the first reply without DSS",
    { moment: "first-reply", moved: "MPCapableSYNTX 1 DssFallback 1" },
    "stripped",
  ],
];

const UNCERTAIN: readonly (readonly [string, Case, FallbackCause])[] = [
  [
    "two causes moved",
    {
      moment: "connect",
      moved: "MPCapableSYNTX 2 MPCapableSYNTXDrop 1 Blackhole 1 MPCapableFallbackSYNACK 1",
    },
    "unanswered",
  ],
  [
    "two causes moved, as often as we connected",
    {
      moment: "connect",
      moved: "MPCapableSYNTX 2 MPCapableSYNTXDrop 1 MPCapableFallbackSYNACK 1",
      attempts: 2,
    },
    "unanswered",
  ],
  [
    "somebody else connected, with another end",
    { moment: "connect", moved: "MPCapableSYNTX 2 MPCapableFallbackSYNACK 1" },
    "not-answered",
  ],
  [
    "an older connection could have fallen back",
    {
      moment: "later",
      before: "MPCurrEstab 1",
      moved: "MPCapableSYNTX 1 MPCurrEstab 1 DssFallback 1",
    },
    "late",
  ],
  [
    "a server of this namespace was connected to",
    {
      moment: "first-reply",
      moved: "MPCapableSYNTX 1 MPCapableSYNRX 1 MPCapableDataFallback 1",
    },
    "stripped",
  ],
  ["no counter moved at connect", { moment: "connect", moved: "MPCapableSYNTX 1" }, "unexplained"],
  [
    "no counter moved at the first reply",
    { moment: "first-reply", moved: "MPCapableSYNTX 1" },
    "stripped",
  ],
  ["no counter moved later", { moment: "later", moved: "MPCapableSYNTX 1" }, "late"],
];

describe("explainFallback", () => {
  for (const [name, given, cause] of [...MEASURED, ...NAMED]) {
    test(`${name}: ${cause}, for certain`, () => {
      expect(explain(given)).toMatchObject({ cause, certain: true });
    });
  }

  for (const [name, given, cause] of UNCERTAIN) {
    test(`${name}: ${cause}, not for certain`, () => {
      expect(explain(given)).toMatchObject({ cause, certain: false });
    });
  }

  test("others that met with the same leave it certain", () => {
    const moved = "MPCapableSYNTXDisabled 3";
    expect(explain({ moment: "connect", moved })).toMatchObject({
      cause: "switched-off",
      certain: true,
    });
  });

  test("counts what moved, not what was there before", () => {
    const before = "MPCapableSYNTX 7 MPCapableSYNTXDrop 2 Blackhole 2 DataCsumErr 5";
    const moved = "MPCapableSYNTX 1 MPCapableFallbackSYNACK 1";
    expect(explain({ moment: "connect", before, moved })).toMatchObject({
      cause: "not-answered",
      certain: true,
    });
  });

  for (const [moment, cause] of [
    ["connect", "unexplained"],
    ["first-reply", "stripped"],
    ["later", "late"],
  ] as const) {
    test(`unreadable counters leave the moment: ${moment} is ${cause}, not for certain`, () => {
      const unreadable = { moment, before: null, after: null, ownAttempts: 1 };
      expect(explainFallback({ ...unreadable, blackholeTimeoutSeconds: null })).toEqual({
        cause,
        certain: false,
        blackholeTimeoutSeconds: null,
      });
    });
  }

  test("tells the time that MPTCP stays off only where it is off", () => {
    const off = (moved: string) => explain({ moment: "connect", moved }).blackholeTimeoutSeconds;
    expect(off("MPCapableSYNTXDisabled 1")).toBe(3600);
    expect(off("MPCapableSYNTX 1 MPCapableSYNTXDrop 1 Blackhole 1")).toBe(3600);
    expect(off("MPCapableSYNTX 1 MPCapableSYNTXDrop 1")).toBeNull();
    expect(off("MPCapableSYNTX 1 MPCapableFallbackSYNACK 1")).toBeNull();
  });
});

describe("fallbackSentence", () => {
  const sentence = (cause: FallbackCause, certain = true, seconds: number | null = null) =>
    fallbackSentence({ cause, certain, blackholeTimeoutSeconds: seconds });

  test("says probably where it is not certain, and not of what is not explained", () => {
    expect(sentence("late", false)).toBe(`probably ${sentence("late")}`);
    expect(sentence("unexplained", false)).toBe("the kernel does not tell why");
  });

  test("of switched-off says for how long at most, and how to reset it", () => {
    expect(sentence("switched-off", true, 1800)).toBe(
      "the kernel has MPTCP switched off in this network namespace since SYNs with MPTCP went unanswered, " +
        'for up to 1800 s (longer after relapses); "sysctl -w net.mptcp.blackhole_timeout=1800" resets it',
    );
  });

  test("of switched-off without a readable setting resets it to the kernel's default", () => {
    expect(sentence("switched-off")).toContain(
      'for a while; "sysctl -w net.mptcp.blackhole_timeout=3600" resets it',
    );
  });

  test("of unanswered says that MPTCP is off now, where it is", () => {
    expect(sentence("unanswered", true, 3600)).toContain(
      "MPTCP is now switched off in this network namespace, for up to 3600 s",
    );
    expect(sentence("unanswered")).not.toContain("switched off");
  });

  test("of raced says what was unanswered, and who does it", () => {
    expect(sentence("raced")).toBe(
      "SYNs with MPTCP went unanswered while plain TCP was answered: something on the way drops them",
    );
  });
});
