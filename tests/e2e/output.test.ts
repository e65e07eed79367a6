// What becomes of the bytes: readers that go away, disks that are full, names that servers suggest,
// modes, the progress meter, and terminals.

import { expect } from "bun:test";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { listFiles, plant, run, runShell } from "../support/program.ts";
import { needs } from "../support/requirement.ts";
import { startRawServer } from "../support/servers/raw-server.ts";
import { tempDir } from "../support/temp-dir.ts";
import { runOnTerminal } from "../support/terminal.ts";

const MIB = 1 << 20;
const BIG = {
  send: `HTTP/1.1 200 OK\r\nContent-Length: ${8 * MIB}\r\n\r\n${"line of text\n".repeat(8 * MIB).slice(0, 8 * MIB)}`,
};

function served(body: string, ...fields: readonly string[]) {
  return {
    send: ["HTTP/1.1 200 OK", ...fields, `Content-Length: ${body.length}`, "", body].join("\r\n"),
  };
}

needs("program")("a reader that goes away is 23 in one line", async () => {
  const server = startRawServer([BIG]);
  const line = `"$MPCURL" -sS http://127.0.0.1:${server.port}/ | head -1; exit \${PIPESTATUS[0]}`;
  const result = await runShell(line);
  server.stop();
  expect(result.out).toBe("line of text\n");
  expect(result.exitCode).toBe(23);
  expect(result.stderr).toMatch(/^m?p?curl: \(23\) [^\n]+\n$/);
});

needs("program")("a reader that goes away is silent under -s", async () => {
  const server = startRawServer([BIG]);
  const line = `"$MPCURL" -s http://127.0.0.1:${server.port}/ | head -1; exit \${PIPESTATUS[0]}`;
  const result = await runShell(line);
  server.stop();
  expect(result.exitCode).toBe(23);
  expect(result.stderr).toBe("");
});

needs("program", "/dev/full")(
  "a full disk is 23 and says so, as a file and as stdout",
  async () => {
    for (const where of ["-o /dev/full", "> /dev/full"]) {
      const server = startRawServer([BIG]);
      const result = await runShell(`"$MPCURL" -sS http://127.0.0.1:${server.port}/ ${where}`);
      server.stop();
      expect(result.exitCode).toBe(23);
      expect(result.stderr).toMatch(/^m?p?curl: \(23\) [^\n]+\n$/m);
    }
  },
);

const HOSTILE = [
  "../escaped",
  "../../escaped",
  "/escaped",
  "..\\escaped",
  "C:\\escaped",
  "..",
  ".",
  "",
  ".hidden",
  "..hidden",
  "dir/.hidden",
  "dir/..",
  "a/b/c",
  "%2e%2e%2fescaped",
  "esc\x1b[31maped",
];
for (const name of HOSTILE) {
  needs("program")(
    `-J with ${JSON.stringify(name)} stays in the directory and in sight`,
    async () => {
      const outer = tempDir("hostile");
      plant(outer, { "inner/marker": "" });
      const server = startRawServer([
        served("x", `Content-Disposition: attachment; filename="${name}"`),
      ]);
      const result = await run(["-sS", "-OJ", `http://127.0.0.1:${server.port}/plain.txt`], {
        cwd: join(outer, "inner"),
      });
      server.stop();
      expect(result.timedOut).toBe(false);
      const made = [...listFiles(outer).keys()].filter(
        (path) => !["inner/", "inner/marker"].includes(path),
      );
      if (result.exitCode === 0) expect(made.length).toBe(1);
      for (const path of made) expect(path).toMatch(/^inner\/[^./\\][^/\\\x00-\x1f]*$/);
      expect(existsSync("/escaped")).toBe(false);
    },
  );
}

needs("program")("--create-dirs makes 0750, files 0644 by the umask", async () => {
  const server = startRawServer([served("x")]);
  const result = await runShell(
    `umask 022; "$MPCURL" -sS --create-dirs -o a/b/f http://127.0.0.1:${server.port}/`,
  );
  server.stop();
  expect(result.exitCode).toBe(0);
  expect(result.files.get("a/")?.mode).toBe(0o750);
  expect(result.files.get("a/b/")?.mode).toBe(0o750);
  expect(result.files.get("a/b/f")?.mode).toBe(0o644);
});

needs("program")("the umask is obeyed", async () => {
  const server = startRawServer([served("x")]);
  const result = await runShell(`umask 077; "$MPCURL" -sS -o f http://127.0.0.1:${server.port}/`);
  server.stop();
  expect(result.files.get("f")?.mode).toBe(0o600);
});

needs("program")("two operations may write the same file in turn; the last stays", async () => {
  const server = startRawServer([served("first, and longer"), served("second")]);
  const url = `http://127.0.0.1:${server.port}/`;
  const result = await run(["-sS", "-o", "f", url, "-o", "f", url]);
  server.stop();
  expect(new TextDecoder().decode(result.files.get("f")?.bytes)).toBe("second");
});

needs("program")(
  "the meter shows to a person when the body goes elsewhere, and can be silenced",
  async () => {
    const server = startRawServer(Array.from({ length: 4 }, () => served("hello")));
    const url = `http://127.0.0.1:${server.port}/`;
    const metered = await runOnTerminal(["-o", "f", url]);
    const silent = await run(["-s", "-o", "f", url]);
    const unmetered = await run(["--no-progress-meter", "-o", "f", url]);
    const bar = await run(["-#", "-o", "f", url]);
    server.stop();
    expect(metered.screen).toMatch(/% Total/);
    expect(silent.stderr).toBe("");
    expect(unmetered.stderr).toBe("");
    expect(bar.stderr).toMatch(/#+ +100\.0%/);
  },
);

needs("program")("on a terminal the body comes alone, without a meter", async () => {
  const server = startRawServer([served("to the person\n")]);
  const result = await runOnTerminal([`http://127.0.0.1:${server.port}/`]);
  server.stop();
  expect(result.exitCode).toBe(0);
  expect(result.screen).toBe("to the person\r\n");
});

needs("program")("binary output spares the terminal, unless asked with -o -", async () => {
  const server = startRawServer([served("a\0b"), served("a\0b")]);
  const url = `http://127.0.0.1:${server.port}/`;
  const spared = await runOnTerminal([url]);
  const asked = await runOnTerminal(["-o", "-", url]);
  server.stop();
  expect(spared.exitCode).toBe(23);
  expect(spared.screen).toContain("Warning: Binary output can mess up your terminal.");
  expect(spared.screen).not.toContain("\0");
  expect(asked.exitCode).toBe(0);
  expect(asked.screen).toContain("a\0b");
});

needs("program")("-v shows both sides on stderr and nothing of it on stdout", async () => {
  const server = startRawServer([served("hello", "X-One: 1")]);
  const result = await run(["-sv", `http://127.0.0.1:${server.port}/p`]);
  server.stop();
  expect(result.out).toBe("hello");
  expect(result.stderr).toContain("> GET /p HTTP/1.1\n");
  expect(result.stderr).toContain("> \n");
  expect(result.stderr).toContain("< HTTP/1.1 200 OK\n");
  expect(result.stderr).toContain("< X-One: 1\n");
  expect(result.stderr).toMatch(/^\* Connection #0 to host 127\.0\.0\.1(:\d+)? left intact$/m);
});
