// RacePlan as a table: a network, and the time line of the race in it. In a network an attempt is named by its
// destination, then "@device" of a source, then "tcp" where it stands in for MPTCP; who is not named never answers.
import { describe, expect, test } from "bun:test";
import {
  type Attempt,
  type Candidate,
  RacePlan,
  type RaceRules,
} from "../../../../src/net/dial/race.ts";
import type { SourceAddress } from "../../../../src/net/mptcp/endpoints.ts";

interface Network {
  readonly to: string;
  /** "device=address", in the kernel's order. */
  readonly sources?: string;
  /** What the default source of a destination is. */
  readonly localAddress?: string;
  /** Attempt → "ms connected", "ms refused" or "ms failed", from its start; 0 ms: within connect(2). */
  readonly answers?: Readonly<Record<string, string>>;
}

interface Case extends Network {
  readonly name: string;
  readonly rules?: Partial<RaceRules>;
  /** "ms what", separated by ", ". */
  readonly line: string;
}

const MPTCP: RaceRules = { protocol: "mptcp", fromSources: true, plainTcpJoins: true };
const REQUIRED: RaceRules = { ...MPTCP, plainTcpJoins: false };
const TCP: RaceRules = { protocol: "tcp", fromSources: false, plainTcpJoins: false };

const A = "10.0.0.1";
const B = "10.0.0.2";
const SIX = "fd00::1";

const CASES: readonly Case[] = [
  {
    name: "an answer within 200 ms asks nobody for anything",
    to: A,
    sources: "c2=10.9.2.1",
    answers: { [A]: "199 connected" },
    line: `0 ${A}, 199 won ${A}`,
  },
  {
    name: "without --mptcp: 200 ms apart, and then it waits",
    rules: TCP,
    to: `${A} ${B}`,
    line: `0 ${A}, 200 ${B}, 200 waits`,
  },
  {
    name: "without --mptcp: at once after a failure, and lost after the last",
    rules: TCP,
    to: `${A} ${B}`,
    answers: { [A]: "10 failed", [B]: "0 refused" },
    line: `0 ${A}, 10 ${B}, 10 lost`,
  },
  {
    name: "no answer: each destination again from each source, 200 ms apart",
    rules: REQUIRED,
    to: `${A} ${B}`,
    sources: "c2=10.9.2.1 c3=10.9.3.1",
    answers: { [`${B}@c3`]: "50 connected" },
    line:
      `0 ${A}, 200 ${B}, 400 asks, 400 ${A}@c2, 600 ${B}@c2, 800 ${A}@c3, 1000 ${B}@c3, ` +
      `1050 won ${B}@c3`,
  },
  {
    name: "no route at all: the sources are asked for at once",
    to: A,
    sources: "c2=10.9.2.1",
    answers: { [A]: "0 failed", [`${A}@c2`]: "3 connected" },
    line: `0 ${A}, 0 asks, 0 ${A}@c2, 3 won ${A}@c2`,
  },
  {
    name: "one has failed, one has no answer: the sources wait for the 200 ms of the last",
    to: `${A} ${B}`,
    sources: "c2=10.9.2.1",
    answers: { [A]: "250 failed", [`${A}@c2`]: "1 connected" },
    line: `0 ${A}, 200 ${B}, 400 asks, 400 ${A}@c2, 401 won ${A}@c2`,
  },
  {
    name: "a failure from a source starts the next at once",
    to: A,
    sources: "c2=10.9.2.1 c3=10.9.3.1",
    answers: { [`${A}@c2`]: "0 failed", [`${A}@c3`]: "1 connected" },
    line: `0 ${A}, 200 asks, 200 ${A}@c2, 200 ${A}@c3, 201 won ${A}@c3`,
  },
  {
    name: "a refusal is an answer: no source is asked for",
    to: A,
    sources: "c2=10.9.2.1",
    answers: { [A]: "1 refused" },
    line: `0 ${A}, 1 lost`,
  },
  {
    name: "a destination that refused is not tried from sources, the others are",
    to: `${A} ${B}`,
    sources: "c2=10.9.2.1",
    answers: { [A]: "1 refused", [`${B}@c2`]: "1 connected" },
    line: `0 ${A}, 1 ${B}, 201 asks, 201 ${B}@c2, 202 won ${B}@c2`,
  },
  {
    name: "a destination that refused from one source is not tried from the next, and the silent way goes on",
    rules: { ...TCP, fromSources: true },
    to: A,
    sources: "c2=10.9.2.1 c3=10.9.3.1",
    answers: { [`${A}@c2`]: "5 refused", [A]: "3000 connected" },
    line: `0 ${A}, 200 asks, 200 ${A}@c2, 3000 won ${A}`,
  },
  {
    name: "the source that the first attempt has is left out",
    to: A,
    sources: "c1=10.9.1.1 c2=10.9.2.1",
    localAddress: "10.9.1.1",
    answers: { [`${A}@c2`]: "1 connected" },
    line: `0 ${A}, 200 asks, 200 ${A}@c2, 201 won ${A}@c2`,
  },
  {
    name: "a source reaches only its own family",
    to: `${A} ${SIX}`,
    sources: "c2=fd09:2::1 c3=10.9.3.1",
    answers: { [`${A}@c3`]: "1 connected" },
    line: `0 ${SIX}, 200 ${A}, 400 asks, 400 ${SIX}@c2, 600 ${A}@c3, 601 won ${A}@c3`,
  },
  {
    name: "without endpoints an unanswered connect waits as ever, and a failed one is lost as ever",
    rules: { plainTcpJoins: false, protocol: "tcp" },
    to: A,
    answers: { [A]: "130000 failed" },
    line: `0 ${A}, 200 asks, 130000 lost`,
  },
  ...["127.0.0.1", "127.3.2.1", "0.0.0.0", "::1", "::", "::ffff:10.0.0.1"].map((to) => ({
    name: `${to} is never tried from sources`,
    rules: REQUIRED,
    to,
    sources: "c2=10.9.2.1 c3=fd09:2::1",
    answers: { [to]: "400 failed" },
    line: `0 ${to}, 400 lost`,
  })),
  {
    name: "an address that names its interface is never tried from sources",
    rules: REQUIRED,
    to: "fe80::1%2",
    sources: "c3=fd09:2::1",
    answers: { "fe80::1": "400 failed" },
    line: "0 fe80::1, 400 lost",
  },
  {
    name: "SYNs with MPTCP that are dropped: plain TCP joins after 1.2 s and wins",
    to: A,
    answers: { [`${A} tcp`]: "1 connected" },
    line: `0 ${A}, 200 asks, 1200 ${A} tcp, 1201 won ${A} tcp`,
  },
  {
    name: "one lost SYN: MPTCP wins at 1.0 s, plain TCP never starts",
    to: A,
    answers: { [A]: "1030 connected" },
    line: `0 ${A}, 200 asks, 1030 won ${A}`,
  },
  {
    name: "MPTCP that answers after plain TCP has started still wins",
    to: A,
    answers: { [A]: "1210 connected", [`${A} tcp`]: "30 connected" },
    line: `0 ${A}, 200 asks, 1200 ${A} tcp, 1210 won ${A}`,
  },
  {
    name: "nothing answers at all: MPTCP ends before the kernel falls back, plain TCP goes on",
    to: A,
    line: `0 ${A}, 200 asks, 1200 ${A} tcp, 2700 closes ${A}, 2700 waits`,
  },
  {
    name: "plain TCP stands in for each attempt without answer in their order, 200 ms apart",
    to: `${A} ${B}`,
    sources: "c2=10.9.2.1",
    answers: { [`${B}@c2 tcp`]: "1 connected" },
    line:
      `0 ${A}, 200 ${B}, 400 asks, 400 ${A}@c2, 600 ${B}@c2, 1200 ${A} tcp, 1400 ${B} tcp, ` +
      `1600 ${A}@c2 tcp, 1800 ${B}@c2 tcp, 1801 won ${B}@c2 tcp`,
  },
  {
    name: "plain TCP counts from the attempt that has no answer, not from one that failed",
    to: `${A} ${B}`,
    answers: { [A]: "100 failed", [`${B} tcp`]: "1 connected" },
    line: `0 ${A}, 100 ${B}, 300 asks, 1300 ${B} tcp, 1301 won ${B} tcp`,
  },
  {
    name: "plain TCP that is refused answers for MPTCP too",
    to: A,
    answers: { [`${A} tcp`]: "1 refused" },
    line: `0 ${A}, 200 asks, 1200 ${A} tcp, 1201 closes ${A}, 1201 lost`,
  },
  {
    name: "plain TCP that cannot be sent leaves MPTCP to the kernel",
    to: A,
    answers: { [`${A} tcp`]: "0 failed", [A]: "9000 connected" },
    line: `0 ${A}, 200 asks, 1200 ${A} tcp, 9000 won ${A}`,
  },
  {
    name: "--mptcp-require: plain TCP never joins, and MPTCP has failed before the kernel falls back",
    rules: REQUIRED,
    to: A,
    line: `0 ${A}, 200 asks, 2700 closes ${A}, 2700 lost`,
  },
];

describe("RacePlan", () => {
  for (const { name, rules, line, ...network } of CASES) {
    test(name, () => {
      expect(timeLine({ ...MPTCP, ...rules }, network)).toBe(line);
    });
  }

  test("is lost at once without candidates", () => {
    expect(new RacePlan([], MPTCP).next(0)).toEqual({ kind: "lost" });
  });

  test("waits for the endpoints when all has failed", () => {
    const plan = new RacePlan([candidateOf(A)], MPTCP);
    const step = plan.next(5);
    if (step.kind !== "start") throw new Error(step.kind);
    plan.failed(step.attempt, { nowMs: 5, refused: false });
    expect(plan.next(5)).toEqual({ kind: "find-sources" });
    expect(plan.next(5)).toEqual({ kind: "wait", untilMs: null });
    plan.sourcesAre([], () => null);
    expect(plan.next(5)).toEqual({ kind: "lost" });
  });
});

interface Happening {
  readonly atMs: number;
  readonly attempt: Attempt;
  readonly what: string;
}

/** Runs a race in a network, and tells what happened when. */
function timeLine(
  rules: RaceRules,
  { to, sources = "", localAddress, answers = {} }: Network,
): string {
  const plan = new RacePlan(to.split(" ").map(candidateOf), rules);
  const lines: string[] = [];
  const live = new Set<Attempt>();
  let coming: Happening[] = [];
  for (let nowMs = 0; ; ) {
    const step = plan.next(nowMs);
    if (step.kind === "start") {
      const { attempt } = step;
      lines.push(`${nowMs} ${nameOf(attempt)}`);
      live.add(attempt);
      const [afterMs, what] = (answers[nameOf(attempt)] ?? "").split(" ");
      if (what) coming.push({ atMs: nowMs + Number(afterMs), attempt, what });
    } else if (step.kind === "find-sources") {
      lines.push(`${nowMs} asks`);
      plan.sourcesAre(sources.split(" ").filter(Boolean).map(sourceOf), () => localAddress ?? null);
    } else if (step.kind === "abandon") {
      lines.push(`${nowMs} closes ${nameOf(step.attempt)}`);
      live.delete(step.attempt);
    } else if (step.kind === "lost") return [...lines, `${nowMs} lost`].join(", ");
    coming = coming.filter(({ attempt }) => live.has(attempt)).sort((a, b) => a.atMs - b.atMs);
    const untilMs = step.kind === "wait" ? (step.untilMs ?? Number.POSITIVE_INFINITY) : nowMs;
    const next = coming[0];
    if (next && next.atMs <= untilMs) {
      nowMs = next.atMs;
      live.delete(next.attempt);
      if (next.what === "connected") {
        return [...lines, `${nowMs} won ${nameOf(next.attempt)}`].join(", ");
      }
      plan.failed(next.attempt, { nowMs, refused: next.what === "refused" });
    } else if (untilMs === Number.POSITIVE_INFINITY) return [...lines, `${nowMs} waits`].join(", ");
    else nowMs = untilMs;
  }
}

function nameOf({ candidate, source, standsInFor }: Attempt): string {
  const from = source ? `@${source.interfaceName}` : "";
  return `${candidate.address}${from}${standsInFor ? " tcp" : ""}`;
}

function candidateOf(text: string): Candidate {
  const [address = "", scope = "0"] = text.split("%");
  const family = address.includes(":") ? "ipv6" : "ipv4";
  return { family, address, port: 80, scopeId: Number(scope) };
}

function sourceOf(text: string): SourceAddress {
  const [interfaceName = "", address = ""] = text.split("=");
  const family = address.includes(":") ? "ipv6" : "ipv4";
  return { family, address, interfaceName, backup: false };
}
