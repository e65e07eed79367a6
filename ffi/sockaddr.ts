// Socket addresses as the kernel wants them: SocketAddress ⇄ struct sockaddr_in, _in6, _un. Pure.
//
// Text of addresses is parsed here as well, because only the kernel's own forms are meant: dotted quad and RFC 4291
// with an optional zone (RFC 4007 §11). The short forms that curl takes (127.1) are the business of src/url.ts.

import { AF_INET, AF_INET6, AF_UNIX } from "./constants.ts";

export type SocketAddress =
  | { readonly family: "ipv4"; readonly address: string; readonly port: number }
  | {
      readonly family: "ipv6";
      readonly address: string;
      readonly port: number;
      readonly scopeId: number;
    }
  /** A path as byte string; one that begins with NUL is in the abstract namespace (unix(7)). */
  | { readonly family: "unix"; readonly path: string };

/** sizeof(struct sockaddr_un.sun_path), linux/un.h; a path needs room for its NUL. */
const UNIX_PATH_MAX = 108;

/** The kernel's constant for a family. */
export function domainOf(family: SocketAddress["family"]): number {
  return family === "ipv4" ? AF_INET : family === "ipv6" ? AF_INET6 : AF_UNIX;
}

/** @throws RangeError for an address that is none, or a path that does not fit into sun_path */
export function encodeSocketAddress(address: SocketAddress): Uint8Array {
  if (address.family === "unix") return encodeUnix(address.path);
  const v4 = address.family === "ipv4";
  const bytes = new Uint8Array(v4 ? 16 : 28);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, v4 ? AF_INET : AF_INET6, true);
  view.setUint16(2, address.port);
  const ip = v4 ? parseIpv4(address.address) : parseIpv6(address.address);
  if (!ip) throw new RangeError(`not an ${address.family} address: ${address.address}`);
  bytes.set(ip, v4 ? 4 : 8);
  if (!v4) view.setUint32(24, address.scopeId, true);
  return bytes;
}

function encodeUnix(path: string): Uint8Array {
  const abstract = path.startsWith("\0");
  const most = UNIX_PATH_MAX - (abstract ? 0 : 1);
  if (path.length > most) {
    throw new RangeError(
      `a Unix socket's path has at most ${most} bytes, this one has ${path.length}`,
    );
  }
  // An abstract name ends with the length given, a path with its NUL (unix(7)).
  const bytes = new Uint8Array(2 + path.length + (abstract ? 0 : 1));
  new DataView(bytes.buffer).setUint16(0, AF_UNIX, true);
  for (let i = 0; i < path.length; i++) bytes[2 + i] = path.charCodeAt(i);
  return bytes;
}

/** @param length the length that the kernel returned; a Unix socket without a name has 2 */
export function decodeSocketAddress(bytes: Uint8Array, length: number): SocketAddress {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const domain = view.getUint16(0, true);
  if (domain === AF_INET) {
    return { family: "ipv4", address: bytes.subarray(4, 8).join("."), port: view.getUint16(2) };
  }
  if (domain === AF_INET6) {
    return {
      family: "ipv6",
      address: formatIpv6(bytes.subarray(8, 24)),
      port: view.getUint16(2),
      scopeId: view.getUint32(24, true),
    };
  }
  const name = bytes.subarray(2, length);
  const end = name[0] === 0 ? name.length : name.indexOf(0) < 0 ? name.length : name.indexOf(0);
  return { family: "unix", path: String.fromCharCode(...name.subarray(0, end)) };
}

const OCTET = /^(?:0|[1-9][0-9]?|1[0-9][0-9]|2[0-4][0-9]|25[0-5])$/;

/** Four bytes of a dotted quad; null for anything else. */
export function parseIpv4(text: string): Uint8Array | null {
  const parts = text.split(".");
  return parts.length === 4 && parts.every((p) => OCTET.test(p))
    ? Uint8Array.from(parts, Number)
    : null;
}

/** Sixteen bytes of an RFC 4291 §2.2 address without zone; null for anything else. */
export function parseIpv6(text: string): Uint8Array | null {
  const halves = text.split("::");
  if (halves.length > 2) return null;
  const head = groupsOf(halves[0] ?? "", halves.length === 1);
  const tail = halves.length === 2 ? groupsOf(halves[1] ?? "", true) : [];
  if (!head || !tail) return null;
  const missing = 16 - head.length - tail.length;
  if (halves.length === 2 ? missing < 2 : missing !== 0) return null;
  return Uint8Array.from([...head, ...new Array<number>(missing).fill(0), ...tail]);
}

/** Bytes of colon-separated groups; the last may be a dotted quad where the address ends there. */
function groupsOf(text: string, endsAddress: boolean): number[] | null {
  if (text === "") return [];
  const bytes: number[] = [];
  const groups = text.split(":");
  for (const [i, group] of groups.entries()) {
    const quad = endsAddress && i === groups.length - 1 ? parseIpv4(group) : null;
    if (quad) bytes.push(...quad);
    else if (/^[0-9a-fA-F]{1,4}$/.test(group)) {
      const value = Number.parseInt(group, 16);
      bytes.push(value >> 8, value & 255);
    } else return null;
  }
  return bytes;
}

/** RFC 5952 text: lower case, the longest run of two and more zero groups folded, IPv4-mapped with a dotted quad. */
export function formatIpv6(bytes: Uint8Array): string {
  const groups: number[] = [];
  for (let i = 0; i < 16; i += 2) groups.push(((bytes[i] ?? 0) << 8) | (bytes[i + 1] ?? 0));
  const mapped = groups.slice(0, 5).every((g) => g === 0) && groups[5] === 0xffff;
  if (mapped) return `::ffff:${bytes.subarray(12, 16).join(".")}`;
  let start = -1;
  let length = 1;
  for (let i = 0; i < 8; i++) {
    let end = i;
    while (end < 8 && groups[end] === 0) end++;
    if (end - i > length) [start, length] = [i, end - i];
    i = Math.max(i, end - 1);
  }
  const hex = (part: number[]): string => part.map((g) => g.toString(16)).join(":");
  return start < 0
    ? hex(groups)
    : `${hex(groups.slice(0, start))}::${hex(groups.slice(start + length))}`;
}
