// Looks at one connection again and again, run as a script in a namespace:
//
//   bun tests/mptcp/subflow-looks.ts ADDRESS PORT SIZE
//
// Connects with MPTCP to a server.ts (ADDRESS is numeric; "::ffff:10.9.1.2" makes an IPv6 socket for IPv4), asks for
// /SIZE, reads whatever comes, and prints one Look as a JSON line every 20 ms until it is killed. The connection is
// of ffi alone, so that nobody else reads from it. Assertions: full-info.test.ts.
import { readSome, writeSome } from "../../ffi/io.ts";
import {
  FullInfoRoom,
  isMptcp,
  readByOlderOptions,
  readFullInfo,
  readTcpInfo,
} from "../../ffi/mptcp.ts";
import { mptcpCountersOf, readNetstat } from "../../ffi/proc.ts";
import type { SocketAddress } from "../../ffi/sockaddr.ts";
import { hasUnread, localAddress, openSocket, startConnect } from "../../ffi/socket.ts";
import type { FullInfo, MptcpInfo } from "../../ffi/structs.ts";
import type { TcpInfo } from "../../ffi/tcp-info.ts";
import { bytesOf } from "../../src/bytes.ts";
import { formatIpAddress, parseIpv4, parseIpv6 } from "../../src/ip-address.ts";

export interface LookedSubflow {
  readonly id: number;
  /** "10.9.1.1:40000 > 10.9.1.2:8080"; null where it has no addresses. */
  readonly between: string | null;
  readonly tcp: TcpInfo;
}

export interface LookedConnection {
  readonly info: MptcpInfo;
  readonly subflows: readonly LookedSubflow[];
}

export interface Look {
  readonly mptcp: boolean | null;
  /** Of the socket, by getsockname(2). */
  readonly local: string;
  /** By readFullInfo, by the older options, and with room for one subflow at first. */
  readonly full: LookedConnection | null;
  readonly older: LookedConnection | null;
  readonly grown: LookedConnection | null;
  readonly tcp: TcpInfo;
  /** MPTCP SYNs that this namespace has sent, by the kernel's counters. */
  readonly mptcpSyns: number | undefined;
  /** Read from the stream so far. */
  readonly receivedBytes: number;
  /** More is there to read, though all was read a moment ago. */
  readonly unread: boolean;
}

const LOOK_EVERY_MS = 20;

function inWords(address: SocketAddress): string {
  if (address.family === "unix") return address.path;
  const text = formatIpAddress(address.ip);
  return address.family === "ipv4" ? `${text}:${address.port}` : `[${text}]:${address.port}`;
}

function connectionInWords(looked: FullInfo | null): LookedConnection | null {
  if (looked === null) return null;
  const subflows = looked.subflows.map(({ id, local, remote, tcp }) => {
    const between = local && remote ? `${inWords(local)} > ${inWords(remote)}` : null;
    return { id, between, tcp };
  });
  return { info: looked.info, subflows };
}

/** A connected MPTCP socket, the request sent. */
export async function request(text: string, port: number, sizeBytes: number): Promise<number> {
  const ipv4 = parseIpv4(text);
  const ipv6 = parseIpv6(text);
  const address: SocketAddress | null = ipv4
    ? { family: "ipv4", ip: ipv4, port }
    : ipv6 && { family: "ipv6", ip: ipv6, port, scopeId: 0 };
  if (address === null) throw new Error(`${text} is not a numeric address`);
  const fd = openSocket(address.family, "mptcp");
  startConnect(fd, address);
  const head = bytesOf(`GET /${sizeBytes} HTTP/1.1\r\nHost: server\r\n\r\n`);
  while (readTcpInfo(fd).state !== 1) await Bun.sleep(1);
  if (writeSome(fd, head, 0) !== head.length) throw new Error("the request was not taken whole");
  return fd;
}

const buffer = new Uint8Array(1 << 20);

/** Reads all that is there. @returns how many bytes */
export function drain(fd: number): number {
  let total = 0;
  while (hasUnread(fd)) {
    const count = readSome(fd, buffer);
    total += count;
    if (count === 0) break;
  }
  return total;
}

async function look(): Promise<void> {
  const [address = "", port, sizeBytes] = process.argv.slice(2);
  const fd = await request(address, Number(port), Number(sizeBytes));
  let receivedBytes = 0;
  for (;;) {
    await Bun.sleep(LOOK_EVERY_MS);
    receivedBytes += drain(fd);
    const full = connectionInWords(readFullInfo(fd));
    const line: Look = {
      mptcp: isMptcp(fd),
      local: inWords(localAddress(fd)),
      full,
      older: connectionInWords(readByOlderOptions(fd)),
      grown: connectionInWords(new FullInfoRoom(1).read(fd)),
      tcp: readTcpInfo(fd),
      mptcpSyns: mptcpCountersOf(readNetstat() ?? "").get("MPCapableSYNTX"),
      receivedBytes,
      unread: hasUnread(fd),
    };
    process.stdout.write(`${JSON.stringify(line)}\n`);
  }
}

if (import.meta.main) await look();
