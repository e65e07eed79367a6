// A package registry on loopback: verdaccio, which nobody here wrote. It is no devDependency, for it would bring ten
// times as many packages as all the others together: the lock file beside this one names it and
// what it needs, and the first test that asks for it installs that, without running any package's scripts.

import { copyFileSync, existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { bunFolder } from "../program-path.ts";
import { retried, startDaemon } from "../servers/daemon.ts";
import { freePort } from "../servers/loopback.ts";
import { tempDir } from "../temp-dir.ts";

export interface Registry {
  readonly url: string;
  /** A home and a PATH for bun, with this registry as the only one it knows, and with an empty cache. */
  environment(): Record<string, string>;
  stop(): Promise<void>;
}

let home: string | undefined;

/** Installs verdaccio from the registry that this machine uses. @returns null, or why it cannot */
export function installVerdaccio(): string | null {
  if (home !== undefined) return null;
  const directory = tempDir("verdaccio");
  for (const name of ["package.json", "bun.lock"])
    copyFileSync(join(import.meta.dir, name), join(directory, name));
  const install = [process.execPath, "install", "--frozen-lockfile", "--ignore-scripts"];
  const result = Bun.spawnSync(install, { cwd: directory, stdout: "ignore", timeout: 90_000 });
  if (result.exitCode !== 0 || !existsSync(join(directory, "node_modules/verdaccio")))
    return `it could not be installed: ${result.stderr.toString().trim().split("\n").at(-1)}`;
  home = directory;
  return null;
}

const CONFIGURATION = `
storage: ./storage
auth: { htpasswd: { file: ./htpasswd } }
uplinks: {}
packages:
  '**': { access: $all, publish: $all }
log: { type: stdout, level: error }
`;

/** Starts an empty registry that passes nothing on to any other. */
export function startRegistry(): Promise<Registry> {
  const program = join(home ?? "", "node_modules/verdaccio/bin/verdaccio");
  return retried(async () => {
    const root = tempDir("registry");
    const port = freePort();
    writeFileSync(join(root, "config.yaml"), CONFIGURATION);
    const command = [process.execPath, program, "-c", "config.yaml", "-l", `127.0.0.1:${port}`];
    const daemon = await startDaemon(command, { ports: [port], cwd: root });
    const url = `http://127.0.0.1:${port}/`;
    return { url, environment: () => bunEnvironment(url), stop: daemon.stop };
  });
}

/** What bun needs to run as a user's own, and nothing of the machine's. */
export function bunEnvironment(registryUrl: string): Record<string, string> {
  const directory = tempDir("bun-home");
  const authority = new URL(registryUrl).host;
  const lines = [`registry=${registryUrl}`, `//${authority}/:_authToken=nobody`, ""];
  writeFileSync(join(directory, ".npmrc"), lines.join("\n"));
  return { PATH: `${bunFolder()}:/usr/bin:/bin`, HOME: directory, TMPDIR: tempDir("bun-tmp") };
}
