// Occurrences → Operations: what was typed becomes what is meant, one Operation for each section between two --next.
//
// Each option's apply() stores into the section's operation; the global settings are one record that all share. Values
// are checked, nothing is done: the one question to the world is whether a file exists, for the options that must know.
// foldOperations() answers for the reading of the command line. checkOperation() answers for one operation as a whole
// and is asked when its turn comes: curl runs the sections in order, and a section without URL, or with two request
// kinds, fails only after the ones before it have run (curl 8.14).

import { DEFAULT_PATH_TIMEOUT_MS } from "../deadline.ts";
import { CurlError } from "../error.ts";
import type { Occurrence } from "./argv.ts";
import {
  type GlobalSettings,
  newGlobalSettings,
  newOperation,
  type Operation,
} from "./operation.ts";
import { REASON, type RefusalDetail, refusal, refusalDetail } from "./options/option.ts";
import { misuse, usageError } from "./usage-error.ts";

/** What is to be done in place of transfers; "nothing" ends with exit code 0. */
export type Action =
  | { readonly kind: "help"; readonly topic: string | null }
  | { readonly kind: "version" }
  | { readonly kind: "nothing" };

export interface Folded {
  /** At least one. */
  readonly operations: readonly Operation[];
  readonly action: Action | null;
  /** To be printed before anything else. Those that a -s standing before them silences are not in it. */
  readonly warnings: readonly string[];
  /** Why the command line cannot be used; always a usage error. */
  readonly error: CurlError | null;
}

export interface Check {
  /** To be printed; empty under -s. */
  readonly warnings: readonly string[];
  /** To be printed as notes; empty without -v and under -s. */
  readonly notes: readonly string[];
  /** Why the operation cannot run. Without message where a warning has said it all. */
  readonly error: CurlError | null;
}

/** What the fold asks the system. */
export interface Files {
  exists(path: string): boolean;
}

/**
 * Reads the occurrences in order, up to the first that cannot be used or that asks for help or version.
 * @param global the settings that all operations share; filled here
 */
export function foldOperations(
  occurrences: readonly Occurrence[],
  files: Files,
  global: GlobalSettings = newGlobalSettings(),
): Folded {
  let current = newOperation(global);
  const operations = [current];
  const warnings: string[] = [];
  const warn = (text: string | undefined): void => {
    if (text !== undefined && !global.silent) warnings.push(text);
  };
  const stop = (error: CurlError | null, action: Action | null): Folded => ({
    operations,
    action,
    warnings,
    error,
  });

  if (occurrences.length === 0) return stop(misuse(""), null);
  for (const occurrence of occurrences) {
    const { option, value } = occurrence;
    if (option.control === "next") {
      if (current.urls.length === 0) return stop(nextWithoutUrl(occurrence, global.silent), null);
      current = newOperation(global);
      operations.push(current);
      continue;
    }
    const action = value === false ? null : actionOf(occurrence);
    if (action) return stop(null, action);
    warn(flagLikeFile(occurrence));
    try {
      warn(option.apply(current, value));
      checkExistence(occurrence, files);
    } catch (error) {
      const detail = refusalDetail(error);
      if (!detail || !(error instanceof CurlError)) throw error;
      warn(detail.warning);
      return stop(asUsageError(occurrence, error.message, detail), null);
    }
  }
  warn(endpointsInVain(operations, global));
  return stop(null, null);
}

/** Whether the operation makes sense as a whole. */
export function checkOperation(operation: Operation): Check {
  const { global, request, tls, urls, connection } = operation;
  const warnings: string[] = [];
  const notes: string[] = [];
  const done = (error: CurlError | null): Check => ({
    warnings: global.silent ? [] : warnings,
    notes: global.verbose && !global.silent ? notes : [],
    error,
  });

  if (urls.length === 0) return done(misuse("(2) no URL specified"));
  const clash = clashingKinds(operation);
  if (clash) {
    warnings.push(
      `You can only select one HTTP request method! You asked for both ${clash[0]} and ${clash[1]}.`,
    );
    return done(new CurlError("FAILED_INIT", ""));
  }
  if (tls.maxVersion < tls.minVersion) {
    return done(
      new CurlError("FAILED_INIT", "The highest TLS version allowed is below the lowest one"),
    );
  }
  if (connection.pathTimeoutMs !== DEFAULT_PATH_TIMEOUT_MS && !connection.mptcp) {
    warnings.push("--mptcp-path-timeout has no effect without --mptcp.");
  }
  const typed = request.method?.toUpperCase();
  if (typed !== undefined && typed === inferredMethod(operation)) {
    notes.push(`Unnecessary use of -X or --request, ${typed} is already inferred.`);
  } else if (typed === "HEAD") {
    warnings.push(
      "Setting custom HTTP method to HEAD with -X/--request may not work the way you want. " +
        "Consider using -I/--head instead.",
    );
  }
  return done(null);
}

/** Endpoints are for all sections: one of them that speaks MPTCP is enough, and so is the check, which always does. */
function endpointsInVain(
  operations: readonly Operation[],
  global: GlobalSettings,
): string | undefined {
  if (global.mptcpEndpoints.length === 0 || global.mptcpCheck) return undefined;
  return operations.some(({ connection }) => connection.mptcp)
    ? undefined
    : "--mptcp-endpoint has no effect without --mptcp.";
}

function actionOf({ option, value }: Occurrence): Action | null {
  const { control } = option;
  if (control === "help") {
    return { kind: control, topic: typeof value === "string" && value !== "" ? value : null };
  }
  return control === "version" || control === "nothing" ? { kind: control } : null;
}

function nextWithoutUrl({ origin }: Occurrence, silent: boolean): CurlError {
  const before = silent ? undefined : "missing URL before --next";
  return usageError(origin.spelled, REASON.badUse, { before });
}

function asUsageError(
  { option, value, origin }: Occurrence,
  reason: string,
  detail: RefusalDetail,
): CurlError {
  const name = `--${value === false ? "no-" : ""}${option.long}`;
  return usageError(detail.byName === true ? name : origin.spelled, reason, {
    before: detail.before,
  });
}

/** "-o -s" is more often a forgotten file name than a file called "-s". */
function flagLikeFile({ option, value }: Occurrence): string | undefined {
  return option.value?.kind === "file" && typeof value === "string" && /^-./s.test(value)
    ? `The filename argument '${value}' looks like a flag.`
    : undefined;
}

function checkExistence({ option, value }: Occurrence, files: Files): void {
  if (option.value?.mustExist !== true || typeof value !== "string" || files.exists(value)) return;
  throw refusal(REASON.badUse, {
    before: `The file '${value}' provided to --${option.long} does not exist`,
  });
}

function sendsData({ request }: Operation): boolean {
  return request.data.length > 0 && !request.get;
}

function uploads(operation: Operation): boolean {
  return operation.uploads.some((path) => path !== "");
}

type Kinds = readonly [string, string];

const KIND = {
  GET: "GET (-G, --get)",
  HEAD: "HEAD (-I, --head)",
  POST: "POST (-d, --data)",
  PUT: "PUT (-T, --upload-file)",
} as const;

function clashingKinds(operation: Operation): Kinds | null {
  const { request } = operation;
  if (sendsData(operation) && request.head) return [KIND.POST, KIND.HEAD];
  if (!uploads(operation)) return null;
  if (sendsData(operation)) return [KIND.PUT, KIND.POST];
  if (request.head) return [KIND.PUT, KIND.HEAD];
  return request.get && request.data.length > 0 ? [KIND.PUT, KIND.GET] : null;
}

/** The method that the options ask for without -X. */
function inferredMethod(operation: Operation): string {
  if (operation.request.head) return "HEAD";
  if (sendsData(operation)) return "POST";
  return uploads(operation) ? "PUT" : "GET";
}
