// --resolve: addresses that the user gives for a host and port, in place of DNS.
//
// Parsing only; resolve.ts asks the rules.

import { CurlError } from "../error.ts";
import { isIpAddress } from "../ip-address.ts";
import { splitHostPort } from "./host-port.ts";

/** --resolve [+|-]HOST:PORT:ADDRESS[,ADDRESS]…; host "*" stands for every host. */
export interface ResolveRule {
  readonly host: string;
  readonly port: number;
  /** Literal addresses, IPv6 without brackets. */
  readonly addresses: readonly string[];
  /** "-HOST:PORT": take an earlier entry away. */
  readonly remove: boolean;
}

/** @throws CurlError SETOPT_OPTION_SYNTAX */
export function parseResolveRule(text: string): ResolveRule {
  const syntaxError = (): CurlError =>
    new CurlError(
      "SETOPT_OPTION_SYNTAX",
      `Could not parse CURLOPT_RESOLVE entry '${text}': --resolve takes [+|-]HOST:PORT:ADDRESS[,ADDRESS]…`,
    );
  const remove = text.startsWith("-");
  // "+" lets an entry expire as one from DNS does, after 60 s. No run of ours outlives its entries in a way that a
  // later look-up would not find the same, so it needs no mark.
  const entry = remove || text.startsWith("+") ? text.slice(1) : text;
  const parts = splitHostPort(remove ? `${entry}:` : entry);
  if (!parts || parts.host === null || parts.port === null) throw syntaxError();
  const addresses = remove ? [] : parts.rest.split(",").map((a) => a.replace(/^\[(.*)\]$/, "$1"));
  // An IPv6 address may have a zone.
  if (!remove && !addresses.every((address) => isIpAddress(address.split("%", 1)[0] ?? "")))
    throw syntaxError();
  return { host: parts.host.toLowerCase(), port: parts.port, addresses, remove };
}
