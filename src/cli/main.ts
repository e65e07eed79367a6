#!/usr/bin/env -S bun --no-env-file --config=/dev/null --tsconfig-override=/dev/null
// The program: arguments in, exit code out.
//
// The first line keeps Bun from reading .env, bunfig.toml and tsconfig.json of the current directory, which may be a
// stranger's (bunfig's preload and tsconfig's paths would run code from there); the compiled binary is built with the
// same refusal. This is the only place that ends the process, and the only one that catches what is not a CurlError: a
// bug, shown with its stack.

import { bytesOf, utf8 } from "../bytes.ts";
import { CurlError, EXIT } from "../error.ts";
import { RELEASE_DATE, VERSION } from "../version.ts";
import { cutArgv } from "./argv.ts";
import { runAsCommand } from "./command.ts";
import type { BuildFacts } from "./docs/version.ts";
import { type Action, foldOperations } from "./fold.ts";
import type { Host } from "./host.ts";
import { newGlobalSettings } from "./operation.ts";
import { createMessages } from "./output/messages.ts";
import { stderrIdle } from "./output/ordered-writer.ts";
import { runOperations } from "./run.ts";
import { isWithoutLibc, systemHost } from "./system-host.ts";
import { isUsageError } from "./usage-error.ts";

/** Runs a command line. @returns the exit code */
export async function main(host: Host): Promise<number> {
  try {
    return await runAndReport(host);
  } catch (error) {
    if (isWithoutLibc(error)) return noLibc(error.message);
    throw error;
  }
}

async function runAndReport(host: Host): Promise<number> {
  // Filled while the command line is read; messages ask it when they are due.
  const global = newGlobalSettings();
  const messages = createMessages(host, global);
  try {
    const occurrences = cutArgv(host.argv);
    const { operations, action, warnings, error } = foldOperations(occurrences, host, global);
    for (const text of warnings) await messages.warning(text);
    if (error) throw error;
    if (action) return await act(action, host);
    return await runAsCommand(occurrences, () => runOperations(operations, { host, messages }));
  } catch (error) {
    if (isUsageError(error)) await messages.usage(error);
    else if (error instanceof CurlError) await messages.error(error);
    else if (isWithoutLibc(error)) throw error;
    else {
      await messages.bug(error);
      return EXIT.BUG;
    }
    return error.exitCode;
  } finally {
    await stderrIdle(host);
  }
}

/** --help, --version: what is asked instead of a transfer. */
async function act(action: Action, host: Host): Promise<number> {
  if (action.kind === "help") {
    const { renderHelp } = await import("./docs/help.ts");
    await host.stdout.write(utf8(await renderHelp(action.topic)));
  } else if (action.kind === "version") {
    const { renderVersion } = await import("./docs/version.ts");
    await host.stdout.write(bytesOf(renderVersion(buildFacts())));
  }
  return 0;
}

function buildFacts(): BuildFacts {
  return {
    version: VERSION,
    host: `${process.arch}-${process.platform}`,
    releaseDate: RELEASE_DATE,
    components: [`Bun/${Bun.version}`, "BoringSSL"],
  };
}

/** Without the C library there is no write(2) either; Bun's own writer says why. */
async function noLibc(why: string): Promise<number> {
  await Bun.write(Bun.stderr, `mpcurl: (7) ${why}\n`);
  return EXIT.COULDNT_CONNECT;
}

if (import.meta.main) process.exit(await main(systemHost()));
