// Heads as curl 8.14 sent them to a raw server for the same options (but for User-Agent).

import { describe, expect, test } from "bun:test";
import { CurlError } from "../../../src/error.ts";
import {
  type BodyFacts,
  bodyFraming,
  buildRequestHead,
  type HeaderRule,
  parseHeaderFile,
  parseHeaderRule,
  type RequestContext,
  type RequestSpec,
} from "../../../src/http/request.ts";
import { parseUrl } from "../../../src/url.ts";

const FORM = "application/x-www-form-urlencoded";
const TYPE = `Content-Type: ${FORM}`;
const BIG = 1_048_577;

function rules(...texts: readonly string[]): HeaderRule[] {
  return texts.map((text) => {
    const rule = parseHeaderRule(text);
    if (!rule) throw new Error(`no header: ${text}`);
    return rule;
  });
}

function spec(changes: Partial<RequestSpec> = {}): RequestSpec {
  return {
    method: "GET",
    customMethod: null,
    httpVersion: "1.1",
    headers: [],
    userAgent: "UA",
    referer: null,
    refererAuto: false,
    range: null,
    compressed: false,
    json: false,
    ...changes,
  };
}

/** The head in one line: the request line and the fields as they go out, behind `Host: h:81` and the like. */
function head(changes: Partial<RequestSpec>, context: Partial<RequestContext> = {}): string {
  const request = spec(changes);
  const built = buildRequestHead(request, {
    url: parseUrl("http://h:81/p"),
    method: request.method,
    authorization: null,
    body: null,
    referer: request.referer,
    includeSecrets: true,
    ...context,
  });
  const fields = built.fields.lines.map(([name, value], i) =>
    value === "" ? `${name}:` : `${name}:${built.tight.has(i) ? "" : " "}${value}`,
  );
  return [`${built.method} ${built.target} HTTP/${built.version}`, ...fields].join("|");
}

function post(
  headers: readonly string[],
  body: Partial<BodyFacts> = {},
  more: Partial<RequestSpec> = {},
) {
  const facts = { type: FORM, sizeBytes: 1, ...body };
  return head({ method: "POST", headers: rules(...headers), ...more }, { body: facts });
}

function put(
  sizeBytes: number | null,
  headers: readonly string[] = [],
  more: Partial<RequestSpec> = {},
) {
  return head(
    { method: "PUT", headers: rules(...headers), ...more },
    { body: { type: null, sizeBytes } },
  );
}

const GET = "GET /p HTTP/1.1|Host: h:81|User-Agent: UA|Accept: */*";
const POST = "POST /p HTTP/1.1|Host: h:81|User-Agent: UA|Accept: */*";
const PUT = "PUT /p HTTP/1.1|Host: h:81|User-Agent: UA|Accept: */*";

describe("buildRequestHead", () => {
  test("a plain GET has three fields", () => {
    expect(head({})).toBe(GET);
  });

  test("everything stands in curl's order", () => {
    expect(
      head(
        {
          method: "POST",
          userAgent: "z",
          referer: "r",
          range: "1-",
          compressed: true,
          headers: rules("X: 1"),
        },
        { authorization: "Basic YTpi", body: { type: FORM, sizeBytes: BIG } },
      ),
    ).toBe(
      "POST /p HTTP/1.1|Host: h:81|Authorization: Basic YTpi|Content-Range: bytes 1-/1048577|User-Agent: z|" +
        "Accept: */*|Accept-Encoding: deflate, gzip, br, zstd|Referer: r|X: 1|" +
        `Content-Length: 1048577|${TYPE}|Expect: 100-continue`,
    );
  });

  test.each<[string[], string]>([
    [["Accept: q", "X: 1"], "GET /p HTTP/1.1|Host: h:81|User-Agent: UA|Accept: q|X: 1"],
    [["accept:"], "GET /p HTTP/1.1|Host: h:81|User-Agent: UA"],
    [["Accept;"], "GET /p HTTP/1.1|Host: h:81|User-Agent: UA|Accept:"],
    [["User-Agent: a", "X: 1"], "GET /p HTTP/1.1|Host: h:81|Accept: */*|User-Agent: a|X: 1"],
    [["X: 1", "host: a", "Host: b"], "GET /p HTTP/1.1|Host: a|User-Agent: UA|Accept: */*|X: 1"],
    [["Host:a"], "GET /p HTTP/1.1|Host:a|User-Agent: UA|Accept: */*"],
    [["Host:"], "GET /p HTTP/1.1|User-Agent: UA|Accept: */*"],
    [["Host:", "X: 1", "Host: b"], "GET /p HTTP/1.1|User-Agent: UA|Accept: */*|X: 1|Host: b"],
    [["Host;"], "GET /p HTTP/1.1|Host:|User-Agent: UA|Accept: */*"],
    [["Connection: a", "Connection: b"], `${GET}|Connection: a|Connection: b`],
    [["X: 1", "X: 2"], `${GET}|X: 1|X: 2`],
    [["X:1", "Y:\tt", "Z:  a  "], `${GET}|X:1|Y:\tt|Z:  a  `],
    [["Accept : z"], `${GET}|Accept : z`],
    [["X-None:"], GET],
    [["Referer: b"], `${GET}|Referer: b`],
    [["Range: z"], `${GET}|Range: z`],
    [["Transfer-Encoding: chunked"], `${GET}|Transfer-Encoding: chunked`],
    [["Content-Length: 3"], `${GET}|Content-Length: 3`],
    [["Expect: 100-continue"], `${GET}|Expect: 100-continue`],
  ])("GET with -H %j", (headers, expected) => {
    expect(head({ headers: rules(...headers) })).toBe(expected);
  });

  test.each<[string[], string]>([
    [[], `${POST}|Content-Length: 1|${TYPE}`],
    [["content-type: a/b", "X: 1"], `${POST}|content-type: a/b|X: 1|Content-Length: 1`],
    [["Content-Type:"], `${POST}|Content-Length: 1`],
    [["Content-Type;"], `${POST}|Content-Type:|Content-Length: 1`],
    [["Content-Length: 5"], `${POST}|Content-Length: 5|${TYPE}`],
    [["Content-Length:"], `${POST}|${TYPE}`],
    [["transfer-encoding: Chunked", "X: 1"], `${POST}|transfer-encoding: Chunked|X: 1|${TYPE}`],
    [["Transfer-Encoding: gzip"], `${POST}|Transfer-Encoding: gzip|Content-Length: 1|${TYPE}`],
    [["Transfer-Encoding:"], `${POST}|Content-Length: 1|${TYPE}`],
    [
      ["Content-Length: 1", "Transfer-Encoding: chunked"],
      `${POST}|Content-Length: 1|Transfer-Encoding: chunked|${TYPE}`,
    ],
    [["Expect:"], `${POST}|Content-Length: 1|${TYPE}`],
    [["X: 1", "expect: 200-ok"], `${POST}|X: 1|expect: 200-ok|Content-Length: 1|${TYPE}`],
  ])("POST with -H %j", (headers, expected) => {
    expect(post(headers)).toBe(expected);
  });

  test("a long body asks first, unless told not to or in HTTP/1.0", () => {
    const long = `Content-Length: ${BIG}|${TYPE}`;
    expect(post(["X: 1"], { sizeBytes: BIG })).toBe(`${POST}|X: 1|${long}|Expect: 100-continue`);
    expect(post(["Expect:"], { sizeBytes: BIG })).toBe(`${POST}|${long}`);
    expect(post([], { sizeBytes: BIG }, { httpVersion: "1.0" })).toBe(
      `${POST.replace("1.1", "1.0")}|${long}`,
    );
    expect(post(["Transfer-Encoding: chunked", "X: 1"], { sizeBytes: BIG })).toBe(
      `${POST}|Transfer-Encoding: chunked|X: 1|${TYPE}|Expect: 100-continue`,
    );
    expect(post([], { sizeBytes: BIG - 1 })).not.toContain("Expect");
  });

  test("a body of unknown length is chunked", () => {
    expect(put(null, ["X: 1"])).toBe(`${PUT}|Transfer-Encoding: chunked|X: 1|Expect: 100-continue`);
    expect(put(null, ["Expect:"])).toBe(`${PUT}|Transfer-Encoding: chunked`);
    expect(put(5, ["X: 1"])).toBe(`${PUT}|X: 1|Content-Length: 5`);
  });

  test("withoutExpect drops the user's Expect too", () => {
    const body = { type: null, sizeBytes: BIG };
    expect(head({ method: "PUT" }, { body, withoutExpect: true })).not.toContain("Expect");
    expect(
      head(
        { method: "PUT", headers: rules("Expect: 100-continue") },
        { body, withoutExpect: true },
      ),
    ).toBe(`${PUT}|Content-Length: ${BIG}`);
  });

  test.each<[string[], string]>([
    [[], "|Content-Type: application/json|Accept: application/json"],
    [["X: 1"], "|X: 1|Content-Type: application/json|Accept: application/json"],
    [["Accept: q", "X: 1"], "|Accept: q|X: 1|Content-Type: application/json"],
    [["content-type: q"], "|content-type: q|Accept: application/json"],
    [["Accept:"], "|Content-Type: application/json"],
    [["Content-Type:"], "|Accept: application/json"],
  ])("--json with -H %j", (headers, fields) => {
    expect(post(headers, {}, { json: true })).toBe(
      `POST /p HTTP/1.1|Host: h:81|User-Agent: UA${fields}|Content-Length: 1`,
    );
  });

  test("-r is a Range on GET and HEAD, a Content-Range on what sends", () => {
    const range = "1-2";
    expect(head({ range })).toBe(
      "GET /p HTTP/1.1|Host: h:81|Range: bytes=1-2|User-Agent: UA|Accept: */*",
    );
    expect(head({ range, method: "HEAD" })).toContain("|Range: bytes=1-2|");
    expect(head({ range, customMethod: "PUT" })).toContain("|Range: bytes=1-2|");
    expect(head({ range, headers: rules("Range: b") })).toBe(`${GET}|Range: b`);
    expect(post(["Range: a"], {}, { range })).toBe(
      "POST /p HTTP/1.1|Host: h:81|Content-Range: bytes 1-2/1|User-Agent: UA|Accept: */*|Range: a|" +
        `Content-Length: 1|${TYPE}`,
    );
    expect(put(null, ["Expect:"], { range })).toContain("|Content-Range: bytes 1-2/-1|");
  });

  test("-X changes the word only, -A '' and -e '' send nothing", () => {
    expect(head({ customMethod: "purge" })).toBe(GET.replace("GET", "purge"));
    expect(head({ userAgent: "", referer: "" })).toBe("GET /p HTTP/1.1|Host: h:81|Accept: */*");
    expect(head({ userAgent: null })).toBe("GET /p HTTP/1.1|Host: h:81|Accept: */*");
  });

  test("-H Authorization in any form replaces the computed one", () => {
    const authorization = "Basic YTpi";
    expect(head({}, { authorization })).toContain("|Authorization: Basic YTpi|");
    expect(head({ headers: rules("authorization: z") }, { authorization })).toBe(
      `${GET}|authorization: z`,
    );
    expect(head({ headers: rules("Authorization:") }, { authorization })).toBe(GET);
    expect(head({ headers: rules("Authorization;") }, { authorization })).toBe(
      `${GET}|Authorization:`,
    );
  });

  test("another origin gets no -H Authorization, Cookie or Host, and the rest", () => {
    const headers = rules("Host: a", "authorization: z", "COOKIE: c=1", "X: 1", "Accept: q");
    expect(head({ headers }, { includeSecrets: false })).toBe(
      "GET /p HTTP/1.1|Host: h:81|User-Agent: UA|X: 1|Accept: q",
    );
    expect(head({ headers: rules("Host:") }, { includeSecrets: false })).toBe(GET);
  });
});

describe("bodyFraming", () => {
  const body = (sizeBytes: number | null): BodyFacts => ({ type: null, sizeBytes });

  test("HTTP/1.0 has no chunks of its own", () => {
    const request = spec({ method: "PUT", httpVersion: "1.0" });
    expect(() => bodyFraming(request, body(null))).toThrow(
      new CurlError("UPLOAD_FAILED", "Chunky upload is not supported by HTTP 1.0"),
    );
    const forced = { ...request, headers: rules("Transfer-Encoding: chunked") };
    expect(bodyFraming(forced, body(5))).toEqual({ chunked: true, expectContinue: false });
  });

  test.each<[string[], number | null, boolean, boolean]>([
    [[], 5, false, false],
    [[], null, true, true],
    [[], BIG, false, true],
    [["Transfer-Encoding:chunked "], 5, true, false],
    [["Transfer-Encoding: xchunked"], 5, false, false],
    [["Transfer-Encoding: identity, chunked"], 5, false, false],
    [["Transfer-Encoding:"], null, false, true],
    [["Content-Length: 9"], null, false, false],
    [["Content-Length: x"], null, true, true],
    [["Expect:"], null, true, false],
    [["Expect: 100-Continue, x"], 5, false, true],
    [["Expect: x, 100-continue"], BIG, false, false],
  ])("-H %j with %p bytes: chunked %p, waits %p", (headers, sizeBytes, chunked, expectContinue) => {
    const request = spec({ method: "PUT", headers: rules(...headers) });
    expect(bodyFraming(request, body(sizeBytes))).toEqual({ chunked, expectContinue });
  });

  test("without a body nothing waits, but -H Transfer-Encoding still means a last chunk", () => {
    const headers = rules("Transfer-Encoding: chunked", "Expect: 100-continue");
    expect(bodyFraming(spec({ headers }), null)).toEqual({ chunked: true, expectContinue: false });
  });
});

describe("parseHeaderRule", () => {
  test.each<[string, HeaderRule | null]>([
    ["X: 1", { kind: "set", name: "X", value: "1" }],
    ["X:1", { kind: "set", name: "X", value: "1", tight: true }],
    ["X:  a  ", { kind: "set", name: "X", value: " a  " }],
    ["X: a:b", { kind: "set", name: "X", value: "a:b" }],
    ["X:;", { kind: "set", name: "X", value: ";", tight: true }],
    ["A; b: c", { kind: "set", name: "A; b", value: "c" }],
    ["X:", { kind: "remove", name: "X" }],
    ["X: \t", { kind: "remove", name: "X" }],
    ["X; ", { kind: "remove", name: "X" }],
    ["X;", { kind: "empty", name: "X" }],
    ["X ;", { kind: "empty", name: "X " }],
    ["X", null],
    ["X;y", null],
    ["X;;", null],
    ["X y", null],
    ["", null],
    [";", null],
    [":", null],
    [":v", null],
    [" : v", null],
  ])("%j", (text, expected) => {
    expect(parseHeaderRule(text)).toEqual(expected);
  });
});

test("parseHeaderFile skips empty lines and comments, and takes one CR off each line", () => {
  const text = "A: 1\r\n\n#c\n  B: 2\n\r\nC: x\r\r\n #d: e\nE: last";
  expect(parseHeaderFile(text)).toEqual(["A: 1", "  B: 2", "C: x\r", " #d: e", "E: last"]);
  expect(parseHeaderFile("")).toEqual([]);
});
