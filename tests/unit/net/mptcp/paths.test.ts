import { describe, expect, test } from "bun:test";
import { livePaths } from "../../../../src/net/mptcp/paths.ts";
import { mptcpRecord, pathRecord } from "../../../support/outcome.ts";

describe("livePaths", () => {
  test("are those that are up", () => {
    const paths = (["up", "down", "closed"] as const).map((phase, id) => pathRecord({ id, phase }));
    expect(livePaths(mptcpRecord({ paths })).map(({ phase }) => phase)).toEqual(["up"]);
  });
});
