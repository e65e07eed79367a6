// Errors of system calls.
//
// Here: SyscallError and the reading of errno. A SyscallError never passes src/net or src/cli/host: each maps it once
// to a CurlError that says what was tried.

import { read } from "bun:ffi";
import { libc } from "./libc.ts";

/** errno numbers that mpcurl decides by or names to people (asm-generic/errno*.h; equal on x86-64 and AArch64). */
export const ERRNO = {
  EPERM: 1,
  ENOENT: 2,
  EINTR: 4,
  EIO: 5,
  ENXIO: 6,
  EBADF: 9,
  EAGAIN: 11,
  ENOMEM: 12,
  EACCES: 13,
  EBUSY: 16,
  EEXIST: 17,
  ENODEV: 19,
  ENOTDIR: 20,
  EISDIR: 21,
  EINVAL: 22,
  ENFILE: 23,
  EMFILE: 24,
  EFBIG: 27,
  ENOSPC: 28,
  ESPIPE: 29,
  EROFS: 30,
  EPIPE: 32,
  ERANGE: 34,
  ENAMETOOLONG: 36,
  ELOOP: 40,
  EMSGSIZE: 90,
  ENOPROTOOPT: 92,
  EPROTONOSUPPORT: 93,
  EOPNOTSUPP: 95,
  EAFNOSUPPORT: 97,
  EADDRINUSE: 98,
  EADDRNOTAVAIL: 99,
  ENETDOWN: 100,
  ENETUNREACH: 101,
  ECONNABORTED: 103,
  ECONNRESET: 104,
  ENOBUFS: 105,
  ENOTCONN: 107,
  ETIMEDOUT: 110,
  ECONNREFUSED: 111,
  EHOSTDOWN: 112,
  EHOSTUNREACH: 113,
  EINPROGRESS: 115,
  EDQUOT: 122,
} as const;

export type ErrnoName = keyof typeof ERRNO;

// The C library's words, because people search for them (strerror(3), glibc).
const SENTENCES: { readonly [K in ErrnoName]: string } = {
  EPERM: "Operation not permitted",
  ENOENT: "No such file or directory",
  EINTR: "Interrupted system call",
  EIO: "Input/output error",
  ENXIO: "No such device or address",
  EBADF: "Bad file descriptor",
  EAGAIN: "Resource temporarily unavailable",
  ENOMEM: "Cannot allocate memory",
  EACCES: "Permission denied",
  EBUSY: "Device or resource busy",
  EEXIST: "File exists",
  ENODEV: "No such device",
  ENOTDIR: "Not a directory",
  EISDIR: "Is a directory",
  EINVAL: "Invalid argument",
  ENFILE: "Too many open files in system",
  EMFILE: "Too many open files",
  EFBIG: "File too large",
  ENOSPC: "No space left on device",
  ESPIPE: "Illegal seek",
  EROFS: "Read-only file system",
  EPIPE: "Broken pipe",
  ERANGE: "Numerical result out of range",
  ENAMETOOLONG: "File name too long",
  ELOOP: "Too many levels of symbolic links",
  EMSGSIZE: "Message too long",
  ENOPROTOOPT: "Protocol not available",
  EPROTONOSUPPORT: "Protocol not supported",
  EOPNOTSUPP: "Operation not supported",
  EAFNOSUPPORT: "Address family not supported by protocol",
  EADDRINUSE: "Address already in use",
  EADDRNOTAVAIL: "Cannot assign requested address",
  ENETDOWN: "Network is down",
  ENETUNREACH: "Network is unreachable",
  ECONNABORTED: "Software caused connection abort",
  ECONNRESET: "Connection reset by peer",
  ENOBUFS: "No buffer space available",
  ENOTCONN: "Transport endpoint is not connected",
  ETIMEDOUT: "Connection timed out",
  ECONNREFUSED: "Connection refused",
  EHOSTDOWN: "Host is down",
  EHOSTUNREACH: "No route to host",
  EINPROGRESS: "Operation now in progress",
  EDQUOT: "Disk quota exceeded",
};

const NAMES = new Map<number, ErrnoName>();

function nameOf(errno: number): ErrnoName | undefined {
  if (NAMES.size === 0) {
    for (const [name, number] of Object.entries(ERRNO)) NAMES.set(number, name as ErrnoName);
  }
  return NAMES.get(errno);
}

/** strerror(3)'s sentence, or "errno N" for one that is not in the table. */
export function errnoText(errno: number): string {
  const name = nameOf(errno);
  return name ? SENTENCES[name] : `errno ${errno}`;
}

/** A system call that failed. */
export class SyscallError extends Error {
  override readonly name = "SyscallError";
  readonly syscall: string;
  readonly errno: number;
  /** What went wrong, without the call's name: "No such file or directory". */
  readonly reason: string;
  /** "ENOENT", …; "E<number>" for one that is not in the table. */
  readonly code: string;

  constructor(syscall: string, errno: number) {
    const reason = errnoText(errno);
    super(`${syscall}: ${reason}`);
    this.syscall = syscall;
    this.errno = errno;
    this.reason = reason;
    this.code = nameOf(errno) ?? `E${errno}`;
  }
}

let location = 0;

/**
 * errno of the call before. Valid only in the same tick, before any other call (measured: 0 wrong in 4,000,000
 * failing calls, under GC pressure too).
 */
export function lastErrno(): number {
  // The location is the thread's, and all of mpcurl's calls are made by the main thread.
  if (location === 0) location = libc.__errno_location();
  return read.i32(location as Parameters<typeof read.i32>[0], 0);
}

/** Passes a result of 0 and more through. @throws SyscallError for a negative one */
export function check(syscall: string, result: number): number {
  if (result < 0) throw new SyscallError(syscall, lastErrno());
  return result;
}
