import { describe, expect, test } from "bun:test";
import { mptcpCountersOf, readNetstat, readSysctl } from "../../../ffi/proc.ts";
import { needs } from "../../support/requirement.ts";

/** Cut from a real one: groups are pairs of lines, and names differ from kernel to kernel. */
const NETSTAT = [
  "TcpExt: SyncookiesSent SyncookiesRecv",
  "TcpExt: 1 2",
  "IpExt: InNoRoutes InOctets",
  "IpExt: 0 123456789012345",
  "MPTcpExt: MPCapableSYNRX MPCapableSYNTX Blackhole MPTCPRetrans",
  "MPTcpExt: 0 3 1 5000000000",
  "",
].join("\n");

describe("mptcpCountersOf", () => {
  test("takes MPTCP's counters by name, and no others", () => {
    expect(Object.fromEntries(mptcpCountersOf(NETSTAT))).toEqual({
      MPCapableSYNRX: 0,
      MPCapableSYNTX: 3,
      Blackhole: 1,
      MPTCPRetrans: 5_000_000_000,
    });
  });

  test("of a kernel without MPTCP, of half a file, of nothing, is empty", () => {
    const lines = NETSTAT.split("\n");
    for (const text of [lines.slice(0, 4).join("\n"), lines.slice(0, 5).join("\n"), ""])
      expect(mptcpCountersOf(text).size).toBe(0);
  });

  test("leaves out names that have no number", () => {
    const text = "MPTcpExt: One Two Three\nMPTcpExt: 1 x\n";
    expect(Object.fromEntries(mptcpCountersOf(text))).toEqual({ One: 1 });
  });
});

describe("readNetstat", () => {
  needs("mptcp")("reads the file to its end, where MPTCP's counters stand", () => {
    const text = readNetstat() ?? "";
    expect(text).toEndWith("\n");
    const counters = mptcpCountersOf(text);
    expect(counters.has("MPCapableSYNTX")).toBe(true);
    // The last name of the line that is last.
    const names = text.trimEnd().split("\n").at(-2)?.split(" ") ?? [];
    expect(counters.has(names.at(-1) ?? "")).toBe(names[0] === "MPTcpExt:");
  });
});

describe("readSysctl", () => {
  test("reads a setting without the line's end", () => {
    expect(readSysctl("kernel.ostype")).toBe("Linux");
    expect(readSysctl("kernel/ostype")).toBe("Linux");
  });

  test("keeps the dots of a name with slashes", () => {
    expect(readSysctl("net/ipv4.conf/all/rp_filter")).toBeNull();
    expect(readSysctl("net/ipv4/conf/lo/rp_filter")).toMatch(/^[012]$/);
  });

  test("of what is not there, or is no file, is null", () => {
    for (const name of ["net.nothing.here", "net.ipv4", "", "net.mptcp\0.enabled"])
      expect(readSysctl(name)).toBeNull();
  });
});
