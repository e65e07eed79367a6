import { describe, expect, test } from "bun:test";
import type { MachineFacts } from "../../../../../src/net/mptcp/check/facts.ts";
import {
  isSwitchedOff,
  machineFindings,
  subflowLimit,
} from "../../../../../src/net/mptcp/check/machine-rules.ts";
import { endpoint, machine } from "../../../../support/check-facts.ts";

function settings(...pairs: readonly [string, string][]): MachineFacts["settings"] {
  return new Map([...machine().settings, ...pairs]);
}

function counters(changes: Record<string, number>): Partial<MachineFacts> {
  return { counters: new Map(Object.entries(changes)) };
}

/** What differs from a machine on which all is well, and the one finding that tells it. */
const TABLE: readonly {
  readonly name: string;
  readonly facts: Partial<MachineFacts>;
  readonly level: "note" | "problem";
  readonly says: string;
  readonly remedy: string | null;
}[] = [
  {
    name: "switched off by a black hole now",
    facts: { loopback: "switched-off" },
    level: "problem",
    says: "the kernel has switched MPTCP off",
    remedy: "sysctl -w net.mptcp.blackhole_timeout=3600",
  },
  {
    name: "switched off, by a timeout of its own",
    facts: { loopback: "switched-off", settings: settings(["blackhole_timeout", "60"]) },
    level: "problem",
    says: "at least 60 s",
    remedy: "sysctl -w net.mptcp.blackhole_timeout=60",
  },
  {
    name: "connects that were made plain TCP, and loopback says nothing",
    facts: { loopback: "unknown", ...counters({ MPCapableSYNTXDisabled: 4 }) },
    level: "problem",
    says: "has probably switched MPTCP off",
    remedy: "sysctl -w net.mptcp.blackhole_timeout=3600",
  },
  {
    name: "no such connects, and loopback says nothing",
    facts: { loopback: "unknown" },
    level: "note",
    says: "could not be tried",
    remedy: null,
  },
  {
    name: "a black hole that is over",
    facts: counters({ Blackhole: 1, MPCapableSYNTXDisabled: 9 }),
    level: "note",
    says: "but it was: once",
    remedy: null,
  },
  {
    name: "a program's path manager",
    facts: { settings: settings(["path_manager", "userspace"]) },
    level: "problem",
    says: "mptcpd",
    remedy: "sysctl -w net.mptcp.path_manager=kernel",
  },
  {
    name: "a program's path manager, before Linux 6.15",
    facts: {
      settings: new Map([
        ["enabled", "1"],
        ["pm_type", "1"],
      ]),
    },
    level: "problem",
    says: "net.mptcp.pm_type is 1",
    remedy: "sysctl -w net.mptcp.pm_type=0",
  },
  {
    name: "one lost SYN is enough",
    facts: { settings: settings(["syn_retrans_before_tcp_fallback", "0"]) },
    level: "problem",
    says: "a single lost SYN",
    remedy: "sysctl -w net.mptcp.syn_retrans_before_tcp_fallback=2",
  },
  {
    name: "no number of lost SYNs is enough",
    facts: { settings: settings(["syn_retrans_before_tcp_fallback", "128"]) },
    level: "note",
    says: "never gives up",
    remedy: null,
  },
  {
    name: "dead paths are used on",
    facts: { settings: settings(["stale_loss_cnt", "0"]) },
    level: "problem",
    says: "loses everything",
    remedy: "sysctl -w net.mptcp.stale_loss_cnt=4",
  },
  {
    name: "checksums",
    facts: { settings: settings(["checksum_enabled", "1"]) },
    level: "note",
    says: "summed",
    remedy: null,
  },
  {
    name: "no time without a path",
    facts: { settings: settings(["close_timeout", "0"]) },
    level: "note",
    says: "ends at once",
    remedy: null,
  },
  {
    name: "the C flag as a server",
    facts: { settings: settings(["allow_join_initial_addr_port", "0"]) },
    level: "note",
    says: "as a server",
    remedy: null,
  },
  {
    name: "another scheduler",
    facts: { settings: settings(["scheduler", "bpf_rr"]) },
    level: "note",
    says: "net.mptcp.scheduler is bpf_rr",
    remedy: null,
  },
  {
    name: "no extra subflows",
    facts: { limits: { subflows: 0, addAddrAccepted: 2 } },
    level: "problem",
    says: "no path beside its first",
    remedy: "ip mptcp limits set subflows 2",
  },
  {
    name: "fewer extra subflows than endpoints",
    facts: {
      limits: { subflows: 2, addAddrAccepted: 2 },
      endpoints: [2, 3, 4].map((id) => endpoint("subflow", { id, address: `10.9.${id}.1` })),
    },
    level: "problem",
    says: "2 paths beside its first, and 3 endpoints",
    remedy: "ip mptcp limits set subflows 3",
  },
  {
    name: "no announced addresses",
    facts: { limits: { subflows: 2, addAddrAccepted: 0 } },
    level: "note",
    says: "add_addr_accepted 0",
    remedy: null,
  },
  {
    name: "a kernel that does not list",
    facts: { limits: null, endpoints: [], pathManagerRefusal: "Operation not permitted" },
    level: "note",
    says: "run the check as root",
    remedy: null,
  },
  {
    name: "addresses that could not be bound",
    facts: counters({ MPJoinSynTxBindErr: 3 }),
    level: "note",
    says: "MPJoinSynTxBindErr is 3: joins never left",
    remedy: null,
  },
  {
    name: "answers with a wrong HMAC",
    facts: counters({ MPJoinSynAckHMacFailure: 1 }),
    level: "note",
    says: "MPJoinSynAckHMacFailure",
    remedy: null,
  },
  {
    name: "changed bytes",
    facts: counters({ DataCsumErr: 1 }),
    level: "note",
    says: "DataCsumErr",
    remedy: null,
  },
  {
    name: "answered joins, and resets",
    facts: counters({ MPRstTx: 2, MPJoinSynAckRx: 5, MPJoinSynTx: 5 }),
    level: "note",
    says: "MPJoinSynAckRx is 5 and MPRstTx 2",
    remedy: null,
  },
];

describe("machineFindings", () => {
  test("of a machine on which all is well are all ok", () => {
    const levels = machineFindings(machine()).map(({ level }) => level);
    expect(new Set(levels)).toEqual(new Set(["ok"]));
  });

  for (const { name, facts, level, says, remedy } of TABLE) {
    test(`tell one ${level}: ${name}`, () => {
      const findings = machineFindings(machine(facts)).filter((one) => one.level !== "ok");
      expect(findings).toMatchObject([{ level, remedy, remedyOn: "here", url: null }]);
      expect(findings[0]?.text).toContain(says);
    });
  }

  test("tell of a refused socket, and nothing else", () => {
    const socketRefusal = { reason: "MPTCP is switched off", isSwitchedOff: true };
    expect(machineFindings(machine({ socketRefusal }))).toMatchObject([
      { level: "problem", topic: "kernel", remedy: "sysctl -w net.mptcp.enabled=1" },
    ]);
  });

  test("have no remedy for a kernel that was built without MPTCP", () => {
    const socketRefusal = { reason: "this kernel was built without", isSwitchedOff: false };
    expect(machineFindings(machine({ socketRefusal }))[0]?.remedy).toBeNull();
  });

  test("do not ask for a limit above what kernels allow", () => {
    const ids = Array.from({ length: 12 }, (_, i) => i + 2);
    const endpoints = ids.map((id) => endpoint("subflow", { id, address: `10.9.${id}.1` }));
    const limits = { subflows: 8, addAddrAccepted: 8 };
    const findings = machineFindings(machine({ endpoints, limits }));
    expect(findings.filter(({ level }) => level === "problem")).toEqual([]);
  });
});

describe("isSwitchedOff", () => {
  test("believes the connect over loopback before old counters", () => {
    expect(isSwitchedOff(machine(counters({ MPCapableSYNTXDisabled: 4 })))).toBe(false);
    expect(isSwitchedOff(machine({ loopback: "switched-off" }))).toBe(true);
  });
});

describe("subflowLimit", () => {
  test("is what the kernel says, or all that any allows", () => {
    expect(subflowLimit(machine())).toBe(2);
    expect(subflowLimit(machine({ limits: null }))).toBe(8);
  });
});
