// --mptcp-check: what this machine can do with MPTCP, and why not more.
//
//   facts of the machine ─▶ machine-rules ─┬─ without URL: ways to anywhere ─▶ endpoint-rules
//                                          └─ each URL: one connection ─▶ ways to its server ─▶ trial-rules
//
// Here: the order of the look, and its end as an exit code. Not here: reading (check/read-facts.ts, check/trial.ts),
// rules (check/*-rules.ts, pure), and text for people (cli/mptcp-check.ts). Nothing is changed, and nothing needs root.

import type { Clock } from "../../clock.ts";
import { CurlError } from "../../error.ts";
import type { Trace } from "../../trace.ts";
import { formatUrl } from "../../url.ts";
import type { Connect } from "../connect.ts";
import { type EndpointState, endpointStates, missingEndpoints } from "./check/endpoint-rules.ts";
import { type IpFamily, type MachineFacts, usesEndpoints, type Ways } from "./check/facts.ts";
import { type CheckResult, type Finding, note, problem } from "./check/finding.ts";
import { isSwitchedOff, machineFindings, subflowLimit } from "./check/machine-rules.ts";
import { readEgress, readMachineFacts, readWays } from "./check/read-facts.ts";
import { type CheckTarget, type TrialFacts, tryTarget } from "./check/trial.ts";
import { readTrial } from "./check/trial-rules.ts";

export interface DoctorContext {
  readonly clock: Clock;
  readonly trace: Trace | undefined;
  /** Makes the connections; over the network unless given. */
  readonly connect?: Connect | undefined;
}

/** A part of the look: findings, and over how many paths MPTCP would work or did. */
export interface Part {
  readonly findings: readonly Finding[];
  readonly paths: number;
  readonly conclusion: string;
}

/**
 * Looks at the machine, and tries each URL.
 * @returns what was found; the exit code is the worst URL's
 */
export async function checkMptcp(
  targets: readonly CheckTarget[],
  context: DoctorContext,
): Promise<CheckResult> {
  const facts = readMachineFacts();
  const findings = machineFindings(facts);
  if (facts.socketRefusal !== null) {
    return { findings, conclusions: ["MPTCP does not work on this machine"], exitCode: 2 };
  }
  const parts: Part[] = targets.length === 0 ? [judgeMachine(facts, waysToAnywhere(facts))] : [];
  for (const target of targets) parts.push(await checkTarget(target, { facts, context }));
  return {
    findings: [...findings, ...parts.flatMap((part) => part.findings)],
    conclusions: parts.map(({ conclusion }) => conclusion),
    exitCode: exitCodeOf(parts),
  };
}

function waysToAnywhere(facts: MachineFacts): Ways[] {
  const families = ["ipv4", "ipv6"] as const;
  return families.map((family) => readWays(facts, { family, address: null, source: null }));
}

/** 0: every part has more than one path · 1: one has one only · 2: one has none. */
export function exitCodeOf(parts: readonly Part[]): 0 | 1 | 2 {
  const fewest = Math.min(...parts.map(({ paths }) => paths));
  return fewest === 0 ? 2 : fewest === 1 ? 1 : 0;
}

/**
 * What the machine alone promises, by the better of its families: connections have one.
 * @param ways to anywhere, one entry a family
 * @param options.hasUrl a URL was named, but could not be reached
 */
export function judgeMachine(
  facts: MachineFacts,
  ways: readonly Ways[],
  { hasUrl = false }: { readonly hasUrl?: boolean } = {},
): Part {
  const routed = ways.filter(({ first }) => first.kind === "route");
  const findings: Finding[] = [];
  const missing: Finding[] = [];
  let paths = 1;
  // A machine without any default route still has its endpoints looked at, as far as that goes.
  for (const one of routed.length > 0 ? routed : ways.slice(0, 1)) {
    const states = endpointStates(facts, one).filter(
      ({ endpoint }) => routed.length === 0 || endpoint.family === one.family,
    );
    findings.push(...states.map(({ finding }) => finding));
    missing.push(...missingEndpoints(facts, { ways: one, states }));
    paths = Math.max(paths, promisedPaths(facts, states));
  }
  findings.push(...foremost(missing, paths));
  if (routed.length === 0) {
    const advice = hasUrl ? "" : ": name a URL, and the ways to its server are checked";
    findings.push(note("endpoint", `there is no default route${advice}`));
  }
  if (isSwitchedOff(facts)) paths = 0;
  return { findings, paths, conclusion: promise(paths) };
}

/** One endpoint is enough for a second path: what else is missing, in the other family too, is only worth knowing. */
function foremost(missing: readonly Finding[], paths: number): Finding[] {
  const problems = missing.filter(({ level }) => level === "problem");
  const first = problems.find(({ remedy }) => remedy !== null) ?? problems[0];
  return missing.map((one) => (paths === 1 && one === first ? one : note("endpoint", one.text)));
}

function promisedPaths(facts: MachineFacts, states: readonly EndpointState[]): number {
  if (!usesEndpoints(facts)) return 1;
  const links = new Set(
    states.filter(({ promise: is }) => is === "path").map(({ interfaceName }) => interfaceName),
  );
  return 1 + Math.min(links.size, subflowLimit(facts));
}

function promise(paths: number): string {
  if (paths === 0) return "MPTCP does not work on this machine now";
  if (paths === 1) return "MPTCP would work, over one path only";
  return `MPTCP would work over ${paths} paths`;
}

async function checkTarget(
  target: CheckTarget,
  { facts, context }: { facts: MachineFacts; context: DoctorContext },
): Promise<Part> {
  const url = formatUrl(target.url, { credentials: false, fragment: false });
  const done = (found: readonly Finding[], paths: number): Part => ({
    findings: found.map((finding) => ({ ...finding, url })),
    paths,
    conclusion: outcome(url, paths),
  });
  let trial: TrialFacts;
  try {
    trial = await tryTarget(target, context, ({ local, remote, family }) =>
      expectedSources(facts, readWays(facts, { family, address: remote, source: local })),
    );
  } catch (error) {
    if (!(error instanceof CurlError)) throw error;
    const failure = problem("connection", error.message, { remedy: null });
    const { findings } = judgeMachine(facts, waysToAnywhere(facts), { hasUrl: true });
    return done([failure, ...findings], 0);
  }
  const { family, remote, local } = trial;
  const ways =
    trial.state === null ? unixWays() : readWays(facts, { family, address: remote, source: local });
  const reading = readTrial(trial, { facts, ways, egress: (one) => readEgress(facts, one) });
  return done(reading.findings, reading.paths);
}

/** The addresses that subflows are to be expected from. */
function expectedSources(facts: MachineFacts, ways: Ways): Set<string> {
  if (!usesEndpoints(facts)) return new Set();
  const promising = endpointStates(facts, ways).filter(
    ({ promise: is }) => is === "path" || is === "same-link",
  );
  const addresses = promising.map(({ endpoint }) => endpoint.address);
  return new Set(addresses.slice(0, subflowLimit(facts)));
}

/** A Unix socket's connection has no ways. */
function unixWays(): Ways {
  const family: IpFamily = "ipv4";
  const first = { kind: "none", reason: "a Unix socket" } as const;
  return { family, destination: null, first, source: null, endpoints: [] };
}

function outcome(url: string, paths: number): string {
  if (paths === 0) return `${url}: not over MPTCP`;
  return `${url}: over MPTCP, ${paths === 1 ? "on one path only" : `on ${paths} paths`}`;
}
