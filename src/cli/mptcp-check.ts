// --mptcp-check on the command line: which URLs are tried, what people read, what machines read, the exit code.
//
// People get a line a finding on standard output: what the program was asked for is its output, so that -s does not
// take it away, and lines are not broken, so that they can be searched. --mptcp-report FILE.json gets the same for
// machines. Not here: what is looked at and what it means (net/mptcp/doctor.ts, which run.ts loads and hands in).

import { byteStringOfText, textOf, utf8 } from "../bytes.ts";
import { systemClock } from "../clock.ts";
import { CurlError } from "../error.ts";
import type { Connect } from "../net/connect.ts";
import type { CheckResult, Finding } from "../net/mptcp/check/finding.ts";
import type { CheckTarget } from "../net/mptcp/check/trial.ts";
import type { DoctorContext } from "../net/mptcp/doctor.ts";
import type { Trace } from "../trace.ts";
import { VERSION } from "../version.ts";
import type { Host } from "./host.ts";
import type { Operation } from "./operation.ts";
import type { Messages } from "./output/messages.ts";
import { printable } from "./output/terminal-text.ts";
import { planOperation } from "./plan.ts";
import { reasonOf } from "./system-error.ts";
import { isUsageError, misuse } from "./usage-error.ts";

export interface CheckContext {
  readonly host: Host;
  readonly messages: Messages;
  readonly trace: Trace | undefined;
  /** Makes the connections; over the network unless given. */
  readonly connect?: Connect | undefined;
  /** The doctor's checkMptcp(). */
  check(targets: readonly CheckTarget[], context: DoctorContext): Promise<CheckResult>;
}

/** Marks as wide as the widest. */
const MARKS = { ok: "ok     ", note: "note   ", problem: "PROBLEM" } as const;

/** Runs the check. @returns 0: more than one path · 1: one only · 2: not at all; the error's own code where none was made */
export async function runMptcpCheck(
  operations: readonly Operation[],
  context: CheckContext,
): Promise<number> {
  const { host, messages, trace, connect } = context;
  try {
    const report = operations[0]?.global.mptcpReport ?? null;
    if (report !== null) refuseOtherReports(report);
    const targets = await plannedTargets(operations, context);
    const result = await context.check(targets, { clock: systemClock, trace, connect });
    await host.stdout.write(utf8(renderCheck(result)));
    if (report !== null) await writeReport(host, report, result);
    return result.exitCode;
  } catch (error) {
    if (!(error instanceof CurlError)) throw error;
    if (isUsageError(error)) await messages.usage(error);
    else await messages.error(error);
    return error.exitCode;
  }
}

/** @throws a usage error: the pages and tables of transfers have nothing to show here */
function refuseOtherReports(path: string): void {
  if (/.\.json$/i.test(path)) return;
  throw misuse(
    `option --mptcp-report: '${path}' cannot hold the findings of --mptcp-check: they are written for machines into a ` +
      "file whose name ends in .json, and for people to standard output",
  );
}

async function plannedTargets(
  operations: readonly Operation[],
  { host, messages }: CheckContext,
): Promise<CheckTarget[]> {
  const targets: CheckTarget[] = [];
  for (const operation of operations) {
    if (operation.urls.length === 0) continue;
    // Nothing is sent or written but one HEAD: what the transfer would open stays closed, standard input too.
    const bare: Operation = { ...operation, uploads: [], outputs: [] };
    const data = operation.request.get ? operation.request.data : [];
    const output = { ...operation.output, dumpHeader: null, writeOut: null, createDirs: false };
    const plan = await planOperation(
      { ...bare, request: { ...operation.request, data }, output },
      { host, messages },
    );
    for (const [index, { prepare }] of plan.urls.entries()) {
      const { url, request, credentials, route, tls, limits } = prepare(index).transfer;
      const given = [limits.connectTimeoutMs, limits.maxTimeMs].filter((limitMs) => limitMs > 0);
      const connectTimeoutMs = given.length > 0 ? Math.min(...given) : 0;
      targets.push({ url, request, credentials, route, tls, connectTimeoutMs });
    }
  }
  return targets;
}

/** The findings as text for people: those of the machine first, then those of each URL. */
export function renderCheck({ findings, conclusions }: CheckResult): string {
  const lines: string[] = [];
  let url: string | null = null;
  for (const finding of findings) {
    if (finding.url !== url) {
      url = finding.url;
      lines.push("", `${url}:`);
    }
    lines.push(...linesOf(finding));
  }
  return `${[...lines, "", ...conclusions].map(printable).join("\n")}\n`;
}

function linesOf({ level, text, remedy, remedyOn }: Finding): string[] {
  const line = `${MARKS[level]} ${text}`;
  if (remedy === null) return [line];
  const where = remedyOn === "server" ? "on the server: " : "";
  return [line, `${" ".repeat(MARKS.ok.length + 1)}${where}${remedy}`];
}

/** As the report of transfers has it: members may be added without a new version. */
export function checkAsJson({ exitCode, conclusions, findings }: CheckResult): string {
  const orNull = (text: string | null): string | null => (text === null ? null : textOf(text));
  const told = findings.map(({ level, topic, url, text, remedy, remedyOn }) => ({
    level,
    topic,
    url: orNull(url),
    text: textOf(text),
    remedy: orNull(remedy),
    remedy_on: remedy === null ? null : remedyOn,
  }));
  const report = {
    schema: "mpcurl-mptcp-check",
    version: 1,
    program: `mpcurl ${VERSION}`,
    exit_code: exitCode,
    conclusions: conclusions.map(textOf),
    findings: told,
  };
  return `${JSON.stringify(report)}\n`;
}

async function writeReport(host: Host, path: string, result: CheckResult): Promise<void> {
  const text = utf8(checkAsJson(result));
  try {
    const output = host.openOutput(path, { mode: "truncate" });
    try {
      await output.write(text);
    } finally {
      output.close();
    }
  } catch (error) {
    if (error instanceof CurlError) throw error;
    const reason = byteStringOfText(reasonOf(error));
    throw new CurlError("WRITE_ERROR", `Failed to write the report ${path}: ${reason}`, {
      cause: error,
    });
  }
}
