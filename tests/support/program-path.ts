// Which executables the tests run: the program under test (MPCURL_BIN, else dist/mpcurl) and the
// curl it is compared with (MPCURL_CURL, else the system's).

import { symlinkSync } from "node:fs";
import { join, resolve } from "node:path";
import { tempDir } from "./temp-dir.ts";

/** The repository's root. */
export const ROOT = resolve(import.meta.dir, "../..");

export function programPath(): string {
  return resolve(process.env.MPCURL_BIN ?? `${ROOT}/dist/mpcurl`);
}

export function curlPath(): string {
  return process.env.MPCURL_CURL ?? "/usr/bin/curl";
}

/** The script that the npm package names as its bin. */
export function packedCliPath(): string {
  return `${ROOT}/dist/cli.js`;
}

/** A folder for PATH that holds Bun under the names that shebangs look for; the one that runs us may have another. */
export function bunFolder(): string {
  const folder = tempDir("bun-bin");
  for (const name of ["bun", "bunx"]) symlinkSync(process.execPath, join(folder, name));
  return folder;
}
