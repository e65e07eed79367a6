import { describe, expect, test } from "bun:test";
import { CurlError } from "../../../src/error.ts";
import { connectTarget, parseConnectTo } from "../../../src/net/connect-to.ts";

function lead(target: string, ...rules: string[]): string {
  const colon = target.lastIndexOf(":");
  const { host, port, moved } = connectTarget(
    { host: target.slice(0, colon), port: Number(target.slice(colon + 1)) },
    rules.map(parseConnectTo),
  );
  return `${host} ${port}${moved ? " moved" : ""}`;
}

describe("parseConnectTo", () => {
  test("reads the four parts, empty ones as null", () => {
    expect(parseConnectTo("a:1:b:2")).toEqual({
      fromHost: "a",
      fromPort: 1,
      toHost: "b",
      toPort: 2,
    });
    expect(parseConnectTo("::b:")).toEqual({
      fromHost: null,
      fromPort: null,
      toHost: "b",
      toPort: null,
    });
    expect(parseConnectTo("[::1]:1:[::2]:2")).toEqual({
      fromHost: "::1",
      fromPort: 1,
      toHost: "::2",
      toPort: 2,
    });
  });

  for (const text of ["", "a", "a:1", "a:x:b:2", "a:b:2", "a:1:b:x", "a:1:b:70000", "a:1:b:2:3"]) {
    test(`refuses "${text}" with 49`, () => {
      let thrown: unknown;
      try {
        parseConnectTo(text);
      } catch (error) {
        thrown = error;
      }
      expect(thrown).toBeInstanceOf(CurlError);
      expect(thrown).toHaveProperty("exitCode", 49);
    });
  }
});

describe("connectTarget", () => {
  test("without a rule that matches stays where it is", () => {
    expect(lead("h:80")).toBe("h 80");
    expect(lead("h:80", "h:81:x:1", "g:80:y:2")).toBe("h 80");
  });

  test("the first rule that matches decides", () => {
    expect(lead("h:80", "g:80:a:1", "h:80:b:2", "::c:3")).toBe("b 2 moved");
  });

  test("empty parts match all, and keep what is there", () => {
    expect(lead("h:80", "::x:")).toBe("x 80 moved");
    expect(lead("h:80", ":80::8080")).toBe("h 8080");
    expect(lead("h:81", ":80::8080")).toBe("h 81");
  });

  test("hosts match in any case", () => {
    expect(lead("EXAMPLE.com:80", "example.COM:80:x:1")).toBe("x 1 moved");
  });
});
