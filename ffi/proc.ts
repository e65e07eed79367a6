// The kernel's facts as files: counters and settings of this network namespace. All of them may be read by everyone.
//
// /proc/thread-self/net is the network namespace of the thread that asks, which is also where its sockets are opened;
// /proc/net and /proc/self/net are the process's first thread's, and a /proc mounted with subset=pid (a hardened
// service) has no /proc/net at all (proc(5), Linux 3.17). /proc/sys/net is always the asking thread's. Not here: what
// the counters mean (src/net/mptcp/verdict.ts). A file is read whole: one read gives at most what its buffer holds.

import { SyscallError } from "./errno.ts";
import { closeFile, openForReading, readSome } from "./io.ts";

/** The raw text of /proc/net/netstat; null where it cannot be read. About 75 µs, most of it the kernel's summing. */
export function readNetstat(): string | null {
  return readText("/proc/thread-self/net/netstat");
}

/** The raw text of /proc/net/snmp, where TCP's own counters are; null where it cannot be read. */
export function readSnmp(): string | null {
  return readText("/proc/thread-self/net/snmp");
}

/** The MPTcpExt counters of readNetstat()'s text, by name; none where the kernel has none. Pure. */
export function mptcpCountersOf(netstat: string): Map<string, number> {
  return countersOf(netstat, "MPTcpExt:");
}

/** The Tcp counters of readSnmp()'s text, by name. Pure. */
export function tcpCountersOf(snmp: string): Map<string, number> {
  return countersOf(snmp, "Tcp:");
}

function countersOf(text: string, group: string): Map<string, number> {
  const counters = new Map<string, number>();
  // Two lines: "MPTcpExt: name name …", then "MPTcpExt: value value …" in the same order.
  const [names, values] = text
    .split("\n")
    .filter((line) => line.startsWith(group))
    .map((line) => line.trim().split(/\s+/).slice(1));
  if (names === undefined || values === undefined) return counters;
  for (const [i, name] of names.entries()) {
    const value = Number(values[i]);
    if (Number.isFinite(value)) counters.set(name, value);
  }
  return counters;
}

/**
 * A setting's text without the line's end, e.g. readSysctl("net.mptcp.enabled") → "1"; null where there is none or it
 * cannot be read. As in sysctl(8), a name with slashes keeps its dots: "net/ipv4/conf/eth0.5/rp_filter".
 */
export function readSysctl(name: string): string | null {
  const path = name.includes("/") ? name : name.replaceAll(".", "/");
  return readText(`/proc/sys/${path}`)?.trimEnd() ?? null;
}

/** Larger than every file of these on Linux 6.18 (netstat: 6 KiB); files of /proc do not tell their size. */
const CHUNK = 16384;

/** A small file as byte string; null where it cannot be read. */
function readText(path: string): string | null {
  let fd = -1;
  try {
    fd = openForReading(path);
    const buffer = Buffer.allocUnsafe(CHUNK);
    let text = "";
    for (;;) {
      const count = readSome(fd, buffer);
      if (count === 0) return text;
      text += buffer.toString("latin1", 0, count);
    }
  } catch (error) {
    if (!(error instanceof SyscallError)) throw error;
    return null;
  } finally {
    if (fd >= 0) closeFile(fd);
  }
}
