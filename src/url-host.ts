// The host part of a URL: registered names, IPv4 in every spelling that inet_aton(3) takes, IPv6 literals.
//
// Here: checking and normalising, by curl's rules, on byte strings. Not here: ports, userinfo (url.ts), the strict forms
// of addresses (ip-address.ts) and name look-up. Numeric short forms are spelled out ("127.1" → "127.0.0.1") because what goes into the Host field must be
// what is connected to. Internationalised names go through the engine's own UTS 46 (new URL), reached only for
// names with bytes ≥ 0x80.

import { textOf } from "./bytes.ts";
import { formatIpAddress, parseIpv6 } from "./ip-address.ts";
import { percentDecoded } from "./percent.ts";

const FORBIDDEN_IN_NAME = /[\0- "#$%&'()*+,/:;<=>?@[\\\]^`{}!\x7f]/;
const FORBIDDEN_BYTE = /[\0- \x7f]/;
// IFNAMSIZ (linux/if.h) less its NUL.
const MAX_ZONE_ID_BYTES = 15;
// RFC 1035 §2.3.4; checked where the conversion makes labels longer than anybody typed.
const MAX_LABEL_BYTES = 63;

/** Whether text holds a blank or a control byte, which no authority may. */
export function hasForbiddenByte(text: string): boolean {
  return FORBIDDEN_BYTE.test(text);
}

/** A name or IPv4 address as written → its form for the wire and the one to show; or why it is none. */
export function parseNamedHost(
  text: string,
): { host: string; givenHost: string } | "bad-name" | "bad-idn" {
  const givenHost = percentDecoded(text);
  if (FORBIDDEN_IN_NAME.test(givenHost)) return "bad-name";
  if (!/[\x80-\xff]/.test(givenHost)) {
    const host = spelledOutIpv4(givenHost) ?? givenHost;
    return { host, givenHost: host };
  }
  const host = asciiName(givenHost);
  return host === null ? "bad-idn" : { host, givenHost };
}

/** What stands between the brackets → bracketed address and zone id; null: no IPv6 address. */
export function parseBracketedHost(text: string): { host: string; zoneId: string | null } | null {
  const percent = text.indexOf("%");
  const given = percent < 0 ? text : text.slice(0, percent);
  const bytes = parseIpv6(given);
  if (bytes === null) return null;
  let zoneId: string | null = null;
  if (percent >= 0) {
    const zone = text.slice(percent + 1);
    // RFC 6874 spells the separator "%25"; curl takes a bare "%" as well, so a zone that is only "25" stays.
    zoneId = zone.startsWith("25") && zone.length > 2 ? zone.slice(2) : zone;
    if (zoneId === "" || zoneId.length > MAX_ZONE_ID_BYTES) return null;
  }
  const canonical = formatIpAddress(bytes);
  return { host: `[${canonical.length < given.length ? canonical : given}]`, zoneId };
}

// inet_aton(3): one to four parts, decimal, 0octal or 0xhex; the last one fills what is left of the 32 bits.
function spelledOutIpv4(text: string): string | null {
  const parts = text.split(".");
  if (parts.length > 4) return null;
  const numbers: number[] = [];
  for (const part of parts) {
    const number = numberIn(part);
    if (number === null) return null;
    numbers.push(number);
  }
  let rest = numbers.pop() ?? 0;
  if (rest >= 256 ** (4 - numbers.length)) return null;
  for (const number of numbers) if (number > 255) return null;
  for (let left = 3 - numbers.length; left >= 0; left--) {
    numbers.push(Math.floor(rest / 256 ** left));
    rest %= 256 ** left;
  }
  return numbers.join(".");
}

function numberIn(part: string): number | null {
  if (/^0x[0-9A-Fa-f]+$/.test(part)) return Number.parseInt(part.slice(2), 16);
  if (/^0[0-7]*$/.test(part)) return Number.parseInt(part, 8);
  return /^[1-9][0-9]*$/.test(part) ? Number(part) : null;
}

function asciiName(bytes: string): string | null {
  const name = textOf(bytes);
  if (name.includes("\ufffd")) return null;
  try {
    const host = new URL(`http://${name}`).hostname;
    const labels = host.split(".");
    const fits = host !== "" && labels.every((label) => label.length <= MAX_LABEL_BYTES);
    return fits && !FORBIDDEN_IN_NAME.test(host) ? host : null;
  } catch {
    return null;
  }
}
