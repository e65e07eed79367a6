// What one connection showed: MPTCP or not, and of each endpoint whether it made a path, or why not. Pure.
//
// A subflow that stands is proof, whatever the routes promised. For one that does not, the machine's own facts
// (endpoint-rules.ts) come first; then the subflows that still wait for an answer, then the counters' change. Counters
// are the namespace's: where several endpoints failed, or others connect too, they cannot say which, and the finding
// says "probably".

import { fallbackSentence } from "../verdict.ts";
import { resetBlackHole, setSubflowLimit, setting } from "./commands.ts";
import { type EndpointState, endpointStates, missingEndpoints } from "./endpoint-rules.ts";
import { type MachineFacts, nameOf, usesEndpoints, type Ways } from "./facts.ts";
import { type Finding, note, ok, problem } from "./finding.ts";
import { roomyLimit, subflowLimit } from "./machine-rules.ts";
import type { SubflowFacts, TrialFacts } from "./trial.ts";

export interface TrialReading {
  readonly findings: readonly Finding[];
  /** Ways that carried, or could: by interface and far address. 0: not MPTCP. */
  readonly paths: number;
}

/** @param egress the interface that a subflow leaves by; null: unknown */
export function readTrial(
  trial: TrialFacts,
  {
    facts,
    ways,
    egress,
  }: {
    readonly facts: MachineFacts;
    readonly ways: Ways;
    readonly egress: (subflow: SubflowFacts) => string | null;
  },
): TrialReading {
  const refused = whyNotMptcp(trial);
  if (refused) return { findings: [refused], paths: 0 };
  const established = trial.subflows.filter(({ state }) => state === "established");
  const links = new Set(established.map((one) => `${egress(one)} ${one.remote}`));
  const states = endpointStates(facts, ways);
  const judge = new JoinJudge(trial, { facts, states });
  const findings: Finding[] = [
    ok("connection", `the connection from ${trial.local} to ${trial.remote} is MPTCP`),
    ...states.map((state) => judge.finding(state, egress)),
    ...announced(trial, { facts, established }),
    ...missingEndpoints(facts, { ways, states }),
  ];
  if (trial.ended === "closed") {
    const text =
      "the connection was closed before its paths could be waited for: some may be missing here";
    findings.push(note("connection", text));
  } else if (!trial.hasReply) {
    const text =
      "the server did not answer the request in time: MPTCP is told from the handshake alone";
    findings.push(note("connection", text));
  }
  return { findings, paths: Math.max(1, links.size) };
}

function whyNotMptcp({ state, local, remote }: TrialFacts): Finding | null {
  if (state?.verdict === "mptcp") return null;
  if (!state) {
    const text = "the URL is fetched over a Unix socket, where there is no MPTCP";
    return problem("connection", text, { remedy: null });
  }
  const between = `the connection from ${local} to ${remote}`;
  if (state.verdict === "unknown" || !state.reason) {
    const text = `whether ${between} is MPTCP this kernel cannot tell (Linux 5.16 and later can)`;
    return problem("connection", text, { remedy: null });
  }
  const { cause, blackholeTimeoutSeconds } = state.reason;
  const text = `${between} is not MPTCP, it fell back to TCP: ${fallbackSentence(state.reason)}`;
  const remedy = cause === "switched-off" ? resetBlackHole(blackholeTimeoutSeconds ?? 3600) : null;
  return problem("connection", text, { remedy });
}

/** Paths to addresses that the server announced. */
function announced(
  { remote }: TrialFacts,
  { facts, established }: { facts: MachineFacts; established: readonly SubflowFacts[] },
): Finding[] {
  return established
    .filter((one) => one.remote !== remote)
    .filter(({ local }) => !facts.endpoints.some(({ address }) => address === local))
    .map((one) =>
      ok(
        "connection",
        `a path to ${one.remote}, which the server announced, stands from ${one.local}`,
      ),
    );
}

class JoinJudge {
  readonly #trial: TrialFacts;
  readonly #facts: MachineFacts;
  /** Endpoints that should have made a path, and did not: more than one, and the counters cannot tell them apart. */
  readonly #missing: number;

  constructor(
    trial: TrialFacts,
    { facts, states }: { facts: MachineFacts; states: readonly EndpointState[] },
  ) {
    this.#trial = trial;
    this.#facts = facts;
    this.#missing = states.filter(
      (state) => isPromising(state) && this.#subflowOf(state) === undefined,
    ).length;
  }

  finding(state: EndpointState, egress: (subflow: SubflowFacts) => string | null): Finding {
    const subflow = this.#subflowOf(state);
    const name = nameOf(state.endpoint);
    if (subflow?.state === "established" && subflow.local !== this.#trial.local) {
      const by = egress(subflow);
      const text = `${name} made a path${by === null ? "" : ` by ${by}`} to ${subflow.remote}`;
      // A subflow over the first path's link stands too, and is still no other link.
      return state.promise === "same-link" || this.#isAstray(state, by)
        ? state.finding
        : ok("endpoint", text);
    }
    if (!isPromising(state)) return state.finding;
    return subflow ? unanswered(name, subflow) : this.#whyNone(state);
  }

  /** It stands, but not by the interface that has its address. */
  #isAstray({ promise }: EndpointState, by: string | null): boolean {
    return promise === "broken" && by !== null && by === this.#firstInterface();
  }

  #firstInterface(): string | null {
    const { interfaces } = this.#facts;
    const has = interfaces.find(({ addresses }) =>
      addresses.some(({ address }) => address === this.#trial.local),
    );
    return has?.name ?? null;
  }

  #subflowOf({ endpoint }: EndpointState): SubflowFacts | undefined {
    const own = this.#trial.subflows.filter(({ local }) => local === endpoint.address);
    return own.find(({ state }) => state === "established") ?? own[0];
  }

  #moved(name: string): number {
    return this.#trial.change.get(name) ?? 0;
  }

  /** Why an endpoint with a good way has no subflow. */
  #whyNone({ endpoint }: EndpointState): Finding {
    const name = nameOf(endpoint);
    // Other connections of this namespace move the same counters.
    const isAlone = this.#missing === 1 && this.#moved("MPCapableSYNTX") <= 1;
    const perhaps = isAlone ? "" : "probably ";
    const extra = joins(this.#trial).length;
    const say = (text: string, remedy: string | null, on?: "server"): Finding =>
      problem("endpoint", `${name} made no path: ${perhaps}${text}`, { remedy, ...(on && { on }) });
    if (this.#moved("MPJoinSynTxBindErr") > 0)
      return say("its address could not be bound (MPJoinSynTxBindErr)", null);
    if (this.#moved("MPJoinSynTxConnectErr") > 0)
      return say("there was no route for its join (MPJoinSynTxConnectErr)", null);
    if (this.#moved("MPJoinSynAckHMacFailure") > 0) {
      const text =
        "its join was answered by another machine than the server, or changed on the way (MPJoinSynAckHMacFailure)";
      return say(text, null);
    }
    const standing = joins(this.#trial).filter(({ state }) => state === "established").length;
    const answered = this.#moved("MPJoinSynAckRx") > standing;
    if (answered && this.#moved("MPRstTx") + this.#moved("MPRstRx") > 0) {
      const text = "the server rejected its join: its limit of subflows is used up, or 0";
      return say(text, setSubflowLimit(roomyLimit(this.#facts)), "server");
    }
    if (this.#moved("MPRstTx") > 0) {
      const text =
        "its join was answered without MPTCP: something on the way takes MP_JOIN out, or another machine answers there";
      return say(text, null);
    }
    if (this.#moved("MPJoinSynTx") > extra) return say("its join was refused, or given up", null);
    return this.#whyNotTried({ name, extra });
  }

  /** No join was sent at all; the kernel counts nothing then. */
  #whyNotTried({ name, extra }: { name: string; extra: number }): Finding {
    if (this.#trial.ended === "closed") {
      return note("endpoint", `${name} made no path before the connection was closed`);
    }
    if (!usesEndpoints(this.#facts)) {
      return note(
        "endpoint",
        `${name} was not used: another path manager than the kernel's decides`,
      );
    }
    if (extra >= subflowLimit(this.#facts)) {
      const text = `${name} was not used: the limit of ${subflowLimit(this.#facts)} paths beside the first is reached`;
      const remedy = setSubflowLimit(Math.max(roomyLimit(this.#facts), extra + 1));
      return problem("endpoint", text, { remedy });
    }
    const text =
      `${name} was not used: probably the server forbids paths to the address that was connected to (the C flag of ` +
      "its MP_CAPABLE, RFC 8684 section 3.1) and announces no other that could be used";
    const remedy = setting("net.mptcp.allow_join_initial_addr_port", 1);
    return problem("endpoint", text, { remedy, on: "server" });
  }
}

/** Whether the machine's facts let one expect a subflow. */
function isPromising({ promise }: EndpointState): boolean {
  return promise === "path" || promise === "same-link";
}

/** The subflows beside the first. */
function joins({ subflows, local, remote }: TrialFacts): SubflowFacts[] {
  return subflows.filter((one) => one.local !== local || one.remote !== remote);
}

function unanswered(name: string, { remote }: SubflowFacts): Finding {
  const text =
    `${name} made no path: its join to ${remote} was not answered. Something drops MP_JOIN on that way, or the answer ` +
    "finds no way back";
  return problem("endpoint", text, { remedy: null });
}
