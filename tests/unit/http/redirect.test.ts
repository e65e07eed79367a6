import { describe, expect, test } from "bun:test";
import { CurlError } from "../../../src/error.ts";
import { type Field, HeaderList } from "../../../src/headers.ts";
import {
  decideRedirect,
  type RedirectPolicy,
  type RedirectState,
  redirectTarget,
} from "../../../src/http/redirect.ts";
import { formatUrl, parseUrl } from "../../../src/url.ts";

const FOLLOW: RedirectPolicy = { follow: true, maxRedirects: 50 };

function located(...locations: readonly string[]): HeaderList {
  return new HeaderList(locations.map((value): Field => ["location", value]));
}

function state(changes: Partial<RedirectState> = {}): RedirectState {
  const url = parseUrl("http://u:p@h/a/b?q#f");
  return { url, firstUrl: url, method: "GET", hasBody: false, redirectCount: 0, ...changes };
}

function decide(
  { status = 302, location = "/x" as string | readonly string[] },
  changes: Partial<RedirectState> = {},
  policy: RedirectPolicy = FOLLOW,
) {
  const fields = located(...(typeof location === "string" ? [location] : location));
  return decideRedirect({ status, fields }, state(changes), policy);
}

function failure(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    if (error instanceof CurlError) return `${error.exitCode} ${error.message}`;
    throw error;
  }
  return "no error";
}

describe("decideRedirect", () => {
  test.each([
    // status, method, body, next method, body kept
    [300, "POST", true, "POST", true],
    [301, "GET", false, "GET", false],
    [301, "HEAD", false, "HEAD", false],
    [301, "POST", true, "GET", false],
    [301, "PUT", true, "PUT", true],
    [302, "POST", true, "GET", false],
    [302, "PUT", true, "PUT", true],
    [303, "POST", true, "GET", false],
    [303, "PUT", true, "GET", false],
    [303, "HEAD", false, "HEAD", false],
    [303, "GET", false, "GET", false],
    [304, "POST", true, "POST", true],
    [305, "POST", true, "POST", true],
    [307, "POST", true, "POST", true],
    [308, "PUT", true, "PUT", true],
    [399, "POST", true, "POST", true],
  ])("%d makes %s (body %p) %s (body %p)", (status, method, hasBody, next, keepBody) => {
    expect(decide({ status }, { method, hasBody })).toMatchObject({
      kind: "follow",
      method: next,
      keepBody,
    });
  });

  test.each([200, 201, 204, 299, 400, 404])("status %d is no redirect", (status) => {
    expect(decide({ status })).toEqual({ kind: "stop" });
  });

  test("without -L, a Location or a value in it there is none", () => {
    expect(decide({}, {}, { follow: false, maxRedirects: 50 })).toEqual({ kind: "stop" });
    expect(decide({ location: [] })).toEqual({ kind: "stop" });
    expect(decide({ location: ["", " \t"] })).toEqual({ kind: "stop" });
  });

  test("goes where Location says, seen from here", () => {
    const next = (location: string) => {
      const decision = decide({ location });
      return decision.kind === "follow" ? formatUrl(decision.url) : "stop";
    };
    expect(next(" ../x y ")).toBe("http://u:p@h/x%20y");
    expect(next("?z")).toBe("http://u:p@h/a/b?z");
    expect(next("//g")).toBe("http://g/");
  });

  test("--path-as-is holds for absolute targets", () => {
    const decision = decide({ location: "http://g/a/../b" }, { pathAsIs: true });
    expect(decision).toMatchObject({ kind: "follow", url: { path: "/a/../b" } });
  });

  test.each([
    ["/x", true],
    ["http://H:80/x", true],
    ["http://h:81/", false],
    ["https://h/", false],
    ["//g/", false],
  ])("%s has the first origin: %p", (location, sameOriginAsFirst) => {
    expect(decide({ location })).toMatchObject({ sameOriginAsFirst });
  });

  test("credentials come back with the first origin", () => {
    const url = parseUrl("http://elsewhere/");
    expect(decide({ location: "http://h/back" }, { url })).toMatchObject({
      sameOriginAsFirst: true,
    });
    expect(decide({ location: "/further" }, { url })).toMatchObject({ sameOriginAsFirst: false });
  });

  test("two targets are an error, the same one twice is not", () => {
    expect(failure(() => decide({ location: ["/x", "/y"] }))).toBe("8 Multiple Location headers");
    expect(decide({ location: ["/x", "", "/x"] })).toMatchObject({ kind: "follow" });
  });

  test("--max-redirs counts what was followed", () => {
    const policy = { follow: true, maxRedirects: 2 };
    expect(decide({}, { redirectCount: 1 }, policy)).toMatchObject({ kind: "follow" });
    expect(failure(() => decide({}, { redirectCount: 2 }, policy))).toBe(
      "47 Maximum (2) redirects followed",
    );
    expect(failure(() => decide({}, {}, { follow: true, maxRedirects: 0 }))).toBe(
      "47 Maximum (0) redirects followed",
    );
    const unlimited = { follow: true, maxRedirects: Number.POSITIVE_INFINITY };
    expect(decide({}, { redirectCount: 1e6 }, unlimited)).toMatchObject({ kind: "follow" });
  });

  test.each([
    ["http://", "3 The redirect target URL could not be parsed: No host present"],
    ["http://[::1/", "3 The redirect target URL could not be parsed: Bad IPv6 address"],
    ["http://a b/", "3 The redirect target URL could not be parsed: Bad hostname"],
    [
      "http:x",
      "3 The redirect target URL could not be parsed: Unsupported number of slashes following scheme",
    ],
    ["foo://h/", "1 The redirect target URL could not be parsed: Unsupported URL scheme"],
    ["javascript:x", "1 The redirect target URL could not be parsed: Unsupported URL scheme"],
    ["ftp://h/x", '1 Protocol "ftp" not supported in redirect'],
    ["file:///etc/passwd", '1 Protocol "file" not supported in redirect'],
  ])("%s: %s", (location, reason) => {
    expect(failure(() => decide({ location }))).toBe(reason);
  });
});

describe("redirectTarget", () => {
  const url = parseUrl("http://h/a/b?q#f");
  test.each([
    ["/x", "http://h/x"],
    ["x y", "http://h/a/x%20y"],
    ["#z", "http://h/a/b?q#z"],
    ["http:/g", "http://g/"],
    ["foo://h/x", "foo://h/x"],
    ["http:x", "http:x"],
  ])("%s leads to %s", (location, expected) => {
    expect(redirectTarget(url, located(location))).toBe(expected);
  });

  test("is null without a Location that says anything", () => {
    expect(redirectTarget(url, located())).toBeNull();
    expect(redirectTarget(url, located(""))).toBeNull();
  });
});
