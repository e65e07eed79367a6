// Sockets: one system call a function, no policy.
//
// Who adopts a descriptor with Bun.connect must not close it afterwards: Bun does, and the number may be a stranger's
// by then. A descriptor that Bun.connect rejected is still the caller's.

import {
  AF_UNIX,
  IPPROTO_MPTCP,
  POLLIN,
  SO_BINDTODEVICE,
  SO_ERROR,
  SOCK_CLOEXEC,
  SOCK_NONBLOCK,
  SOCK_STREAM,
  SOL_SOCKET,
} from "./constants.ts";
import { check, ERRNO, lastErrno, SyscallError } from "./errno.ts";
import { libc } from "./libc.ts";
import {
  decodeSocketAddress,
  domainOf,
  encodeSocketAddress,
  type SocketAddress,
} from "./sockaddr.ts";

/** sizeof(struct sockaddr_storage), the largest address. */
const ADDRESS_MAX = 128;

/**
 * A non-blocking stream socket, closed on exec.
 * @param protocol "mptcp" asks for IPPROTO_MPTCP; it has no meaning for Unix sockets
 * @throws SyscallError
 */
export function openSocket(family: SocketAddress["family"], protocol: "mptcp" | "tcp"): number {
  const number = protocol === "mptcp" && family !== "unix" ? IPPROTO_MPTCP : 0;
  return check(
    "socket",
    libc.socket(domainOf(family), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, number),
  );
}

/** Two connected Unix stream sockets, non-blocking. @throws SyscallError */
export function openPair(): [number, number] {
  const pair = new Int32Array(2);
  check(
    "socketpair",
    libc.socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair),
  );
  return [pair[0] ?? -1, pair[1] ?? -1];
}

/**
 * Starts a connect. Returns "connected" or "in-progress"; a failure that is known at once is thrown, for Bun must not
 * adopt such a descriptor (it would report it as open and then nothing, ever).
 * @throws SyscallError
 */
export function startConnect(fd: number, address: SocketAddress): "connected" | "in-progress" {
  const bytes = encodeSocketAddress(address);
  if (libc.connect(fd, bytes, bytes.length) === 0) return "connected";
  const errno = lastErrno();
  // A signal that interrupts connect(2) leaves it going on (POSIX).
  if (errno === ERRNO.EINPROGRESS || errno === ERRNO.EINTR) return "in-progress";
  throw new SyscallError("connect", errno);
}

/** @throws SyscallError */
export function bindSocket(fd: number, address: SocketAddress): void {
  const bytes = encodeSocketAddress(address);
  check("bind", libc.bind(fd, bytes, bytes.length));
}

/**
 * Sends and receives through this interface only (SO_BINDTODEVICE); before connect(2). Needs no right on a fresh socket
 * since Linux 5.7, CAP_NET_RAW before.
 * @throws SyscallError
 */
export function bindToDevice(fd: number, interfaceName: string): void {
  const name = Buffer.from(interfaceName, "latin1");
  check("setsockopt", libc.setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, name, name.length));
}

/** @throws SyscallError */
export function listenSocket(fd: number, backlog: number): void {
  check("listen", libc.listen(fd, backlog));
}

/** @throws SyscallError */
export function setIntOption(
  fd: number,
  option: { level: number; name: number; value: number },
): void {
  const { level, name, value } = option;
  check("setsockopt", libc.setsockopt(fd, level, name, Int32Array.of(value), 4));
}

/** @throws SyscallError */
export function getIntOption(fd: number, option: { level: number; name: number }): number {
  const value = new Int32Array(1);
  check("getsockopt", libc.getsockopt(fd, option.level, option.name, value, Uint32Array.of(4)));
  return value[0] ?? 0;
}

/** The errno of a finished connect, 0 when it went well; reading it resets it (SO_ERROR, socket(7)). */
export function takeSocketErrno(fd: number): number {
  return getIntOption(fd, { level: SOL_SOCKET, name: SO_ERROR });
}

/** The socket's own address. @throws SyscallError */
export function localAddress(fd: number): SocketAddress {
  const bytes = new Uint8Array(ADDRESS_MAX);
  const length = Uint32Array.of(ADDRESS_MAX);
  check("getsockname", libc.getsockname(fd, bytes, length));
  return decodeSocketAddress(bytes, length[0] ?? 0);
}

/** The peer's address; ENOTCONN tells that there is no connection. @throws SyscallError */
export function peerAddress(fd: number): SocketAddress {
  const bytes = new Uint8Array(ADDRESS_MAX);
  const length = Uint32Array.of(ADDRESS_MAX);
  check("getpeername", libc.getpeername(fd, bytes, length));
  return decodeSocketAddress(bytes, length[0] ?? 0);
}

const pollFd = new Int32Array(2);

/**
 * Whether bytes, or an end in order, wait to be read. Not counted: POLLHUP and POLLERR without POLLIN, which MPTCP alone
 * gives, on a socket that was reset (measured on Linux 6.18; TCP adds POLLIN). An MPTCP socket without a live path has
 * none of them: only MPTCP_FULL_INFO knows of that, until the kernel gives up after a minute.
 */
export function hasUnread(fd: number): boolean {
  // struct pollfd {int fd; short events; short revents}
  pollFd[0] = fd;
  pollFd[1] = POLLIN;
  if (libc.poll(pollFd, 1, 0) <= 0) return false;
  return (((pollFd[1] ?? 0) >> 16) & POLLIN) !== 0;
}

/** Linux closes the descriptor whatever close(2) returns; only a wrong number is worth an error. @throws SyscallError */
export function closeSocket(fd: number): void {
  if (libc.close(fd) < 0 && lastErrno() === ERRNO.EBADF)
    throw new SyscallError("close", ERRNO.EBADF);
}

/** Index of a network interface, 0 where there is none of that name (netdevice(7)). */
export function interfaceIndex(name: string): number {
  return libc.if_nametoindex(Buffer.from(`${name}\0`, "latin1"));
}
