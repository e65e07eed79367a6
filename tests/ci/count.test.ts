// What the last line of a CI run says, above all when something went wrong.
import { expect, test } from "bun:test";
import { countAll } from "./count.ts";

const REPORT =
  '<?xml version="1.0"?>\n<testsuites name="bun test" tests="9" assertions="20" failures="2" skipped="1" time="1">' +
  '<testsuite name="a" tests="9" failures="2" skipped="1"></testsuite></testsuites>';
const CLEAN = REPORT.replaceAll('failures="2"', 'failures="0"').replaceAll(
  'skipped="1"',
  'skipped="0"',
);

test("countAll: adds the steps to the report's totals", () => {
  const steps = ["types=0", "lint=1"];
  expect(countAll({ report: REPORT, exitCode: 1, steps })).toEqual({
    passed: 7,
    failed: 3,
    skipped: 1,
  });
});

test("countAll: a clean run has nothing failed", () => {
  const steps = ["types=0"];
  expect(countAll({ report: CLEAN, exitCode: 0, steps })).toEqual({
    passed: 10,
    failed: 0,
    skipped: 0,
  });
});

test("countAll: a runner that failed without a failed test is a failure", () => {
  expect(countAll({ report: CLEAN, exitCode: 1, steps: [] }).failed).toBe(1);
});

test("countAll: no report is a failure, whatever the exit code", () => {
  expect(countAll({ report: null, exitCode: 0, steps: [] }).failed).toBe(1);
});

test("countAll: a step that was killed is a failure", () => {
  expect(countAll({ report: CLEAN, exitCode: 0, steps: ["demo=124"] }).failed).toBe(1);
});
