import { describe, expect, test } from "bun:test";
import { encodeSocketAddress } from "../../../ffi/sockaddr.ts";
import {
  decodeFullInfo,
  decodeFullInfoHeader,
  decodeMptcpInfo,
  decodeSubflowAddress,
  decodeSubflowAddrs,
  decodeSubflowArray,
  decodeSubflowInfo,
  MPTCP_INFO_SIZE,
  type MptcpInfo,
} from "../../../ffi/structs.ts";
import { decodeTcpInfo, TCP_INFO_SIZE } from "../../../ffi/tcp-info.ts";

/** struct mptcp_info of a connection with every field set; what is not read is 0xee. */
function info(): Uint8Array {
  const bytes = new Uint8Array(MPTCP_INFO_SIZE).fill(0xee);
  const view = new DataView(bytes.buffer);
  view.setUint8(0, 2);
  view.setUint32(8, 0b10, true);
  view.setUint32(12, 0xfeed_beef, true);
  view.setUint32(44, 7, true);
  for (const [i, bytes] of [5_000_000_000n, 6_000_000_000n, 7_000_000_000n, 8n].entries())
    view.setBigUint64(48 + 8 * i, bytes, true);
  view.setUint8(80, 3);
  return bytes;
}

const WHOLE = {
  token: 0xfeed_beef,
  remoteKeyReceived: true,
  extraSubflows: 2,
  totalSubflows: 3,
  retransmits: 7,
  retransmittedBytes: 5_000_000_000,
  bytesSent: 6_000_000_000,
  bytesReceived: 7_000_000_000,
  bytesAcked: 8,
};
const NOTHING = {
  token: 0,
  remoteKeyReceived: false,
  extraSubflows: 0,
  totalSubflows: null,
  retransmits: null,
  retransmittedBytes: null,
  bytesSent: null,
  bytesReceived: null,
  bytesAcked: null,
};
/** Linux 5.16 to 6.4. */
const BEFORE_6_5 = {
  ...NOTHING,
  token: WHOLE.token,
  remoteKeyReceived: true,
  extraSubflows: 2,
} as const;

/** Lengths that the kernel returns, by release or by the buffer given. */
const TABLE: readonly (readonly [number, MptcpInfo])[] = [
  [96, WHOLE],
  [81, WHOLE],
  [80, { ...WHOLE, totalSubflows: null }],
  [79, { ...WHOLE, totalSubflows: null, bytesAcked: null }],
  [56, { ...BEFORE_6_5, retransmits: 7, retransmittedBytes: 5_000_000_000 }],
  [55, { ...BEFORE_6_5, retransmits: 7 }],
  [48, { ...BEFORE_6_5, retransmits: 7 }],
  [47, BEFORE_6_5],
  [40, BEFORE_6_5],
  [15, { ...NOTHING, remoteKeyReceived: true, extraSubflows: 2 }],
  [11, { ...NOTHING, extraSubflows: 2 }],
  [0, NOTHING],
];

describe("decodeMptcpInfo", () => {
  for (const [length, decoded] of TABLE) {
    test(`of ${length} bytes reads what ends within them`, () => {
      expect(decodeMptcpInfo(info().subarray(0, length))).toEqual(decoded);
    });
  }

  test("reads more than it knows of", () => {
    expect(decodeMptcpInfo(new Uint8Array([...info(), 1, 2, 3, 4]))).toEqual(WHOLE);
  });

  test("tells the key's flag from the others", () => {
    const bytes = info();
    new DataView(bytes.buffer).setUint32(8, 0b1101, true);
    expect(decodeMptcpInfo(bytes).remoteKeyReceived).toBe(false);
  });

  test("reads a view into a larger buffer", () => {
    const whole = new Uint8Array(200);
    whole.set(info(), 3);
    expect(decodeMptcpInfo(whole.subarray(3, 3 + MPTCP_INFO_SIZE))).toEqual(WHOLE);
  });
});

/** struct tcp_info with a different number in each field that is read; what is not read is 0xee. */
function tcpInfo(): Uint8Array {
  const bytes = new Uint8Array(TCP_INFO_SIZE).fill(0xee);
  const view = new DataView(bytes.buffer);
  for (const [offset, value] of [
    [0, 1],
    [2, 2],
    [3, 3],
    [4, 4],
  ] as const)
    view.setUint8(offset, value);
  for (const offset of [8, 24, 32, 44, 52, 56, 68, 92, 100, 144, 148])
    view.setUint32(offset, offset * 1_000_000, true);
  for (const offset of [120, 128, 208])
    view.setBigUint64(offset, BigInt(offset) * 1_000_000_000n, true);
  return bytes;
}

const TCP = {
  state: 1,
  retransmits: 2,
  probes: 3,
  backoff: 4,
  rtoUs: 8_000_000,
  unacked: 24_000_000,
  lost: 32_000_000,
  lastDataSentMs: 44_000_000,
  lastDataReceivedMs: 52_000_000,
  lastAckReceivedMs: 56_000_000,
  rttUs: 68_000_000,
  receiverRttUs: 92_000_000,
  minRttUs: 148_000_000,
  totalRetransmissions: 100_000_000,
  bytesAcked: 120_000_000_000,
  bytesReceived: 128_000_000_000,
  notSentBytes: 144_000_000,
  bytesRetransmitted: 208_000_000_000,
};

describe("decodeTcpInfo", () => {
  test("reads each field from its place", () => {
    expect(decodeTcpInfo(tcpInfo())).toEqual(TCP);
  });

  test("reads more than it knows of", () => {
    expect(decodeTcpInfo(new Uint8Array([...tcpInfo(), 1, 2, 3]))).toEqual(TCP);
  });

  test("reads what ends within the length, and 0 for the rest", () => {
    expect(decodeTcpInfo(tcpInfo().subarray(0, 216))).toEqual(TCP);
    expect(decodeTcpInfo(tcpInfo().subarray(0, 215))).toEqual({ ...TCP, bytesRetransmitted: 0 });
    expect(decodeTcpInfo(tcpInfo().subarray(0, 104))).toEqual({
      ...TCP,
      minRttUs: 0,
      bytesAcked: 0,
      bytesReceived: 0,
      notSentBytes: 0,
      bytesRetransmitted: 0,
    });
    expect(Object.values(decodeTcpInfo(new Uint8Array(0)))).toEqual(Object.keys(TCP).map(() => 0));
  });

  test("takes the kernel's largest number for no minimum yet", () => {
    const bytes = tcpInfo();
    new DataView(bytes.buffer).setUint32(148, 0xffff_ffff, true);
    expect(decodeTcpInfo(bytes).minRttUs).toBe(0);
  });
});

/** struct sockaddr_storage with an address in it. */
function storage(address: Parameters<typeof encodeSocketAddress>[0]): Uint8Array {
  const bytes = new Uint8Array(128);
  bytes.set(encodeSocketAddress(address));
  return bytes;
}

const IPV4 = { family: "ipv4", ip: Uint8Array.of(192, 0, 2, 1), port: 8080 } as const;
const MAPPED = Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 192, 0, 2, 1);
/** ::192.0.2.1, which is no mapped address. */
const COMPATIBLE = Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 192, 0, 2, 1);

describe("decodeSubflowAddress", () => {
  test("shows a mapped IPv4 address as IPv4, and only that", () => {
    const ipv6 = { family: "ipv6", port: 8080, scopeId: 0 } as const;
    expect(decodeSubflowAddress(storage(IPV4))).toEqual(IPV4);
    expect(decodeSubflowAddress(storage({ ...ipv6, ip: MAPPED }))).toEqual(IPV4);
    expect(decodeSubflowAddress(storage({ ...ipv6, ip: COMPATIBLE }))).toEqual({
      ...ipv6,
      ip: COMPATIBLE,
    });
  });

  test("of no family, a strange one, or less than an address is null", () => {
    const ipv6 = storage({ family: "ipv6", ip: MAPPED, port: 1, scopeId: 0 });
    const strange = new Uint8Array(128).fill(0xee);
    for (const bytes of [new Uint8Array(128), new Uint8Array(0), strange])
      expect(decodeSubflowAddress(bytes)).toBeNull();
    for (let length = 0; length < 28; length++)
      expect(decodeSubflowAddress(ipv6.subarray(0, length))).toBeNull();
    for (let length = 0; length < 8; length++)
      expect(decodeSubflowAddress(storage(IPV4).subarray(0, length))).toBeNull();
  });
});

describe("decodeSubflowAddrs", () => {
  test("of a peer with port 0, which a dead first subflow leaves, are none", () => {
    const local = storage({ ...IPV4, ip: new Uint8Array(4) });
    const remains = new Uint8Array([...local, ...storage({ ...IPV4, port: 0 })]);
    expect(decodeSubflowAddrs(remains)).toEqual({ local: null, remote: null });
    const live = new Uint8Array([...local, ...storage(IPV4)]);
    expect(decodeSubflowAddrs(live).remote).toEqual(IPV4);
  });
});

describe("bytes that no kernel writes", () => {
  test("are decoded without an error, at each length, by every decoder", () => {
    const decoders = [
      decodeMptcpInfo,
      decodeTcpInfo,
      decodeSubflowAddress,
      decodeSubflowAddrs,
      decodeSubflowInfo,
      decodeSubflowArray,
      decodeFullInfoHeader,
      (full: Uint8Array) => decodeFullInfo({ full, subflowInfos: full, tcpInfos: full }),
    ];
    const fillings = [0x00, 0x02, 0x0a, 0xff];
    for (const decode of decoders) {
      for (const filling of fillings) {
        for (let length = 0; length <= 300; length++) {
          expect(() => decode(new Uint8Array(length).fill(filling))).not.toThrow();
        }
      }
    }
  });

  test("count no more subflows than the arrays hold", () => {
    const full = new Uint8Array(136);
    for (const [i, word] of [280, 280, 264, 264, 1_000_000].entries())
      new DataView(full.buffer).setUint32(4 * i, word, true);
    const subflowInfos = new Uint8Array(3 * 264 - 1);
    const tcpInfos = new Uint8Array(5 * 280);
    expect(decodeFullInfo({ full, subflowInfos, tcpInfos }).subflows).toHaveLength(2);
    const array = new Uint8Array(16 + 3 * 256 - 1);
    for (const [i, word] of [16, 1_000_000, 256, 256].entries())
      new DataView(array.buffer).setUint32(4 * i, word, true);
    expect(decodeSubflowArray(array)).toMatchObject({ subflowCount: 1_000_000 });
    expect(decodeSubflowArray(array).elements).toHaveLength(2);
  });
});
