// What the tests of this folder share: the guard for machines without namespaces, and one transfer by the program
// under test inside a network of tests/support/mptcp/paths.ts. Assertions are on counters of the kernel, bytes of devices,
// files and exit codes, never on time.
import { test } from "bun:test";
import { join } from "node:path";
import type { Counters } from "../support/mptcp/counters.ts";
import { hashOfFile } from "../support/mptcp/generated-file.ts";
import { whyNoNamespaces } from "../support/mptcp/netns.ts";
import type { Network } from "../support/mptcp/paths.ts";
import { programPath } from "../support/program-path.ts";
import { type Need, needs, unmet } from "../support/requirement.ts";
import { tempDir } from "../support/temp-dir.ts";

const noNamespaces = whyNoNamespaces();

/** test() for what happens in namespaces; more needs come first, the way that needs() takes them. */
export function inNamespaces(...more: readonly Need[]) {
  const list: Need[] = ["ip", "ss", "mptcp", "program", ...more];
  return (name: string, body: () => Promise<void>): void => {
    if (noNamespaces === null || unmet(...list) !== null) needs(...list)(name, body, 60_000);
    else if (process.env.MPCURL_EXPECT_ALL === "1") {
      test(name, () => {
        throw new Error(noNamespaces);
      });
    } else test.skip(`${name} [${noNamespaces}]`, () => {});
  };
}

export interface Fetched {
  readonly exitCode: number;
  readonly stderr: string;
  /** SHA-256 of what was written; null when there is no file. */
  readonly hash: string | null;
  /** The client's counters after the transfer; a fresh namespace starts at 0. */
  readonly counters: Counters;
}

/** Runs the program in "client" with `-sSv -o FILE` and `argv`. */
export async function fetchIn({ topology }: Network, argv: readonly string[]): Promise<Fetched> {
  const directory = tempDir("mptcp");
  const file = join(directory, "file");
  const words = [programPath(), "-sSv", "-o", file, ...argv];
  const { exitCode, stderr } = await topology.run("client", words, { cwd: directory });
  const hash = (await Bun.file(file).exists()) ? await hashOfFile(file) : null;
  return { exitCode, stderr, hash, counters: await topology.counters("client") };
}

export interface Wait<T> {
  readonly read: () => Promise<T>;
  readonly holds: (value: T) => boolean;
  /** What must still be going on meanwhile. */
  readonly during: Promise<unknown>;
}

/** Polls until what is read `holds`: for "the transfer has come this far". @throws Error when `during` ends first */
export async function until<T>({ read, holds, during }: Wait<T>): Promise<T> {
  let over = false;
  const end = () => {
    over = true;
  };
  during.then(end, end);
  for (;;) {
    const value = await read();
    if (holds(value)) return value;
    if (over) throw new Error(`it ended too early, at ${JSON.stringify(value)}`);
    await Bun.sleep(5);
  }
}

/** A self-signed certificate for an address, as PEM files. */
export async function certificateFor(
  address: string,
): Promise<{ certificate: string; key: string }> {
  const directory = tempDir("tls");
  const [certificate, key] = [join(directory, "cert.pem"), join(directory, "key.pem")];
  const words = `req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=test`;
  const names = ["-addext", `subjectAltName=IP:${address}`, "-keyout", key, "-out", certificate];
  await Bun.$`openssl ${words.split(" ")} ${names}`.quiet();
  return { certificate, key };
}
