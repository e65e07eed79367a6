// Socket addresses as the kernel wants them: SocketAddress ⇄ struct sockaddr_in, _in6, _un. Pure.
//
// IP addresses are bytes in network order, as the kernel has them; their text is the business of src/ip-address.ts.

import { AF_INET, AF_INET6, AF_UNIX } from "./constants.ts";

export type SocketAddress =
  /** `ip` has 4 bytes. */
  | { readonly family: "ipv4"; readonly ip: Uint8Array; readonly port: number }
  /** `ip` has 16 bytes. */
  | {
      readonly family: "ipv6";
      readonly ip: Uint8Array;
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

/** @throws RangeError for an IP address of another length, or a path that does not fit into sun_path */
export function encodeSocketAddress(address: SocketAddress): Uint8Array {
  if (address.family === "unix") return encodeUnix(address.path);
  const { family, ip, port } = address;
  const isIpv4 = family === "ipv4";
  if (ip.length !== (isIpv4 ? 4 : 16))
    throw new RangeError(`no ${family} address has ${ip.length} bytes`);
  const bytes = new Uint8Array(isIpv4 ? 16 : 28);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, domainOf(family), true);
  view.setUint16(2, port);
  bytes.set(ip, isIpv4 ? 4 : 8);
  if (!isIpv4) view.setUint32(24, address.scopeId, true);
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
    return { family: "ipv4", ip: bytes.slice(4, 8), port: view.getUint16(2) };
  }
  if (domain === AF_INET6) {
    return {
      family: "ipv6",
      ip: bytes.slice(8, 24),
      port: view.getUint16(2),
      scopeId: view.getUint32(24, true),
    };
  }
  const name = bytes.subarray(2, length);
  const end = name[0] === 0 ? name.length : name.indexOf(0) < 0 ? name.length : name.indexOf(0);
  return { family: "unix", path: String.fromCharCode(...name.subarray(0, end)) };
}
