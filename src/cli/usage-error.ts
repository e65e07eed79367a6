// Errors of the command line itself: exit code 2 (26 for a file that cannot be read), printed as two lines even
// under -s: the message, then `mpcurl: try 'mpcurl --help' for more information`.
//
// Here: making and recognising them. Not here: reasons (cli/options/option) and printing (cli/main). A message may be
// empty: then the second line stands alone, as after a call without any argument.

import { CurlError, type ErrorCode } from "../error.ts";

const USAGE = Symbol("usage");

/** "option X: REASON". @param spelled as the user typed it, the whole word */
export function usageError(
  spelled: string,
  reason: string,
  options: { readonly code?: ErrorCode; readonly before?: string | undefined } = {},
): CurlError {
  const line = `option ${spelled}: ${reason}`;
  return misuse(options.before === undefined ? line : `${options.before}\n${line}`, options.code);
}

/** A usage error with a text of its own. Each line of it is printed behind the program's name. */
export function misuse(message: string, code: ErrorCode = "FAILED_INIT"): CurlError {
  return new CurlError(code, message, { cause: USAGE });
}

/** Whether the line about --help belongs behind this error. */
export function isUsageError(error: unknown): error is CurlError {
  return error instanceof CurlError && error.cause === USAGE;
}
