// Opens a listening socket as MPTCP or TCP by libc and hands out its descriptor, for Bun.listen({ fd }).
//
// Bun itself only opens TCP sockets; a listener it is given as a descriptor it adopts, and closes on stop. The
// program's own socket module knows only clients, hence a table of its own here. Linux constants are equal on x86-64
// and arm64. Not here: HTTP (server.ts).
import { dlopen, ptr, read } from "bun:ffi";

const AF_INET = 2;
const AF_INET6 = 10;
const SOCK_STREAM = 1;
const SOCK_CLOEXEC = 0o2000000;
const SOCK_NONBLOCK = 0o4000;
const IPPROTO_TCP = 6;
const IPPROTO_MPTCP = 262;
const SOL_SOCKET = 1;
const SO_REUSEADDR = 2;
const BACKLOG = 128;

const libc = dlopen("libc.so.6", {
  socket: { args: ["i32", "i32", "i32"], returns: "i32" },
  setsockopt: { args: ["i32", "i32", "i32", "ptr", "u32"], returns: "i32" },
  inet_pton: { args: ["i32", "ptr", "ptr"], returns: "i32" },
  bind: { args: ["i32", "ptr", "u32"], returns: "i32" },
  listen: { args: ["i32", "i32"], returns: "i32" },
  __errno_location: { args: [], returns: "ptr" },
}).symbols;

export interface ListenOptions {
  /** Numeric; "::" listens on IPv6 and IPv4 (bindv6only is 0 by default). */
  readonly address: string;
  readonly port: number;
  readonly mptcp: boolean;
}

/** @returns the descriptor. @throws Error naming the call and the errno. */
export function openListener({ address, port, mptcp }: ListenOptions): number {
  const family = address.includes(":") ? AF_INET6 : AF_INET;
  const type = SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK;
  const fd = must("socket", libc.socket(family, type, mptcp ? IPPROTO_MPTCP : IPPROTO_TCP));
  const one = new Int32Array([1]);
  must("setsockopt", libc.setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, ptr(one), 4));
  const socketAddress = encodeAddress(family, address, port);
  must("bind", libc.bind(fd, ptr(socketAddress), socketAddress.length));
  must("listen", libc.listen(fd, BACKLOG));
  return fd;
}

function encodeAddress(family: number, address: string, port: number): Uint8Array {
  const bytes = new Uint8Array(family === AF_INET6 ? 28 : 16);
  new DataView(bytes.buffer).setUint16(0, family, true);
  new DataView(bytes.buffer).setUint16(2, port, false);
  const text = new TextEncoder().encode(`${address}\0`);
  const binary = new Uint8Array(16);
  if (libc.inet_pton(family, ptr(text), ptr(binary)) !== 1) {
    throw new Error(`${address} is not a numeric address`);
  }
  if (family === AF_INET6) bytes.set(binary, 8);
  else bytes.set(binary.subarray(0, 4), 4);
  return bytes;
}

function must(call: string, result: number): number {
  if (result >= 0) return result;
  const location = libc.__errno_location();
  throw new Error(`${call}() failed, errno ${location === null ? "?" : read.i32(location, 0)}`);
}
