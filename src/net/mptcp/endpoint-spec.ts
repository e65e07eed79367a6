// --mptcp-endpoint's values, and what they come to on a machine whose facts are given. Pure.
//
// Here: the grammar, the choice of addresses and devices, the `ip mptcp` line of an endpoint. Not here: asking the
// kernel for the facts and making it so (endpoints.ts).
//
//     spec       "auto" | subject *( "," ( flag | "id=" 1-255 ) )
//     subject    an interface's name | an IP address
//     flag       subflow | signal | backup | fullmesh
//
// An endpoint that is neither "subflow" nor "signal" makes no path, so without "signal" it is a "subflow".

import type { EndpointFlags, PmEndpoint } from "#ffi/netlink/mptcp-pm.ts";
import type { AddressFacts, LinkFacts } from "#ffi/netlink/rtnetlink.ts";
import { CurlError } from "../../error.ts";
import { formatIpAddress, parseIpv4, parseIpv6 } from "../../ip-address.ts";
import { quoted } from "./check/commands.ts";

export type EndpointSpec =
  | { readonly kind: "auto" }
  | {
      readonly kind: "named";
      readonly subject: string;
      readonly flags: EndpointFlags;
      /** 0: the kernel's choice. */
      readonly id: number;
    };

/** What the machine has, as far as endpoints depend on it. */
export interface MachineFacts {
  readonly links: readonly LinkFacts[];
  readonly addresses: readonly AddressFacts[];
  readonly endpoints: readonly PmEndpoint[];
  /** Interfaces with a default route, best first. */
  readonly defaultRoutes: { readonly [K in Family]: readonly number[] };
}

/** Endpoints to add, in this order, and what is worth telling. */
export interface EndpointPlan {
  readonly wanted: readonly PmEndpoint[];
  readonly warnings: readonly string[];
}

type Family = "ipv4" | "ipv6";

const FAMILIES: readonly Family[] = ["ipv4", "ipv6"];

const FLAG_WORDS = ["subflow", "signal", "backup", "fullmesh"] as const;

const NO_FLAGS: EndpointFlags = {
  signal: false,
  subflow: false,
  backup: false,
  fullmesh: false,
  implicit: false,
  laminar: false,
};

const SUBFLOW: EndpointFlags = { ...NO_FLAGS, subflow: true };

const RT_SCOPE_UNIVERSE = 0;

function meaningless(text: string, why: string): CurlError {
  return new CurlError("FAILED_INIT", `'${text}' is no MPTCP endpoint: ${why}`);
}

/** @param text a byte string as typed @throws CurlError FAILED_INIT for what is outside the grammar */
export function parseEndpointSpec(text: string): EndpointSpec {
  if (text === "auto") return { kind: "auto" };
  const [subject = "", ...words] = text.split(",");
  if (subject === "") throw meaningless(text, "name an interface or one of its addresses");
  if (subject === "auto") throw meaningless(text, "auto stands alone");
  const flags = { ...NO_FLAGS };
  let id = 0;
  for (const word of words) {
    const flag = FLAG_WORDS.find((name) => name === word);
    if (flag !== undefined) flags[flag] = true;
    else if (word.startsWith("id=")) id = parseId(text, word.slice(3));
    else
      throw meaningless(text, `'${word}' is none of ${FLAG_WORDS.join(", ")} and id=1 to id=255`);
  }
  if (flags.signal && flags.fullmesh) {
    throw meaningless(text, "the kernel takes signal or fullmesh, not both");
  }
  if (!flags.signal) flags.subflow = true;
  return { kind: "named", subject, flags, id };
}

function parseId(text: string, digits: string): number {
  const id = /^[0-9]{1,3}$/.test(digits) ? Number(digits) : 0;
  if (id < 1 || id > 255) throw meaningless(text, "an id is a number from 1 to 255");
  return id;
}

/**
 * What to add so that every spec holds. Addresses that are endpoints already are left out.
 * @throws CurlError FAILED_INIT for an address or interface that this machine does not have
 */
export function planEndpoints(specs: readonly EndpointSpec[], facts: MachineFacts): EndpointPlan {
  const wanted: PmEndpoint[] = [];
  const warnings: string[] = [];
  for (const spec of specs) {
    const known = [...facts.endpoints.filter(({ flags }) => !flags.implicit), ...wanted];
    if (spec.kind === "auto") {
      const { found, warning } = automatic(facts, known);
      wanted.push(...found);
      if (warning !== null) warnings.push(warning);
      continue;
    }
    for (const endpoint of named(spec, facts)) {
      const twin = known.find((other) => isSameAddress(other, endpoint));
      if (twin === undefined) {
        wanted.push(endpoint);
        const down = downWarning(endpoint, facts);
        if (down !== null) warnings.push(down);
      } else if (!isSatisfiedBy(twin, endpoint)) {
        warnings.push(
          `${addressOf(endpoint)} is an MPTCP endpoint already (${wordsOf(twin, facts.links)}) and stays as it is`,
        );
      }
    }
  }
  return { wanted, warnings };
}

/** The endpoints of one spec: one for an address, up to one a family for an interface. */
function named(
  spec: EndpointSpec & { readonly kind: "named" },
  { links, addresses }: MachineFacts,
): PmEndpoint[] {
  const { subject, flags, id } = spec;
  const ip = parseIpv4(subject) ?? parseIpv6(subject);
  if (ip !== null) {
    const holders = addresses.filter((address) => Buffer.compare(address.ip, ip) === 0);
    const isUp = (address: AddressFacts) =>
      links.some(({ index, isUp: up }) => up && index === address.interfaceIndex);
    const holder = holders.find(isUp) ?? holders[0];
    if (holder === undefined) throw meaningless(subject, "no interface has that address");
    return [endpointAt(holder, { flags, id })];
  }
  const link = links.find(({ name }) => name === subject);
  if (link === undefined) throw meaningless(subject, "there is no such interface");
  const found = FAMILIES.flatMap((family) => firstGlobal(addresses, { link, family }) ?? []);
  if (found.length === 0) throw meaningless(subject, "the interface has no global address");
  if (id !== 0 && found.length > 1) {
    const both = found.map(addressOf).join(" and ");
    throw meaningless(`${subject},id=${id}`, `the interface has ${both}: name one of them`);
  }
  return found.map((address) => endpointAt(address, { flags, id }));
}

/** An address to reach others from: of global scope, and not one that is still being claimed. */
function firstGlobal(
  addresses: readonly AddressFacts[],
  { link, family }: { link: LinkFacts; family: Family },
): AddressFacts | undefined {
  return addresses.find(
    (address) =>
      address.interfaceIndex === link.index &&
      address.family === family &&
      address.scope === RT_SCOPE_UNIVERSE &&
      !address.isTentative,
  );
}

/**
 * One subflow endpoint for each interface that works, has a default route and no endpoint yet; that is counted for each
 * family, since an IPv4 address gives an IPv6 connection no path.
 */
function automatic(
  facts: MachineFacts,
  known: readonly PmEndpoint[],
): { found: PmEndpoint[]; warning: string | null } {
  const { links, addresses, defaultRoutes } = facts;
  const found: PmEndpoint[] = [];
  let candidates = 0;
  for (const family of FAMILIES) {
    for (const index of defaultRoutes[family]) {
      const link = links.find((one) => one.index === index && one.isUp && one.isRunning);
      const address = link && firstGlobal(addresses, { link, family });
      if (address === undefined) continue;
      candidates++;
      const isTaken = known.some(
        (endpoint) => endpoint.family === family && deviceOf(endpoint, addresses) === index,
      );
      if (!isTaken) found.push(endpointAt(address, { flags: SUBFLOW, id: 0 }));
    }
  }
  if (candidates > 0) return { found, warning: null };
  return {
    found,
    warning:
      "no interface that is up has an address and a default route: auto adds no MPTCP endpoint",
  };
}

function endpointAt(
  { family, ip, interfaceIndex }: AddressFacts,
  { flags, id }: { flags: EndpointFlags; id: number },
): PmEndpoint {
  return { id, family, ip, port: 0, flags, interfaceIndex };
}

function downWarning(endpoint: PmEndpoint, { links }: MachineFacts): string | null {
  const link = links.find(({ index }) => index === endpoint.interfaceIndex);
  if (link === undefined || (link.isUp && link.isRunning)) return null;
  const state = link.isUp ? "has no carrier" : "is down";
  return `${link.name} ${state}: the MPTCP endpoint ${addressOf(endpoint)} makes no path until that changes`;
}

/** The interface that an endpoint's subflows use: the one it names, else the one that has its address; 0: none. */
export function deviceOf(endpoint: PmEndpoint, addresses: readonly AddressFacts[]): number {
  if (endpoint.interfaceIndex !== 0) return endpoint.interfaceIndex;
  const holder = addresses.find((address) => Buffer.compare(address.ip, endpoint.ip) === 0);
  return holder?.interfaceIndex ?? 0;
}

/** Whether two are one to the kernel, which tells endpoints apart by address and port. */
export function isSameAddress(a: PmEndpoint, b: PmEndpoint): boolean {
  return a.port === b.port && Buffer.compare(a.ip, b.ip) === 0;
}

/** Whether what is there is what was asked for. */
function isSatisfiedBy(there: PmEndpoint, asked: PmEndpoint): boolean {
  return (
    FLAG_WORDS.every((word) => there.flags[word] === asked.flags[word]) &&
    (asked.id === 0 || asked.id === there.id) &&
    (there.interfaceIndex === 0 || there.interfaceIndex === asked.interfaceIndex)
  );
}

/** Its address as people write it. */
export function addressOf({ ip }: { readonly ip: Uint8Array }): string {
  return formatIpAddress(ip);
}

/** An endpoint in the words of `ip mptcp endpoint`, without its address: "dev c2 id 7 subflow backup". */
function wordsOf(endpoint: PmEndpoint, links: readonly LinkFacts[]): string {
  const device = links.find(({ index }) => index === endpoint.interfaceIndex);
  return [
    ...(device === undefined ? [] : ["dev", quoted(device.name)]),
    ...(endpoint.id === 0 ? [] : ["id", `${endpoint.id}`]),
    ...FLAG_WORDS.filter((word) => endpoint.flags[word]),
  ].join(" ");
}

/** The command that adds an endpoint (ip-mptcp(8)). */
export function ipCommand(endpoint: PmEndpoint, links: readonly LinkFacts[]): string {
  return `ip mptcp endpoint add ${addressOf(endpoint)} ${wordsOf(endpoint, links)}`;
}
