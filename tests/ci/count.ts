// The last line of a CI run: "N passed, N failed, N skipped", over the runner's report and the steps around it.
//
//     bun tests/ci/count.ts REPORT TEST-EXIT STEP=EXIT…
//
// A step (types, lint, demo) counts as one test. A runner that failed without a failed test (a file that does not
// load, a crash, no report) counts as one failure, so that 0 failed always means that all went well.
import { existsSync, readFileSync } from "node:fs";
import { type Count, countJunit } from "./junit.ts";

export interface Outcome {
  /** The report's text; null where there is none. */
  readonly report: string | null;
  /** The test command's exit code. */
  readonly exitCode: number;
  /** "name=exit code" */
  readonly steps: readonly string[];
}

/** Adds up a whole run. */
export function countAll({ report, exitCode, steps }: Outcome): Count {
  const tests = report === null ? { passed: 0, failed: 0, skipped: 0 } : countJunit(report);
  const failedSteps = steps.filter((step) => !step.endsWith("=0")).length;
  const silent = (exitCode !== 0 || report === null) && tests.failed === 0 ? 1 : 0;
  return {
    passed: tests.passed + steps.length - failedSteps,
    failed: tests.failed + failedSteps + silent,
    skipped: tests.skipped,
  };
}

if (import.meta.main) {
  const [path = "", exitCode = "1", ...steps] = process.argv.slice(2);
  const report = existsSync(path) ? readFileSync(path, "utf8") : null;
  const { passed, failed, skipped } = countAll({ report, exitCode: Number(exitCode), steps });
  process.stdout.write(`${passed} passed, ${failed} failed, ${skipped} skipped\n`);
  process.exitCode = failed === 0 && passed > 0 ? 0 : 1;
}
