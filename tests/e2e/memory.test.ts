// Memory does not grow with the body: 256 MiB go through in each direction while the peak of the
// program's resident memory, as the kernel counts it (VmHWM), stays under a fixed line.

import { afterAll, beforeAll, expect } from "bun:test";
import { truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Run, start } from "../support/program.ts";
import { describeWith, needs } from "../support/requirement.ts";
import { certificates } from "../support/servers/certs.ts";
import { type Nginx, startNginx } from "../support/servers/nginx.ts";
import { startRawServer } from "../support/servers/raw-server.ts";

const MIB = 1 << 20;
const BODY_BYTES = 256 * MIB;
const LIMIT_MIB = 100;

/** Runs the program and watches its peak; the last reading before its end is the peak. */
async function measured(
  argv: readonly string[],
): Promise<{ readonly result: Run; readonly peakMib: number }> {
  const running = start(argv, { timeoutMs: 60_000 });
  let peakKib = 0;
  let over = false;
  const watch = (async () => {
    while (!over) {
      const status = await Bun.file(`/proc/${running.pid}/status`)
        .text()
        .catch(() => "");
      peakKib = Math.max(peakKib, Number(/^VmHWM:\s+(\d+)/m.exec(status)?.[1] ?? 0));
      await Bun.sleep(3);
    }
  })();
  const result = await running.finished;
  over = true;
  await watch;
  return { result, peakMib: peakKib / 1024 };
}

describeWith(["program", "nginx", "mptcpize", "openssl", "mptcp"], "memory", () => {
  const check = needs("program");
  let nginx: Nginx;
  let source: string;
  const trust = ["--cacert", certificates().caFile];

  beforeAll(async () => {
    nginx = await startNginx({ tls: certificates().good });
    source = join(nginx.files, "huge.bin");
    writeFileSync(source, "");
    truncateSync(source, BODY_BYTES);
  });
  afterAll(() => nginx.stop());

  for (const [name, base, options] of [
    ["plain", () => nginx.base, []],
    ["--mptcp", () => nginx.base, ["--mptcp"]],
    ["--mptcp and TLS", () => nginx.tlsBase, ["--mptcp", ...trust]],
  ] as const) {
    check(
      `download, ${name}`,
      async () => {
        const argv = [
          "-sS",
          ...options,
          "-o",
          "/dev/null",
          "-w",
          "%{size_download}",
          `${base()}/files/huge.bin`,
        ];
        const { result, peakMib } = await measured(argv);
        expect(result.stderr).toBe("");
        expect(result.out).toBe(String(BODY_BYTES));
        expect(peakMib).toBeGreaterThan(1);
        expect(peakMib).toBeLessThan(LIMIT_MIB);
      },
      60_000,
    );

    check(
      `upload, ${name}`,
      async () => {
        const argv = [
          "-sS",
          ...options,
          "-T",
          source,
          "-w",
          "%{size_upload} %{http_code}",
          `${base()}/up/huge-copy.bin`,
        ];
        const { result, peakMib } = await measured(argv);
        expect(result.stderr).toBe("");
        expect(result.out).toMatch(new RegExp(`^${BODY_BYTES} 20[14]$`));
        expect(peakMib).toBeGreaterThan(1);
        expect(peakMib).toBeLessThan(LIMIT_MIB);
      },
      60_000,
    );
  }
});

describeWith(["program"], "memory while decoding", () => {
  needs("program")(
    "a gzip bomb flows through",
    async () => {
      const bomb = Bun.gzipSync(new Uint8Array(BODY_BYTES));
      const head = `HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: ${bomb.length}\r\n\r\n`;
      const server = startRawServer([{ send: [head, bomb] }]);
      const argv = [
        "-sS",
        "--compressed",
        "-o",
        "/dev/null",
        "-w",
        "%{size_delivered}",
        `http://127.0.0.1:${server.port}/`,
      ];
      const { result, peakMib } = await measured(argv);
      server.stop();
      expect(result.stderr).toBe("");
      expect(result.out).toBe(String(BODY_BYTES));
      expect(peakMib).toBeLessThan(LIMIT_MIB);
    },
    60_000,
  );
});
