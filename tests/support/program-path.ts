// Which executables the tests run: the program under test (MPCURL_BIN, else dist/mpcurl) and the
// curl it is compared with (MPCURL_CURL, else the system's).

import { resolve } from "node:path";

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
