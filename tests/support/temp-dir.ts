// Temporary directories of the tests. Every directory made here is removed when the process ends, whether or not the
// test that asked for it got to its end. The test runner fires no "exit" (Bun 1.4.5): there after-tests.ts asks for it.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const made: string[] = [];

process.on("exit", removeTempDirs);

/** Removes all that tempDir() made and nobody removed. */
export function removeTempDirs(): void {
  for (const path of made.splice(0)) rmSync(path, { recursive: true, force: true });
}

/** Makes an empty directory that lives as long as the process. */
export function tempDir(purpose = "test"): string {
  const path = mkdtempSync(join(tmpdir(), `mpcurl-${purpose}-`));
  made.push(path);
  return path;
}

/** Removes a directory made by tempDir() before the process ends. */
export function removeTempDir(path: string): void {
  const index = made.indexOf(path);
  if (index < 0) throw new Error(`not a directory of tempDir(): ${path}`);
  made.splice(index, 1);
  rmSync(path, { recursive: true, force: true });
}
