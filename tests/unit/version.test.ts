import { describe, expect, test } from "bun:test";
import packageJson from "../../package.json";
import { RELEASE_DATE, USER_AGENT, VERSION } from "../../src/version.ts";

describe("VERSION", () => {
  test("is package.json's", () => {
    expect(VERSION).toBe(packageJson.version);
  });

  test("stands in the User-Agent", () => {
    expect(USER_AGENT).toBe(`mpcurl/${packageJson.version}`);
  });
});

describe("RELEASE_DATE", () => {
  test("is a day", () => {
    expect(new Date(`${RELEASE_DATE}T00:00:00Z`).toISOString()).toStartWith(RELEASE_DATE);
  });
});
