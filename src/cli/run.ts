// Runs what was planned: operation by operation, URL by URL; each ends with its error line and its -w.
//
// Here: the order, what is printed around a transfer, and the exit code, which is the last transfer's. Not here: the
// transfer itself (client/transfer). What few runs need is loaded when one does: -v, -w, the meter.

import { newCounters, type Outcome } from "../client/outcome.ts";
import { Session } from "../client/session.ts";
import { transfer } from "../client/transfer.ts";
import { asksForMptcp, type PathInterest } from "../client/transfer-mptcp.ts";
import { systemClock } from "../clock.ts";
import { CurlError } from "../error.ts";
import type { Connect } from "../net/connect.ts";
import type { TemporaryEndpoints } from "../net/mptcp/endpoints.ts";
import type { Trace } from "../trace.ts";
import { VERSION } from "../version.ts";
import { checkOperation } from "./fold.ts";
import type { Host } from "./host.ts";
import type { GlobalSettings, Operation } from "./operation.ts";
import type { FileSink } from "./output/file-sink.ts";
import type { Messages } from "./output/messages.ts";
import type { MptcpReport } from "./output/mptcp-report.ts";
import type { Progress } from "./output/progress.ts";
import { type OperationPlan, type PlannedUrl, planOperation } from "./plan.ts";
import { isUsageError } from "./usage-error.ts";

export interface RunContext {
  readonly host: Host;
  readonly messages: Messages;
  /** Makes the connections; over the network unless given. */
  readonly connect?: Connect | undefined;
}

/** @returns the exit code */
export async function runOperations(
  operations: readonly Operation[],
  context: RunContext,
): Promise<number> {
  const { host, connect } = context;
  const global = operations[0]?.global;
  const trace = global?.verbose ? await verboseListener(host) : undefined;
  if (global?.mptcpCheck) return checkInstead(operations, { ...context, trace });
  const report = await createReport(global, host);
  const session = new Session({ trace, connect });
  let takeEndpointsAway: (() => void) | null = null;
  try {
    // Without --mptcp nobody would use the endpoints, of which the reader of the command line has warned.
    const usesMptcp = operations.some(({ connection }) => connection.mptcp);
    if (usesMptcp) takeEndpointsAway = await addEndpoints(global, context);
    const run = new Run(session, context, report);
    for (const operation of operations) {
      if (!(await run.operation(operation))) break;
    }
    return run.exitCode;
  } finally {
    session.close();
    takeEndpointsAway?.();
    await report?.finish();
  }
}

/** --mptcp-check: a look in place of transfers, with the endpoints of --mptcp-endpoint there. */
async function checkInstead(
  operations: readonly Operation[],
  context: RunContext & { readonly trace: Trace | undefined },
): Promise<number> {
  const { runMptcpCheck } = await import("./mptcp-check.ts");
  const { checkMptcp } = await import("../net/mptcp/doctor.ts");
  const takeEndpointsAway = await addEndpoints(operations[0]?.global, context);
  try {
    return await runMptcpCheck(operations, { ...context, check: checkMptcp });
  } finally {
    takeEndpointsAway?.();
  }
}

/** --mptcp-report: made before the first transfer. @throws CurlError WRITE_ERROR */
async function createReport(
  global: GlobalSettings | undefined,
  host: Host,
): Promise<MptcpReport | null> {
  if (!global || global.mptcpReport === null) return null;
  const { createMptcpReport } = await import("./output/mptcp-report.ts");
  return createMptcpReport(global.mptcpReport, host);
}

/** --mptcp-endpoint: adds them. @returns what takes them away again; null: there are none @throws CurlError */
async function addEndpoints(
  global: GlobalSettings | undefined,
  { host, messages }: RunContext,
): Promise<(() => void) | null> {
  if (!global || global.mptcpEndpoints.length === 0) return null;
  const { addTemporaryEndpoints } = await import("../net/mptcp/endpoints.ts");
  let endpoints: TemporaryEndpoints | null = null;
  // Before anything is added: a signal may come in between.
  const forget = host.onTermination(() => endpoints?.remove());
  const end = (): void => {
    forget();
    endpoints?.remove();
  };
  try {
    endpoints = addTemporaryEndpoints(global.mptcpEndpoints);
    for (const text of endpoints.warnings) await messages.warning(text);
    return end;
  } catch (error) {
    end();
    throw error;
  }
}

async function verboseListener(host: Host): Promise<Trace> {
  const { verboseTrace } = await import("./output/verbose.ts");
  return verboseTrace(host);
}

class Run {
  readonly #session: Session;
  readonly #context: RunContext;
  readonly #report: MptcpReport | null;
  #transfers = 0;
  /** --resolve of the sections so far: what a name leads to is known to all that follow, as in curl. */
  #resolve: readonly string[] = [];
  exitCode = 0;

  constructor(session: Session, context: RunContext, report: MptcpReport | null) {
    this.#session = session;
    this.#context = context;
    this.#report = report;
  }

  /** @returns whether the next operation may follow */
  async operation(operation: Operation): Promise<boolean> {
    const { messages } = this.#context;
    const { warnings, notes, error } = checkOperation(operation);
    for (const text of warnings) await messages.warning(text);
    for (const text of notes) await messages.note(text);
    operation.connection.resolve.unshift(...this.#resolve);
    this.#resolve = [...operation.connection.resolve];
    let plan: OperationPlan;
    try {
      if (error) throw error;
      plan = await planOperation(operation, this.#context);
    } catch (refusal) {
      await this.#fail(refusal);
      return false;
    }
    for (const planned of plan.urls) {
      if (!(await this.#url(planned, plan, operation))) return false;
    }
    return true;
  }

  /** @returns whether the next URL may follow: not where a file to send cannot be opened, as in curl */
  async #url(planned: PlannedUrl, plan: OperationPlan, operation: Operation): Promise<boolean> {
    const id = this.#transfers++;
    let outcome: Outcome | null = null;
    let sink: FileSink | null = null;
    let error: CurlError | undefined;
    this.exitCode = 0;
    try {
      const prepared = planned.prepare(id);
      sink = prepared.sink;
      const counters = newCounters();
      const progress = await this.#progress(operation.global, sink, counters);
      progress?.start();
      const paths = this.#interestInPaths(plan, operation.global, progress !== null);
      const around = { session: this.#session, sink };
      const mptcpAsked = asksForMptcp(prepared.transfer.route);
      this.#report?.begin({ given: planned.given, counters, mptcpAsked });
      outcome = await transfer(prepared.transfer, around, { counters, paths });
      progress?.stop();
      error = outcome.error;
      await this.#warn(outcome, operation.global);
    } catch (refusal) {
      if (!(refusal instanceof CurlError)) throw refusal;
      error = refusal;
    }
    if (error && !sink?.isExplained) await this.#fail(error);
    else if (error) this.exitCode = error.exitCode;
    await this.#report?.add({ given: planned.given, outcome, error });
    if (plan.writeOut !== null)
      await this.#writeOut(plan.writeOut, { planned, id, outcome, sink, error });
    return outcome !== null || error?.code !== "READ_ERROR";
  }

  /** The meter, where a person watches: on a terminal, or wherever -# asks for it by name. */
  async #progress(
    global: GlobalSettings,
    sink: FileSink,
    counters: ReturnType<typeof newCounters>,
  ): Promise<Progress | null> {
    const { host } = this.#context;
    if (global.silent || !global.progressMeter) return null;
    if (!global.progressBar && !host.stderr.isTerminal) return null;
    const { createProgress } = await import("./output/progress.ts");
    return createProgress({
      host,
      global,
      counters,
      clock: systemClock,
      isTerminalOutput: sink.isTerminal,
    });
  }

  /** Who looks at the paths of --mptcp: without anybody, a short transfer does not either. */
  #interestInPaths(
    { writeOut }: OperationPlan,
    { verbose }: GlobalSettings,
    hasMeter: boolean,
  ): PathInterest {
    if (this.#report) return "series";
    return verbose || hasMeter || /mptcp|json/.test(writeOut ?? "") ? "read" : "unread";
  }

  async #warn({ mptcp }: Outcome, { silent }: GlobalSettings): Promise<void> {
    if (silent || !mptcp) return;
    for (const text of mptcp.warnings) await this.#context.messages.warning(text);
  }

  async #fail(error: unknown): Promise<void> {
    if (!(error instanceof CurlError)) throw error;
    const { messages } = this.#context;
    this.exitCode = error.exitCode;
    const { message, cause } = error;
    // curl's way with a file that cannot be sent: the command line is wrong, and the transfer failed.
    if (isUsageError(cause)) await messages.usage(cause);
    if (isUsageError(error)) await messages.usage(error);
    else if (message !== "") await messages.error(error);
  }

  async #writeOut(
    format: string,
    {
      planned,
      id,
      outcome,
      sink,
      error,
    }: {
      planned: PlannedUrl;
      id: number;
      outcome: Outcome | null;
      sink: FileSink | null;
      error: CurlError | undefined;
    },
  ): Promise<void> {
    const { runWriteOut } = await import("./output/write-out.ts");
    const facts = {
      url: planned.given,
      urlNumber: id,
      filenameEffective: sink?.filenameEffective ?? null,
      headerBytesDelivered: sink?.headerBytes ?? 0,
      retries: 0,
      method: planned.method,
      version: VERSION,
      epochMs: systemClock.epochMs(),
      ...(error && { error }),
    };
    try {
      await runWriteOut(this.#context.host, format, { outcome, facts });
    } catch (failure) {
      await this.#fail(failure);
    }
  }
}
