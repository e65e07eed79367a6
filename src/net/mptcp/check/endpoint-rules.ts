// Which endpoints of a machine would make a path to one destination, and what keeps the others from it. Pure.
//
//   each endpoint ─▶ opens subflows? ─▶ of this family? ─▶ address here? ─▶ interface fit? ─▶ route? ─▶ way back?
//
// The first "no" is what is told; the order is the kernel's, which binds, then routes, then sends. Not here: what became
// of a join that left (trial-rules.ts). Two subflows over one link are no second path: a path is the interface that it
// leaves by and the address that it goes to.

import {
  addDefaultRoute,
  addEndpoint,
  deleteEndpoint,
  replaceEndpoint,
  setting,
  switchOn,
} from "./commands.ts";
import {
  type EndpointFacts,
  type EndpointWays,
  furtherAddresses,
  type InterfaceFacts,
  interfaceNamed,
  type MachineFacts,
  nameOf,
  opensSubflows,
  ownerOf,
  type Way,
  type Ways,
} from "./facts.ts";
import { type Finding, note, ok, problem } from "./finding.ts";

/** What is to be expected of an endpoint. */
export interface EndpointState {
  readonly endpoint: EndpointFacts;
  /**
   * "path": it would make one · "same-link": it would make a subflow that leaves where the first path does ·
   * "none": by its nature or by the destination it makes none · "broken": it would try, and fail.
   */
  readonly promise: "path" | "same-link" | "none" | "broken";
  /** The interface that its packets would leave by; null: none. */
  readonly interfaceName: string | null;
  readonly finding: Finding;
}

const STRICT = 1;

const PEOPLES_NAME = { ipv4: "IPv4", ipv6: "IPv6" } as const;

/** One state for each endpoint, in the kernel's order. */
export function endpointStates(facts: MachineFacts, ways: Ways): EndpointState[] {
  return facts.endpoints
    .filter(({ flags }) => !flags.implicit)
    .map((endpoint) => stateOf(endpoint, { facts, ways }));
}

/** What is missing where no endpoint makes a path, and where a further one could stand. */
export function missingEndpoints(
  facts: MachineFacts,
  { ways, states }: { readonly ways: Ways; readonly states: readonly EndpointState[] },
): Finding[] {
  // A kernel that does not list its endpoints may have some.
  if (facts.limits === null || ways.first.kind !== "route") return [];
  if (leadsHere(facts, ways)) {
    return [note("endpoint", "the server is on this machine, to which there is one path only")];
  }
  const free = furtherAddresses(facts, ways);
  if (states.some(({ promise }) => promise !== "none")) {
    const isOffered = (address: string): boolean =>
      states.some(({ finding }) => finding.remedy?.split(" ").includes(address));
    return free
      .filter(({ hasDefaultRoute, address }) => hasDefaultRoute && !isOffered(address))
      .map(({ name, address }) =>
        note(
          "endpoint",
          `${address} on ${name} is no endpoint, though ${name} has a default route`,
        ),
      );
  }
  if (states.some(({ finding }) => finding.level === "problem")) return [];
  const [best] = free;
  const what = `there is no endpoint for a second path over ${PEOPLES_NAME[ways.family]}`;
  if (!best) {
    const text = `${what}, and no further interface that is up and has an address for one`;
    return [problem("endpoint", text, { remedy: null })];
  }
  const text = `${what}; ${best.address} on ${best.name} could be one`;
  return [problem("endpoint", text, { remedy: addEndpoint(best.address, best.name) })];
}

/** Whether the first path stays within the machine. */
function leadsHere(facts: MachineFacts, { first }: Ways): boolean {
  return first.kind === "route" && interfaceNamed(facts, first.interfaceName)?.isLoopback === true;
}

interface Surroundings {
  readonly facts: MachineFacts;
  readonly ways: Ways;
}

function stateOf(endpoint: EndpointFacts, around: Surroundings): EndpointState {
  const { ways } = around;
  const state = (
    promise: EndpointState["promise"],
    finding: Finding,
    interfaceName: string | null = null,
  ): EndpointState => ({ endpoint, promise, interfaceName, finding });
  const name = nameOf(endpoint);

  const idle = whyIdle(endpoint, around);
  if (idle) return state("none", idle);
  const unfit = whyUnfit(endpoint, around);
  if (unfit) return state("broken", unfit);
  // To anywhere, without a default route: nothing can be said of the way.
  if (ways.first.kind !== "route") {
    const text = `${name} has its address; the way from it shows with a URL: there is no default route`;
    return state("none", note("endpoint", text));
  }
  const way = ways.endpoints.find(({ id }) => id === endpoint.id);
  const astray = way ? whyAstray(endpoint, { ...around, way }) : null;
  if (astray || way?.taken.kind !== "route") {
    return state("broken", astray ?? note("endpoint", `${name}: the way from it is not known`));
  }
  const { interfaceName, gateway } = way.taken;
  if (interfaceName === ways.first.interfaceName) {
    const text = `${name} leaves by ${interfaceName}, as the first path does: one more subflow, and no other link`;
    return state("same-link", note("endpoint", text), interfaceName);
  }
  const role = endpoint.flags.backup
    ? ", as a backup that carries data when no other path lives"
    : "";
  const by = gateway === null ? interfaceName : `${interfaceName} and ${gateway}`;
  const text = `${name} would make a path by ${by}${role}`;
  return state("path", ok("endpoint", text), interfaceName);
}

/** Endpoints that open no subflow of their own here, which may be as it should. */
function whyIdle(endpoint: EndpointFacts, { facts, ways }: Surroundings): Finding | null {
  const { family, flags } = endpoint;
  const name = nameOf(endpoint);
  if (leadsHere(facts, ways)) {
    return note("endpoint", `${name} is of no use towards a server on this machine`);
  }
  if (!opensSubflows(endpoint)) return whyNoOpener(endpoint, { facts, ways });
  if (family !== ways.family) {
    return note(
      "endpoint",
      `${name} is of ${PEOPLES_NAME[family]}, and the connection of ${PEOPLES_NAME[ways.family]}: it makes no path there`,
    );
  }
  if (endpoint.address !== ways.source) return null;
  const use = flags.backup
    ? "it only makes the first path a backup"
    : "it makes no path of its own";
  return note("endpoint", `${name} has the address that the first path starts from: ${use}`);
}

function whyNoOpener(endpoint: EndpointFacts, { facts, ways }: Surroundings): Finding {
  const { flags, address } = endpoint;
  const why = flags.laminar
    ? 'is "laminar" without "subflow": it makes paths to further addresses that a server announces only'
    : flags.fullmesh
      ? 'is "fullmesh" without "subflow": it makes paths to further addresses that a server announces only'
      : 'is only announced to peers ("signal"): a client makes no path from it';
  const text = `${nameOf(endpoint)} ${why}`;
  const owner = ownerOf(facts, address);
  const couldBeOne =
    owner !== null &&
    endpoint.family === ways.family &&
    ways.first.kind === "route" &&
    ways.first.interfaceName !== owner.name;
  // Where others open paths, this one may well be meant so. ip-mptcp(8) cannot write "laminar" yet.
  const hasOther = facts.endpoints.some(
    (one) => opensSubflows(one) && one.family === ways.family && one.address !== ways.source,
  );
  if (hasOther || !couldBeOne || flags.laminar) {
    return note("endpoint", text);
  }
  return problem("endpoint", text, { remedy: replaceEndpoint(endpoint, { device: owner.name }) });
}

/** What is wrong with the address or its interface, wherever the packets are to go. */
function whyUnfit(endpoint: EndpointFacts, { facts, ways }: Surroundings): Finding | null {
  const { address, device } = endpoint;
  const name = nameOf(endpoint);
  const owner = ownerOf(facts, address);
  if (!owner) return addressGone(endpoint, { facts, ways });
  const tentative = owner.addresses.find((one) => one.address === address)?.isTentative;
  if (tentative) {
    const text = `${name}: the address is not usable, the check for duplicates (DAD) is under way or failed`;
    return problem("endpoint", text, { remedy: null });
  }
  // An address of loopback belongs to the host, and may leave by any interface.
  if (device !== null && device !== owner.name && !owner.isLoopback) {
    const text = `${name}: the address is on ${owner.name}, so packets with it leave by the wrong interface`;
    return problem("endpoint", text, { remedy: replaceEndpoint(endpoint, { device: owner.name }) });
  }
  const link = device === null ? owner : interfaceNamed(facts, device);
  return whyLinkUnfit(name, link ?? owner);
}

function addressGone(endpoint: EndpointFacts, { facts, ways }: Surroundings): Finding {
  const { device, family } = endpoint;
  const text = `${nameOf(endpoint)}: no interface has the address, so joins from it never leave`;
  const link = device === null ? null : interfaceNamed(facts, device);
  const other = link?.addresses.find(
    (one) => one.family === family && one.isGlobal && !one.isTentative,
  );
  const isFree =
    other !== undefined &&
    other.address !== ways.source &&
    !facts.endpoints.some(({ address }) => address === other.address);
  if (!link || !isFree) return problem("endpoint", text, { remedy: deleteEndpoint(endpoint.id) });
  const remedy = replaceEndpoint(endpoint, { address: other.address, device: link.name });
  return problem("endpoint", `${text}; ${link.name} has ${other.address} now`, { remedy });
}

function whyLinkUnfit(name: string, link: InterfaceFacts): Finding | null {
  if (!link.isUp) {
    const text = `${name}: the interface ${link.name} is switched off`;
    return problem("endpoint", text, { remedy: switchOn(link.name) });
  }
  if (link.isRunning || link.isLoopback) return null;
  const text = `${name}: the interface ${link.name} has no carrier (cable, radio, or its far end)`;
  return problem("endpoint", text, { remedy: null });
}

/** What is wrong with the way that its packets would take. */
function whyAstray(
  endpoint: EndpointFacts,
  { facts, ways, way }: Surroundings & { readonly way: EndpointWays },
): Finding | null {
  const { address, device, family } = endpoint;
  const name = nameOf(endpoint);
  const owner = ownerOf(facts, address);
  const link = device ?? owner?.name ?? "INTERFACE";
  const { taken, byOwner, unbound } = way;
  const to = ways.destination ?? "the default route's networks";
  if (taken.kind !== "route") {
    const text = `${name}: no route leads from it to ${to} by ${link} (${whyNoWay(taken)})`;
    return problem("endpoint", text, { remedy: addDefaultRoute(family, link) });
  }
  if (device === null && owner && !owner.isLoopback && taken.interfaceName !== owner.name) {
    const text =
      `${name} is on ${owner.name}, but packets from it leave by ${taken.interfaceName}: it is bound to no interface, ` +
      "and no rule sends its packets elsewhere";
    const remedy =
      byOwner?.kind === "route"
        ? replaceEndpoint(endpoint, { device: owner.name })
        : addDefaultRoute(family, owner.name);
    return problem("endpoint", text, { remedy });
  }
  const filter = interfaceNamed(facts, taken.interfaceName)?.reversePathFilter ?? 0;
  const isForeign = unbound.kind !== "route" || unbound.interfaceName !== taken.interfaceName;
  if (family === "ipv4" && filter === STRICT && isForeign) {
    const text =
      `${name}: answers to it are dropped by ${taken.interfaceName}'s strict reverse path filter, for by itself the ` +
      "way to the server is another one";
    const remedy = setting(
      `net.ipv4.conf.${taken.interfaceName.replaceAll(".", "/")}.rp_filter`,
      2,
    );
    return problem("endpoint", text, { remedy });
  }
  return null;
}

function whyNoWay(way: Exclude<Way, { kind: "route" }>): string {
  return way.kind === "none"
    ? way.reason
    : `the kernel would take the server for a neighbour on ${way.interfaceName}`;
}
