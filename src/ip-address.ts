// Text of IP addresses ⇄ their bytes, in network order.
//
// Here: dotted quads and IPv6 (RFC 4291 §2.2), strictly, as inet_pton(3) reads and inet_ntop(3) writes them. Not here:
// zones (net/literal, url-host), curl's short forms of IPv4 (url-host) and the kernel's structs (ffi/sockaddr).

const OCTET = /^(?:0|[1-9][0-9]?|1[0-9][0-9]|2[0-4][0-9]|25[0-5])$/;
const GROUP = /^[0-9a-fA-F]{1,4}$/;

/** Whether text is an IPv4 address, or an IPv6 address without brackets and zone. */
export function isIpAddress(text: string): boolean {
  return parseIpv4(text) !== null || parseIpv6(text) !== null;
}

/** Four bytes of a dotted quad; null for anything else. */
export function parseIpv4(text: string): Uint8Array | null {
  const parts = text.split(".");
  if (parts.length !== 4) return null;
  const bytes = new Uint8Array(4);
  for (let i = 0; i < 4; i++) {
    const part = parts[i] ?? "";
    if (!OCTET.test(part)) return null;
    bytes[i] = Number(part);
  }
  return bytes;
}

/** Sixteen bytes of an IPv6 address without zone; null for anything else. */
export function parseIpv6(text: string): Uint8Array | null {
  const halves = text.split("::");
  if (halves.length > 2) return null;
  const head = groupsOf(halves[0] ?? "", halves.length === 1);
  const tail = halves.length === 2 ? groupsOf(halves[1] ?? "", true) : [];
  if (!head || !tail) return null;
  const missing = 16 - head.length - tail.length;
  if (halves.length === 2 ? missing < 2 : missing !== 0) return null;
  const bytes = new Uint8Array(16);
  bytes.set(head);
  bytes.set(tail, 16 - tail.length);
  return bytes;
}

/** Bytes of colon-separated groups; the last may be a dotted quad where the address ends there. */
function groupsOf(text: string, endsAddress: boolean): number[] | null {
  if (text === "") return [];
  const bytes: number[] = [];
  const groups = text.split(":");
  for (const [i, group] of groups.entries()) {
    const quad = endsAddress && i === groups.length - 1 ? parseIpv4(group) : null;
    if (quad) bytes.push(...quad);
    else if (GROUP.test(group)) {
      const value = Number.parseInt(group, 16);
      bytes.push(value >> 8, value & 255);
    } else return null;
  }
  return bytes;
}

/**
 * Four bytes as a dotted quad; sixteen as RFC 5952 has it: lower case, the first of the longest runs of two and more
 * zero groups folded, and a dotted end for IPv4-mapped and (as inet_ntop writes them) IPv4-compatible addresses.
 */
export function formatIpAddress(bytes: Uint8Array): string {
  if (bytes.length === 4) return bytes.join(".");
  const groups: number[] = [];
  for (let i = 0; i < 16; i += 2) groups.push(((bytes[i] ?? 0) << 8) | (bytes[i + 1] ?? 0));
  let start = -1;
  let length = 1;
  for (let i = 0; i < 8; i++) {
    let end = i;
    while (end < 8 && groups[end] === 0) end++;
    if (end - i > length) [start, length] = [i, end - i];
    i = end;
  }
  const isMapped = start === 0 && length === 5 && groups[5] === 0xffff;
  const isCompatible = start === 0 && length === 6;
  if (isMapped || isCompatible) return `::${isMapped ? "ffff:" : ""}${bytes.slice(12).join(".")}`;
  const hex = groups.map((group) => group.toString(16));
  if (start < 0) return hex.join(":");
  return `${hex.slice(0, start).join(":")}::${hex.slice(start + length).join(":")}`;
}
