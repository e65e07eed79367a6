// -L: which method follows which code, where to, and what stays behind when the origin changes.

import { answer, ok, type ParityCase } from "./parity-case.ts";

const FORM = "Content-Type: application/x-www-form-urlencoded";
const BASIC = "Authorization: Basic YWw6cHc=";

function moved(code: number, location: string): string {
  return answer(`${code} Moved`, "moved", `Location: ${location}`);
}

function getFollows(code: number): ParityCase {
  return {
    name: `GET follows ${code}`,
    argv: ["-L", "<base>/a"],
    replies: [moved(code, "/b"), ok("there")],
    expect: {
      exit: 0,
      wire: ["GET /a HTTP/1.1|STD||GET /b HTTP/1.1|STD||"],
      stdout: "there",
    },
    ...(code === 302 ? { bytewise: true as const, mptcp: true as const } : {}),
  };
}

function postFollows(code: number, second: string): ParityCase {
  return {
    name: `POST follows ${code}`,
    argv: ["-L", "-d", "x=1", "<base>/a"],
    replies: [moved(code, "/b"), ok("there")],
    expect: {
      exit: 0,
      wire: [`POST /a HTTP/1.1|STD|Content-Length: 3|${FORM}||x=1${second}`],
      stdout: "there",
    },
  };
}

function resolves(location: string, target: string): ParityCase {
  return {
    name: `Location: ${location}`,
    argv: ["-L", "<base>/d/a?q=1"],
    replies: [moved(302, location), ok("there")],
    expect: {
      exit: 0,
      wire: [`GET /d/a?q=1 HTTP/1.1|STD||GET ${target} HTTP/1.1|STD||`],
      stdout: "there",
    },
  };
}

const AS_GET = "GET /b HTTP/1.1|STD||";
const AS_POST = `POST /b HTTP/1.1|STD|Content-Length: 3|${FORM}||x=1`;

const METHODS: readonly ParityCase[] = [
  ...[300, 301, 302, 303, 307, 308].map(getFollows),
  postFollows(301, AS_GET),
  postFollows(302, AS_GET),
  postFollows(303, AS_GET),
  postFollows(307, AS_POST),
  postFollows(308, AS_POST),
  {
    name: "HEAD stays HEAD on 303",
    argv: ["-L", "-I", "<base>/a"],
    replies: [
      "HTTP/1.1 303 See\r\nLocation: /b\r\nContent-Length: 9\r\n\r\n",
      "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n",
    ],
    expect: {
      exit: 0,
      wire: ["HEAD /a HTTP/1.1|STD||HEAD /b HTTP/1.1|STD||"],
      stdout:
        "HTTP/1.1 303 See\r\nLocation: /b\r\nContent-Length: 9\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n",
    },
  },
  {
    name: "PUT stays PUT on 302",
    argv: ["-L", "-T", "f", "<base>/a"],
    files: { f: "xyz" },
    replies: [moved(302, "/b"), ok("there")],
    expect: {
      exit: 0,
      wire: [
        "PUT /a HTTP/1.1|STD|Content-Length: 3||xyzPUT /b HTTP/1.1|STD|Content-Length: 3||xyz",
      ],
    },
  },
  {
    name: "PUT becomes GET on 303",
    argv: ["-L", "-T", "f", "<base>/a"],
    files: { f: "xyz" },
    replies: [moved(303, "/b"), ok("there")],
    expect: { exit: 0, wire: ["PUT /a HTTP/1.1|STD|Content-Length: 3||xyzGET /b HTTP/1.1|STD||"] },
  },
  {
    name: "-X persists, the body goes",
    argv: ["-L", "-X", "PATCH", "-d", "x=1", "<base>/a"],
    replies: [moved(302, "/b"), ok("there")],
    expect: {
      exit: 0,
      wire: [`PATCH /a HTTP/1.1|STD|Content-Length: 3|${FORM}||x=1PATCH /b HTTP/1.1|STD||`],
    },
  },
  {
    name: "stdin cannot be sent twice",
    argv: ["-L", "-T", "-", "-H", "Expect:", "<base>/a"],
    stdin: "xyz",
    replies: [moved(307, "/b"), ok("there")],
    expect: { exit: 65, message: /\(65\) / },
  },
];

const WHERE: readonly ParityCase[] = [
  resolves("/b", "/b"),
  resolves("b", "/d/b"),
  resolves("../b", "/b"),
  resolves("?r=2", "/d/a?r=2"),
  resolves("//127.0.0.1:<port>/b", "/b"),
  resolves("<base>/b", "/b"),
  resolves("/b#frag", "/b"),
  resolves("/b c", "/b%20c"),
  {
    ...resolves("/\xc3\xa4", "/%C3%A4"),
    name: "Location with UTF-8",
    differs: {
      because: "older ones write hexadecimal in small letters",
      since: "8.22",
      older: { wire: ["GET /d/a?q=1 HTTP/1.1|STD||GET /%c3%a4 HTTP/1.1|STD||"] },
    },
  },
  {
    name: "an empty Location is no redirect",
    argv: ["-L", "<base>/a"],
    replies: [moved(302, "")],
    expect: { exit: 0, stdout: "moved", wire: ["GET /a HTTP/1.1|STD||"] },
  },
  {
    name: "302 without a Location",
    argv: ["-L", "<base>/a"],
    replies: [answer("302 F", "body")],
    expect: { exit: 0, stdout: "body" },
  },
  {
    name: "without -L the answer is the answer",
    argv: ["<base>/a"],
    replies: [moved(301, "/b")],
    expect: { exit: 0, stdout: "moved", wire: ["GET /a HTTP/1.1|STD||"] },
  },
  {
    name: "a Location on 200 is not followed",
    argv: ["-L", "<base>/a"],
    replies: [ok("fine", "Location: /b")],
    expect: { exit: 0, stdout: "fine", wire: ["GET /a HTTP/1.1|STD||"] },
  },
  {
    name: "--max-redirs",
    argv: ["-L", "--max-redirs", "2", "<base>/0"],
    replies: [moved(302, "/1"), moved(302, "/2"), moved(302, "/3"), ok("never")],
    sameStderr: true,
    expect: {
      exit: 47,
      stdout: "",
      wire: ["GET /0 HTTP/1.1|STD||GET /1 HTTP/1.1|STD||GET /2 HTTP/1.1|STD||"],
      message: /\(47\) Maximum \(2\) redirects followed/,
    },
  },
  {
    name: "--max-redirs 0",
    argv: ["-L", "--max-redirs", "0", "<base>/0"],
    replies: [moved(302, "/1")],
    expect: { exit: 47, message: /\(47\) Maximum \(0\) redirects followed/ },
  },
  {
    name: "--max-redirs -1 is no limit",
    argv: ["-L", "--max-redirs", "-1", "<base>/0"],
    replies: [moved(302, "/1"), moved(302, "/2"), ok("there")],
    expect: { exit: 0, stdout: "there" },
  },
  {
    name: "to a scheme that is not for redirects",
    argv: ["-L", "<base>/a"],
    replies: [moved(302, "file:///etc/passwd")],
    expect: { exit: 1, stdout: "", message: /\(1\) Protocol "file" / },
  },
  {
    name: "to what is no URL",
    argv: ["-L", "<base>/a"],
    replies: [moved(302, "http://[bad/")],
    expect: { exit: 3, message: /\(3\) The redirect target URL could not be parsed/ },
  },
  {
    name: "two different Locations",
    argv: ["-L", "<base>/a"],
    replies: [answer("302 F", "", "Location: /b", "Location: /c"), ok("there")],
    expect: { exit: 8, stdout: "", message: /\(8\) / },
    differs: {
      because: "older ones take one of them",
      since: "8.18",
      older: { exit: 0, stdout: "there", message: /^$/ },
    },
  },
  {
    name: "the body of a redirect in chunks is skipped, the connection stays",
    argv: ["-L", "<base>/a"],
    replies: [
      "HTTP/1.1 302 F\r\nLocation: /b\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
      ok("there"),
    ],
    expect: { exit: 0, stdout: "there", wire: ["GET /a HTTP/1.1|STD||GET /b HTTP/1.1|STD||"] },
  },
  {
    name: "a redirect that closes needs a second connection",
    argv: ["-L", "<base>/a"],
    replies: [
      { send: "HTTP/1.1 302 F\r\nLocation: /b\r\nConnection: close\r\n\r\nbody", after: "close" },
      ok("there"),
    ],
    expect: { exit: 0, stdout: "there", wire: ["GET /a HTTP/1.1|STD||", "GET /b HTTP/1.1|STD||"] },
  },
  {
    name: "-L -i shows every header",
    argv: ["-L", "-i", "<base>/a"],
    replies: [moved(302, "/b"), ok("there")],
    expect: {
      exit: 0,
      stdout:
        "HTTP/1.1 302 Moved\r\nLocation: /b\r\nContent-Length: 5\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nthere",
    },
  },
  {
    name: "-L -D -o",
    argv: ["-L", "-D", "h", "-o", "f", "<base>/a"],
    replies: [moved(302, "/b"), ok("there")],
    expect: {
      exit: 0,
      stdout: "",
      files: {
        f: "there",
        h: "HTTP/1.1 302 Moved\r\nLocation: /b\r\nContent-Length: 5\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n",
      },
    },
  },
  {
    name: "-L -O is named after the first URL",
    argv: ["-L", "-O", "<base>/first"],
    replies: [moved(302, "/second"), ok("there")],
    expect: { exit: 0, files: { first: "there" } },
  },
  {
    name: "-L -f where the target fails",
    argv: ["-L", "-f", "<base>/a"],
    replies: [moved(302, "/b"), answer("404 N", "no")],
    expect: { exit: 22, stdout: "", message: /\(22\) The requested URL returned error: 404/ },
  },
  {
    name: "-e ';auto' sends the URL before",
    argv: ["-L", "-e", ";auto", "<base>/a#f"],
    replies: [moved(302, "/b"), ok("there")],
    expect: {
      exit: 0,
      wire: ["GET /a HTTP/1.1|STD||GET /b HTTP/1.1|STD|Referer: http://127.0.0.1:PORT/a||"],
    },
  },
];

function toOther(name: string, argv: readonly string[], first: string, second: string): ParityCase {
  return {
    name,
    argv: ["-L", ...argv],
    replies: [moved(302, "<other>/b")],
    otherReplies: [ok("there")],
    expect: { exit: 0, wire: [first], otherWire: [second], stdout: "there" },
  };
}

const AUTHORIZED = `Host: 127.0.0.1:PORT|${BASIC}|User-Agent: UA|Accept: */*`;

const OTHER_ORIGIN: readonly ParityCase[] = [
  toOther("another origin gets the same request", ["<base>/a"], "GET /a HTTP/1.1|STD||", AS_GET),
  toOther(
    "-u stays behind",
    ["-u", "al:pw", "<base>/a"],
    `GET /a HTTP/1.1|${AUTHORIZED}||`,
    AS_GET,
  ),
  toOther(
    "URL credentials stay behind",
    ["http://al:pw@127.0.0.1:<port>/a"],
    `GET /a HTTP/1.1|${AUTHORIZED}||`,
    AS_GET,
  ),
  toOther(
    "-H Authorization stays behind",
    ["-H", "Authorization: Secret", "<base>/a"],
    "GET /a HTTP/1.1|STD|Authorization: Secret||",
    AS_GET,
  ),
  toOther(
    "-H Cookie stays behind",
    ["-H", "Cookie: a=b", "<base>/a"],
    "GET /a HTTP/1.1|STD|Cookie: a=b||",
    AS_GET,
  ),
  {
    ...toOther(
      "-H Host stays behind",
      ["-H", "Host: virtual", "<base>/a"],
      "GET /a HTTP/1.1|Host: virtual|User-Agent: UA|Accept: */*||",
      AS_GET,
    ),
    differs: {
      because: "older ones look at the host name only, not at the port",
      since: "8.22",
      older: { otherWire: ["GET /b HTTP/1.1|Host: virtual|User-Agent: UA|Accept: */*||"] },
    },
  },
  toOther(
    "other -H go along",
    ["-H", "X: 1", "-A", "me", "<base>/a"],
    "GET /a HTTP/1.1|Host: 127.0.0.1:PORT|User-Agent: me|Accept: */*|X: 1||",
    "GET /b HTTP/1.1|Host: 127.0.0.1:PORT|User-Agent: me|Accept: */*|X: 1||",
  ),
  {
    name: "-u goes along within the origin",
    argv: ["-L", "-u", "al:pw", "<base>/a"],
    replies: [moved(302, "/b"), ok("there")],
    expect: {
      exit: 0,
      wire: [`GET /a HTTP/1.1|${AUTHORIZED}||GET /b HTTP/1.1|${AUTHORIZED}||`],
    },
  },
  {
    name: "credentials in a Location are used",
    argv: ["-L", "<base>/a"],
    replies: [moved(302, "http://al:pw@127.0.0.1:<otherPort>/b")],
    otherReplies: [ok("there")],
    expect: { exit: 0, otherWire: [`GET /b HTTP/1.1|${AUTHORIZED}||`] },
    differs: {
      because: "older ones drop them on another port of the host",
      since: "8.22",
      older: { otherWire: [AS_GET] },
    },
  },
  {
    name: "-u comes back when the first origin does",
    argv: ["-L", "-u", "al:pw", "<base>/a"],
    replies: [moved(302, "<other>/b"), ok("home")],
    otherReplies: [moved(302, "<base>/c")],
    expect: {
      exit: 0,
      wire: [`GET /a HTTP/1.1|${AUTHORIZED}||GET /c HTTP/1.1|${AUTHORIZED}||`],
      otherWire: [AS_GET],
      stdout: "home",
    },
    differs: {
      because: "older ones forget them for good",
      since: "8.22",
      older: { wire: [`GET /a HTTP/1.1|${AUTHORIZED}||GET /c HTTP/1.1|STD||`] },
    },
  },
];

export const REDIRECT_CASES: readonly ParityCase[] = [...METHODS, ...WHERE, ...OTHER_ORIGIN];
