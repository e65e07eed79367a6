// What the library does to the process that uses it: its memory, and how long it lives. Each test is a small program
// of its own, run by bun, against a server that outlives it.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Run, run } from "../support/program.ts";
import { ROOT } from "../support/program-path.ts";
import { describeWith } from "../support/requirement.ts";
import { certificates } from "../support/servers/certs.ts";
import { type Nginx, startNginx } from "../support/servers/nginx.ts";
import { startRawServer } from "../support/servers/raw-server.ts";
import { startRawTlsServer } from "../support/servers/tls-server.ts";

/**
 * Runs `source` with fetch in scope. It stands in a function that nobody waits for: Bun does not end while a module's
 * own await is pending, whatever else keeps the process alive or does not.
 */
function runScript(source: string): Promise<Run> {
  const library = JSON.stringify(join(ROOT, "src/index.ts"));
  const script = `import { fetch } from ${library};\nasync function main() {\n${source}\n}\nmain();\n`;
  return run(["script.ts"], {
    program: process.execPath,
    files: { "script.ts": script },
    timeoutMs: 15_000,
  });
}

const OK = { send: "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok" };
const LATE_OK = { send: ["HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n", 100, "ok"] };

/** More than sockets and queues hold. */
const LARGE = {
  send: [`HTTP/1.1 200 OK\r\nContent-Length: ${64 << 20}\r\n\r\n`, new Uint8Array(64 << 20)],
};

describe("the process", () => {
  for (const [what, replies, source] of [
    ["ends although a connection idles", [OK], "console.log(await (await fetch(URL)).text());"],
    ["ends although a short body is not read", [OK], "console.log((await fetch(URL)).status);"],
    ["ends although a long body is not read", [LARGE], "console.log((await fetch(URL)).status);"],
    [
      "lives while a kept connection is used again",
      [OK, LATE_OK],
      "await (await fetch(URL)).text(); console.log(await (await fetch(URL)).text());",
    ],
    [
      "lives while a body that waited is read on",
      [LARGE],
      "const r = await fetch(URL); await Bun.sleep(50); console.log((await r.bytes()).length);",
    ],
  ] as const) {
    for (const scheme of ["http", "https"] as const) {
      test(`${what} (${scheme})`, async () => {
        const server = scheme === "http" ? startRawServer(replies) : startRawTlsServer(replies);
        const ca = await Bun.file(certificates().caFile).text();
        const url = `${scheme}://localhost:${server.port}/`;
        const call = `fetch(${JSON.stringify(url)}, ${JSON.stringify({ tls: { ca } })})`;
        const result = await runScript(source.replaceAll("fetch(URL)", call));
        server.stop();
        expect(result.stderr).toBe("");
        expect(result).toMatchObject({ exitCode: 0, timedOut: false });
        const last = what.includes("read on") ? String(64 << 20) : undefined;
        expect(result.out.trim()).toBe(last ?? (source.includes("status") ? "200" : "ok"));
      });
    }
  }
});

const MIB = 1 << 20;
const BODY_MIB = 256;
const LIMIT_MIB = 128;

describeWith(["nginx", "mptcpize", "openssl", "mptcp"], "memory", () => {
  let nginx: Nginx;

  beforeAll(async () => {
    nginx = await startNginx({ tls: certificates().good });
    writeFileSync(join(nginx.files, "huge.bin"), "");
    truncateSync(join(nginx.files, "huge.bin"), BODY_MIB * MIB);
  });
  afterAll(() => nginx.stop());

  for (const [name, base, options] of [
    ["TCP", () => nginx.base, {}],
    ["MPTCP", () => nginx.base, { mptcp: true }],
    ["MPTCP and TLS", () => nginx.tlsBase, { mptcp: true, tls: { rejectUnauthorized: false } }],
  ] as const) {
    test(`stays flat while a body of ${BODY_MIB} MiB is read slowly, over ${name}`, async () => {
      const url = JSON.stringify(`${base()}/files/huge.bin`);
      const result = await runScript(`
        const response = await fetch(${url}, ${JSON.stringify(options)});
        let count = 0;
        for await (const chunk of response.body) {
          // Long enough for a server on loopback to send all of it, to whoever would take it.
          if (count === 0) await Bun.sleep(300);
          count += chunk.length;
          await new Promise(setImmediate);
        }
        const status = await Bun.file("/proc/self/status").text();
        console.log(count, Number(/VmHWM:\\s+(\\d+)/.exec(status)[1]) / 1024);
      `);
      expect(result.stderr).toBe("");
      const [count, peakMib] = result.out.trim().split(" ").map(Number);
      expect(count).toBe(BODY_MIB * MIB);
      expect(peakMib).toBeLessThan(LIMIT_MIB);
    }, 30_000);
  }

  test(`stays flat while a stream of ${BODY_MIB} MiB is sent`, async () => {
    const url = JSON.stringify(`${nginx.base}/up/huge.bin`);
    const result = await runScript(`
      const chunk = new Uint8Array(${MIB});
      async function* body() { for (let i = 0; i < ${BODY_MIB}; i++) yield chunk; }
      const response = await fetch(${url}, { method: "PUT", body: body() });
      const status = await Bun.file("/proc/self/status").text();
      console.log(response.status, Number(/VmHWM:\\s+(\\d+)/.exec(status)[1]) / 1024);
    `);
    expect(result.stderr).toBe("");
    const [status, peakMib] = result.out.trim().split(" ").map(Number);
    expect(status).toBe(201);
    expect(peakMib).toBeLessThan(LIMIT_MIB);
  }, 30_000);
});
