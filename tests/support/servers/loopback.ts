// Listening sockets on loopback, made with the C library, because Bun can adopt a listening
// descriptor but cannot open one with IPPROTO_MPTCP, with a chosen backlog, or without listening.
// The tests have their own small table of symbols: they must not lean on the code that they test.

import { dlopen, read } from "bun:ffi";

const AF_INET = 2;
const AF_INET6 = 10;
const SOCK_STREAM = 1;
const SOCK_NONBLOCK = 0o4000;
const SOCK_CLOEXEC = 0o2000000;
const IPPROTO_MPTCP = 262;
const POLLOUT = 4;

const { symbols: libc } = dlopen("libc.so.6", {
  socket: { args: ["i32", "i32", "i32"], returns: "i32" },
  bind: { args: ["i32", "ptr", "u32"], returns: "i32" },
  connect: { args: ["i32", "ptr", "u32"], returns: "i32" },
  listen: { args: ["i32", "i32"], returns: "i32" },
  getsockname: { args: ["i32", "ptr", "ptr"], returns: "i32" },
  close: { args: ["i32"], returns: "i32" },
  poll: { args: ["ptr", "u64", "i32"], returns: "i32" },
  __errno_location: { args: [], returns: "ptr" },
});

export interface ListenOptions {
  /** "127.0.0.1" (default), another 127/8 address, or "::1". */
  readonly host?: string;
  readonly mptcp?: boolean;
  readonly backlog?: number;
  /** 0, the default, lets the kernel choose. */
  readonly port?: number;
}

export interface BoundSocket {
  readonly fd: number;
  readonly port: number;
}

function check(result: number, syscall: string): number {
  if (result >= 0) return result;
  const errno = libc.__errno_location();
  throw new Error(`${syscall} failed, errno ${errno === null ? "?" : read.i32(errno, 0)}`);
}

function addressBytes(host: string, port: number): Uint8Array {
  if (host === "::1") {
    const bytes = new Uint8Array(28);
    bytes.set([AF_INET6, 0, port >> 8, port & 255]);
    bytes[23] = 1;
    return bytes;
  }
  const octets = host.split(".").map(Number);
  if (octets.length !== 4) throw new Error(`not a loopback address: ${host}`);
  const bytes = new Uint8Array(16);
  bytes.set([AF_INET, 0, port >> 8, port & 255, ...octets]);
  return bytes;
}

function bound(options: ListenOptions): BoundSocket {
  const host = options.host ?? "127.0.0.1";
  const family = host === "::1" ? AF_INET6 : AF_INET;
  const protocol = options.mptcp ? IPPROTO_MPTCP : 0;
  const fd = check(
    libc.socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, protocol),
    "socket",
  );
  const address = addressBytes(host, options.port ?? 0);
  try {
    check(libc.bind(fd, address, address.length), "bind");
    check(libc.getsockname(fd, address, new Uint32Array([address.length])), "getsockname");
  } catch (error) {
    libc.close(fd);
    throw error;
  }
  return { fd, port: (address[2] ?? 0) * 256 + (address[3] ?? 0) };
}

/** Opens a listening socket; the caller hands the descriptor to Bun.listen({ fd }) or closes it. */
export function openListener(options: ListenOptions = {}): BoundSocket {
  const socket = bound(options);
  check(libc.listen(socket.fd, options.backlog ?? 128), "listen");
  return socket;
}

export interface HeldPort {
  readonly port: number;
  release(): void;
}

/** A port that refuses connections and cannot be taken by anyone until it is released. */
export function refusedPort(host = "127.0.0.1"): HeldPort {
  const socket = bound({ host });
  return { port: socket.port, release: () => void libc.close(socket.fd) };
}

/**
 * A port where connecting neither succeeds nor fails: its accept queue is full and nobody accepts,
 * so that the kernel drops further SYNs.
 */
export function fullPort(
  options: { readonly host?: string; readonly port?: number } = {},
): HeldPort {
  const host = options.host ?? "127.0.0.1";
  const family = host === "::1" ? AF_INET6 : AF_INET;
  const listener = openListener({ ...options, backlog: 0 });
  const address = addressBytes(host, listener.port);
  const fds = [listener.fd];
  for (let index = 0; index < 3; index++) {
    const fd = check(libc.socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), "socket");
    libc.connect(fd, address, address.length);
    fds.push(fd);
  }
  return {
    port: listener.port,
    release() {
      for (const fd of fds) libc.close(fd);
    },
  };
}

/** Whether this kernel opens MPTCP sockets now. */
export function kernelHasMptcp(): boolean {
  const fd = libc.socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, IPPROTO_MPTCP);
  if (fd < 0) return false;
  libc.close(fd);
  return true;
}

/** Whether ::1 can be bound. */
export function hasIpv6(): boolean {
  try {
    refusedPort("::1").release();
    return true;
  } catch {
    return false;
  }
}

/** A port that was free a moment ago, for servers that cannot be handed a descriptor. */
export function freePort(host = "127.0.0.1"): number {
  const held = refusedPort(host);
  held.release();
  return held.port;
}

/** Whether a writer of this pipe would have to wait; asked of the pipe's writing end. */
export function pipeIsFull(writingFd: number): boolean {
  const request = new Int32Array([writingFd, POLLOUT]);
  return check(libc.poll(request, 1, 0), "poll") === 0;
}
