// The host part of a URL: registered names, IPv4 in every spelling that inet_aton(3) takes, IPv6 literals.
//
// Here: checking and normalising, by curl's rules, on byte strings. Not here: ports, userinfo (url.ts) and name
// look-up. Numeric short forms are spelled out ("127.1" → "127.0.0.1") because what goes into the Host field must be
// what is connected to. Internationalised names go through the engine's own UTS 46 (new URL), reached only for
// names with bytes ≥ 0x80.

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
  const givenHost = text.replaceAll(/%([0-9A-Fa-f]{2})/g, (_, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  );
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
  const words = ipv6Words(given);
  if (words === null) return null;
  let zoneId: string | null = null;
  if (percent >= 0) {
    const zone = text.slice(percent + 1);
    // RFC 6874 spells the separator "%25"; curl takes a bare "%" as well, so a zone that is only "25" stays.
    zoneId = zone.startsWith("25") && zone.length > 2 ? zone.slice(2) : zone;
    if (zoneId === "" || zoneId.length > MAX_ZONE_ID_BYTES) return null;
  }
  const canonical = formatIpv6(words);
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
  const last = numbers.pop() ?? 0;
  if (numbers.some((n) => n > 255) || last >= 256 ** (4 - numbers.length)) return null;
  const address = numbers.reduce((sum, n, i) => sum + n * 256 ** (3 - i), last);
  return [24, 16, 8, 0].map((shift) => Math.floor(address / 2 ** shift) % 256).join(".");
}

function numberIn(part: string): number | null {
  if (/^0x[0-9A-Fa-f]+$/.test(part)) return Number.parseInt(part.slice(2), 16);
  if (/^0[0-7]*$/.test(part)) return Number.parseInt(part, 8);
  return /^[1-9][0-9]*$/.test(part) ? Number(part) : null;
}

function asciiName(bytes: string): string | null {
  const name = Buffer.from(bytes, "latin1").toString("utf8");
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

// RFC 4291 §2.2 → eight 16-bit words.
function ipv6Words(text: string): number[] | null {
  const halves = text.split("::");
  if (halves.length > 2) return null;
  const head = groups(halves[0] ?? "", halves.length === 1);
  const tail = halves.length === 2 ? groups(halves[1] ?? "", true) : [];
  if (head === null || tail === null) return null;
  const missing = 8 - head.length - tail.length;
  if (halves.length === 1 ? missing !== 0 : missing < 1) return null;
  return [...head, ...Array<number>(missing).fill(0), ...tail];
}

function groups(text: string, mayEndInIpv4: boolean): number[] | null {
  if (text === "") return [];
  const words: number[] = [];
  const parts = text.split(":");
  for (const [i, part] of parts.entries()) {
    if (part.includes(".")) {
      if (!mayEndInIpv4 || i !== parts.length - 1) return null;
      const bytes = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(part)?.slice(1).map(Number);
      if (!bytes || bytes.some((b) => b > 255)) return null;
      const [a = 0, b = 0, c = 0, d = 0] = bytes;
      words.push(a * 256 + b, c * 256 + d);
    } else {
      if (!/^[0-9A-Fa-f]{1,4}$/.test(part)) return null;
      words.push(Number.parseInt(part, 16));
    }
  }
  return words;
}

// As inet_ntop(3) writes it: the longest run of two or more zero words becomes "::", the first one of equals.
function formatIpv6(words: readonly number[]): string {
  let start = -1;
  let length = 1;
  for (let i = 0; i < 8; i++) {
    let end = i;
    while (end < 8 && words[end] === 0) end++;
    if (end - i > length) [start, length] = [i, end - i];
    i = end;
  }
  const hex = words.map((word) => word.toString(16));
  // IPv4-compatible and IPv4-mapped addresses keep their dotted end.
  const dotted = start === 0 && (length === 6 || (length === 5 && words[5] === 0xffff));
  if (dotted) {
    const [high = 0, low = 0] = words.slice(6);
    const ipv4 = [high >> 8, high & 255, low >> 8, low & 255].join(".");
    return length === 6 ? `::${ipv4}` : `::ffff:${ipv4}`;
  }
  if (start < 0) return hex.join(":");
  return `${hex.slice(0, start).join(":")}::${hex.slice(start + length).join(":")}`;
}
