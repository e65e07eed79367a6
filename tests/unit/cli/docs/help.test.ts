// Whole pages are compared with tests/golden/help-*.txt; a page that changes on purpose is written there anew by hand
// or with UPDATE_GOLDEN=1.

import { describe, expect, test } from "bun:test";
import { renderHelp } from "../../../../src/cli/docs/help.ts";
import { allOptions } from "../../../../src/cli/options/table.ts";

async function expectGolden(name: string, page: string): Promise<void> {
  const file = Bun.file(`${import.meta.dir}/../../../golden/help-${name}.txt`);
  if (process.env.UPDATE_GOLDEN === "1") await Bun.write(file, page);
  expect(page).toBe(await file.text());
}

describe("renderHelp", () => {
  test.each<[string, string | null]>([
    ["short", null],
    ["all", "all"],
    ["category", "category"],
    ["tls", "tls"],
    ["mptcp", "mptcp"],
    ["mptcp-option", "--mptcp"],
    ["output-option", "--output"],
    ["unknown", "bogus"],
  ])("golden page %s", async (name, topic) => {
    await expectGolden(name, await renderHelp(topic));
  });

  test("an option's page is found by name, letter and negation", async () => {
    const page = await renderHelp("--mptcp");
    expect(page).toContain("Multipath TCP");
    expect(await renderHelp("mptcp-report")).toBe(await renderHelp("--mptcp-report"));
    expect(await renderHelp("--no-mptcp")).toBe(page);
    expect(await renderHelp("-o")).toBe(await renderHelp("--output"));
    expect(await renderHelp("location")).toBe(await renderHelp("-L"));
  });

  test("--help all lists every option that works and no other", async () => {
    const listed = [...(await renderHelp("all")).matchAll(/^ .{4}--([\w.-]+)/gm)].map(
      (match) => match[1] ?? "",
    );
    const working = allOptions()
      .filter((option) => option.support === "full")
      .map((option) => option.long);
    expect(listed).toEqual(working.sort());
  });

  test("each category of the list has a page with its options", async () => {
    const names = [...(await renderHelp("category")).matchAll(/^ (\S+)/gm)].map(
      (match) => match[1] ?? "",
    );
    const groups = allOptions()
      .filter((option) => option.support === "full")
      .map((option) => option.group);
    expect(new Set<string>(names)).toEqual(new Set<string>(groups));
    for (const name of names) expect(await renderHelp(name)).toContain("--");
  });

  test("a refused option says so on its page", async () => {
    expect(await renderHelp("--proxy")).toContain("refuses it by name");
  });

  test("pages hold no colours and no line over 79 columns of text", async () => {
    for (const { long } of allOptions()) {
      const page = await renderHelp(`--${long}`);
      expect(page).not.toContain("\u001b");
      const prose = page.split("\n").filter((line) => /^ {8}\S/.test(line));
      expect(prose.filter((line) => line.length > 79)).toEqual([]);
    }
    expect(await renderHelp(null)).not.toContain("\u001b");
  });

  test("a subject cannot steer the terminal", async () => {
    for (const topic of ["\u001b]0;x\u0007", "--\u001b[2J", "\u00c2\u009b2J"]) {
      expect(await renderHelp(topic)).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/);
    }
  });
});
