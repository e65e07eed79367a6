// What curl makes of URLs that people really type.

import type { ParityCase } from "./parity-case.ts";

function asks(name: string, url: string, target: string, host = "127.0.0.1:PORT"): ParityCase {
  const head = `Host: ${host}|User-Agent: UA|Accept: */*`.replace(
    "Host: 127.0.0.1:PORT|User-Agent: UA|Accept: */*",
    "STD",
  );
  return { name, argv: [url], expect: { exit: 0, wire: [`GET ${target} HTTP/1.1|${head}||`] } };
}

function upper(test: ParityCase, olderTarget: string): ParityCase {
  return {
    ...test,
    differs: {
      because: "older ones write hexadecimal in small letters, or leave it as it is",
      since: "8.22",
      older: { wire: [`GET ${olderTarget} HTTP/1.1|STD||`] },
    },
  };
}

function refused(name: string, url: string, message: RegExp, exit = 3): ParityCase {
  return { name, argv: [url], expect: { exit, wire: [], stdout: "", message } };
}

const H = "127.0.0.1:<port>";

export const URL_CASES: readonly ParityCase[] = [
  {
    name: "-g takes braces and brackets as they are",
    argv: ["-g", "<base>/{a,b}[1-2]?id[0]=x"],
    expect: { exit: 0, wire: ["GET /{a,b}[1-2]?id[0]=x HTTP/1.1|STD||"] },
  },
  asks("[] is no pattern", "<base>/?list[]=1", "/?list[]=1"),
  {
    ...refused("a pattern is refused", "<base>/{a,b}", /\(3\) '\{' in a URL/),
    differs: {
      because: "patterns are not expanded yet; curl makes a request of each",
      since: null,
      older: {
        exit: 0,
        wire: ["GET /a HTTP/1.1|STD||GET /b HTTP/1.1|STD||"],
        stdout: "hello\nhello\n",
        message: /^$/,
      },
    },
  },
  refused("a zone that is none", "http://[fe80::1%25nosuchif0]:<port>/", /\(7\) /, 7),
  refused("an unmatched bracket", "<base>/]", /\(3\) /),
  asks("no scheme", `${H}/x`, "/x"),
  asks("no scheme, no path", H, "/"),
  asks("one slash", `http:/${H}/x`, "/x"),
  asks("three slashes", `http:///${H}/x`, "/x"),
  refused("four slashes", `http:////${H}/x`, /\(3\) URL rejected: Unsupported number of slashes/),
  asks("scheme in capitals", `HTTP://${H}/x`, "/x"),
  asks("query without a path", `<base>?a=b`, "/?a=b"),
  asks("fragment is not sent", "<base>/x#frag", "/x"),
  asks("fragment without a path", "<base>#frag", "/"),
  asks("question mark in the fragment", "<base>/x#a?b", "/x"),
  asks("an empty query is not sent", "<base>/x?", "/x"),
  asks("dot segments", "<base>/a/./b/../c", "/a/c"),
  asks("dot segments above the root", "<base>/../../x", "/x"),
  asks("dot segment at the end", "<base>/a/b/..", "/a/"),
  asks("encoded dot segments", "<base>/a/%2e%2e/c", "/c"),
  asks("double slashes stay", "<base>//a//b", "//a//b"),
  upper(asks("percent codes stay encoded", "<base>/%41%7e", "/%41%7E"), "/%41%7e"),
  asks("odd characters stay", "<base>/a'b(c)*!$&,;=:@|^`", "/a'b(c)*!$&,;=:@|^`"),
  asks("quotes and angles", '<base>/a"b<c>', '/a"b<c>'),
  asks("backslash in the path", "<base>/a\\b", "/a\\b"),
  upper(asks("UTF-8 in the path", "<base>/ä", "/%C3%A4"), "/%c3%a4"),
  asks("UTF-8 in the query", "<base>/?q=ä", "/?q=\xc3\xa4"),
  asks("port with leading zeros", "http://127.0.0.1:0<port>/x", "/x"),
  asks("short IPv4", "http://127.1:<port>/x", "/x"),
  asks("hexadecimal IPv4", "http://0x7f000001:<port>/x", "/x"),
  asks("octal IPv4", "http://0177.0.0.1:<port>/x", "/x"),
  asks("IPv4 as one number", "http://2130706433:<port>/x", "/x"),
  asks("percent codes in the host", "http://%31%32%37.0.0.1:<port>/x", "/x"),
  asks("localhost", "http://localhost:<port>/x", "/x", "localhost:PORT"),
  asks("a name under localhost", "http://a.localhost:<port>/x", "/x", "a.localhost:PORT"),
  asks("capitals in the host stay", "http://LOCALHOST:<port>/x", "/x", "LOCALHOST:PORT"),
  asks(
    "two slashes and a query with slashes",
    "<base>/x?u=http://a/b/../c",
    "/x?u=http://a/b/../c",
  ),
  refused("blank", "<base>/a b", /\(3\) URL rejected: Malformed input to a URL function/),
  refused("blank at the front of the host", "http:// 127.0.0.1/", /\(3\) URL rejected: /),
  refused("control character", "<base>/a\x01b", /\(3\) URL rejected: Malformed input/),
  refused("port too large", "http://127.0.0.1:99999/", /\(3\) URL rejected: Port number was not/),
  refused("port of letters", "http://127.0.0.1:abc/", /\(3\) URL rejected: Port number was not/),
  refused(
    "no host",
    "http://",
    /\(3\) URL rejected: No host part in the URL|\(3\) URL rejected: No host present/,
  ),
  refused("no host before the port", "http://:80/", /\(3\) URL rejected: /),
  refused("no host before the path", "http:///", /\(3\) URL rejected: /),
  refused("IPv6 not closed", "http://[::1/", /\(3\) /),
  refused("IPv6 that is none", "http://[::zz]/", /\(3\) /),
  refused("bad character in the host", "http://exa^mple/", /\(3\) URL rejected: Bad hostname/),
  refused("second @", "http://user:p@ss@127.0.0.1/", /\(3\) URL rejected: |\(6\)|\(7\)/),
  refused("unknown scheme", "blurp://127.0.0.1/", /\(1\) Protocol "blurp" not supported/, 1),
  refused(
    "an onion name is not resolved",
    "http://abc.onion/",
    /\(6\) Not resolving \.onion address/,
    6,
  ),
];
