// Ctrl-C and its kin: the program ends at once, tells the shell why, and leaves what has arrived,
// whatever it was waiting for.

import { expect } from "bun:test";
import { closeSync, constants, existsSync, openSync, statSync } from "node:fs";
import { join } from "node:path";
import { cleanEnvironment, type Run, start } from "../support/program.ts";
import { programPath } from "../support/program-path.ts";
import { needs } from "../support/requirement.ts";
import { fullPort, pipeIsFull } from "../support/servers/loopback.ts";
import { startRawServer } from "../support/servers/raw-server.ts";
import { tempDir } from "../support/temp-dir.ts";

/** Died by the signal, or ended with the code that a shell would show for it. */
function diedBy(result: Run, signal: "SIGINT" | "SIGTERM"): boolean {
  return result.signal === signal || result.exitCode === (signal === "SIGINT" ? 130 : 143);
}

async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await Bun.sleep(5);
}

for (const signal of ["SIGINT", "SIGTERM"] as const) {
  needs("program")(`${signal} in a download leaves what arrived`, async () => {
    const server = startRawServer([
      { send: "HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\npartial", after: "stall" },
    ]);
    const running = start(["-sS", "-o", "f", `http://127.0.0.1:${server.port}/`]);
    const file = join(running.cwd, "f");
    await until(() => existsSync(file) && statSync(file).size === 7);
    running.kill(signal);
    const result = await running.finished;
    server.stop();
    expect(diedBy(result, signal)).toBe(true);
    expect(new TextDecoder().decode(result.files.get("f")?.bytes)).toBe("partial");
    expect(result.stderr).toBe("");
  });

  needs("program")(`${signal} while the pipe is full`, async () => {
    const fifo = join(tempDir("fifo"), "p");
    Bun.spawnSync(["mkfifo", fifo]);
    const reading = openSync(fifo, constants.O_RDONLY | constants.O_NONBLOCK);
    const writing = openSync(fifo, constants.O_WRONLY);
    const body = "x".repeat(4 << 20);
    const server = startRawServer([
      { send: `HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n${body}` },
    ]);
    const child = Bun.spawn([programPath(), "-sS", `http://127.0.0.1:${server.port}/`], {
      env: cleanEnvironment(tempDir("home")),
      stdin: "ignore",
      stdout: writing,
      stderr: "pipe",
    });
    await until(() => pipeIsFull(writing));
    closeSync(writing);
    const began = performance.now();
    child.kill(signal);
    await child.exited;
    const tookMs = performance.now() - began;
    closeSync(reading);
    server.stop();
    const died =
      child.signalCode === signal || child.exitCode === (signal === "SIGINT" ? 130 : 143);
    expect(died).toBe(true);
    expect(tookMs).toBeLessThan(2000);
  });
}

needs("program")("SIGINT while connecting", async () => {
  const full = fullPort();
  const running = start(["-sS", `http://127.0.0.1:${full.port}/`]);
  // A socket in the state SYN_SENT (02) towards the port says that it is waiting now.
  const port = full.port.toString(16).toUpperCase().padStart(4, "0");
  await until(async () =>
    new RegExp(`: [0-9A-F]{8}:[0-9A-F]{4} 0100007F:${port} 02 `).test(
      await Bun.file(`/proc/${running.pid}/net/tcp`).text(),
    ),
  );
  running.kill("SIGINT");
  const result = await running.finished;
  full.release();
  expect(diedBy(result, "SIGINT")).toBe(true);
});

needs("program")("SIGINT while stdin is waited for", async () => {
  const server = startRawServer([{ interim: "HTTP/1.1 100 Continue\r\n\r\n", send: "" }]);
  const child = Bun.spawn([programPath(), "-sS", "-T", "-", `http://127.0.0.1:${server.port}/x`], {
    env: cleanEnvironment(tempDir("home")),
    stdin: "pipe",
    stdout: "ignore",
    stderr: "ignore",
  });
  await server.receivedAtLeast(60);
  child.kill("SIGINT");
  await child.exited;
  server.stop();
  expect(child.signalCode === "SIGINT" || child.exitCode === 130).toBe(true);
});

needs("program")(
  "a shell's loop is stopped by Ctrl-C: the program dies by SIGINT or says 130",
  async () => {
    const server = startRawServer([{ send: "", after: "stall" }]);
    const line = `set -m; "$MPCURL" -sS http://127.0.0.1:${server.port}/ & child=$!; read -r _; kill -INT $child; wait $child; echo $?`;
    const child = Bun.spawn(["/bin/bash", "--norc", "-c", line], {
      env: { ...cleanEnvironment(tempDir("home")), MPCURL: programPath() },
      stdin: "pipe",
      stdout: "pipe",
      stderr: "ignore",
    });
    await server.receivedAtLeast(60);
    child.stdin.write("go\n");
    child.stdin.end();
    const status = (await new Response(child.stdout).text()).trim();
    server.stop();
    expect(status).toBe("130");
  },
);
