import { describe, expect, test } from "bun:test";
import { livePaths, shareOf } from "../../../../src/net/mptcp/paths.ts";
import { mptcpRecord, pathRecord } from "../../../support/outcome.ts";

describe("shareOf", () => {
  test("is a path's part of all bytes, both ways, those of closed paths included", () => {
    const first = pathRecord({ bytesIn: 60, bytesOut: 15 });
    const second = pathRecord({ id: 2, bytesIn: 25, phase: "closed" });
    const record = mptcpRecord({ paths: [first, second] });
    expect([shareOf(record, first), shareOf(record, second)]).toEqual([0.75, 0.25]);
  });

  test("is 0 where nothing moved", () => {
    const path = pathRecord();
    expect(shareOf(mptcpRecord({ paths: [path] }), path)).toBe(0);
  });
});

describe("livePaths", () => {
  test("are those that are up", () => {
    const paths = (["up", "down", "closed"] as const).map((phase, id) => pathRecord({ id, phase }));
    expect(livePaths(mptcpRecord({ paths })).map(({ phase }) => phase)).toEqual(["up"]);
  });
});
