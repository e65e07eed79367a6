// Request header fields: -H in all its forms, -A, -e.

import type { ParityCase } from "./parity-case.ts";

function sent(name: string, argv: readonly string[], head: string, more: Partial<ParityCase> = {}) {
  return {
    name,
    argv: [...argv, "<base>/"],
    expect: { exit: 0, wire: [`GET / HTTP/1.1|${head}||`] },
    ...more,
  };
}

const HOST = "Host: 127.0.0.1:PORT";

export const HEADER_CASES: readonly ParityCase[] = [
  sent(
    "-H adds behind the defaults, in order",
    ["-H", "X-B: 2", "-H", "X-A: 1"],
    "STD|X-B: 2|X-A: 1",
    { mptcp: true },
  ),
  sent("-H with the same name twice sends both", ["-H", "X: 1", "-H", "X: 2"], "STD|X: 1|X: 2"),
  sent("-H keeps case and blanks as given", ["-H", "x-CaSe:   v  w "], "STD|x-CaSe:   v  w "),
  sent("-H without a blank after the colon", ["-H", "X:v"], "STD|X:v"),
  sent(
    "-H replaces Accept at its own place",
    ["-H", "Accept: text/x"],
    `${HOST}|User-Agent: UA|Accept: text/x`,
  ),
  sent("-H replaces User-Agent", ["-H", "user-agent: me"], `${HOST}|Accept: */*|user-agent: me`),
  sent(
    "-H replaces Host",
    ["-H", "Host: example.com"],
    "Host: example.com|User-Agent: UA|Accept: */*",
  ),
  sent(
    "-H Host behind another",
    ["-H", "X: 1", "-H", "Host: example.com"],
    "Host: example.com|User-Agent: UA|Accept: */*|X: 1",
  ),
  sent("-H removes Accept", ["-H", "Accept:"], `${HOST}|User-Agent: UA`),
  sent("-H removes Host", ["-H", "Host:"], "User-Agent: UA|Accept: */*"),
  {
    name: "-H removes all three",
    argv: ["-H", "Host:", "-H", "Accept:", "-H", "User-Agent:", "<base>/"],
    expect: { exit: 0, wire: ["GET / HTTP/1.1||"] },
  },
  sent("-H 'Name;' is empty", ["-H", "X-Empty;"], "STD|X-Empty:"),
  sent("-H 'Name: ' with a blank only removes", ["-H", "Accept: "], `${HOST}|User-Agent: UA`),
  sent("-H 'X-None:' of nothing sends nothing", ["-H", "X-None:"], "STD"),
  sent("-H @file", ["-H", "@f"], "STD|X: 1|Y: 2", {
    files: { f: "# note\nX: 1\n\nY: 2\n" },
  }),
  sent("-H @-", ["-H", "@-"], "STD|X: 1", { stdin: "X: 1\n" }),
  sent("-H of bytes above 0x7f", ["-H", "X: ä"], "STD|X: \xc3\xa4"),
  sent("-H without a colon is dropped with a warning", ["-H", "nonsense"], "STD", {
    loud: true,
    expect: { exit: 0, wire: ["GET / HTTP/1.1|STD||"], message: /^Warning: .*nonsense/m },
    differs: {
      because: "older ones drop it without a word",
      since: "8.22",
      older: { message: /^(?![\s\S]*Warning)/ },
    },
  }),
  sent("-H Connection is sent", ["-H", "Connection: close"], "STD|Connection: close"),
  sent("-H Content-Length on a GET", ["-H", "Content-Type: a/b"], "STD|Content-Type: a/b"),
  sent("-A", ["-A", "me/1.0"], `${HOST}|User-Agent: me/1.0|Accept: */*`),
  sent("-A ''", ["-A", ""], `${HOST}|Accept: */*`),
  sent(
    "-H beats -A",
    ["-A", "one", "-H", "User-Agent: two"],
    `${HOST}|Accept: */*|User-Agent: two`,
  ),
  sent("-e", ["-e", "http://from/"], "STD|Referer: http://from/"),
  sent("-e ''", ["-e", ""], "STD"),
  sent("-e 'url;auto'", ["-e", "http://from/;auto"], "STD|Referer: http://from/"),
  sent("-e ';auto' alone sends none at first", ["-e", ";auto"], "STD"),
  {
    name: "-H @missing",
    argv: ["-H", "@missing", "<base>/"],
    expect: { exit: 26, wire: [] },
  },
];
