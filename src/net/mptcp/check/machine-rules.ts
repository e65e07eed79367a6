// What the facts of a machine mean for MPTCP, whatever the destination: kernel, black hole, settings, limits, counters.
// Pure: a table of facts gives a table of findings.
//
// Not here: endpoints and the ways from them (endpoint-rules.ts), one connection (trial-rules.ts).

import { resetBlackHole, setSubflowLimit, setting } from "./commands.ts";
import { type MachineFacts, opensSubflows, usesEndpoints } from "./facts.ts";
import { type Finding, note, ok, problem } from "./finding.ts";

/** net.mptcp.blackhole_timeout's default, in seconds. */
const BLACKHOLE_TIMEOUT_SECONDS = 3600;
/** The kernel's default: two paths beside the first one. */
const DEFAULT_SUBFLOWS = 2;
/** What kernels before 7.2 allow at most. */
export const MOST_SUBFLOWS = 8;

/** In the order in which one would look. Where the kernel opens no MPTCP socket, that alone is told. */
export function machineFindings(facts: MachineFacts): Finding[] {
  if (facts.socketRefusal !== null) return [refusedSocket(facts.socketRefusal)];
  return [
    ok(
      "kernel",
      "the kernel opens MPTCP sockets (tried: socket(AF_INET, SOCK_STREAM, IPPROTO_MPTCP))",
    ),
    ...blackHole(facts),
    ...settings(facts),
    ...limits(facts),
    ...counters(facts),
  ];
}

/** Whether the kernel makes plain TCP of every connection by itself now. */
export function isSwitchedOff(facts: MachineFacts): boolean {
  if (facts.loopback !== "unknown") return facts.loopback === "switched-off";
  return count(facts, "MPCapableSYNTXDisabled") > 0;
}

/** Further paths that the limit leaves room for. */
export function subflowLimit({ limits: known }: MachineFacts): number {
  return known?.subflows ?? MOST_SUBFLOWS;
}

/** A limit that gives each endpoint its subflow, and not less than the kernel's default. */
export function roomyLimit(facts: MachineFacts): number {
  const wanted = facts.endpoints.filter(opensSubflows).length;
  return Math.min(MOST_SUBFLOWS, Math.max(DEFAULT_SUBFLOWS, wanted));
}

function count({ counters: all }: MachineFacts, name: string): number {
  return all.get(name) ?? 0;
}

function refusedSocket(refusal: NonNullable<MachineFacts["socketRefusal"]>): Finding {
  const { reason, isSwitchedOff: isOff } = refusal;
  return problem("kernel", reason, { remedy: isOff ? setting("net.mptcp.enabled", 1) : null });
}

function blackHole(facts: MachineFacts): Finding[] {
  const holes = count(facts, "Blackhole");
  if (isSwitchedOff(facts)) {
    const timeout = Number(facts.settings.get("blackhole_timeout") ?? BLACKHOLE_TIMEOUT_SECONDS);
    const sure = facts.loopback === "switched-off" ? "" : "probably ";
    const text =
      `the kernel has ${sure}switched MPTCP off: a connect met a network that drops SYNs with MPTCP, and for at least ` +
      `${timeout} s since then (up to 64 times as long after relapses) every connection is plain TCP; writing the ` +
      "setting, with any value, ends that";
    return [problem("black-hole", text, { remedy: resetBlackHole(timeout) })];
  }
  if (facts.loopback === "unknown") {
    const text =
      "whether an earlier black hole keeps MPTCP switched off could not be tried over loopback; probably not: no " +
      "connection was made plain TCP for it so far";
    return [note("black-hole", text)];
  }
  const text =
    "MPTCP is not switched off by an earlier black hole (tried: a connection over loopback)";
  if (holes === 0) return [ok("black-hole", text)];
  const times = holes === 1 ? "once" : `${holes} times`;
  return [
    note("black-hole", `${text}, but it was: ${times} a connect met a network that drops MPTCP`),
  ];
}

/** A value of net.mptcp.* that is worth a word. */
interface SettingRule {
  readonly name: string;
  readonly applies: (value: string) => boolean;
  readonly text: string;
  /** The value that mends it; null: it is only worth knowing. */
  readonly better: string | null;
}

const SETTING_RULES: readonly SettingRule[] = [
  {
    name: "syn_retrans_before_tcp_fallback",
    applies: (value) => Number(value) === 0,
    text: "a single lost SYN turns a connection into plain TCP, and switches MPTCP off for net.mptcp.blackhole_timeout",
    better: "2",
  },
  {
    name: "syn_retrans_before_tcp_fallback",
    applies: (value) => Number(value) >= 128,
    text: "the kernel never gives up MPTCP by itself where a network drops its SYNs",
    better: null,
  },
  {
    name: "scheduler",
    applies: (value) => value !== "default",
    text: "another scheduler than the kernel's own decides which path carries what",
    better: null,
  },
  {
    name: "stale_loss_cnt",
    applies: (value) => Number(value) === 0,
    text: "an upload goes on using a path that loses everything",
    better: "4",
  },
  {
    name: "checksum_enabled",
    applies: (value) => value === "1",
    text: "every byte is summed once more, and a network that changes bytes ends MPTCP",
    better: null,
  },
  {
    name: "close_timeout",
    applies: (value) => Number(value) === 0,
    text: "a connection without a path ends at once, so that none can take over from it",
    better: null,
  },
  {
    name: "allow_join_initial_addr_port",
    applies: (value) => value === "0",
    text: "as a server, this machine forbids clients to open further paths to the address they connected to",
    better: null,
  },
];

function settings(facts: MachineFacts): Finding[] {
  const shown = [...facts.settings].map(([name, value]) => `${name}=${value}`);
  const findings =
    shown.length === 0
      ? [note("settings", "net.mptcp.* cannot be read")]
      : [ok("settings", `net.mptcp: ${shown.join(" ")}`)];
  if (!usesEndpoints(facts)) findings.push(foreignPathManager(facts));
  for (const { name, applies, text, better } of SETTING_RULES) {
    const value = facts.settings.get(name);
    if (value === undefined || !applies(value)) continue;
    const full = `net.mptcp.${name}`;
    const sentence = `${full} is ${value}: ${text}`;
    findings.push(
      better === null
        ? note("settings", sentence)
        : problem("settings", sentence, { remedy: setting(full, better) }),
    );
  }
  return findings;
}

function foreignPathManager({ settings: known }: MachineFacts): Finding {
  const name = known.get("path_manager");
  const [full, better] = name === undefined ? ["pm_type", "0"] : ["path_manager", "kernel"];
  return problem(
    "settings",
    `net.mptcp.${full} is ${known.get(full)}: the kernel opens no paths from its endpoints, that is left to a program ` +
      "such as mptcpd",
    { remedy: setting(`net.mptcp.${full}`, better) },
  );
}

function limits(facts: MachineFacts): Finding[] {
  const { limits: known, pathManagerRefusal } = facts;
  if (known === null) {
    const text = `this kernel does not tell its limits and endpoints (${pathManagerRefusal}): run the check as root`;
    return [note("limits", text)];
  }
  const { subflows, addAddrAccepted } = known;
  const findings: Finding[] = [];
  const wanted = facts.endpoints.filter(opensSubflows).length;
  if (subflows === 0) {
    const text = "a connection may have no path beside its first (ip mptcp limits: subflows 0)";
    findings.push(problem("limits", text, { remedy: setSubflowLimit(roomyLimit(facts)) }));
  } else if (wanted > subflows && subflows < MOST_SUBFLOWS) {
    const text = `a connection may have ${paths(subflows)} beside its first, and ${wanted} endpoints want one each`;
    findings.push(problem("limits", text, { remedy: setSubflowLimit(roomyLimit(facts)) }));
  } else findings.push(ok("limits", `a connection may have ${paths(subflows)} beside its first`));
  if (addAddrAccepted === 0) {
    const text =
      "further addresses that servers announce are not used (ip mptcp limits: add_addr_accepted 0), paths start from " +
      "this machine's endpoints only";
    findings.push(note("limits", text));
  }
  return findings;
}

function paths(number: number): string {
  return number === 1 ? "1 path" : `${number} paths`;
}

/** What a counter above 0 hints at: "so far NAME is 3: …". */
const COUNTER_HINTS: readonly { readonly name: string; readonly text: string }[] = [
  {
    name: "MPJoinSynTxBindErr",
    text: "joins never left, their endpoint's address was no interface's",
  },
  { name: "MPJoinSynTxConnectErr", text: "joins never left, there was no route for them" },
  { name: "MPJoinSynTxCreatSkErr", text: "joins never left, no socket could be made for them" },
  {
    name: "MPJoinSynAckHMacFailure",
    text: "joins were answered by another machine than the server, or changed on the way",
  },
  { name: "DataCsumErr", text: "a network changed bytes on the way" },
  {
    name: "DSSCorruptionReset",
    text: "paths were reset because a network changed MPTCP's own data",
  },
  {
    name: "DSSCorruptionFallback",
    text: "connections became plain TCP because a network changed MPTCP's own data",
  },
  { name: "MPFailRx", text: "peers saw bytes that a network had changed" },
  { name: "MPFallbackTokenInit", text: "connections were plain TCP because no token was free" },
  { name: "MD5SigFallback", text: "connections were plain TCP because of TCP-MD5" },
  { name: "SubflowStale", text: "paths lost all that was sent on them, and were left alone" },
];

function counters(facts: MachineFacts): Finding[] {
  const hints = COUNTER_HINTS.filter(({ name }) => count(facts, name) > 0).map(({ name, text }) =>
    note("counters", `so far ${name} is ${count(facts, name)}: ${text}`),
  );
  const [resets, answers] = [count(facts, "MPRstTx"), count(facts, "MPJoinSynAckRx")];
  if (resets > 0 && answers > 0) {
    const text =
      `so far MPJoinSynAckRx is ${answers} and MPRstTx ${resets}: joins were answered, and subflows reset from here; a ` +
      "server that refuses further paths looks like that, and so do connections that were cut short";
    hints.push(note("counters", text));
  }
  return hints;
}
