// The system calls themselves: loopback and socket pairs, for there is no other way to see them work.
import { afterEach, describe, expect, test } from "bun:test";
import {
  IPPROTO_MPTCP,
  IPPROTO_TCP,
  SO_KEEPALIVE,
  SO_PROTOCOL,
  SOL_SOCKET,
} from "../../../ffi/constants.ts";
import { readSome, writeSome } from "../../../ffi/io.ts";
import type { SocketAddress } from "../../../ffi/sockaddr.ts";
import {
  bindSocket,
  bindToDevice,
  closeSocket,
  getIntOption,
  hasUnread,
  interfaceIndex,
  listenSocket,
  localAddress,
  openPair,
  openSocket,
  peerAddress,
  setIntOption,
  startConnect,
  takeSocketErrno,
} from "../../../ffi/socket.ts";
import { bytesOf } from "../../../src/bytes.ts";
import { needs } from "../../support/requirement.ts";
import { refusedPort } from "../../support/servers/loopback.ts";
import { tempDir } from "../../support/temp-dir.ts";

const opened: number[] = [];
const LOOPBACK: SocketAddress = { family: "ipv4", ip: Uint8Array.of(127, 0, 0, 1), port: 0 };

function open(family: SocketAddress["family"] = "ipv4", protocol: "mptcp" | "tcp" = "tcp"): number {
  const fd = openSocket(family, protocol);
  opened.push(fd);
  return fd;
}

function listening(): SocketAddress {
  const fd = open();
  bindSocket(fd, LOOPBACK);
  listenSocket(fd, 1);
  return localAddress(fd);
}

afterEach(() => {
  for (const fd of opened.splice(0)) closeSocket(fd);
});

function protocolOf(fd: number): number {
  return getIntOption(fd, { level: SOL_SOCKET, name: SO_PROTOCOL });
}

describe("bindToDevice", () => {
  test("lets a connection through its own interface", () => {
    const address = listening();
    const fd = open();
    bindToDevice(fd, "lo");
    startConnect(fd, address);
    expect(peerAddress(fd)).toEqual(address);
  });

  test("says that there is no such interface", () => {
    expect(() => bindToDevice(open(), "no-such-one")).toThrow("setsockopt: No such device");
  });
});

describe("openSocket", () => {
  test("opens TCP, and Unix sockets whatever is asked for", () => {
    expect(protocolOf(open("ipv4", "tcp"))).toBe(IPPROTO_TCP);
    expect(protocolOf(open("unix", "mptcp"))).toBe(0);
  });

  needs("mptcp")("opens MPTCP where it is asked for", () => {
    expect(protocolOf(open("ipv4", "mptcp"))).toBe(IPPROTO_MPTCP);
  });

  needs("mptcp", "ipv6")("opens MPTCP over IPv6", () => {
    expect(protocolOf(open("ipv6", "mptcp"))).toBe(IPPROTO_MPTCP);
  });

  test("opens sockets that do not block and do not outlive an exec", async () => {
    const fd = open();
    const info = await Bun.file(`/proc/self/fdinfo/${fd}`).text();
    const flags = Number.parseInt(/^flags:\s*(\d+)/m.exec(info)?.[1] ?? "0", 8);
    expect(flags & 0o4000).not.toBe(0);
    expect(flags & 0o2000000).not.toBe(0);
  });
});

describe("bindSocket and localAddress", () => {
  test("give the port that the kernel chose", () => {
    const fd = open();
    bindSocket(fd, LOOPBACK);
    const address = localAddress(fd);
    expect(address).toMatchObject({ family: "ipv4", ip: Uint8Array.of(127, 0, 0, 1) });
    expect("port" in address && address.port).toBeGreaterThan(0);
  });

  test("refuse a port that is taken", () => {
    const held = refusedPort();
    try {
      expect(() => bindSocket(open(), { ...LOOPBACK, port: held.port } as SocketAddress)).toThrow(
        "bind: Address already in use",
      );
    } finally {
      held.release();
    }
  });

  test("know the path of a Unix socket, and that it has none yet", () => {
    const path = `${tempDir("socket")}/s`;
    const fd = open("unix");
    expect(localAddress(fd)).toEqual({ family: "unix", path: "" });
    bindSocket(fd, { family: "unix", path });
    expect(localAddress(fd)).toEqual({ family: "unix", path });
  });

  test("know an abstract name", () => {
    const fd = open("unix");
    const path = `\0unit\0${process.pid}`;
    bindSocket(fd, { family: "unix", path });
    expect(localAddress(fd)).toEqual({ family: "unix", path });
  });
});

describe("startConnect", () => {
  test("reaches a listener, and peerAddress says which", () => {
    const address = listening();
    const fd = open();
    expect(["connected", "in-progress"]).toContain(startConnect(fd, address));
    expect([takeSocketErrno(fd), peerAddress(fd)]).toEqual([0, address]);
  });

  test("over a Unix socket is connected at once, or fails at once", () => {
    const path = `\0listener\0${process.pid}`;
    const listener = open("unix");
    bindSocket(listener, { family: "unix", path });
    listenSocket(listener, 1);
    expect(startConnect(open("unix"), { family: "unix", path })).toBe("connected");
    expect(() => startConnect(open("unix"), { family: "unix", path: "/nowhere/s" })).toThrow(
      "connect: No such file or directory",
    );
  });

  test("to a port that refuses says so at once or with SO_ERROR, and there is no peer", () => {
    const held = refusedPort();
    const fd = open();
    let errno = 0;
    try {
      startConnect(fd, { ...LOOPBACK, port: held.port });
      errno = takeSocketErrno(fd);
    } catch (error) {
      errno = (error as { errno: number }).errno;
    } finally {
      held.release();
    }
    expect(errno).toBe(111);
    expect(() => peerAddress(fd)).toThrow("getpeername: Transport endpoint is not connected");
  });

  test("refuses an address of another family", () => {
    expect(() => startConnect(open("unix"), LOOPBACK)).toThrow("connect: ");
  });
});

describe("options", () => {
  test("are set and read", () => {
    const fd = open();
    const option = { level: SOL_SOCKET, name: SO_KEEPALIVE };
    expect(getIntOption(fd, option)).toBe(0);
    setIntOption(fd, { ...option, value: 1 });
    expect(getIntOption(fd, option)).toBe(1);
  });

  test("that the kernel does not know are refused", () => {
    expect(() => getIntOption(open(), { level: IPPROTO_TCP, name: 9999 })).toThrow(
      "getsockopt: Protocol not available",
    );
    expect(() => setIntOption(open(), { level: IPPROTO_TCP, name: 9999, value: 1 })).toThrow(
      "setsockopt: Protocol not available",
    );
  });
});

describe("openPair", () => {
  test("gives two ends of one stream, which do not block", () => {
    const [one, other] = openPair();
    opened.push(one, other);
    writeSome(one, bytesOf("over"), 0);
    const buffer = new Uint8Array(8);
    expect(readSome(other, buffer)).toBe(4);
    expect(() => readSome(other, buffer)).toThrow("read: Resource temporarily unavailable");
  });
});

describe("hasUnread", () => {
  test("is true while bytes wait, and not after", () => {
    const [one, other] = openPair();
    opened.push(one, other);
    expect(hasUnread(other)).toBe(false);
    writeSome(one, bytesOf("over"), 0);
    expect([hasUnread(other), hasUnread(one)]).toEqual([true, false]);
    readSome(other, new Uint8Array(3));
    expect(hasUnread(other)).toBe(true);
    readSome(other, new Uint8Array(3));
    expect(hasUnread(other)).toBe(false);
  });

  test("is true at the end, and where an error waits", () => {
    const [one, other] = openPair();
    opened.push(other);
    closeSocket(one);
    expect(hasUnread(other)).toBe(true);
    const held = refusedPort();
    const fd = open();
    try {
      startConnect(fd, { ...LOOPBACK, port: held.port } as SocketAddress);
    } catch {
      // Refused at once: then too the socket is at its end.
    } finally {
      held.release();
    }
    expect(hasUnread(fd)).toBe(true);
  });

  test("is false of no descriptor", () => {
    const [one, other] = openPair();
    opened.push(other);
    closeSocket(one);
    expect(hasUnread(one)).toBe(false);
  });
});

test("closeSocket tells a number that is no descriptor", () => {
  const fd = openSocket("ipv4", "tcp");
  closeSocket(fd);
  expect(() => closeSocket(fd)).toThrow("close: Bad file descriptor");
});

test("interfaceIndex knows loopback, and 0 for none", () => {
  expect([interfaceIndex("lo"), interfaceIndex("no-such-one"), interfaceIndex("")]).toEqual([
    1, 0, 0,
  ]);
});
