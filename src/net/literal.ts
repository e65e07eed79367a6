// Literal addresses as candidates for the race.
//
// Not here: names (resolve.ts), and curl's short forms of IPv4, which the URL's parser has written out (src/url-host).

import { interfaceIndex } from "#ffi/socket.ts";
import { CurlError } from "../error.ts";
import { parseIpv4, parseIpv6 } from "../ip-address.ts";
import type { Candidate } from "./dial/race.ts";

/** A literal address as candidate; null for a name. Zones: RFC 4007 §11, by interface name or index. */
export function literalCandidate(
  text: string,
  port: number,
  zoneId: string | null,
): Candidate | null {
  if (parseIpv4(text)) return { family: "ipv4", address: text, port, scopeId: 0 };
  const [address = "", ownZone] = text.split("%", 2);
  if (!parseIpv6(address)) return null;
  const zone = zoneId ?? ownZone;
  return { family: "ipv6", address, port, scopeId: zone ? scopeIdOf(zone) : 0 };
}

function scopeIdOf(zone: string): number {
  const index = /^\d+$/.test(zone) ? Number(zone) : interfaceIndex(zone);
  if (index > 0) return index;
  throw new CurlError(
    "COULDNT_CONNECT",
    `Failed to connect: there is no network interface '${zone}' here, which the address names as its zone`,
  );
}
