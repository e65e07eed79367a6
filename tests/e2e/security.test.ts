// What must not happen: a directory that changes what the program is, words that become header
// fields of their own, and servers that write on a person's terminal.

import { expect } from "bun:test";
import { run } from "../support/program.ts";
import { bunFolder, packedCliPath, programPath } from "../support/program-path.ts";
import { needs } from "../support/requirement.ts";
import { startRawServer } from "../support/servers/raw-server.ts";
import { startRawTlsServer } from "../support/servers/tls-server.ts";
import { runOnTerminal } from "../support/terminal.ts";

const HELLO = { send: "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello" };

const EVIL_CODE = `require("node:fs").writeFileSync("pwned", "");\n`;

/** A directory as an attacker would leave it for someone to run the program in. */
const EVIL: Readonly<Record<string, string>> = {
  ".env":
    "NODE_TLS_REJECT_UNAUTHORIZED=0\nhttp_proxy=http://127.0.0.1:1\nALL_PROXY=http://127.0.0.1:1\nCURL_CA_BUNDLE=/nonexistent\nBUN_OPTIONS=--preload ./evil.ts\n",
  ".env.local": "http_proxy=http://127.0.0.1:1\n",
  ".env.production": "http_proxy=http://127.0.0.1:1\n",
  "bunfig.toml": 'preload = ["./evil.ts"]\n[run]\npreload = ["./evil.ts"]\n',
  ".bunfig.toml": 'preload = ["./evil.ts"]\n',
  "evil.ts": EVIL_CODE,
  "evil.js": EVIL_CODE,
  "tsconfig.json": '{"compilerOptions":{"paths":{"*":["./evil.ts"]}}}\n',
  "jsconfig.json": '{"compilerOptions":{"paths":{"*":["./evil.ts"]}}}\n',
  "package.json": '{"type":"module","imports":{"#ffi/*":"./evil.ts"}}\n',
  "node_modules/citty/index.js": EVIL_CODE,
  "node_modules/citty/package.json": '{"name":"citty","main":"index.js"}\n',
  "node_modules/consola/index.js": EVIL_CODE,
  "node_modules/consola/package.json": '{"name":"consola","main":"index.js"}\n',
  "libc.so.6": "not a library\n",
  "libc.so": "not a library\n",
};

const PROGRAMS = [
  { name: "the compiled program", need: "program", path: programPath },
  { name: "the packed CLI by its shebang", need: "packed CLI", path: packedCliPath },
] as const;

for (const { name, need, path } of PROGRAMS) {
  const env = { PATH: `${bunFolder()}:/usr/bin:/bin` };

  // Of tsconfig.json and jsconfig.json only the first is read: each needs a run of its own.
  for (const absent of ["jsconfig.json", "tsconfig.json"]) {
    needs(need)(
      `${name} is not touched by the directory it runs in, without ${absent}`,
      async () => {
        const files = Object.fromEntries(Object.entries(EVIL).filter(([file]) => file !== absent));
        const server = startRawServer([HELLO]);
        const result = await run(["-sS", `http://127.0.0.1:${server.port}/`], {
          program: path(),
          files,
          env,
        });
        server.stop();
        expect(result.stderr).toBe("");
        expect(result.out).toBe("hello");
        expect(result.exitCode).toBe(0);
        expect([...result.files.keys()].sort()).toEqual(
          [
            ...Object.keys(files),
            "node_modules/",
            "node_modules/citty/",
            "node_modules/consola/",
          ].sort(),
        );
      },
    );
  }

  needs(need, "openssl")(`${name} verifies certificates whatever .env says`, async () => {
    const server = startRawTlsServer([HELLO]);
    const files = { ".env": "NODE_TLS_REJECT_UNAUTHORIZED=0\n" };
    const result = await run(["-sS", `https://localhost:${server.port}/`], {
      program: path(),
      files,
      env,
    });
    server.stop();
    expect(result.exitCode).toBe(60);
  });
}

/** argv words that must end the run before anything is sent. */
const INJECTIONS: readonly (readonly [name: string, argv: readonly string[], exit: number])[] = [
  ["CRLF in -H", ["-H", "X: a\r\nEvil: 1"], 43],
  ["LF in -H", ["-H", "X: a\nEvil: 1"], 43],
  ["CR in -H", ["-H", "X: a\rEvil: 1"], 43],
  ["CRLF in a name of -H", ["-H", "X\r\nEvil: 1"], 43],
  ["CRLF in -H 'Name;'", ["-H", "X\r\nEvil;"], 43],
  ["CRLF in -X", ["-X", "GET / HTTP/1.1\r\nEvil: 1\r\n\r\nGET"], 43],
  ["LF in -X", ["-X", "GET\n"], 43],
  ["CRLF in -A", ["-A", "a\r\nEvil: 1"], 43],
  ["CRLF in -e", ["-e", "http://a/\r\nEvil: 1"], 43],
  ["CRLF in -r", ["-r", "0-1\r\nEvil: 1"], 43],
  ["LF in -H Host", ["-H", "Host: a\nEvil: 1"], 43],
];
for (const [name, argv, exit] of INJECTIONS) {
  needs("program")(`${name} is ${exit} and nothing is on the wire`, async () => {
    const server = startRawServer([HELLO]);
    const result = await run(["-sS", ...argv, `http://127.0.0.1:${server.port}/`]);
    const received = server.received().join("");
    server.stop();
    expect(received).toBe("");
    expect(result.exitCode).toBe(exit);
    expect(result.stderr).toMatch(new RegExp(`^m?p?curl: \\(${exit}\\) `, "m"));
  });
}

for (const [name, path] of [
  ["CRLF", "/a\r\nEvil: 1"],
  ["LF", "/a\nEvil"],
  ["CR", "/a\rEvil"],
  ["a blank", "/a HTTP/1.1"],
] as const) {
  needs("program")(`${name} in a URL is 3 and nothing is on the wire`, async () => {
    const server = startRawServer([HELLO]);
    const result = await run(["-sS", `http://127.0.0.1:${server.port}${path}`]);
    const received = server.received().join("");
    server.stop();
    expect(received).toBe("");
    expect(result.exitCode).toBe(3);
  });
}

needs("program")(
  "CRLF in a query by -G and in a Location stay out of the wire's lines",
  async () => {
    const server = startRawServer([
      { send: "HTTP/1.1 302 F\r\nLocation: /b%0d%0aEvil:%201\r\nContent-Length: 0\r\n\r\n" },
      HELLO,
    ]);
    const url = `http://127.0.0.1:${server.port}/`;
    const result = await run(["-sSL", "-G", "-d", "a\r\nEvil: 1", url]);
    const received = server.received().join("");
    server.stop();
    expect(received).not.toMatch(/^Evil/m);
    expect(result.timedOut).toBe(false);
  },
);

needs("program")(
  "a NUL in -H @file does not reach the wire; a CRLF file loses its CRs",
  async () => {
    const server = startRawServer([HELLO, HELLO]);
    const url = `http://127.0.0.1:${server.port}/`;
    const nul = await run(["-sS", "-H", "@f", url], { files: { f: "X: a\0b\n" } });
    const crlf = await run(["-sS", "-H", "@f", url], { files: { f: "X: a\r\nY: b\r\n" } });
    const received = server.received().join("");
    server.stop();
    expect(received).not.toContain("\0");
    expect(nul.exitCode).toBe(43);
    expect(crlf.exitCode).toBe(0);
    expect(received).toContain("\r\nX: a\r\nY: b\r\n\r\n");
  },
);

/** Sets a terminal's title, on terminals that believe it. */
const ESCAPE = "\x1b]0;pwned\x07";

needs("program")("escape sequences in a server's header do not reach the terminal", async () => {
  const reply = {
    send: `HTTP/1.1 200 ${ESCAPE}OK\r\nX-Evil: ${ESCAPE}\r\nContent-Length: 3\r\n\r\nok\n`,
  };
  const server = startRawServer([reply, reply, reply]);
  const url = `http://127.0.0.1:${server.port}/`;
  for (const option of ["-i", "-v", "-I"]) {
    const result = await runOnTerminal([option, url]);
    expect(result.screen).toContain("X-Evil");
    expect(result.screen).not.toContain("\x1b]0;pwned");
    expect(result.screen).not.toContain("\x07");
  }
  server.stop();
});

needs("program")("escape sequences of a server do not reach the terminal in messages", async () => {
  const replies = [
    `HTTP/1.1 200 OK\r\nContent-Length: ${ESCAPE}\r\n\r\n`,
    `HTTP/1.1 200 OK\r\nTransfer-Encoding: ${ESCAPE}\r\n\r\n`,
    `HTTP/1.1 200 OK\r\n${ESCAPE}\r\n\r\n`,
    `HTTP/1.1 200 OK\r\nContent-Encoding: ${ESCAPE}\r\nContent-Length: 1\r\n\r\nx`,
    `HTTP/1.1 302 F\r\nLocation: ${ESCAPE}://x/\r\nContent-Length: 0\r\n\r\n`,
  ];
  for (const send of replies) {
    const server = startRawServer([{ send, after: "close" }]);
    const result = await runOnTerminal([
      "-sSL",
      "--compressed",
      `http://127.0.0.1:${server.port}/`,
    ]);
    server.stop();
    expect(result.screen).not.toContain("\x1b]0;pwned");
    expect(result.screen).not.toContain("\x07");
  }
});
