import { describe, expect, test } from "bun:test";
import type { EndpointFlags, PmEndpoint } from "../../../../ffi/netlink/mptcp-pm.ts";
import type { AddressFacts, LinkFacts } from "../../../../ffi/netlink/rtnetlink.ts";
import { CurlError } from "../../../../src/error.ts";
import { parseIpv4, parseIpv6 } from "../../../../src/ip-address.ts";
import {
  addressOf,
  ipCommand,
  type MachineFacts,
  parseEndpointSpec,
  planEndpoints,
} from "../../../../src/net/mptcp/endpoint-spec.ts";
import { NO_FLAGS } from "../../../support/endpoint-flags.ts";

function link(index: number, name: string, state: Partial<LinkFacts> = {}): LinkFacts {
  return { index, name, isUp: true, isRunning: true, isLoopback: false, ...state };
}

function address(
  interfaceIndex: number,
  text: string,
  state: Partial<AddressFacts> = {},
): AddressFacts {
  const ipv4 = parseIpv4(text);
  const ip = ipv4 ?? parseIpv6(text) ?? new Uint8Array();
  const family = ipv4 ? "ipv4" : "ipv6";
  return { interfaceIndex, family, ip, prefixLength: 24, scope: 0, isTentative: false, ...state };
}

function endpoint(text: string, state: Partial<PmEndpoint> = {}): PmEndpoint {
  const { family, ip } = address(0, text);
  return { id: 1, family, ip, port: 0, flags: NO_FLAGS, interfaceIndex: 0, ...state };
}

/** c1 and c2 up, both families; c3 down. */
const MACHINE: MachineFacts = {
  links: [
    link(1, "lo", { isLoopback: true }),
    link(2, "c1"),
    link(3, "c2"),
    link(4, "c3", { isUp: false }),
  ],
  addresses: [
    address(1, "127.0.0.1", { scope: 254 }),
    address(2, "10.9.1.1"),
    address(2, "10.9.1.9"),
    address(2, "fd09:1::1"),
    address(3, "10.9.2.1"),
    address(3, "fe80::1", { scope: 253 }),
    address(3, "fd09:2::9", { isTentative: true }),
    address(3, "fd09:2::1"),
    address(4, "10.9.3.1"),
  ],
  endpoints: [],
  defaultRoutes: { ipv4: [2, 3], ipv6: [3] },
};

function refusalOf(action: () => unknown): CurlError {
  try {
    action();
  } catch (error) {
    if (error instanceof CurlError) return error;
    throw error;
  }
  throw new Error("it was accepted");
}

function plan(specs: readonly string[], facts: Partial<MachineFacts> = {}) {
  const { wanted, warnings } = planEndpoints(specs.map(parseEndpointSpec), {
    ...MACHINE,
    ...facts,
  });
  return { commands: wanted.map((one) => ipCommand(one, MACHINE.links)), warnings };
}

describe("parseEndpointSpec", () => {
  const named = (flags: Partial<EndpointFlags>, id = 0) => ({
    kind: "named",
    subject: "c2",
    flags: { ...NO_FLAGS, ...flags },
    id,
  });

  for (const [text, parsed] of [
    ["auto", { kind: "auto" }],
    ["c2", named({ subflow: true })],
    ["c2,subflow", named({ subflow: true })],
    ["c2,backup", named({ subflow: true, backup: true })],
    ["c2,subflow,backup", named({ subflow: true, backup: true })],
    ["c2,fullmesh", named({ subflow: true, fullmesh: true })],
    ["c2,signal", named({ signal: true })],
    ["c2,id=255,signal,subflow", named({ signal: true, subflow: true }, 255)],
    ["c2,id=1", named({ subflow: true }, 1)],
  ] as const) {
    test(`reads ${text}`, () => expect<unknown>(parseEndpointSpec(text)).toEqual(parsed));
  }

  for (const [text, why] of [
    ["", "name an interface"],
    [",subflow", "name an interface"],
    ["auto,backup", "auto stands alone"],
    ["c2,", "'' is none of"],
    ["c2,Backup", "'Backup' is none of"],
    ["c2,implicit", "'implicit' is none of"],
    ["c2,id=0", "from 1 to 255"],
    ["c2,id=256", "from 1 to 255"],
    ["c2,id=1x", "from 1 to 255"],
    ["c2,id=", "from 1 to 255"],
    ["c2,signal,fullmesh", "not both"],
  ] as const) {
    test(`refuses '${text}'`, () => {
      const { code, message } = refusalOf(() => parseEndpointSpec(text));
      expect(code).toBe("FAILED_INIT");
      expect(message).toStartWith(`'${text}' is no MPTCP endpoint: `);
      expect(message).toContain(why);
    });
  }
});

describe("planEndpoints", () => {
  test("an address comes with the interface that holds it", () => {
    expect(plan(["10.9.2.1,backup,id=7"])).toEqual({
      commands: ["ip mptcp endpoint add 10.9.2.1 dev c2 id 7 subflow backup"],
      warnings: [],
    });
  });

  test("an address on two interfaces goes to the one that is up", () => {
    const addresses = [address(4, "10.9.2.1"), address(3, "10.9.2.1")];
    expect(plan(["10.9.2.1"], { addresses }).commands).toEqual([
      "ip mptcp endpoint add 10.9.2.1 dev c2 subflow",
    ]);
  });

  test("an interface stands for its first usable address of each family", () => {
    expect(plan(["c1,fullmesh", "c2"]).commands).toEqual([
      "ip mptcp endpoint add 10.9.1.1 dev c1 subflow fullmesh",
      "ip mptcp endpoint add fd09:1::1 dev c1 subflow fullmesh",
      "ip mptcp endpoint add 10.9.2.1 dev c2 subflow",
      "ip mptcp endpoint add fd09:2::1 dev c2 subflow",
    ]);
  });

  for (const [spec, why] of [
    ["10.9.9.9", "'10.9.9.9' is no MPTCP endpoint: no interface has that address"],
    ["c9", "'c9' is no MPTCP endpoint: there is no such interface"],
    ["lo", "'lo' is no MPTCP endpoint: the interface has no global address"],
    [
      "c1,id=3",
      "'c1,id=3' is no MPTCP endpoint: the interface has 10.9.1.1 and fd09:1::1: name one of them",
    ],
  ] as const) {
    test(`refuses ${spec}`, () => {
      const { code, message } = refusalOf(() => plan([spec]));
      expect<unknown>([code, message]).toEqual(["FAILED_INIT", why]);
    });
  }

  test("what is there as asked for is left out, without a word", () => {
    const flags = { ...NO_FLAGS, subflow: true };
    for (const there of [
      endpoint("10.9.2.1", { flags }),
      endpoint("10.9.2.1", { flags, interfaceIndex: 3 }),
    ]) {
      expect(plan(["10.9.2.1"], { endpoints: [there] })).toEqual({ commands: [], warnings: [] });
    }
  });

  test("what is there but differs is left as it is, with a note", () => {
    const there = endpoint("10.9.2.1", { id: 4, flags: { ...NO_FLAGS, signal: true } });
    expect(plan(["10.9.2.1,backup"], { endpoints: [there] })).toEqual({
      commands: [],
      warnings: ["10.9.2.1 is an MPTCP endpoint already (id 4 signal) and stays as it is"],
    });
  });

  test("an endpoint with a port, or one that the kernel made itself, does not stand in the way", () => {
    const endpoints = [
      endpoint("10.9.2.1", { port: 8443, flags: { ...NO_FLAGS, signal: true } }),
      endpoint("10.9.2.1", { flags: { ...NO_FLAGS, subflow: true, implicit: true } }),
    ];
    expect(plan(["10.9.2.1"], { endpoints }).commands).toHaveLength(1);
  });

  test("what is asked for twice is added once", () => {
    expect(plan(["10.9.2.1", "c2", "10.9.2.1"]).commands).toEqual([
      "ip mptcp endpoint add 10.9.2.1 dev c2 subflow",
      "ip mptcp endpoint add fd09:2::1 dev c2 subflow",
    ]);
  });

  test("an interface that carries nothing gets a note", () => {
    expect(plan(["10.9.3.1"]).warnings).toEqual([
      "c3 is down: the MPTCP endpoint 10.9.3.1 makes no path until that changes",
    ]);
    const links = [link(4, "c3", { isRunning: false })];
    expect(plan(["10.9.3.1"], { links }).warnings[0]).toStartWith("c3 has no carrier: ");
  });

  test("auto takes each interface with a default route, family by family", () => {
    expect(plan(["auto"])).toEqual({
      commands: [
        "ip mptcp endpoint add 10.9.1.1 dev c1 subflow",
        "ip mptcp endpoint add 10.9.2.1 dev c2 subflow",
        "ip mptcp endpoint add fd09:2::1 dev c2 subflow",
      ],
      warnings: [],
    });
  });

  test("auto passes over an interface that has an endpoint, by name or by address", () => {
    const byName = endpoint("10.9.77.7", { interfaceIndex: 2 });
    const byAddress = endpoint("10.9.2.1");
    expect(plan(["auto"], { endpoints: [byName, byAddress] })).toEqual({
      commands: ["ip mptcp endpoint add fd09:2::1 dev c2 subflow"],
      warnings: [],
    });
    expect(plan(["10.9.2.1,backup", "auto"]).commands).toEqual([
      "ip mptcp endpoint add 10.9.2.1 dev c2 subflow backup",
      "ip mptcp endpoint add 10.9.1.1 dev c1 subflow",
      "ip mptcp endpoint add fd09:2::1 dev c2 subflow",
    ]);
  });

  test("auto takes no interface that is down, and says when it finds none", () => {
    const defaultRoutes = { ipv4: [4], ipv6: [4] };
    const { commands, warnings } = plan(["auto"], { defaultRoutes });
    expect(commands).toEqual([]);
    expect(warnings).toEqual([
      "no interface that is up has an address and a default route: auto adds no MPTCP endpoint",
    ]);
  });
});

describe("addressOf", () => {
  test("writes addresses as people do", () => {
    expect([endpoint("10.9.2.1"), endpoint("fd09:2:0:0::1")].map(addressOf)).toEqual([
      "10.9.2.1",
      "fd09:2::1",
    ]);
  });
});
