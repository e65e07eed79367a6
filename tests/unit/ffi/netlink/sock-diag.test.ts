import { describe, expect, test } from "bun:test";
import { decodeBackup, encodeSubflowQuery } from "../../../../ffi/netlink/sock-diag.ts";

const bytes = (hex: string): Uint8Array => Uint8Array.fromHex(hex);

/** The attribute INET_DIAG_ULP_INFO of Linux 6.18, asked for without privileges: a first subflow, and a backup's. */
const ULP_FIRST =
  "3c0013000a0001006d707463700000002c000300080001000000000008000200498c799608000800c3000000050009000000000005000a0000000000";
const ULP_BACKUP =
  "3c0013000a0001006d707463700000002c00030008000100e85cbe4e08000200498c799608000800ec000000050009000000000005000a0001000000";
/** INET_DIAG_SHUTDOWN, which comes before it. */
const SHUTDOWN = "0500080000000000";

/** inet_diag_msg, of which nothing is read, and attributes. */
function answer(...attributes: string[]): Uint8Array {
  return new Uint8Array([...new Uint8Array(72).fill(0xee), ...bytes(attributes.join(""))]);
}

describe("decodeBackup", () => {
  test("reads the subflow's flags within the ULP's attributes", () => {
    expect(decodeBackup(answer(SHUTDOWN, ULP_FIRST))).toBe(false);
    expect(decodeBackup(answer(SHUTDOWN, ULP_BACKUP))).toBe(true);
  });

  test("a backup for the peer alone is one too", () => {
    const flags = (value: string) =>
      answer(ULP_BACKUP.replace("08000800ec000000", `08000800${value}000000`));
    expect(decodeBackup(flags("20"))).toBe(true);
    expect(decodeBackup(flags("10"))).toBe(true);
    expect(decodeBackup(flags("cf"))).toBe(false);
  });

  test("is null where MPTCP is not spoken of", () => {
    expect(decodeBackup(answer(SHUTDOWN))).toBeNull();
    // A name, "tls", and nothing more.
    expect(decodeBackup(answer("0c00130008000100746c7300"))).toBeNull();
  });

  test("is null for what is cut off", () => {
    const whole = answer(ULP_BACKUP);
    for (let length = 0; length < whole.length - 3; length++) {
      expect(decodeBackup(whole.subarray(0, length))).toBeNull();
    }
  });
});

describe("encodeSubflowQuery", () => {
  const local = { family: "ipv4", ip: Uint8Array.of(10, 9, 2, 1), port: 0xca10 } as const;
  const remote = { family: "ipv4", ip: Uint8Array.of(10, 9, 1, 2), port: 8000 } as const;

  test("asks for one TCP socket, whatever its state and cookie", () => {
    const query = encodeSubflowQuery({ local, remote, interfaceIndex: 3 });
    const twelve = new Array<number>(12).fill(0);
    expect([...(query ?? [])]).toEqual([
      ...[2, 6, 2, 0, 255, 255, 255, 255, 0xca, 0x10, 0x1f, 0x40],
      ...[10, 9, 2, 1, ...twelve, 10, 9, 1, 2, ...twelve],
      ...[3, 0, 0, 0, 255, 255, 255, 255, 255, 255, 255, 255],
    ]);
  });

  test("is null for what is no pair of addresses of one family", () => {
    const unix = { family: "unix", path: "/s" } as const;
    const ipv6 = { family: "ipv6", ip: new Uint8Array(16), port: 1, scopeId: 0 } as const;
    expect(encodeSubflowQuery({ local: unix, remote, interfaceIndex: 0 })).toBeNull();
    expect(encodeSubflowQuery({ local, remote: unix, interfaceIndex: 0 })).toBeNull();
    expect(encodeSubflowQuery({ local, remote: ipv6, interfaceIndex: 0 })).toBeNull();
  });
});
