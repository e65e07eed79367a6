// How many tests passed, failed and were skipped, from the report in JUnit's XML that the test runner writes.

export interface Count {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

const ATTRIBUTE = /\b(tests|failures|errors|skipped)="(\d+)"/g;

/**
 * Reads the totals of the report's root.
 * @throws Error when it is no such report
 */
export function countJunit(xml: string): Count {
  const root = /<testsuites\b[^>]*>/.exec(xml)?.[0];
  if (root === undefined) throw new Error("no <testsuites> in the report");
  const totals: Record<string, number> = {};
  for (const [, name = "", value] of root.matchAll(ATTRIBUTE)) totals[name] = Number(value);
  const { tests = 0, failures = 0, errors = 0, skipped = 0 } = totals;
  const failed = failures + errors;
  return { passed: tests - failed - skipped, failed, skipped };
}
