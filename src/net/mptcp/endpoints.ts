// The kernel's MPTCP endpoints: which there are, as sources for a connect, and those that live for one run.
//
// Here: the conversation with the kernel and words for its refusals. Not here: what a --mptcp-endpoint comes to
// (endpoint-spec.ts), and when they are added and taken away (cli/run). Endpoints hold for the whole network namespace:
// while they are there other programs' connections may use them too, and when they go those lose that path.

import { ERRNO, SyscallError } from "#ffi/errno.ts";
import {
  addEndpoint,
  deleteEndpoint,
  listEndpoints,
  type PmEndpoint,
  readLimits,
} from "#ffi/netlink/mptcp-pm.ts";
import {
  type LinkFacts,
  listAddresses,
  listDefaultRoutes,
  listLinks,
} from "#ffi/netlink/rtnetlink.ts";
import { CurlError } from "../../error.ts";
import {
  addressOf,
  deviceOf,
  ipCommand,
  isSameAddress,
  type MachineFacts,
  parseEndpointSpec,
  planEndpoints,
} from "./endpoint-spec.ts";

/** An address of this machine that the kernel's path manager may use, and the interface that has it. */
export interface SourceAddress {
  readonly family: "ipv4" | "ipv6";
  /** Numeric. */
  readonly address: string;
  readonly interfaceName: string;
  readonly backup: boolean;
}

/**
 * Where a connect without answer is tried from next: endpoints with "subflow" or "fullmesh" whose address an interface
 * that is up has, backups last; the interface is the one that the endpoint names, else the one with the address. Empty
 * where the kernel does not tell.
 */
export function connectSources(): SourceAddress[] {
  try {
    const endpoints = listEndpoints().filter(isSource);
    if (endpoints.length === 0) return [];
    return sourcesOf(endpoints, { links: listLinks(), addresses: listAddresses() });
  } catch (error) {
    if (error instanceof SyscallError) return [];
    throw error;
  }
}

function isSource({ flags }: PmEndpoint): boolean {
  return (flags.subflow || flags.fullmesh) && !flags.implicit;
}

/** connectSources() for a machine whose facts are given. */
export function sourcesOf(
  endpoints: readonly PmEndpoint[],
  { links, addresses }: Pick<MachineFacts, "links" | "addresses">,
): SourceAddress[] {
  const up = new Map(links.filter(({ isUp }) => isUp).map((link) => [link.index, link.name]));
  const held = addresses.filter(
    ({ interfaceIndex, isTentative }) => up.has(interfaceIndex) && !isTentative,
  );
  const sources = endpoints.filter(isSource).flatMap((endpoint): SourceAddress[] => {
    const { family, ip, flags } = endpoint;
    const interfaceName = up.get(deviceOf(endpoint, held));
    if (interfaceName === undefined) return [];
    if (!held.some((address) => Buffer.compare(address.ip, ip) === 0)) return [];
    return [{ family, address: addressOf(endpoint), interfaceName, backup: flags.backup }];
  });
  return [...sources.filter(({ backup }) => !backup), ...sources.filter(({ backup }) => backup)];
}

/** Endpoints added for this run. */
export interface TemporaryEndpoints {
  /** What the user may want to know: sentences, byte strings. */
  readonly warnings: readonly string[];
  /** Takes away exactly those that were added; once, however often it is called. Never throws. */
  remove(): void;
}

/**
 * Adds endpoints: `IF|ADDR[,subflow|signal|backup|fullmesh][,id=N]`, or "auto" (endpoint-spec.ts). All or none. An
 * interface stands for its first global IPv4 and its first global IPv6 address; an address that is an endpoint already
 * is left as it is, and left there.
 * @param specs byte strings as typed
 * @throws CurlError: FAILED_INIT for a spec that means nothing; COULDNT_CONNECT for what the kernel refuses, with the
 *   `ip mptcp` line that an administrator would run
 */
export function addTemporaryEndpoints(specs: readonly string[]): TemporaryEndpoints {
  const parsed = specs.map(parseEndpointSpec);
  const facts = readFacts();
  const { wanted, warnings } = planEndpoints(parsed, facts);
  const added: PmEndpoint[] = [];
  for (const endpoint of wanted) {
    try {
      added.push(...addAndReadBack(endpoint));
    } catch (error) {
      takeAway(added);
      if (!(error instanceof SyscallError)) throw error;
      throw refusal(error, { wanted, failed: endpoint, links: facts.links });
    }
  }
  let isThere = true;
  return {
    warnings: [...warnings, ...limitWarnings(added)],
    remove() {
      if (isThere) takeAway(added);
      isThere = false;
    },
  };
}

function readFacts(): MachineFacts {
  try {
    const indices = (family: "ipv4" | "ipv6") =>
      listDefaultRoutes(family).map(({ interfaceIndex }) => interfaceIndex);
    return {
      endpoints: listEndpoints(),
      links: listLinks(),
      addresses: listAddresses(),
      defaultRoutes: { ipv4: indices("ipv4"), ipv6: indices("ipv6") },
    };
  } catch (error) {
    if (!(error instanceof SyscallError)) throw error;
    throw new CurlError("COULDNT_CONNECT", readFailure(error), { cause: error });
  }
}

function readFailure(error: SyscallError): string {
  return error.errno === ERRNO.ENOENT
    ? "cannot add MPTCP endpoints: this kernel has no MPTCP path manager (Linux 5.6 and later have it, built with CONFIG_MPTCP)"
    : `cannot add MPTCP endpoints: the kernel does not tell which there are (${error.reason})`;
}

/** Adds one and returns it with the id that the kernel gave it; nothing where somebody else was quicker. */
function addAndReadBack(endpoint: PmEndpoint): PmEndpoint[] {
  try {
    addEndpoint(endpoint);
  } catch (error) {
    if (error instanceof SyscallError && error.errno === ERRNO.EEXIST) return [];
    throw error;
  }
  return listEndpoints().filter((there) => isSameAddress(there, endpoint));
}

/** Removes what was added, where it is still what was added: an id may have gone to another address meanwhile. */
function takeAway(added: readonly PmEndpoint[]): void {
  if (added.length === 0) return;
  try {
    const there = listEndpoints();
    for (const { id } of added.filter((mine) =>
      there.some((other) => other.id === mine.id && isSameAddress(other, mine)),
    )) {
      deleteQuietly(id);
    }
  } catch (error) {
    if (!(error instanceof SyscallError)) throw error;
    for (const { id } of added) deleteQuietly(id);
  }
}

function deleteQuietly(id: number): void {
  try {
    deleteEndpoint(id);
  } catch (error) {
    // Gone already, or the right to do it: there is nobody left to tell.
    if (!(error instanceof SyscallError)) throw error;
  }
}

interface Refused {
  readonly wanted: readonly PmEndpoint[];
  readonly failed: PmEndpoint;
  readonly links: readonly LinkFacts[];
}

function refusal(error: SyscallError, { wanted, failed, links }: Refused): CurlError {
  const commands = wanted.map((endpoint) => ipCommand(endpoint, links)).join(" && ");
  const text = `cannot add the MPTCP endpoint ${addressOf(failed)}: ${whyRefused(error, { failed, commands })}`;
  return new CurlError("COULDNT_CONNECT", text, { cause: error });
}

function whyRefused(
  { errno, reason }: SyscallError,
  { failed, commands }: { failed: PmEndpoint; commands: string },
): string {
  switch (errno) {
    case ERRNO.EPERM:
    case ERRNO.EACCES:
      return `that needs the capability CAP_NET_ADMIN; an administrator would run: ${commands}`;
    case ERRNO.ERANGE:
      return "the kernel has as many as it takes (8 up to Linux 6.x); 'ip mptcp endpoint' shows them, 'ip mptcp endpoint delete id N' makes room";
    case ERRNO.EBUSY:
      return `its id ${failed.id} is that of another endpoint; 'ip mptcp endpoint' shows them`;
    default:
      return `the kernel refuses it (${reason}); the command would be: ${commands}`;
  }
}

function limitWarnings(added: readonly PmEndpoint[]): string[] {
  if (!added.some(isSource)) return [];
  try {
    if (readLimits().subflows > 0) return [];
    return [
      "the kernel allows no extra subflows here, so that MPTCP endpoints make no path; 'ip mptcp limits set subflows 8' changes that",
    ];
  } catch (error) {
    if (error instanceof SyscallError) return [];
    throw error;
  }
}
