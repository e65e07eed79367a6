import { describe, expect, test } from "bun:test";
import { HeaderList } from "../../src/headers.ts";

function sample(): HeaderList {
  return new HeaderList([
    ["Set-Cookie", "a=1"],
    ["X-Two", "2"],
    ["set-cookie", "b=2"],
    ["Empty", ""],
  ]);
}

describe("HeaderList", () => {
  test("keeps order, repeats and the case of names", () => {
    expect(sample().lines.map(([name, value]) => `${name}: ${value}`)).toEqual([
      "Set-Cookie: a=1",
      "X-Two: 2",
      "set-cookie: b=2",
      "Empty: ",
    ]);
    expect(sample().size).toBe(4);
  });

  test("get gives the first value of a name in any case, an empty one too", () => {
    expect(sample().get("SET-COOKIE")).toBe("a=1");
    expect(sample().get("empty")).toBe("");
    expect(sample().get("x-tw")).toBeUndefined();
  });

  test("has tells an empty value from none", () => {
    expect([sample().has("empty"), sample().has("x-three")]).toEqual([true, false]);
  });

  test("getAll gives every value in order", () => {
    expect(sample().getAll("Set-Cookie")).toEqual(["a=1", "b=2"]);
    expect(sample().getAll("none")).toEqual([]);
  });

  test("append adds at the end, and the source of the fields is copied", () => {
    const source: [string, string][] = [["A", "1"]];
    const list = new HeaderList(source);
    list.append("B", "2");
    expect(list.lines.map(([name]) => name)).toEqual(["A", "B"]);
    expect(source).toHaveLength(1);
  });
});
