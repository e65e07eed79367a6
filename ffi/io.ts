// Files and terminals, for the paths where node:fs and node:tty would cost more than the work (1 ms and 8 ms of
// start-up, measured). Paths are byte strings. One system call a function, no policy, except that short and interrupted
// calls are repeated.

import {
  AT_EMPTY_PATH,
  F_OK,
  O_APPEND,
  O_CLOEXEC,
  O_CREAT,
  O_EXCL,
  O_NONBLOCK,
  O_RDONLY,
  O_TRUNC,
  O_WRONLY,
  POLLOUT,
  S_IFMT,
  S_IFREG,
  SEEK_CUR,
  SEEK_SET,
  STATX_SIZE,
  STATX_TYPE,
  TIOCGWINSZ,
} from "./constants.ts";
import { check, ERRNO, lastErrno, SyscallError } from "./errno.ts";
import { libc } from "./libc.ts";

/** A path is a C string: NUL would cut it. */
function cPath(syscall: string, path: string): Uint8Array {
  if (path.includes("\0")) throw new SyscallError(syscall, ERRNO.EINVAL);
  return Buffer.from(`${path}\0`, "latin1");
}

const WRITE_MODES = {
  truncate: O_WRONLY | O_CREAT | O_TRUNC,
  append: O_WRONLY | O_CREAT | O_APPEND,
  exclusive: O_WRONLY | O_CREAT | O_EXCL,
  /** A new description of something open already; for a pipe only, a file would be written from its start. */
  "non-blocking": O_WRONLY | O_NONBLOCK,
} as const;

/** Mode 0666 less the umask, as curl's. @throws SyscallError */
export function openForWriting(path: string, how: keyof typeof WRITE_MODES): number {
  return check("open", libc.open(cPath("open", path), WRITE_MODES[how] | O_CLOEXEC, 0o666));
}

/** @throws SyscallError */
export function openForReading(path: string): number {
  return check("open", libc.open(cPath("open", path), O_RDONLY | O_CLOEXEC, 0));
}

/** @throws SyscallError for a wrong number; other results mean that the file is closed (close(2)) */
export function closeFile(fd: number): void {
  if (libc.close(fd) < 0 && lastErrno() === ERRNO.EBADF)
    throw new SyscallError("close", ERRNO.EBADF);
}

/** Bytes read into the front of `buffer`; 0 at the end. Blocks. @throws SyscallError */
export function readSome(fd: number, buffer: Uint8Array): number {
  for (;;) {
    const count = Number(libc.read(fd, buffer, buffer.length));
    if (count >= 0) return count;
    const errno = lastErrno();
    if (errno !== ERRNO.EINTR) throw new SyscallError("read", errno);
  }
}

/** As readSome, from `offset`, leaving the file's position alone. @throws SyscallError */
export function readAt(fd: number, buffer: Uint8Array, offset: number): number {
  for (;;) {
    const count = Number(libc.pread(fd, buffer, buffer.length, offset));
    if (count >= 0) return count;
    const errno = lastErrno();
    if (errno !== ERRNO.EINTR) throw new SyscallError("read", errno);
  }
}

/**
 * Writes until all is written or the other end is full.
 * @param from index of the first byte to write
 * @returns index behind the last byte written; less than the length: the descriptor is non-blocking and full
 * @throws SyscallError
 */
export function writeSome(fd: number, bytes: Uint8Array, from: number): number {
  let at = from;
  while (at < bytes.length) {
    const count = Number(libc.write(fd, at === 0 ? bytes : bytes.subarray(at), bytes.length - at));
    if (count >= 0) {
      at += count;
      continue;
    }
    const errno = lastErrno();
    if (errno === ERRNO.EAGAIN) return at;
    if (errno !== ERRNO.EINTR) throw new SyscallError("write", errno);
  }
  return at;
}

const pollFd = new Int32Array(2);

/** Waits until `fd` takes bytes, an error included; false when the time is over. @param timeoutMs -1: for ever */
export function waitWritable(fd: number, timeoutMs: number): boolean {
  // struct pollfd {int fd; short events; short revents}
  pollFd[0] = fd;
  pollFd[1] = POLLOUT;
  return libc.poll(pollFd, 1, timeoutMs) > 0;
}

/** Whether the descriptor has a position: a file has, pipes, sockets and terminals do not. */
export function isSeekable(fd: number): boolean {
  return Number(libc.lseek(fd, 0, SEEK_CUR)) >= 0;
}

/** Size of a regular file in bytes; null for anything else. */
export function regularFileSize(fd: number): number | null {
  // struct statx (linux/stat.h) is the same on every architecture, struct stat is not: stx_mode u16 at 28, stx_size
  // u64 at 40.
  const bytes = new Uint8Array(256);
  if (libc.statx(fd, new Uint8Array(1), AT_EMPTY_PATH, STATX_TYPE | STATX_SIZE, bytes) < 0)
    return null;
  const view = new DataView(bytes.buffer);
  return (view.getUint16(28, true) & S_IFMT) === S_IFREG
    ? Number(view.getBigUint64(40, true))
    : null;
}

/** Empties a file and puts the position to its start. @throws SyscallError */
export function truncateFile(fd: number): void {
  check("ftruncate", libc.ftruncate(fd, 0));
  check("lseek", Number(libc.lseek(fd, 0, SEEK_SET)));
}

export function fileExists(path: string): boolean {
  return !path.includes("\0") && libc.access(cPath("access", path), F_OK) === 0;
}

/** @throws SyscallError, EEXIST among them */
export function makeDirectory(path: string, mode: number): void {
  check("mkdir", libc.mkdir(cPath("mkdir", path), mode));
}

export function isTerminal(fd: number): boolean {
  return libc.isatty(fd) === 1;
}

/** Columns and rows of the terminal; null when `fd` is none or does not know. */
export function windowSize(fd: number): { columns: number; rows: number } | null {
  // struct winsize {unsigned short ws_row, ws_col, ws_xpixel, ws_ypixel}
  const size = new Uint16Array(4);
  if (libc.ioctl(fd, TIOCGWINSZ, size) < 0 || !size[1]) return null;
  return { columns: size[1], rows: size[0] ?? 0 };
}
