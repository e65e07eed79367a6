import { describe, expect, test } from "bun:test";
import {
  decodeAddress,
  decodeDefaultRoutes,
  decodeLink,
  decodeRoute,
  encodeRouteQuery,
} from "../../../../ffi/netlink/rtnetlink.ts";

// Answers of Linux 6.18; links are cut behind their first attributes, which no decoder minds.

const bytes = (hex: string): Uint8Array => Uint8Array.fromHex(hex);

const LINK_LO = "00000403010000004900010000000000070003006c6f000008000d00e8030000";
const LINK_D1 = "0000010003000000431001000000000007000300643100000800";

const ADDRESS_IPV4 =
  "0218800003000000080001000a070001080002000a0700010700030064310000080008008000000014000600ffffffffffffffff64e9120064e91200";
/** 10.70.0.1 peer 10.70.0.2/32. */
const ADDRESS_WITH_PEER =
  "0220800003000000080001000a460002080002000a4600010700030064310000080008008000000014000600ffffffffffffffff10ea120010ea1200";
const ADDRESS_IPV6 =
  "0a4080000500000014000100fd01000000000000000000000000000114000600ffffffffffffffff65e9120065e912000800080080000000";

const ROUTE_OTHER_TABLE =
  "020000004d0300010000000008000f004d000000080005000a0800fe0800040005000000";
const ROUTE_TWO_HOPS =
  "02000000fe0300010000000008000f00fe0000000800060032000000240009001000000003000000080005000a0700fe1000000005000000080005000a0800fd";
const ROUTE_METRIC_200 =
  "02000000fe0300010000000008000f00fe00000008000600c8000000080005000a0800fe0800040005000000";
const ROUTE_NETWORK =
  "02180000fe02fd010000000008000f00fe000000080001000a070000080007000a0700010800040003000000";
const ROUTE_IPV6_DEFAULT =
  "0a000000fe0300010000000008000f00fe000000080006000004000014000500fd010000000000000000000000000002080004000500000024000c0000000000000000000000000000000000000000000000000000000000000000000500140000000000";

const GOT_BY_GATEWAY =
  "02200000fe0000010002000008000f00fe00000008000100080808080800040005000000080007000a080001080005000a0800fd080019000000000024000c000200000000000000000000000000000000000000000000000000000000000000";
const GOT_LOCAL =
  "02200000fe0000020002008008000f00fe000000080001007f0000010800040001000000080007007f000001080019000000000024000c000200000000000000000000000000000000000000000000000000000000000000";
/** To 9.9.9.9 via inet6 fd01::7. */
const GOT_BY_IPV6_GATEWAY =
  "02200000fe0000010002000008000f00fe00000008000100090909090800040005000000080007000a080001160012000a00fd0100000000000000000000000000070000080019000000000024000c000200000000000000000000000000000000000000000000000000000000000000";

describe("decodeLink", () => {
  test("reads name, index and state", () => {
    expect(decodeLink(bytes(LINK_LO))).toEqual({
      index: 1,
      name: "lo",
      isUp: true,
      isRunning: true,
      isLoopback: true,
    });
    expect(decodeLink(bytes(LINK_D1))).toMatchObject({ index: 3, name: "d1", isLoopback: false });
  });

  test("tells down from without carrier", () => {
    const withFlags = (flags: number) => {
      const link = bytes(LINK_D1);
      new DataView(link.buffer).setUint32(8, flags, true);
      return decodeLink(link);
    };
    expect(withFlags(0x1003)).toMatchObject({ isUp: true, isRunning: false });
    expect(withFlags(0x1002)).toMatchObject({ isUp: false, isRunning: false });
  });

  test("is null without a whole name", () => {
    const whole = bytes(LINK_LO);
    for (let length = 0; length < 23; length++) {
      expect(decodeLink(whole.subarray(0, length))).toBeNull();
    }
    expect(decodeLink(whole.subarray(0, 23))).toMatchObject({ name: "lo" });
  });
});

describe("decodeAddress", () => {
  test("reads IPv4 and IPv6", () => {
    expect(decodeAddress(bytes(ADDRESS_IPV4))).toEqual({
      interfaceIndex: 3,
      family: "ipv4",
      ip: Uint8Array.of(10, 7, 0, 1),
      prefixLength: 24,
      scope: 0,
      isTentative: false,
    });
    expect(decodeAddress(bytes(ADDRESS_IPV6))).toEqual({
      interfaceIndex: 5,
      family: "ipv6",
      ip: Uint8Array.of(0xfd, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1),
      prefixLength: 64,
      scope: 0,
      isTentative: false,
    });
  });

  test("takes one's own address and not the peer's", () => {
    expect(decodeAddress(bytes(ADDRESS_WITH_PEER))?.ip).toEqual(Uint8Array.of(10, 70, 0, 1));
  });

  test("reads tentative from IFA_FLAGS, and from the header where they are not there", () => {
    const withFlags = bytes(ADDRESS_IPV6);
    withFlags[withFlags.length - 4] = 0xc0;
    expect(decodeAddress(withFlags)?.isTentative).toBe(true);
    const failed = bytes(ADDRESS_IPV6).subarray(0, 28);
    expect(decodeAddress(failed)?.isTentative).toBe(false);
    failed[2] = 0x88;
    expect(decodeAddress(failed)?.isTentative).toBe(true);
  });

  test("is null for another family, and for what is cut off before the address", () => {
    const bridge = bytes(ADDRESS_IPV4);
    bridge[0] = 7;
    expect(decodeAddress(bridge)).toBeNull();
    for (let length = 0; length < 28; length++) {
      expect(decodeAddress(bytes(ADDRESS_IPV6).subarray(0, length))).toBeNull();
    }
  });
});

describe("decodeDefaultRoutes", () => {
  test("reads one next hop with its metric, IPv4 and IPv6", () => {
    expect(decodeDefaultRoutes(bytes(ROUTE_METRIC_200))).toEqual([
      { interfaceIndex: 5, metric: 200 },
    ]);
    expect(decodeDefaultRoutes(bytes(ROUTE_IPV6_DEFAULT))).toEqual([
      { interfaceIndex: 5, metric: 1024 },
    ]);
  });

  test("reads each next hop of several, dead ones left out", () => {
    const route = bytes(ROUTE_TWO_HOPS);
    expect(decodeDefaultRoutes(route)).toEqual([
      { interfaceIndex: 3, metric: 50 },
      { interfaceIndex: 5, metric: 50 },
    ]);
    route[34] = 1;
    expect(decodeDefaultRoutes(route)).toEqual([{ interfaceIndex: 5, metric: 50 }]);
  });

  test("ends at a next hop of impossible length", () => {
    for (const length of [0, 7, 255]) {
      const route = bytes(ROUTE_TWO_HOPS);
      route[48] = length;
      expect(decodeDefaultRoutes(route)).toEqual([{ interfaceIndex: 3, metric: 50 }]);
    }
  });

  test("takes no other table, no other destination, no other type", () => {
    expect(decodeDefaultRoutes(bytes(ROUTE_OTHER_TABLE))).toEqual([]);
    expect(decodeDefaultRoutes(bytes(ROUTE_NETWORK))).toEqual([]);
    const unreachable = bytes(ROUTE_METRIC_200);
    unreachable[7] = 7;
    expect(decodeDefaultRoutes(unreachable)).toEqual([]);
  });

  test("takes no dead route and nothing that is cut off", () => {
    const dead = bytes(ROUTE_METRIC_200);
    dead[8] = 1;
    expect(decodeDefaultRoutes(dead)).toEqual([]);
    expect(decodeDefaultRoutes(dead.subarray(0, 11))).toEqual([]);
  });
});

describe("encodeRouteQuery", () => {
  const destination = Uint8Array.of(8, 8, 8, 8);

  test("asks for one destination, with source and interface where they are given", () => {
    const bare = encodeRouteQuery({ destination, source: null, interfaceIndex: 0 });
    expect([...bare.subarray(0, 12)]).toEqual([2, 32, 0, 0, 0, 0, 0, 0, 0, 0x10, 0, 0]);
    expect([...bare.subarray(12)]).toEqual([8, 0, 1, 0, 8, 8, 8, 8]);
    const source = Uint8Array.of(10, 8, 0, 1);
    const full = encodeRouteQuery({ destination, source, interfaceIndex: 3 });
    expect(full[2]).toBe(32);
    expect([...full.subarray(20)]).toEqual([8, 0, 2, 0, 10, 8, 0, 1, 8, 0, 4, 0, 3, 0, 0, 0]);
  });

  test("asks for IPv6 by 16 bytes", () => {
    const query = { destination: new Uint8Array(16), source: null, interfaceIndex: 0 };
    expect([...encodeRouteQuery(query).subarray(0, 3)]).toEqual([10, 128, 0]);
  });
});

describe("decodeRoute", () => {
  test("reads interface, gateway and source", () => {
    expect(decodeRoute(bytes(GOT_BY_GATEWAY))).toEqual({
      interfaceIndex: 5,
      gateway: Uint8Array.of(10, 8, 0, 253),
      preferredSource: Uint8Array.of(10, 8, 0, 1),
      type: 1,
    });
  });

  test("has no gateway on link, and tells a local route", () => {
    expect(decodeRoute(bytes(GOT_LOCAL))).toMatchObject({ gateway: null, type: 2 });
  });

  test("reads an IPv6 gateway of an IPv4 route", () => {
    expect(decodeRoute(bytes(GOT_BY_IPV6_GATEWAY))?.gateway).toEqual(
      Uint8Array.of(0xfd, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 7),
    );
  });

  test("is null for what is cut off before the interface", () => {
    for (let length = 0; length < 36; length++) {
      expect(decodeRoute(bytes(GOT_BY_GATEWAY).subarray(0, length))).toBeNull();
    }
  });
});
