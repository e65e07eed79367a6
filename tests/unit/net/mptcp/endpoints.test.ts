import { describe, expect, test } from "bun:test";
import type { EndpointFlags, PmEndpoint } from "../../../../ffi/netlink/mptcp-pm.ts";
import type { AddressFacts, LinkFacts } from "../../../../ffi/netlink/rtnetlink.ts";
import { sourcesOf } from "../../../../src/net/mptcp/endpoints.ts";
import { NO_FLAGS } from "../../../support/endpoint-flags.ts";

/** 10.9.N.1, N being the interface too where none is given. */
const ip = (path: number): Uint8Array => Uint8Array.of(10, 9, path, 1);

function endpoint(path: number, flags: Partial<EndpointFlags>, interfaceIndex = 0): PmEndpoint {
  return {
    id: path,
    family: "ipv4",
    ip: ip(path),
    port: 0,
    flags: { ...NO_FLAGS, ...flags },
    interfaceIndex,
  };
}

function address(path: number, isTentative = false): AddressFacts {
  return {
    interfaceIndex: path,
    family: "ipv4",
    ip: ip(path),
    prefixLength: 24,
    scope: 0,
    isTentative,
  };
}

function link(index: number, isUp = true): LinkFacts {
  return { index, name: `c${index}`, isUp, isRunning: isUp, isLoopback: false };
}

const MACHINE = {
  links: [link(1), link(2), link(3, false)],
  addresses: [address(1), address(2), address(3)],
};

describe("sourcesOf", () => {
  test("takes subflow and fullmesh, not what is only signalled or made by the kernel", () => {
    const names = (...endpoints: PmEndpoint[]) =>
      sourcesOf(endpoints, MACHINE).map(({ interfaceName }) => interfaceName);
    expect(names(endpoint(1, { subflow: true }))).toEqual(["c1"]);
    expect(names(endpoint(1, { fullmesh: true }))).toEqual(["c1"]);
    expect(names(endpoint(1, { subflow: true, signal: true }))).toEqual(["c1"]);
    expect(names(endpoint(1, { signal: true }))).toEqual([]);
    expect(names(endpoint(1, { subflow: true, implicit: true }))).toEqual([]);
  });

  test("puts backups last and keeps the order otherwise", () => {
    const endpoints = [
      endpoint(2, { subflow: true, backup: true }),
      endpoint(1, { subflow: true }),
    ];
    expect(sourcesOf(endpoints, MACHINE)).toEqual([
      { family: "ipv4", address: "10.9.1.1", interfaceName: "c1", backup: false },
      { family: "ipv4", address: "10.9.2.1", interfaceName: "c2", backup: true },
    ]);
  });

  test("names the endpoint's interface, else the one that has the address", () => {
    const [other] = sourcesOf([endpoint(2, { subflow: true }, 1)], MACHINE);
    expect(other?.interfaceName).toBe("c1");
    const [holder] = sourcesOf([endpoint(2, { subflow: true })], MACHINE);
    expect(holder?.interfaceName).toBe("c2");
  });

  test("leaves out an address that no interface that is up has, or not yet", () => {
    expect(sourcesOf([endpoint(3, { subflow: true })], MACHINE)).toEqual([]);
    expect(sourcesOf([endpoint(9, { subflow: true }, 1)], MACHINE)).toEqual([]);
    expect(sourcesOf([endpoint(1, { subflow: true }, 3)], MACHINE)).toEqual([]);
    const tentative = { ...MACHINE, addresses: [address(1, true)] };
    expect(sourcesOf([endpoint(1, { subflow: true })], tentative)).toEqual([]);
  });
});
