// mpcurl as a citty command: the run of the program under a name, with the options that occur as its arguments.
//
// citty's runMain is not used: it prints and exits by its own rules. Only the rows that occur are defined, since citty
// works over every definition at each start (all 270 cost 6 ms, a few 0.5 ms). What the options mean is already in the
// work handed over as the command's data; citty's own reading of the arguments keeps the last of each and is not asked.

import { type ArgsDef, defineCommand, runCommand } from "citty";
import { argsDefOf, type Occurrence, tokenOf } from "./argv.ts";

/** Runs `work` as the command that these occurrences make, and gives back what it gave. Errors of `work` pass. */
export async function runAsCommand<T>(
  occurrences: readonly Occurrence[],
  work: () => Promise<T>,
): Promise<T> {
  const args: ArgsDef = {};
  const rawArgs: string[] = [];
  for (const { option, value } of occurrences) {
    Object.assign(args, argsDefOf(option));
    rawArgs.push(tokenOf(option, value));
  }
  const results: T[] = [];
  const command = defineCommand({
    meta: { name: "mpcurl", description: "curl for Multipath TCP" },
    args,
    async run({ data }: { data?: () => Promise<T> }) {
      if (data) results.push(await data());
    },
  });
  await runCommand(command, { rawArgs, data: work });
  for (const result of results) return result;
  throw new Error("the command did not run");
}
