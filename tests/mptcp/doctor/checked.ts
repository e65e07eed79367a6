// Runs --mptcp-check in a network of tests/support/mptcp/paths.ts, reads both of its outputs, and does what it says.
import { expect } from "bun:test";
import { join } from "node:path";
import type { Topology } from "../../support/mptcp/netns.ts";
import type { UplinkNetwork } from "../../support/mptcp/paths.ts";
import { programPath } from "../../support/program-path.ts";
import { tempDir } from "../../support/temp-dir.ts";

interface Told {
  readonly level: "ok" | "note" | "problem";
  readonly topic: string;
  readonly url: string | null;
  readonly text: string;
  readonly remedy: string | null;
  readonly remedy_on: "here" | "server" | null;
}

export interface Checked {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
  readonly findings: readonly Told[];
  readonly problems: readonly Told[];
}

/** Runs the check in "client", `before` standing in front of the program, and reads both of its outputs. */
export async function check(
  topology: Topology,
  argv: readonly string[],
  before: readonly string[] = [],
): Promise<Checked> {
  const report = join(tempDir("check"), "check.json");
  const words = [...before, programPath(), "--mptcp-check", "--mptcp-report", report, ...argv];
  const { exitCode, stdout, stderr } = await topology.run("client", words);
  const told = (await Bun.file(report).json()) as { exit_code: number; findings: Told[] };
  expect(told.exit_code).toBe(exitCode);
  const { findings } = told;
  for (const { text, remedy } of findings) {
    expect(stdout).toContain(text);
    if (remedy !== null) expect(stdout).toContain(remedy);
  }
  const problems = findings.filter(({ level }) => level === "problem");
  return { exitCode, stdout, stderr, findings, problems };
}

/** Runs the first remedy where it belongs, with the router's address in the place of the word for it. */
export async function mend(
  topology: Topology,
  { problems }: Checked,
  gateway: string,
): Promise<string> {
  const found = problems.find(({ remedy }) => remedy !== null);
  if (!found?.remedy) throw new Error(`no remedy in ${JSON.stringify(problems)}`);
  const where = found.remedy_on === "server" ? "server" : "client";
  const command = found.remedy.replace("GATEWAY", gateway);
  const { exitCode, stderr } = await topology.run(where, ["sh", "-c", command]);
  if (exitCode !== 0) throw new Error(`${command}: ${stderr}`);
  return found.remedy;
}

export function urlOf({ host }: UplinkNetwork): string {
  return `http://${host}:8080/1000`;
}
