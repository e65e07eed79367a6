import { describe, expect, test } from "bun:test";
import { ERRNO, SyscallError } from "../../../ffi/errno.ts";
import { whyNoMptcpSocket } from "../../../ffi/mptcp-socket.ts";

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
