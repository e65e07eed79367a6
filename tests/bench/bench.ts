// mpcurl's compiled program beside a curl that has --mptcp, on this machine, in turns, in one run:
//
//     bun run bench [--quick] [--json]
//
// Prints a Markdown table of medians, ratios and targets, as it stands in BENCHMARKS.md. The server is one nginx
// process under mptcpize, on loopback and unshaped, except in the last rows, where a server stands behind throttled
// paths in namespaces. Files lie on /dev/shm, which needs room for 3 GiB. Which runs there are is scenarios.ts, what
// a run measures measure.ts, the table report.ts.
import { existsSync } from "node:fs";
import { parseArgs } from "node:util";
import { curlPath, programPath } from "../support/program-path.ts";
import { startFixture } from "./fixture.ts";
import { report } from "./report.ts";
import { LOOPBACK_SCENARIOS, measureInTurns, measureTwoPaths, type Result } from "./scenarios.ts";
import { measureTrouble } from "./trouble.ts";

const WHOLE = { smallRounds: 100, bigRounds: 11, bigBytes: 1 << 30, pathRounds: 5 };
/** Enough to see that it works. */
const QUICK = { smallRounds: 20, bigRounds: 3, bigBytes: 1 << 27, pathRounds: 1 };

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      quick: { type: "boolean", default: false },
      json: { type: "boolean", default: false },
    },
  });
  const missing = [programPath(), curlPath(), "/usr/bin/time"].filter((path) => !existsSync(path));
  if (missing.length > 0) {
    process.stderr.write(`needed and not there: ${missing.join(", ")}\n`);
    return 1;
  }
  const effort = values.quick ? QUICK : WHOLE;
  const results: Result[] = [];
  {
    await using fixture = await startFixture(effort.bigBytes);
    for (const scenario of LOOPBACK_SCENARIOS) {
      results.push(measureInTurns(scenario, { fixture, ...effort }));
    }
  }
  results.push(await measureTwoPaths(effort.pathRounds));
  results.push(...(await measureTrouble(effort.pathRounds)));
  const note = values.quick ? "Quick run: 128 MiB stand for each GiB." : "";
  const text = values.json ? JSON.stringify(results, null, 2) : report(results, note);
  process.stdout.write(`${text}\n`);
  return 0;
}

process.exitCode = await main();
