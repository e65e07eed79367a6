import { expect, test } from "bun:test";
import { renderVersion } from "../../../../src/cli/docs/version.ts";

test("renderVersion: four lines in the shape of curl -V, features sorted without regard to case", () => {
  const lines = renderVersion({
    version: "1.2.3",
    host: "x86_64-linux",
    releaseDate: "2026-01-31",
    components: ["Bun/1.4.5", "BoringSSL"],
  }).split("\n");
  expect(lines.slice(0, 3)).toEqual([
    "mpcurl 1.2.3 (x86_64-linux) Bun/1.4.5 BoringSSL",
    "Release-Date: 2026-01-31",
    "Protocols: http https",
  ]);
  const [label, ...features] = (lines[3] ?? "").split(" ");
  expect(label).toBe("Features:");
  expect(features).toContain("MPTCP");
  expect(features).toEqual(
    features.toSorted((a, b) => (a.toLowerCase() < b.toLowerCase() ? -1 : 1)),
  );
  expect(lines.slice(4)).toEqual([""]);
});
