// What curl 8.14 put on the wire, into %{url_effective} and into its messages for the same text; upper-case
// hexadecimal and "No host present" are newer ones' ways.

import { describe, expect, test } from "bun:test";
import { CurlError } from "../../src/error.ts";
import {
  appendQuery,
  authority,
  formatUrl,
  originOf,
  parseUrl,
  requestTarget,
  resolveUrl,
  sameOrigin,
} from "../../src/url.ts";

function failure(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    if (error instanceof CurlError) return `${error.exitCode} ${error.message}`;
    throw error;
  }
  return "no error";
}

const PORT = "3 URL rejected: Port number was not a decimal number between 0 and 65535";
const MALFORMED = "3 URL rejected: Malformed input to a URL function";
const SLASHES = "3 URL rejected: Unsupported number of slashes following scheme";
const NO_HOST = "3 URL rejected: No host present";
const BAD_HOST = "3 URL rejected: Bad hostname";
const BAD_IPV6 = "3 URL rejected: Bad IPv6 address";
const BAD_URL = "3 URL using bad/illegal format or missing URL";

describe("parseUrl", () => {
  test.each([
    // text, effective URL, Host value, request target
    ["http://EXAMPLE.com/", "http://EXAMPLE.com/", "EXAMPLE.com", "/"],
    ["HTTP://example.com", "http://example.com/", "example.com", "/"],
    ["http:/h/x", "http://h/x", "h", "/x"],
    ["http:///h/x", "http://h/x", "h", "/x"],
    ["http://h:/x", "http://h/x", "h", "/x"],
    ["http://h:80/", "http://h:80/", "h", "/"],
    ["http://h:0080/", "http://h:80/", "h", "/"],
    ["http://h:0/", "http://h:0/", "h:0", "/"],
    ["https://h:80/", "https://h:80/", "h:80", "/"],
    ["https://h:443/", "https://h:443/", "h", "/"],
    ["host:8080", "http://host:8080/", "host:8080", "/"],
    ["http//h", "http://http//h", "http", "//h"],
    ["a/b:c", "http://a/b:c", "a", "/b:c"],
    ["http://h?q#f", "http://h/?q#f", "h", "/?q"],
    ["http://h/?#", "http://h/", "h", "/"],
    ["http://h?a@b/c", "http://h/?a@b/c", "h", "/?a@b/c"],
    ["http://u#p@h/", "http://u/#p@h/", "u", "/"],
    ["http://h/a#b#c", "http://h/a#b#c", "h", "/a"],
    ["http://h|x_~/", "http://h|x_~/", "h|x_~", "/"],
    ["http://h..x/", "http://h..x/", "h..x", "/"],
    ["http://h%2e/", "http://h./", "h.", "/"],
    ["http://h/[x]?\"<>\\^`{}|'", "http://h/[x]?\"<>\\^`{}|'", "h", "/[x]?\"<>\\^`{}|'"],
    ["http://h/%zz%a%", "http://h/%zz%a%", "h", "/%zz%a%"],
    ["http://h/%aa%Bb?%aa", "http://h/%aa%Bb?%aa", "h", "/%AA%BB?%aa"],
    ["http://h/\xc3\xbc?\xc3\xbc", "http://h/\xc3\xbc?\xc3\xbc", "h", "/%C3%BC?\xc3\xbc"],
  ])("reads %j as curl does", (text, effective, host, target) => {
    const url = parseUrl(text);
    expect([formatUrl(url), authority(url), requestTarget(url)]).toEqual([effective, host, target]);
  });

  test.each([
    ["http://h/a/../b", "/b"],
    ["http://h/../b", "/b"],
    ["http://h/a/..", "/"],
    ["http://h/a/.", "/a/"],
    ["http://h/a/b/..?x", "/a/?x"],
    ["http://h/a//../b", "/a/b"],
    ["http://h/a/b/../../../c", "/c"],
    ["http://h/a/%2e%2E/b", "/b"],
    ["http://h/a/.%2e/b", "/b"],
    ["http://h/a/...", "/a/..."],
    ["http://h/..a", "/..a"],
    ["http://h/..%2fx", "/..%2Fx"],
    ["http://h/a?x=/../b", "/a?x=/../b"],
    ["http://h//a//b", "//a//b"],
  ])("removes the dot segments of %s", (text, target) => {
    expect(requestTarget(parseUrl(text))).toBe(target);
  });

  test("keeps dot segments with pathAsIs", () => {
    expect(requestTarget(parseUrl("http://h/a/../b/./%2e", { pathAsIs: true }))).toBe(
      "/a/../b/./%2E",
    );
  });

  test.each([
    ["127.1", "127.0.0.1"],
    ["0x7f000001", "127.0.0.1"],
    ["017700000001", "127.0.0.1"],
    ["0x7f.1", "127.0.0.1"],
    ["256", "0.0.1.0"],
    ["1.256", "1.0.1.0"],
    ["1.2.3", "1.2.0.3"],
    ["01.02.03.04", "1.2.3.4"],
    ["1.0xffffff", "1.255.255.255"],
    ["00.0", "0.0.0.0"],
    ["%31%32%37.1", "127.0.0.1"],
    ["999.1.1.1", "999.1.1.1"],
    ["1.2.3.4.5", "1.2.3.4.5"],
    ["4294967296", "4294967296"],
    ["1.2.65536", "1.2.65536"],
    ["08.1.1.1", "08.1.1.1"],
    ["1.2.3.4.", "1.2.3.4."],
    ["0x", "0x"],
    ["1..2", "1..2"],
  ])("turns the host %s into %s", (given, host) => {
    expect(parseUrl(`http://${given}/`).host).toBe(host);
  });

  test.each([
    ["[::1]", "[::1]", null],
    ["[FE80::1%25eth0]", "[FE80::1]", "eth0"],
    ["[fe80::1%eth0]", "[fe80::1]", "eth0"],
    ["[fe80::1%25]", "[fe80::1]", "25"],
    ["[FE80:0::1]", "[fe80::1]", null],
    ["[fe80:0:0:0:0:0:0:1]", "[fe80::1]", null],
    ["[2001:0db8::0001]", "[2001:db8::1]", null],
    ["[1::2:0:0:0:3]", "[1:0:0:2::3]", null],
    ["[::ffff:1.2.3.4]", "[::ffff:1.2.3.4]", null],
    ["[::ffff:102:304]", "[::ffff:102:304]", null],
    ["[0:0:0:0:0:ffff:1.2.3.4]", "[::ffff:1.2.3.4]", null],
    ["[1:2:3:4:5:6:7::]", "[1:2:3:4:5:6:7::]", null],
    ["[0:0:0:0:0:0:0:0]", "[::]", null],
  ])("reads the IPv6 literal %s", (given, host, zoneId) => {
    const url = parseUrl(`http://${given}:81/`);
    expect([url.host, url.zoneId, url.port]).toEqual([host, zoneId, 81]);
  });

  test("shows a zone id in the URL but not in Host", () => {
    const url = parseUrl("http://[fe80::1%lo]:81/");
    expect([formatUrl(url), authority(url)]).toEqual(["http://[fe80::1%25lo]:81/", "[fe80::1]:81"]);
  });

  test.each([
    ["\xc3\xbc.com", "xn--tda.com"],
    ["fa\xc3\x9f.de", "xn--fa-hia.de"],
    ["FA\xc3\x9c.de", "xn--fa-yka.de"],
    ["%C3%BC.com", "xn--tda.com"],
    ["a\xe3\x80\x82b", "a.b"],
  ])("sends the international name %j as %s and shows it as given", (given, host) => {
    const url = parseUrl(`http://${given}/`);
    expect([url.host, formatUrl(url)]).toEqual([host, `http://${url.givenHost}/`]);
    expect(url.givenHost).toMatch(/[\x80-\xff]/);
  });

  test.each([
    ["http://user@h/", "user", null],
    ["http://user:@h/", "user", ""],
    ["http://:pass@h/", "", "pass"],
    ["http://@h/", "", null],
    ["http://us%40er:p%3aw@h/", "us@er", "p:w"],
    ["http://u:p:w@h/", "u", "p:w"],
    ["http://us%0aer@h/", "us\ner", null],
    ["mailto:a@b", "mailto", "a"],
    ["http://h\\@x/", "h\\", null],
  ])("decodes the userinfo of %s", (text, user, password) => {
    const url = parseUrl(text);
    expect([url.user, url.password]).toEqual([user, password]);
    expect(formatUrl(url)).toContain(`${url.userinfo}@`);
    expect(formatUrl(url, { credentials: false })).not.toContain("@");
  });

  test.each([
    ["", NO_HOST],
    ["http://", NO_HOST],
    ["http:/?x", NO_HOST],
    ["http://:80/", NO_HOST],
    ["http://u@/", NO_HOST],
    ["//h/x", NO_HOST],
    ["?y", NO_HOST],
    ["foo://", NO_HOST],
    ["http:", PORT],
    ["http:h/x", PORT],
    ["localhost:", PORT],
    ["::1", PORT],
    ["h:x", PORT],
    ["http://h:65536/", PORT],
    ["http://h:99999999999999999999/", PORT],
    ["http://h:-1/", PORT],
    ["http://h:80:90/", PORT],
    ["http://[::1]x/", PORT],
    ["http://u:p?w@h/", PORT],
    ["1foo://h/", PORT],
    [`${"a".repeat(41)}://h/`, PORT],
    ["http:////h/x", SLASHES],
    ["foo:////x", SLASHES],
    ["http://u@v@h/", BAD_HOST],
    ["http://h!/", BAD_HOST],
    ["foo://h!/", BAD_HOST],
    ["http://h\\x/", BAD_HOST],
    ["http://h%2fx/", BAD_HOST],
    ["http://h%00x/", BAD_HOST],
    ["http://h%7f/", BAD_HOST],
    ["http://h%zz/", BAD_HOST],
    ["http://[::1/", BAD_IPV6],
    ["http://[]/", BAD_IPV6],
    ["http://[1.2.3.4]/", BAD_IPV6],
    ["http://[1:2:3:4:5:6:7:8::]/", BAD_IPV6],
    ["http://[::1::2]/", BAD_IPV6],
    ["http://[::1.2.3.256]/", BAD_IPV6],
    ["http://[1.2.3.4::]/", BAD_IPV6],
    ["http://[fe80::1%]/", BAD_IPV6],
    ["http://[fe80::1%25aaaaaaaaaaaaaaaa]/", BAD_IPV6],
    ["http://h/a b", MALFORMED],
    [" http://h/", MALFORMED],
    ["http://h/#a b", MALFORMED],
    ["http://h/a\tb", MALFORMED],
    ["http://h/a\r\nb", MALFORMED],
    ["http://h/\0", MALFORMED],
    ["http://h/\x7f", MALFORMED],
    ["http://us%00er@h/", BAD_URL],
    ["http://u:p%00w@h/", BAD_URL],
    ["http://\xfc.com/", BAD_URL],
    [`http://${"a".repeat(70)}\xc3\xbc.de/`, BAD_URL],
    ["ftp://h/", '1 Protocol "ftp" not supported'],
    ["FILE:///etc/passwd", '1 Protocol "file" not supported'],
    ["localhost:/x", '1 Protocol "localhost" not supported'],
    ["f-o.o+1://h/", '1 Protocol "f-o.o+1" not supported'],
    ["FTP.example.com/x", '1 Protocol "ftp" not supported'],
    ["dict.x", '1 Protocol "dict" not supported'],
    ["pop3.x:80", '1 Protocol "pop3" not supported'],
  ])("refuses %j", (text, reason) => {
    expect(failure(() => parseUrl(text))).toBe(reason);
  });

  test("guesses from the first label only", () => {
    expect(["ftp", "pop3s.x", "www.ftp.x"].map((text) => parseUrl(text).scheme)).toEqual([
      "http",
      "http",
      "http",
    ]);
  });

  test("defaultScheme beats guessing, and nothing that is written", () => {
    const options = { defaultScheme: "HTTPS" };
    expect(formatUrl(parseUrl("ftp.x", options))).toBe("https://ftp.x/");
    expect(parseUrl("h", options).port).toBe(443);
    expect(parseUrl("http://h", options).scheme).toBe("http");
    expect(failure(() => parseUrl("h", { defaultScheme: "foo" }))).toBe(
      '1 Protocol "foo" not supported',
    );
  });
});

describe("resolveUrl", () => {
  const base = parseUrl("http://u:p@h:99/r/a/b?q#frag");
  test.each([
    ["/x", "http://u:p@h:99/x"],
    ["x", "http://u:p@h:99/r/a/x"],
    ["?z", "http://u:p@h:99/r/a/b?z"],
    ["?", "http://u:p@h:99/r/a/b"],
    ["#z", "http://u:p@h:99/r/a/b?q#z"],
    ["", "http://u:p@h:99/r/a/b?q"],
    ["../x", "http://u:p@h:99/r/x"],
    ["../../../x", "http://u:p@h:99/x"],
    [".", "http://u:p@h:99/r/a/"],
    ["..", "http://u:p@h:99/r/"],
    ["x/../y", "http://u:p@h:99/r/a/y"],
    ["/%2e%2e/x", "http://u:p@h:99/x"],
    ["1://x", "http://u:p@h:99/r/a/1://x"],
    ["/:x", "http://u:p@h:99/:x"],
    ["\\x", "http://u:p@h:99/r/a/\\x"],
    ["?a=/../b", "http://u:p@h:99/r/a/b?a=/../b"],
    ["/x y?y z#a b", "http://u:p@h:99/x%20y?y+z#a+b"],
    ["/\xe9?\xe9#\xe9", "http://u:p@h:99/%E9?%E9#%E9"],
    ["/x\ty\x01\x7f", "http://u:p@h:99/x%09y%01%7F"],
    ["//g/x", "http://g/x"],
    ["///g/x", "http://g/x"],
    ["//g:81", "http://g:81/"],
    ["//v:w@g/x", "http://v:w@g/x"],
    ["HTTP://g", "http://g/"],
    ["https:/g/\xc3\xbc", "https://g/%C3%BC"],
    ["http://g?x y", "http://g/?x+y"],
    ["http://\xc3\xbc.de/", "http://\xc3\xbc.de/"],
  ])("resolves %j", (reference, expected) => {
    expect(formatUrl(resolveUrl(base, reference))).toBe(expected);
  });

  test.each([
    ["http:x", SLASHES],
    ["////g/x", SLASHES],
    ["//", NO_HOST],
    ["http://a b/", BAD_HOST],
    ["http://a\tb", BAD_HOST],
    ["http://g:99999/", PORT],
    ["//[::1", BAD_IPV6],
    ["http://\xff/", BAD_URL],
    ["x:y", '1 Protocol "x" not supported'],
    ["h://", '1 Protocol "h" not supported'],
    ["javascript:x", '1 Protocol "javascript" not supported'],
  ])("refuses %j", (reference, reason) => {
    expect(failure(() => resolveUrl(base, reference))).toBe(reason);
  });

  test("keeps the dots of an absolute reference only with pathAsIs", () => {
    expect(resolveUrl(base, "http://g/a/../x", { pathAsIs: true }).path).toBe("/a/../x");
    expect(resolveUrl(base, "/a/../x", { pathAsIs: true }).path).toBe("/x");
  });
});

describe("appendQuery", () => {
  test.each([
    ["http://h/p", "x=1", "http://h/p?x=1"],
    ["http://h/p?a", "x=1", "http://h/p?a&x=1"],
    ["http://h/p?a", "", "http://h/p?a&"],
    ["http://h", "", "http://h/"],
    ["http://h/p?a#f", "x", "http://h/p?a&x#f"],
    ["http://h/p", "a#b", "http://h/p?a#b"],
  ])("%s with %j", (text, data, expected) => {
    expect(formatUrl(appendQuery(parseUrl(text), data))).toBe(expected);
  });

  test("refuses a blank or line break", () => {
    for (const data of ["a b", "a\nb"]) {
      expect(failure(() => appendQuery(parseUrl("http://h"), data))).toBe(MALFORMED);
    }
  });
});

describe("sameOrigin", () => {
  test.each([
    ["http://h/", "http://H:80/x", true],
    ["http://u@h/", "http://h/", true],
    ["http://h/", "http://h:81/", false],
    ["http://h/", "https://h/", false],
    ["http://h:443/", "https://h/", false],
    ["http://h/", "http://g/", false],
    ["http://[fe80::1%25a]/", "http://[fe80::1%25b]/", false],
    ["http://127.1/", "http://0x7f.1/", true],
  ])("%s and %s: %p", (a, b, expected) => {
    expect(sameOrigin(parseUrl(a), parseUrl(b))).toBe(expected);
  });

  test("originOf names scheme, host and port", () => {
    expect(originOf(parseUrl("HTTPS://u:p@Example.com/x"))).toBe("https://example.com:443");
  });
});

test("formatUrl leaves the fragment out on demand", () => {
  expect(formatUrl(parseUrl("http://h/x#f"), { fragment: false })).toBe("http://h/x");
});
