import { describe, expect, test } from "bun:test";
import { cutArgv } from "../../../src/cli/argv.ts";
import { runAsCommand } from "../../../src/cli/command.ts";

const ARGV = ["-sSL", "-d", "--no-silent", "-o", "a", "-o", "b", "--no-mptcp", "u", "--", "-u"];

describe("runAsCommand", () => {
  test("gives back what the work gave, once", async () => {
    let runs = 0;
    const code = await runAsCommand(cutArgv(ARGV), async () => {
      runs++;
      return 28;
    });
    expect([code, runs]).toEqual([28, 1]);
  });

  test("lets the work's error pass as it is", async () => {
    const failure = new Error("broken");
    const run = runAsCommand(cutArgv(ARGV), () => Promise.reject(failure));
    expect(run).rejects.toBe(failure);
  });

  test("runs without any occurrence, and with help and version among them", async () => {
    expect(await runAsCommand([], async () => 0)).toBe(0);
    expect(await runAsCommand(cutArgv(["-h"]), async () => 1)).toBe(1);
    expect(await runAsCommand(cutArgv(["-V"]), async () => 2)).toBe(2);
  });
});
