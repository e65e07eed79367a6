import { describe, expect, test } from "bun:test";
import { constants } from "node:os";
import { check, ERRNO, errnoText, SyscallError } from "../../../ffi/errno.ts";
import { closeSocket, openPair, peerAddress } from "../../../ffi/socket.ts";

describe("ERRNO", () => {
  test("has the system's numbers", () => {
    const system: { readonly [name: string]: number } = constants.errno;
    const shared = Object.entries(ERRNO).filter(([name]) => name in system);
    expect(shared.length).toBeGreaterThan(40);
    for (const [name, number] of shared) {
      expect<[string, number | undefined]>([name, number]).toEqual([name, system[name]]);
    }
  });
});

describe("errnoText", () => {
  test("has the C library's words", () => {
    expect(errnoText(2)).toBe("No such file or directory");
    expect(errnoText(111)).toBe("Connection refused");
    expect(errnoText(32)).toBe("Broken pipe");
  });

  test("gives the number where it has no words", () => {
    expect(errnoText(250)).toBe("errno 250");
    expect(errnoText(0)).toBe("errno 0");
  });
});

describe("check", () => {
  test("passes results on", () => {
    expect([check("read", 0), check("read", 17)]).toEqual([0, 17]);
  });

  test("makes the errno of a call that really failed into a SyscallError", () => {
    let thrown: unknown;
    const [one, other] = openPair();
    closeSocket(one);
    closeSocket(other);
    try {
      peerAddress(one);
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBeInstanceOf(SyscallError);
    expect(thrown).toMatchObject({
      name: "SyscallError",
      syscall: "getpeername",
      errno: 9,
      code: "EBADF",
      message: "getpeername: Bad file descriptor",
    });
  });
});

test("SyscallError of an unknown number names it", () => {
  expect(new SyscallError("connect", 250)).toMatchObject({
    code: "E250",
    message: "connect: errno 250",
  });
});
