// The C library: every symbol that mpcurl calls, in one table.
//
// Here: prototypes and their linking. Not here: constants (constants.ts), errors (errno.ts) and any meaning. A symbol
// is linked at its first use: linking costs 11 µs each, the whole table 0.3 ms (measured, Bun 1.4.5), and a small GET
// needs ten of them.
//
// "libc.so.6" and nothing else: a name that the loader does not know is tried again as a file of the current directory
// (Bun 1.4.5), which would run a stranger's code. glibc and musl both resolve this name always.

import { dlopen, type FFIType } from "bun:ffi";

/** A pointer argument: typed arrays go in directly, so that they stay alive and in place during the call. */
type Pointer = NodeJS.TypedArray | null;

interface Libc {
  __errno_location(): number;
  socket(domain: number, type: number, protocol: number): number;
  socketpair(domain: number, type: number, protocol: number, pair: Pointer): number;
  bind(fd: number, address: Pointer, length: number): number;
  connect(fd: number, address: Pointer, length: number): number;
  listen(fd: number, backlog: number): number;
  getsockopt(fd: number, level: number, name: number, value: Pointer, length: Pointer): number;
  setsockopt(fd: number, level: number, name: number, value: Pointer, length: number): number;
  getsockname(fd: number, address: Pointer, length: Pointer): number;
  getpeername(fd: number, address: Pointer, length: Pointer): number;
  send(fd: number, buffer: Pointer, length: number, flags: number): number;
  recv(fd: number, buffer: Pointer, length: number, flags: number): number;
  close(fd: number): number;
  open(path: Pointer, flags: number, mode: number): number;
  read(fd: number, buffer: Pointer, count: number): number;
  pread(fd: number, buffer: Pointer, count: number, offset: number): number;
  write(fd: number, buffer: Pointer, count: number): number;
  lseek(fd: number, offset: number, whence: number): number;
  ftruncate(fd: number, length: number): number;
  statx(directory: number, path: Pointer, flags: number, mask: number, result: Pointer): number;
  access(path: Pointer, mode: number): number;
  mkdir(path: Pointer, mode: number): number;
  isatty(fd: number): number;
  ioctl(fd: number, request: number, argument: Pointer): number;
  poll(fds: Pointer, count: number, timeoutMs: number): number;
  if_nametoindex(name: Pointer): number;
}

interface Prototype {
  readonly args: readonly (keyof typeof FFIType | "i64_fast")[];
  readonly returns: keyof typeof FFIType | "i64_fast";
}

const PROTOTYPES: { readonly [K in keyof Libc]: Prototype } = {
  // int *__errno_location(void)
  __errno_location: { args: [], returns: "ptr" },
  // int socket(int domain, int type, int protocol)
  socket: { args: ["i32", "i32", "i32"], returns: "i32" },
  // int socketpair(int domain, int type, int protocol, int sv[2])
  socketpair: { args: ["i32", "i32", "i32", "ptr"], returns: "i32" },
  // int bind(int fd, const struct sockaddr *addr, socklen_t len)
  bind: { args: ["i32", "ptr", "u32"], returns: "i32" },
  // int connect(int fd, const struct sockaddr *addr, socklen_t len)
  connect: { args: ["i32", "ptr", "u32"], returns: "i32" },
  // int listen(int fd, int backlog)
  listen: { args: ["i32", "i32"], returns: "i32" },
  // int getsockopt(int fd, int level, int optname, void *optval, socklen_t *optlen)
  getsockopt: { args: ["i32", "i32", "i32", "ptr", "ptr"], returns: "i32" },
  // int setsockopt(int fd, int level, int optname, const void *optval, socklen_t optlen)
  setsockopt: { args: ["i32", "i32", "i32", "ptr", "u32"], returns: "i32" },
  // int getsockname(int fd, struct sockaddr *addr, socklen_t *len)
  getsockname: { args: ["i32", "ptr", "ptr"], returns: "i32" },
  // int getpeername(int fd, struct sockaddr *addr, socklen_t *len)
  getpeername: { args: ["i32", "ptr", "ptr"], returns: "i32" },
  // ssize_t send(int fd, const void *buf, size_t len, int flags)
  send: { args: ["i32", "ptr", "u64", "i32"], returns: "i64_fast" },
  // ssize_t recv(int fd, void *buf, size_t len, int flags)
  recv: { args: ["i32", "ptr", "u64", "i32"], returns: "i64_fast" },
  // int close(int fd)
  close: { args: ["i32"], returns: "i32" },
  // int open(const char *path, int flags, mode_t mode); variadic, which x86-64 and AArch64 Linux pass alike
  open: { args: ["ptr", "i32", "u32"], returns: "i32" },
  // ssize_t read(int fd, void *buf, size_t count)
  read: { args: ["i32", "ptr", "u64"], returns: "i64_fast" },
  // ssize_t pread(int fd, void *buf, size_t count, off_t offset)
  pread: { args: ["i32", "ptr", "u64", "i64_fast"], returns: "i64_fast" },
  // ssize_t write(int fd, const void *buf, size_t count)
  write: { args: ["i32", "ptr", "u64"], returns: "i64_fast" },
  // off_t lseek(int fd, off_t offset, int whence)
  lseek: { args: ["i32", "i64_fast", "i32"], returns: "i64_fast" },
  // int ftruncate(int fd, off_t length)
  ftruncate: { args: ["i32", "i64_fast"], returns: "i32" },
  // int statx(int dirfd, const char *path, int flags, unsigned int mask, struct statx *buf); glibc 2.28
  statx: { args: ["i32", "ptr", "i32", "u32", "ptr"], returns: "i32" },
  // int access(const char *path, int mode)
  access: { args: ["ptr", "i32"], returns: "i32" },
  // int mkdir(const char *path, mode_t mode)
  mkdir: { args: ["ptr", "u32"], returns: "i32" },
  // int isatty(int fd)
  isatty: { args: ["i32"], returns: "i32" },
  // int ioctl(int fd, unsigned long request, void *argp); variadic, as open
  ioctl: { args: ["i32", "u64", "ptr"], returns: "i32" },
  // int poll(struct pollfd *fds, nfds_t nfds, int timeout)
  poll: { args: ["ptr", "u64", "i32"], returns: "i32" },
  // unsigned int if_nametoindex(const char *ifname)
  if_nametoindex: { args: ["ptr"], returns: "u32" },
};

/** bun:ffi cannot reach the C library: not Linux, or a system that forbids code made at run time. */
export class LibcUnavailable extends Error {
  override readonly name = "LibcUnavailable";
}

function load(table: Record<string, { args: []; returns: "void" }>): Record<string, unknown> {
  try {
    return dlopen("libc.so.6", table).symbols;
  } catch (cause) {
    const why =
      process.platform === "linux"
        ? "this system does not let programs make code at run time (W^X, as systemd's MemoryDenyWriteExecute or SELinux's execmem): allow it for mpcurl"
        : `MPTCP sockets exist on Linux only, and this system is ${process.platform}: run mpcurl on Linux`;
    throw new LibcUnavailable(why, { cause });
  }
}

function link(): Libc {
  const lazy = {};
  for (const name of Object.keys(PROTOTYPES) as (keyof Libc)[]) {
    Object.defineProperty(lazy, name, {
      configurable: true,
      get() {
        // bun-types knows "i64_fast" as a member of FFIType only, not as the string that dlopen also takes.
        const table = { [name]: PROTOTYPES[name] } as unknown as Record<
          string,
          { args: []; returns: "void" }
        >;
        const value = load(table)[name];
        Object.defineProperty(lazy, name, { value });
        return value;
      },
    });
  }
  return lazy as Libc;
}

/** The C library's functions, linked when first called. @throws LibcUnavailable */
export const libc: Libc = link();
