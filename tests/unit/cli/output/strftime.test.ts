import { describe, expect, test } from "bun:test";
import { strftime } from "../../../../src/cli/output/strftime.ts";

// Sunday; week 53 of ISO year 2020 belongs to it.
const EARLY_2021 = Date.UTC(2021, 0, 3, 0, 5, 9) + 0.25;
const JULY_2026 = Date.UTC(2026, 6, 31, 13, 45, 0, 123);

describe("strftime", () => {
  // Expected values: `date -u -d @… +FORMAT` of GNU coreutils in the C locale.
  test.each([
    ["%Y-%m-%d %H:%M:%S", "2021-01-03 00:05:09", "2026-07-31 13:45:00"],
    ["%F %T %R %D", "2021-01-03 00:05:09 00:05 01/03/21", "2026-07-31 13:45:00 13:45 07/31/26"],
    ["%a %A %b %B %h", "Sun Sunday Jan January Jan", "Fri Friday Jul July Jul"],
    ["%c", "Sun Jan  3 00:05:09 2021", "Fri Jul 31 13:45:00 2026"],
    ["%x %X %r", "01/03/21 00:05:09 12:05:09 AM", "07/31/26 13:45:00 01:45:00 PM"],
    ["%C %y %G %g %V", "20 21 2020 20 53", "20 26 2026 26 31"],
    ["%j %U %W %u %w", "003 01 00 7 0", "212 30 30 5 5"],
    ["[%e] [%k] [%l] %I %p %P", "[ 3] [ 0] [12] 12 AM am", "[31] [13] [ 1] 01 PM pm"],
    ["%s %z %Z", "1609632309 +0000 UTC", "1785505500 +0000 UTC"],
    ["%f", "000250", "123000"],
    ["%%|%n|%t|", "%|\n|\t|", "%|\n|\t|"],
    ["%Q %", "%Q %", "%Q %"],
  ])("%s", (format, early, july) => {
    expect(strftime(format, EARLY_2021)).toBe(early);
    expect(strftime(format, JULY_2026)).toBe(july);
  });
});
