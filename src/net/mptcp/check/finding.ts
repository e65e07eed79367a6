// What a check of MPTCP ends in: findings, and how they are made. Pure.
//
// Not here: the rules that lead to them (machine-rules.ts, endpoint-rules.ts, trial-rules.ts) and their print (cli).

/** ok: as it should be · note: worth knowing · problem: keeps MPTCP, or a path, from working. */
export type FindingLevel = "ok" | "note" | "problem";

/** Stable names for machines. */
export type FindingTopic =
  | "kernel"
  | "black-hole"
  | "settings"
  | "limits"
  | "endpoint"
  | "counters"
  | "connection";

export interface Finding {
  readonly level: FindingLevel;
  readonly topic: FindingTopic;
  /** The URL that it is about, without credentials; null: this machine. */
  readonly url: string | null;
  /** One sentence without a full stop. Byte string. */
  readonly text: string;
  /** For a problem: the one shell command that mends it; null where none can. Words in capitals are to be filled in. */
  readonly remedy: string | null;
  /** Which machine the remedy is for. */
  readonly remedyOn: "here" | "server";
}

export interface CheckResult {
  readonly findings: readonly Finding[];
  /** The end of it, one sentence for each URL, or one for the machine. Byte strings. */
  readonly conclusions: readonly string[];
  /** 0: MPTCP over more than one path would work, or did · 1: over one path only · 2: not at all. */
  readonly exitCode: 0 | 1 | 2;
}

export interface Remedy {
  readonly remedy: string | null;
  readonly on?: "server";
}

export function ok(topic: FindingTopic, text: string): Finding {
  return { level: "ok", topic, url: null, text, remedy: null, remedyOn: "here" };
}

export function note(topic: FindingTopic, text: string): Finding {
  return { level: "note", topic, url: null, text, remedy: null, remedyOn: "here" };
}

export function problem(topic: FindingTopic, text: string, { remedy, on }: Remedy): Finding {
  return { level: "problem", topic, url: null, text, remedy, remedyOn: on ?? "here" };
}
