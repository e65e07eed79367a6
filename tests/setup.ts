// Runs before the tests (`bun run pretest`): sees that the machine has what they need and that the
// program is built. As root on Debian or Ubuntu it installs what is missing, without starting any
// service; elsewhere it says what is missing, and the tests that need it skip with that reason.
// When nothing is to be done it takes a few milliseconds.

import {
  chmodSync,
  existsSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { curlPath, ROOT } from "./support/program-path.ts";

const SEARCH = `${process.env.PATH ?? ""}:/usr/sbin:/sbin`;
const POLICY = "/usr/sbin/policy-rc.d";
const OUR_SOURCE = "/etc/apt/sources.list.d/mpcurl-backports.list";

/** An executable that the tests use, and Debian's package that holds it. */
const EXECUTABLES: readonly (readonly [executable: string, packageName: string])[] = [
  ["nginx", "nginx-light"],
  ["apache2", "apache2"],
  ["mptcpize", "mptcpize"],
  ["openssl", "openssl"],
  ["nft", "nftables"],
  ["ip", "iproute2"],
  ["tc", "iproute2"],
  ["sysctl", "procps"],
];

function missingPackages(): string[] {
  const names = EXECUTABLES.filter(([name]) => Bun.which(name, { PATH: SEARCH }) === null);
  return [...new Set(names.map(([, packageName]) => packageName))];
}

function curlHasMptcp(): boolean {
  if (!existsSync(curlPath())) return false;
  const help = Bun.spawnSync([curlPath(), "--help", "all"], { env: {} });
  return help.stdout.toString().includes("--mptcp");
}

function osRelease(): Map<string, string> {
  const fields = new Map<string, string>();
  if (!existsSync("/etc/os-release")) return fields;
  for (const line of readFileSync("/etc/os-release", "utf8").split("\n")) {
    const match = /^(\w+)="?([^"]*)"?$/.exec(line);
    if (match) fields.set(match[1] ?? "", match[2] ?? "");
  }
  return fields;
}

function apt(...argv: readonly string[]): boolean {
  const result = Bun.spawnSync(["apt-get", "-qq", "-o", "Dpkg::Use-Pty=0", ...argv], {
    // RUNLEVEL=1 tells invoke-rc.d that no service is to be started.
    env: { ...process.env, DEBIAN_FRONTEND: "noninteractive", RUNLEVEL: "1" },
    stdout: "ignore",
    stderr: "inherit",
  });
  return result.exitCode === 0;
}

/** Runs the body with a policy that forbids package scripts to start services. */
function withoutServices(body: () => boolean): boolean {
  if (existsSync(POLICY)) return body();
  writeFileSync(POLICY, "#!/bin/sh\nexit 101\n");
  chmodSync(POLICY, 0o755);
  try {
    return body();
  } finally {
    rmSync(POLICY);
  }
}

/** The address that this machine takes the packages of its own release from. */
function archiveAddress(codename: string): string | null {
  const folder = "/etc/apt/sources.list.d";
  const files = ["/etc/apt/sources.list"];
  if (existsSync(folder)) files.push(...readdirSync(folder).map((name) => join(folder, name)));
  for (const file of files.filter(existsSync)) {
    const text = readFileSync(file, "utf8");
    if (file.endsWith(".sources")) {
      for (const stanza of text.split(/\n\s*\n/)) {
        const suites = /^Suites:(.*)$/m.exec(stanza)?.[1]?.trim().split(/\s+/) ?? [];
        const address = /^URIs:\s*(\S+)/m.exec(stanza)?.[1];
        if (address !== undefined && suites.includes(codename)) return address;
      }
    } else if (file.endsWith(".list")) {
      for (const line of text.split("\n")) {
        const match = /^deb\s+(?:\[[^\]]*\]\s+)?(\S+)\s+(\S+)\s/.exec(line);
        if (match?.[1] !== undefined && match[2] === codename) return match[1];
      }
    }
  }
  return null;
}

/** Installs a curl with --mptcp (8.9 or later), from the release's backports if need be. */
function installCurl(release: ReadonlyMap<string, string>): boolean {
  const codename = release.get("VERSION_CODENAME") ?? "";
  if (release.get("ID") !== "debian" || codename === "") return false;
  const suite = `${codename}-backports`;
  if (apt("install", "-y", "--no-install-recommends", "-t", suite, "curl") && curlHasMptcp())
    return true;
  const address = archiveAddress(codename);
  if (address === null) return false;
  writeFileSync(OUR_SOURCE, `deb ${address} ${suite} main\n`);
  return (
    apt("update") &&
    apt("install", "-y", "--no-install-recommends", "-t", suite, "curl") &&
    curlHasMptcp()
  );
}

function provide(): string[] {
  let packages = missingPackages();
  const release = osRelease();
  const isDebian = ["debian", "ubuntu"].includes(release.get("ID") ?? "");
  const mayInstall = process.getuid?.() === 0 && isDebian && Bun.which("apt-get") !== null;
  if (mayInstall && (packages.length > 0 || !curlHasMptcp())) {
    process.stderr.write(`installing for the tests: ${[...packages, "curl"].join(" ")}\n`);
    withoutServices(() => {
      if (packages.length > 0) {
        const install = () => apt("install", "-y", "--no-install-recommends", ...packages);
        if (!install() && apt("update")) install();
      }
      return curlHasMptcp() || installCurl(release);
    });
    packages = missingPackages();
  }
  return curlHasMptcp() ? packages : [...packages, "curl with --mptcp (8.9 or later)"];
}

/** The newest modification under a path, in milliseconds; 0 when there is none. */
function newest(path: string): number {
  if (!existsSync(path)) return 0;
  const stat = statSync(path);
  if (!stat.isDirectory()) return stat.mtimeMs;
  return Math.max(0, ...readdirSync(path).map((name) => newest(join(path, name))));
}

function build(): void {
  const products = ["dist/mpcurl", "dist/cli.js", "dist/types"].map((name) =>
    newest(join(ROOT, name)),
  );
  const sources = ["src", "ffi", "package.json", "bun.lock"].map((name) =>
    newest(join(ROOT, name)),
  );
  if (Math.min(...products) >= Math.max(...sources)) return;
  const result = Bun.spawnSync([process.execPath, "run", "build"], {
    cwd: ROOT,
    stdout: "ignore",
    stderr: "inherit",
  });
  if (result.exitCode !== 0) {
    process.stderr.write("the program could not be built\n");
    process.exit(1);
  }
}

const missing = provide();
if (missing.length > 0) {
  process.stderr.write(`missing on this machine: ${missing.join(", ")}\n`);
  process.stderr.write(
    "tests that need these will be skipped, or fail under MPCURL_EXPECT_ALL=1\n",
  );
}
if (process.env.MPCURL_BIN === undefined) build();
