// What the system refuses, and how it is told.
//
// A Host throws such errors as they come: ffi's SyscallErrors on the real machine. Whoever asked for something knows
// what was tried, and makes a CurlError of the two; here is the part that they share. Anything that is no system error
// is a bug, and goes on as it is.

import { CurlError } from "../error.ts";

export interface SystemError extends Error {
  /** "ENOENT", … */
  readonly code: string;
  /** The C library's words: "No such file or directory". */
  readonly reason: string;
}

export function isSystemError(error: unknown): error is SystemError {
  return error instanceof Error && "code" in error && "reason" in error;
}

/** The system's words. @throws the error itself where it is none of the system's */
export function reasonOf(error: unknown): string {
  if (isSystemError(error)) return error.reason;
  throw error;
}

/**
 * A write that failed, as curl says it; the disk being full in so many words. A reader that went away (EPIPE) needs no
 * reason: who runs `mpcurl … | head -1` knows it.
 * @throws the error itself where it is none of the system's
 */
export function writeFailure(
  cause: unknown,
  { givenBytes, writtenBytes }: { readonly givenBytes: number; readonly writtenBytes: number },
): CurlError {
  if (!isSystemError(cause)) throw cause;
  const { code, reason } = cause;
  const full = code === "ENOSPC" ? ", the disk is full" : "";
  const detail = code === "EPIPE" ? "" : `: ${reason}${full}`;
  return new CurlError(
    "WRITE_ERROR",
    `Failure writing output to destination, passed ${givenBytes} returned ${writtenBytes}${detail}`,
    { cause },
  );
}

/** A body to send that cannot be read on. @throws the error itself where it is none of the system's */
export function readFailure(cause: unknown): CurlError {
  return new CurlError("READ_ERROR", `Failed to read the data to send: ${reasonOf(cause)}`, {
    cause,
  });
}
