// Which interface has an address now, and whether it runs.
//
// Read from the kernel when first asked, and again after forget(): a path's name for people, and evidence why it
// ended. Not here: routes (check/) and endpoints (endpoints.ts).

import { SyscallError } from "#ffi/errno.ts";
import { listAddresses, listLinks } from "#ffi/netlink/rtnetlink.ts";
import { formatIpAddress } from "../../ip-address.ts";

interface Snapshot {
  /** Interface by numeric address. */
  readonly names: ReadonlyMap<string, string>;
  /** Up and with a carrier, by name. */
  readonly running: ReadonlyMap<string, boolean>;
}

export class Interfaces {
  /** undefined: not asked yet; null: a policy forbids netlink. */
  #snapshot: Snapshot | null | undefined;

  /** What is known may be old. */
  forget(): void {
    this.#snapshot = undefined;
  }

  /** null: no interface has the address, or the kernel does not tell. @param address numeric */
  nameOf(address: string): string | null {
    return this.#read()?.names.get(address) ?? null;
  }

  /** null: the kernel does not tell. */
  hasAddress(address: string): boolean | null {
    return this.#read()?.names.has(address) ?? null;
  }

  /** Whether it is up and has a carrier; false where there is none of that name; null: the kernel does not tell. */
  runs(name: string): boolean | null {
    const snapshot = this.#read();
    return snapshot && (snapshot.running.get(name) ?? false);
  }

  #read(): Snapshot | null {
    if (this.#snapshot === undefined) this.#snapshot = readSnapshot();
    return this.#snapshot;
  }
}

function readSnapshot(): Snapshot | null {
  try {
    const links = listLinks();
    const nameByIndex = new Map(links.map(({ index, name }) => [index, name]));
    const names = new Map<string, string>();
    for (const { interfaceIndex, ip } of listAddresses()) {
      const name = nameByIndex.get(interfaceIndex);
      if (name !== undefined) names.set(formatIpAddress(ip), name);
    }
    const running = new Map(links.map(({ name, isUp, isRunning }) => [name, isUp && isRunning]));
    return { names, running };
  } catch (error) {
    if (error instanceof SyscallError) return null;
    throw error;
  }
}
