import { describe, expect, test } from "bun:test";
import type { MachineFacts, Ways } from "../../../../../src/net/mptcp/check/facts.ts";
import type { SubflowFacts, TrialFacts } from "../../../../../src/net/mptcp/check/trial.ts";
import { readTrial, type TrialReading } from "../../../../../src/net/mptcp/check/trial-rules.ts";
import type { FallbackReason } from "../../../../../src/net/mptcp/verdict.ts";
import {
  by,
  endpoint,
  machine,
  SERVER,
  trial,
  uplink,
  ways,
} from "../../../../support/check-facts.ts";

const FIRST: SubflowFacts = { local: "10.9.1.1", remote: SERVER, state: "established" };

/** By the network of the local address, as in the drawing. */
function egress({ local }: SubflowFacts): string {
  return local.startsWith("10.9.1.") ? "c1" : local.startsWith("10.9.2.") ? "c2" : "c3";
}

function read(
  changes: Partial<TrialFacts> = {},
  facts: Partial<MachineFacts> = {},
  to: Ways = ways(),
): TrialReading {
  return readTrial(trial(changes), { facts: machine(facts), ways: to, egress });
}

function counted(changes: Record<string, number>): Partial<TrialFacts> {
  const change = new Map(Object.entries({ MPCapableSYNTX: 1, ...changes }));
  return { subflows: [FIRST], ended: "patience", change };
}

function ofEndpoint({ findings }: TrialReading) {
  return findings.find(({ topic }) => topic === "endpoint");
}

/** What one connection without its second path showed, and why that is said to be. */
const TABLE: readonly {
  readonly name: string;
  readonly trial: Partial<TrialFacts>;
  readonly facts?: Partial<MachineFacts>;
  readonly level?: "note";
  readonly says: string;
  readonly remedy?: string;
  readonly remedyOn?: "server";
}[] = [
  {
    name: "a join without answer",
    trial: {
      ...counted({ MPJoinSynTx: 1 }),
      subflows: [FIRST, { local: "10.9.2.1", remote: SERVER, state: "connecting" }],
    },
    says: "was not answered",
  },
  {
    name: "a join that was answered and reset",
    trial: counted({ MPJoinSynTx: 1, MPJoinSynAckRx: 1, MPRstTx: 1 }),
    says: "the server rejected its join",
    remedy: "ip mptcp limits set subflows 2",
    remedyOn: "server",
  },
  {
    name: "a join that was answered by plain TCP",
    trial: counted({ MPJoinSynTx: 1, MPRstTx: 1 }),
    says: "answered without MPTCP",
  },
  {
    name: "an answer by a stranger",
    trial: counted({ MPJoinSynTx: 1, MPJoinSynAckRx: 1, MPJoinSynAckHMacFailure: 1, MPRstTx: 1 }),
    says: "another machine than the server",
  },
  {
    name: "an address that could not be bound",
    trial: counted({ MPJoinSynTxBindErr: 1 }),
    says: "could not be bound",
  },
  {
    name: "no route",
    trial: counted({ MPJoinSynTxConnectErr: 1 }),
    says: "no route for its join",
  },
  {
    name: "a refused join",
    trial: counted({ MPJoinSynTx: 1 }),
    says: "refused, or given up",
  },
  {
    name: "no join at all",
    trial: counted({}),
    says: "the C flag",
    remedy: "sysctl -w net.mptcp.allow_join_initial_addr_port=1",
    remedyOn: "server",
  },
  {
    name: "no room for it",
    trial: counted({}),
    facts: { limits: { subflows: 0, addAddrAccepted: 0 } },
    says: "the limit of 0 paths",
    remedy: "ip mptcp limits set subflows 2",
  },
  {
    name: "a program's path manager",
    trial: counted({}),
    facts: { settings: new Map([["path_manager", "userspace"]]) },
    level: "note",
    says: "another path manager",
  },
  {
    name: "a connection that was closed too early",
    trial: { ...counted({}), ended: "closed" },
    level: "note",
    says: "before the connection was closed",
  },
  {
    name: "an interface that is down, whatever was counted",
    trial: counted({ MPJoinSynTx: 1 }),
    facts: {
      interfaces: [uplink("c1", "10.9.1.1"), uplink("c2", "10.9.2.1", { isUp: false })],
    },
    says: "switched off",
    remedy: "ip link set c2 up",
  },
];

describe("readTrial", () => {
  test("of two paths says so for the connection and the endpoint", () => {
    const { findings, paths } = read();
    expect(paths).toBe(2);
    expect(findings.map(({ level, text }) => [level, text])).toEqual([
      ["ok", "the connection from 10.9.1.1 to 10.9.100.1 is MPTCP"],
      ["ok", "endpoint 2 (10.9.2.1 on c2) made a path by c2 to 10.9.100.1"],
    ]);
  });

  for (const { name, facts, says, remedy, remedyOn, level, trial: changes } of TABLE) {
    test(`says why there is one path: ${name}`, () => {
      const reading = read(changes, facts);
      expect(reading.paths).toBe(1);
      const told = ofEndpoint(reading);
      expect(told).toMatchObject({ level: level ?? "problem", remedy: remedy ?? null });
      expect(told?.remedyOn).toBe(remedyOn ?? "here");
      expect(told?.text).toContain(says);
      expect(told?.text).not.toContain("probably the server rejected");
    });
  }

  test("says probably where two endpoints failed", () => {
    const endpoints = [2, 3].map((id) =>
      endpoint("subflow", { id, address: `10.9.${id}.1`, device: `c${id}` }),
    );
    const interfaces = [1, 2, 3].map((n) => uplink(`c${n}`, `10.9.${n}.1`));
    const [second] = ways().endpoints;
    if (!second) throw new Error("no second way");
    const third = { ...second, id: 3, taken: by("c3"), byOwner: by("c3") };
    const moved = counted({ MPJoinSynTx: 2, MPJoinSynAckRx: 2, MPRstTx: 2 });
    const reading = read(
      moved,
      { endpoints, interfaces },
      ways({}, { endpoints: [second, third] }),
    );
    const texts = reading.findings.filter(({ topic }) => topic === "endpoint");
    expect(texts.map(({ text }) => text.includes("probably the server rejected"))).toEqual([
      true,
      true,
    ]);
  });

  test("says probably where others connected meanwhile", () => {
    const moved = counted({ MPCapableSYNTX: 5, MPJoinSynTx: 1, MPRstTx: 1 });
    expect(ofEndpoint(read(moved))?.text).toContain("probably its join was answered without MPTCP");
  });

  test("believes a subflow that stands before the routes", () => {
    const { findings, paths } = read(
      {},
      {},
      ways({ taken: { kind: "assumed", interfaceName: "c2" } }),
    );
    expect(paths).toBe(2);
    expect(findings.every(({ level }) => level === "ok")).toBe(true);
  });

  test("does not count a second subflow over the first path's link", () => {
    const facts = { endpoints: [endpoint("subflow", { device: null })] };
    const to = ways({ taken: by("c1", "10.9.1.2") });
    const reading = readTrial(trial(), { facts: machine(facts), ways: to, egress: () => "c1" });
    expect(reading.paths).toBe(1);
    expect(ofEndpoint(reading)).toMatchObject({ level: "problem" });
    expect(ofEndpoint(reading)?.text).toContain("leave by c1");
  });

  test("counts a path to another address of the server's", () => {
    const announced: SubflowFacts = { ...FIRST, remote: "10.9.100.2" };
    const { findings, paths } = read({ subflows: [FIRST, announced] }, { endpoints: [] });
    expect(paths).toBe(2);
    expect(findings.map(({ text }) => text).join()).toContain(
      "10.9.100.2, which the server announced",
    );
  });

  test("does not count what still connects", () => {
    const second: SubflowFacts = { local: "10.9.2.1", remote: SERVER, state: "connecting" };
    expect(read({ subflows: [FIRST, second], ended: "patience" }).paths).toBe(1);
  });

  test("warns where the server never answered", () => {
    const { findings } = read({ hasReply: false });
    expect(findings.at(-1)).toMatchObject({ level: "note" });
    expect(findings.at(-1)?.text).toContain("did not answer");
  });

  test.each([
    ["not-answered", null, null],
    ["switched-off", 60, "sysctl -w net.mptcp.blackhole_timeout=60"],
  ] as const)("of a fall back (%s) says why, and no more", (cause, timeout, remedy) => {
    const reason: FallbackReason = { cause, certain: true, blackholeTimeoutSeconds: timeout };
    const state = { verdict: "fallback", reason, token: null } as const;
    const { findings, paths } = read({ state });
    expect(paths).toBe(0);
    expect(findings).toMatchObject([{ level: "problem", topic: "connection", remedy }]);
    expect(findings[0]?.text).toContain("fell back to TCP");
  });

  test("of a kernel that cannot tell says that", () => {
    const { findings, paths } = read({ state: { verdict: "unknown", reason: null, token: null } });
    expect(paths).toBe(0);
    expect(findings[0]?.text).toContain("cannot tell");
  });

  test("of a Unix socket says that there is no MPTCP", () => {
    expect(read({ state: null }).paths).toBe(0);
  });
});
