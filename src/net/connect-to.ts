// --connect-to: a connection meant for one host and port goes to another. Pure.
//
// Host, SNI and the certificate check stay with the URL; only the bottom hop of a route moves.

import { CurlError } from "../error.ts";
import { splitHostPort } from "./host-port.ts";

/** HOST1:PORT1:HOST2:PORT2; a null part matches everything, or keeps what is there. */
export interface ConnectToRule {
  readonly fromHost: string | null;
  readonly fromPort: number | null;
  readonly toHost: string | null;
  readonly toPort: number | null;
}

/** @throws CurlError SETOPT_OPTION_SYNTAX for a port that is none */
export function parseConnectTo(text: string): ConnectToRule {
  const from = splitHostPort(text);
  const second = from ? splitHostPort(from.rest, { lastPort: true }) : null;
  if (!from || !second) {
    throw new CurlError(
      "SETOPT_OPTION_SYNTAX",
      `cannot read --connect-to '${text}': it takes HOST1:PORT1:HOST2:PORT2, where any part may be empty`,
    );
  }
  return { fromHost: from.host, fromPort: from.port, toHost: second.host, toPort: second.port };
}

/** Where to connect for a target, by the first rule that matches; `moved`: to another host. */
export function connectTarget(
  target: { readonly host: string; readonly port: number },
  rules: readonly ConnectToRule[],
): { host: string; port: number; moved: boolean } {
  const { host, port } = target;
  for (const { fromHost, fromPort, toHost, toPort } of rules) {
    if (fromHost !== null && fromHost.toLowerCase() !== host.toLowerCase()) continue;
    if (fromPort !== null && fromPort !== port) continue;
    return { host: toHost ?? host, port: toPort ?? port, moved: toHost !== null };
  }
  return { host, port, moved: false };
}
