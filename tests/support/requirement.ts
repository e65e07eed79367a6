// What a test needs of the machine. A need that is not met skips the test and prints the reason
// once; under MPCURL_EXPECT_ALL=1 (CI) it is a failure that names the reason instead.

import { describe, test } from "bun:test";
import { existsSync } from "node:fs";
import { curlPath, packedCliPath, programPath } from "./program-path.ts";
import { hasIpv6, kernelHasMptcp } from "./servers/loopback.ts";
import { installVerdaccio } from "./verdaccio/registry.ts";

function inPath(name: string): string | null {
  return Bun.which(name, { PATH: `${process.env.PATH ?? ""}:/usr/sbin:/sbin` });
}

function executable(name: string): () => string | null {
  return () => (inPath(name) === null ? `${name} is not installed` : null);
}

function curlWithMptcp(): string | null {
  const path = curlPath();
  if (!existsSync(path)) return `${path} is not installed`;
  const help = Bun.spawnSync([path, "--help", "all"], { env: {} });
  return help.stdout.toString().includes("--mptcp") ? null : `${path} has no --mptcp`;
}

/** Each need, and the test for it: null when met, else the reason. */
const NEEDS = {
  root: () => (process.getuid?.() === 0 ? null : "not root"),
  mptcp: () => (kernelHasMptcp() ? null : "the kernel opens no MPTCP sockets"),
  ipv6: () => (hasIpv6() ? null : "::1 cannot be bound"),
  nginx: executable("nginx"),
  apache2: executable("apache2"),
  mptcpize: executable("mptcpize"),
  openssl: executable("openssl"),
  nft: executable("nft"),
  ip: executable("ip"),
  ss: executable("ss"),
  "curl --mptcp": curlWithMptcp,
  program: () => (existsSync(programPath()) ? null : `${programPath()} is not built`),
  "packed CLI": () => (existsSync(packedCliPath()) ? null : `${packedCliPath()} is not built`),
  verdaccio: installVerdaccio,
  "/dev/full": () => (existsSync("/dev/full") ? null : "there is no /dev/full"),
} as const;

export type Need = keyof typeof NEEDS;

const known = new Map<Need, string | null>();
const printed = new Set<string>();

/** The first unmet need as a sentence, or null when all are met. */
export function unmet(...needs: readonly Need[]): string | null {
  for (const need of needs) {
    let reason = known.get(need);
    if (reason === undefined) {
      reason = NEEDS[need]();
      known.set(need, reason);
    }
    if (reason !== null) return `needs ${need}: ${reason}`;
  }
  return null;
}

type Body = () => void | Promise<void>;

function refuse(name: string, reason: string): void {
  if (process.env.MPCURL_EXPECT_ALL === "1") {
    test(name, () => {
      throw new Error(`MPCURL_EXPECT_ALL=1, and the test ${reason}`);
    });
    return;
  }
  if (!printed.has(reason)) {
    printed.add(reason);
    process.stderr.write(`skipped: ${name} and others: ${reason}\n`);
  }
  test.skip(`${name} [${reason}]`, () => {});
}

/** test() for what needs something of the machine: `needs("nginx")("name", body)`. */
export function needs(...list: readonly Need[]) {
  return (name: string, body: Body, timeoutMs = 20_000): void => {
    const reason = unmet(...list);
    if (reason === null) test(name, body, timeoutMs);
    else refuse(name, reason);
  };
}

/** describe() whose set-up itself needs something; when unmet nothing inside is evaluated. */
export function describeWith(list: readonly Need[], name: string, body: () => void): void {
  const reason = unmet(...list);
  if (reason === null) describe(name, body);
  else refuse(name, reason);
}
