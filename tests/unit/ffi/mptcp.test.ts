import { afterEach, describe, expect, test } from "bun:test";
import {
  isMptcp,
  readByOlderOptions,
  readFullInfo,
  readInfo,
  readTcpInfo,
} from "../../../ffi/mptcp.ts";
import {
  bindSocket,
  closeSocket,
  listenSocket,
  localAddress,
  openPair,
  openSocket,
  peerAddress,
  startConnect,
} from "../../../ffi/socket.ts";
import { TCP_STATES } from "../../../ffi/tcp-info.ts";
import { needs } from "../../support/requirement.ts";

const opened: number[] = [];

afterEach(() => {
  for (const fd of opened.splice(0)) closeSocket(fd);
});

const LOOPBACK = { family: "ipv4", ip: Uint8Array.of(127, 0, 0, 1), port: 0 } as const;
const LOOPBACK_6 = {
  family: "ipv6",
  ip: Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1),
  port: 0,
  scopeId: 0,
} as const;

/** A connection over loopback; the kernel finishes it without anybody accepting. */
function connected(
  listens: "mptcp" | "tcp",
  connects: "mptcp" | "tcp",
  address: typeof LOOPBACK | typeof LOOPBACK_6 = LOOPBACK,
): number {
  const listener = openSocket(address.family, listens);
  const fd = openSocket(address.family, connects);
  opened.push(listener, fd);
  bindSocket(listener, address);
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

describe("readFullInfo and readByOlderOptions", () => {
  const LOOKS = [
    ["readFullInfo", readFullInfo],
    ["readByOlderOptions", readByOlderOptions],
  ] as const;
  for (const [name, look] of LOOKS) {
    for (const address of [LOOPBACK, LOOPBACK_6]) {
      needs("mptcp", "ipv6")(`${name} of MPTCP over ${address.family}: one subflow`, () => {
        const fd = connected("mptcp", "mptcp", address);
        const found = look(fd);
        expect(found?.info).toEqual(readInfo(fd) ?? undefined);
        expect(found?.subflows).toHaveLength(1);
        expect(found?.subflows[0]).toMatchObject({
          id: 1,
          local: localAddress(fd),
          remote: peerAddress(fd),
          tcp: { state: TCP_STATES.ESTABLISHED, bytesReceived: 0 },
        });
      });

      needs("mptcp", "ipv6")(`${name} of MPTCP that fell back, ${address.family}: null`, () => {
        expect(look(connected("tcp", "mptcp", address))).toBeNull();
      });
    }

    test(`${name} of TCP, of what is no TCP, of no descriptor: null`, () => {
      const [one, other] = openPair();
      opened.push(one, other);
      for (const fd of [connected("tcp", "tcp"), one, -1]) expect(look(fd)).toBeNull();
    });
  }

  needs("mptcp")("what was read stays as it was when the buffers are used again", () => {
    const [one, other] = [connected("mptcp", "mptcp"), connected("mptcp", "mptcp")];
    const first = readFullInfo(one);
    const kept = structuredClone(first);
    expect(readFullInfo(other)?.subflows[0]?.local).toEqual(localAddress(other));
    expect(first).toEqual(kept);
    expect(first?.subflows[0]?.local).toEqual(localAddress(one));
  });
});

describe("readTcpInfo", () => {
  test("of a connection: established, nothing received", () => {
    expect(readTcpInfo(connected("tcp", "tcp"))).toMatchObject({
      state: TCP_STATES.ESTABLISHED,
      bytesReceived: 0,
      bytesAcked: 1,
    });
  });

  needs("mptcp")("of MPTCP that fell back: as of TCP", () => {
    expect(readTcpInfo(connected("tcp", "mptcp")).state).toBe(TCP_STATES.ESTABLISHED);
  });

  test("of what is no TCP is an error", () => {
    const [one, other] = openPair();
    opened.push(one, other);
    expect(() => readTcpInfo(one)).toThrow("getsockopt: Operation not supported");
  });
});
