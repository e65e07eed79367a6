import { afterEach, describe, expect, test } from "bun:test";
import { ERRNO, SyscallError } from "../../../ffi/errno.ts";
import { isMptcp, readInfo, whyNoMptcpSocket } from "../../../ffi/mptcp.ts";
import {
  bindSocket,
  closeSocket,
  listenSocket,
  localAddress,
  openPair,
  openSocket,
  startConnect,
} from "../../../ffi/socket.ts";
import { needs } from "../../support/requirement.ts";

const opened: number[] = [];

afterEach(() => {
  for (const fd of opened.splice(0)) closeSocket(fd);
});

/** A connection over loopback; the kernel finishes it without anybody accepting. */
function connected(listens: "mptcp" | "tcp", connects: "mptcp" | "tcp"): number {
  const listener = openSocket("ipv4", listens);
  const fd = openSocket("ipv4", connects);
  opened.push(listener, fd);
  bindSocket(listener, { family: "ipv4", ip: Uint8Array.of(127, 0, 0, 1), port: 0 });
  listenSocket(listener, 1);
  startConnect(fd, localAddress(listener));
  return fd;
}

describe("isMptcp and readInfo", () => {
  test("of TCP: no, and nothing to read", () => {
    const fd = connected("tcp", "tcp");
    expect([isMptcp(fd), readInfo(fd)]).toEqual([false, null]);
  });

  needs("mptcp")("of MPTCP on both sides: yes, with a token and the peer's key", () => {
    const fd = connected("mptcp", "mptcp");
    expect(isMptcp(fd)).toBe(true);
    const info = readInfo(fd);
    expect(info).toMatchObject({ remoteKeyReceived: true, extraSubflows: 0 });
    expect(info?.token).toBeGreaterThan(0);
  });

  needs("mptcp")("of MPTCP towards a TCP listener: fallen back", () => {
    const fd = connected("tcp", "mptcp");
    expect([isMptcp(fd), readInfo(fd)]).toEqual([false, null]);
  });

  test("of what is no TCP at all: not yes, and nothing to read", () => {
    const [one, other] = openPair();
    opened.push(one, other);
    expect(isMptcp(one)).not.toBe(true);
    expect(readInfo(one)).toBeNull();
  });
});

describe("whyNoMptcpSocket", () => {
  const REASONS = [
    ["ENOPROTOOPT", "net.mptcp.enabled=0"],
    ["EPROTONOSUPPORT", "CONFIG_MPTCP"],
    ["EINVAL", "Linux 5.6"],
    ["EACCES", "SELinux"],
    ["EPERM", "SELinux"],
  ] as const;
  for (const [code, says] of REASONS) {
    test(`of ${code} says why, and what to do`, () => {
      const why = whyNoMptcpSocket(new SyscallError("socket", ERRNO[code]));
      expect(why).toContain(says);
      expect(why).toEndWith("or leave out --mptcp");
    });
  }

  test("of anything else says nothing", () => {
    expect(whyNoMptcpSocket(new SyscallError("socket", ERRNO.EMFILE))).toBeNull();
    expect(whyNoMptcpSocket(new SyscallError("connect", ERRNO.EINVAL))).toBeNull();
    expect(whyNoMptcpSocket(new SyscallError("connect", ERRNO.ECONNREFUSED))).toBeNull();
    expect(whyNoMptcpSocket(new Error("socket"))).toBeNull();
    expect(whyNoMptcpSocket(null)).toBeNull();
  });
});
