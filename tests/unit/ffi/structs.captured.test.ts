// What Linux 6.18 wrote for real connections (tests/vectors/mptcp-structs.json says how), decoded.
import { describe, expect, test } from "bun:test";
import { AF_INET, AF_INET6 } from "../../../ffi/constants.ts";
import {
  decodeFullInfo,
  decodeFullInfoHeader,
  decodeMptcpInfo,
  decodeSubflowAddrs,
  decodeSubflowArray,
  type FullInfo,
  type SubflowAddresses,
} from "../../../ffi/structs.ts";
import { decodeTcpInfo, TCP_STATES } from "../../../ffi/tcp-info.ts";
import { formatIpAddress } from "../../../src/ip-address.ts";
import captured from "../../vectors/mptcp-structs.json";

/** What the kernel left alone. */
const UNTOUCHED = "ee";
/** What the script asked for, and the answer's head before its 200,000 bytes. */
const REQUEST_BYTES = 38;
const ANSWER_BYTES = 200_065;

interface FullInfoCapture {
  readonly asked: { readonly capacity: number };
  readonly returned: number;
  readonly full: string;
  readonly subflowInfos: string;
  readonly tcpInfos: string;
}

function decode({ full, returned, subflowInfos, tcpInfos }: FullInfoCapture): FullInfo {
  return decodeFullInfo({
    full: Uint8Array.fromHex(full).subarray(0, returned),
    subflowInfos: Uint8Array.fromHex(subflowInfos),
    tcpInfos: Uint8Array.fromHex(tcpInfos),
  });
}

/** "10.9.1.1 > 10.9.1.2:8080": the local port is another at each capture. */
function between({ local, remote }: SubflowAddresses): string | null {
  if (local === null || remote === null) return null;
  if (local.family === "unix" || remote.family === "unix") return "unix";
  return `${formatIpAddress(local.ip)} > ${formatIpAddress(remote.ip)}:${remote.port}`;
}

/** The address families as the kernel wrote them, of both subflows. */
function families({ subflowInfos }: FullInfoCapture): (number | undefined)[] {
  return [Uint8Array.fromHex(subflowInfos)[8], Uint8Array.fromHex(subflowInfos)[264 + 8]];
}

const CONNECTIONS = captured.connections;
const FIRST_IPV4 = "10.9.1.1 > 10.9.1.2:8080";
const SECOND_IPV4 = "10.9.2.1 > 10.9.1.2:8080";

describe("decodeFullInfo of a captured connection", () => {
  const TABLE: readonly (readonly [
    keyof typeof CONNECTIONS,
    { families: number[]; subflows: (string | null)[] },
  ])[] = [
    ["IPv4", { families: [AF_INET, AF_INET], subflows: [FIRST_IPV4, SECOND_IPV4] }],
    [
      "IPv6",
      {
        families: [AF_INET6, AF_INET6],
        subflows: ["fd09:1::1 > fd09:1::2:8080", "fd09:2::1 > fd09:1::2:8080"],
      },
    ],
    [
      "IPv4 by an IPv6 socket",
      // The first is a mapped address of the socket's family; the path manager opens its own by theirs.
      { families: [AF_INET6, AF_INET], subflows: [FIRST_IPV4, SECOND_IPV4] },
    ],
    [
      "IPv6, and IPv4 that the server announced",
      {
        families: [AF_INET6, AF_INET],
        subflows: ["fd09:1::1 > fd09:1::2:8080", "10.9.2.1 > 10.9.2.2:8080"],
      },
    ],
  ];
  for (const [name, expected] of TABLE) {
    test(`over ${name}: both subflows with their addresses, and their bytes make up the whole`, () => {
      const capture = CONNECTIONS[name].fullInfo.usual;
      expect(families(capture)).toEqual(expected.families);
      const { info, subflows } = decode(capture);
      expect(info).toMatchObject({
        remoteKeyReceived: true,
        extraSubflows: 1,
        totalSubflows: 2,
        retransmits: 0,
        retransmittedBytes: 0,
        bytesSent: REQUEST_BYTES,
        bytesReceived: ANSWER_BYTES,
        bytesAcked: REQUEST_BYTES,
      });
      expect(subflows.map(({ id }) => id)).toEqual([1, 2]);
      expect(subflows.map(between)).toEqual(expected.subflows);
      for (const { tcp } of subflows) {
        expect(tcp.state).toBe(TCP_STATES.ESTABLISHED);
        expect(tcp.rttUs).toBeWithin(1, 100_000);
        expect(tcp.minRttUs).toBeWithin(1, tcp.rttUs + 1);
        expect(tcp.rtoUs).toBeWithin(200_000, 1_000_000);
      }
      // The request went over the first, with its SYN; the second sent a SYN only.
      expect(subflows.map(({ tcp }) => tcp.bytesAcked)).toEqual([REQUEST_BYTES + 1, 1]);
      const bytes = subflows.map(({ tcp }) => tcp.bytesReceived);
      expect(bytes.reduce((sum, count) => sum + count)).toBe(ANSWER_BYTES);
      expect(Math.min(...bytes)).toBeGreaterThan(0);
    });
  }

  test("whose first subflow died: its entry has neither id nor addresses, the second is whole", () => {
    const { info, subflows } = decode(CONNECTIONS["IPv4, its first subflow dead"].fullInfo.usual);
    expect([info.totalSubflows, info.extraSubflows]).toEqual([1, 1]);
    expect(subflows.map(({ id }) => id)).toEqual([0, 2]);
    expect(subflows.map(between)).toEqual([null, SECOND_IPV4]);
    expect(subflows.map(({ tcp }) => tcp.state)).toEqual([
      TCP_STATES.CLOSE,
      TCP_STATES.ESTABLISHED,
    ]);
  });
});

describe("decodeFullInfo by what was asked for", () => {
  const captures = CONNECTIONS.IPv4.fullInfo;
  const whole = decode(captures.usual);

  test("our structs longer than the kernel's: its stride, and all of it", () => {
    const capture = captures["we know more"];
    expect(capture.returned).toBe(136);
    expect(decodeFullInfoHeader(Uint8Array.fromHex(capture.full))).toEqual({
      tcpInfoStride: 280,
      subflowInfoStride: 264,
      subflowCount: 2,
    });
    expect(decode(capture).subflows.map(between)).toEqual(whole.subflows.map(between));
    expect(decode(capture).info).toEqual(whole.info);
  });

  test("our structs shorter than the kernel's: our stride, and what lies within", () => {
    const capture = captures["we know less"];
    expect(decodeFullInfoHeader(Uint8Array.fromHex(capture.full))).toEqual({
      tcpInfoStride: 160,
      subflowInfoStride: 136,
      subflowCount: 2,
    });
    const { info, subflows } = decode(capture);
    expect(info).toEqual({
      ...whole.info,
      totalSubflows: null,
      retransmittedBytes: null,
      bytesSent: null,
      bytesReceived: null,
      bytesAcked: null,
    });
    for (const [i, { id, local, remote, tcp }] of subflows.entries()) {
      expect({ id, local, remote }).toEqual({
        id: i + 1,
        local: whole.subflows[i]?.local ?? null,
        remote: null,
      });
      expect(tcp.bytesReceived).toBe(whole.subflows[i]?.tcp.bytesReceived ?? -1);
      expect(tcp.state).toBe(TCP_STATES.ESTABLISHED);
    }
    expect(subflows).toHaveLength(2);
  });

  test("a header without mptcp_info: the subflows are whole", () => {
    const { info, subflows } = decode(captures["header only"]);
    expect(subflows.map(between)).toEqual(whole.subflows.map(between));
    expect(info).toMatchObject({ token: 0, totalSubflows: null });
  });

  test("room for one of two: one, and the count says two", () => {
    const capture = captures["room for one"];
    expect(decode(capture).subflows.map(({ id }) => id)).toEqual([1]);
    expect(decodeFullInfoHeader(Uint8Array.fromHex(capture.full)).subflowCount).toBe(2);
    expect(decode(capture).info).toEqual(whole.info);
  });

  test("room for none: none, and the count says two", () => {
    const capture = captures["room for none"];
    expect(decode(capture)).toEqual({ info: whole.info, subflows: [] });
    expect(decodeFullInfoHeader(Uint8Array.fromHex(capture.full)).subflowCount).toBe(2);
  });

  test("room for more than there are: what the kernel left alone is no subflow", () => {
    expect(captures.usual.subflowInfos).toEndWith(UNTOUCHED.repeat(264));
    expect(whole.subflows).toHaveLength(2);
  });
});

describe("decodeSubflowArray of MPTCP_TCPINFO and MPTCP_SUBFLOW_ADDRS", () => {
  const whole = decode(CONNECTIONS.IPv4.fullInfo.usual);
  for (const { asked, returned, bytes } of CONNECTIONS.IPv4.arrays) {
    const { option, size, capacity } = asked;
    test(`option ${option}, ${size} bytes an element, room for ${capacity}`, () => {
      const { subflowCount, elements } = decodeSubflowArray(
        Uint8Array.fromHex(bytes).subarray(0, returned),
      );
      expect(subflowCount).toBe(2);
      expect(elements).toHaveLength(Math.min(capacity, 2));
      for (const [i, element] of elements.entries()) {
        const subflow = whole.subflows[i];
        expect(element).toHaveLength(Math.min(size, option === 2 ? 280 : 256));
        if (option === 2) {
          const { state, bytesReceived } = decodeTcpInfo(element);
          expect({ state, bytesReceived }).toEqual({
            state: TCP_STATES.ESTABLISHED,
            bytesReceived: subflow?.tcp.bytesReceived ?? -1,
          });
        } else {
          expect(decodeSubflowAddrs(element)).toEqual({
            local: subflow?.local ?? null,
            remote: size < 256 ? null : (subflow?.remote ?? null),
          });
        }
      }
    });
  }

  for (const name of Object.keys(CONNECTIONS) as (keyof typeof CONNECTIONS)[]) {
    test(`over ${name}: the addresses of MPTCP_FULL_INFO`, () => {
      const addrs = CONNECTIONS[name].arrays.filter(({ asked }) => asked.option === 3)[0];
      const array = decodeSubflowArray(
        Uint8Array.fromHex(addrs?.bytes ?? "").subarray(0, addrs?.returned),
      );
      const { subflows } = decode(CONNECTIONS[name].fullInfo.usual);
      expect(array.elements.map(decodeSubflowAddrs)).toEqual(
        subflows.map(({ local, remote }) => ({ local, remote })),
      );
    });
  }
});

describe("decodeMptcpInfo of MPTCP_INFO", () => {
  const { info } = decode(CONNECTIONS.IPv4.fullInfo.usual);
  for (const { optlen, returned, bytes } of CONNECTIONS.IPv4.info) {
    test(`asked for ${optlen} bytes: what ends within the ${returned} that came`, () => {
      expect(returned).toBe(Math.min(optlen, 96));
      expect(decodeMptcpInfo(Uint8Array.fromHex(bytes).subarray(0, returned))).toEqual({
        token: returned >= 16 ? info.token : 0,
        remoteKeyReceived: returned >= 12,
        extraSubflows: returned >= 1 ? 1 : 0,
        totalSubflows: returned >= 81 ? 2 : null,
        retransmits: returned >= 48 ? 0 : null,
        retransmittedBytes: returned >= 56 ? 0 : null,
        bytesSent: returned >= 64 ? info.bytesSent : null,
        bytesReceived: returned >= 72 ? info.bytesReceived : null,
        bytesAcked: returned >= 80 ? info.bytesAcked : null,
      });
    });
  }
});
