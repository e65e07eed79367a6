// Getting a connection: over MPTCP or plainly, by both families, to where it was told, and giving up
// in time. Who answers is the scripted server; the kernel (ss) says what the connection really is.

import { expect } from "bun:test";
import { run, start } from "../support/program.ts";
import { needs } from "../support/requirement.ts";
import { fullPort, refusedPort } from "../support/servers/loopback.ts";
import { startRawServer } from "../support/servers/raw-server.ts";
import { tempDir } from "../support/temp-dir.ts";

const HELLO = { send: "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello" };

/** Established MPTCP connections that the kernel lists with this port as the server's. */
function mptcpConnections(port: number): number {
  const listing = Bun.spawnSync(["ss", "-HMtn", "state", "established", `sport = :${port}`]);
  const lines = listing.stdout.toString().split("\n");
  return lines.filter((line) => line.startsWith("mptcp")).length;
}

for (const [host, url] of [
  ["127.0.0.1", "127.0.0.1"],
  ["::1", "[::1]"],
] as const) {
  needs(
    "program",
    "mptcp",
    "ss",
    "ipv6",
  )(`--mptcp to ${url} makes an MPTCP connection`, async () => {
    const server = startRawServer([{ send: "", after: "stall" }], { host, mptcp: true });
    const running = start(["-sS", "--mptcp", `http://${url}:${server.port}/`]);
    await server.receivedAtLeast(60);
    expect(mptcpConnections(server.port)).toBe(1);
    running.kill("SIGKILL");
    await running.finished;
    server.stop();
  });
}

needs(
  "program",
  "mptcp",
  "ss",
)("without --mptcp, and under --no-mptcp, the connection is TCP", async () => {
  for (const argv of [[], ["--mptcp", "--no-mptcp"]]) {
    const server = startRawServer([{ send: "", after: "stall" }], { mptcp: true });
    const running = start(["-sS", ...argv, `http://127.0.0.1:${server.port}/`]);
    await server.receivedAtLeast(60);
    expect(mptcpConnections(server.port)).toBe(0);
    running.kill("SIGKILL");
    await running.finished;
    server.stop();
  }
});

needs("program", "mptcp")(
  "--mptcp to a server without it goes on as TCP, and -v tells the difference",
  async () => {
    const told: string[] = [];
    for (const mptcp of [false, true]) {
      const server = startRawServer([HELLO], { mptcp });
      const result = await run(["-sSv", "--mptcp", `http://127.0.0.1:${server.port}/`]);
      server.stop();
      expect(result.out).toBe("hello");
      expect(result.exitCode).toBe(0);
      const lines = result.stderr.split("\n").filter((line) => /^\* .*MPTCP/i.test(line));
      told.push(
        lines
          .join("\n")
          .replaceAll(String(server.port), "PORT")
          .replace(/port \d+/g, ""),
      );
    }
    expect(told[0]).not.toBe("");
    expect(told[0]).not.toBe(told[1]);
  },
);

needs("program", "ipv6")("localhost: ::1 refuses, 127.0.0.1 answers", async () => {
  const server = startRawServer([HELLO]);
  const result = await run(["-sS", `http://localhost:${server.port}/`]);
  server.stop();
  expect(result.stderr).toBe("");
  expect(result.out).toBe("hello");
});

needs("program", "ipv6")("-6 takes ::1, -4 does not", async () => {
  const server = startRawServer([HELLO, HELLO], { host: "::1" });
  const six = await run(["-sS", "-6", `http://localhost:${server.port}/`]);
  const four = await run(["-sS", "-4", `http://localhost:${server.port}/`]);
  server.stop();
  expect(six.out).toBe("hello");
  expect(four.exitCode).toBe(7);
  expect(four.stderr).toMatch(/curl: \(7\) Failed to connect to localhost/);
});

needs("program", "ipv6")(
  "an address that never answers is overtaken by the other family",
  async () => {
    const server = startRawServer([HELLO]);
    const silent = fullPort({ host: "::1", port: server.port });
    const began = performance.now();
    const result = await run(["-sS", "-m", "10", `http://localhost:${server.port}/`]);
    const tookMs = performance.now() - began;
    silent.release();
    server.stop();
    expect(result.stderr).toBe("");
    expect(result.out).toBe("hello");
    expect(tookMs).toBeGreaterThan(150);
    expect(tookMs).toBeLessThan(5000);
  },
);

for (const option of [["--mptcp"], []]) {
  const mode = option.length > 0 ? " (--mptcp)" : "";
  needs("program", "mptcp")(`refused is 7 and says where${mode}`, async () => {
    const refused = refusedPort();
    const result = await run(["-sS", ...option, `http://127.0.0.1:${refused.port}/`]);
    refused.release();
    expect(result.exitCode).toBe(7);
    expect(result.stderr).toMatch(
      new RegExp(
        `^m?p?curl: \\(7\\) Failed to connect to 127\\.0\\.0\\.1(:| port )${refused.port} after \\d+ ms: Could not connect to server( \\([^\\n]*\\))?\\n$`,
      ),
    );
  });

  for (const limit of [
    ["--connect-timeout", "0.4"],
    ["-m", "0.4"],
  ]) {
    needs("program", "mptcp")(`${limit[0]} ends a connect that never succeeds${mode}`, async () => {
      const full = fullPort();
      const began = performance.now();
      const result = await run(["-sS", ...option, ...limit, `http://127.0.0.1:${full.port}/`]);
      const tookMs = performance.now() - began;
      full.release();
      expect(result.exitCode).toBe(28);
      expect(result.stderr).toMatch(/curl: \(28\) .*timed out after \d+ milliseconds/);
      expect(tookMs).toBeGreaterThanOrEqual(400);
      expect(tookMs).toBeLessThan(4000);
    });
  }
}

needs("program", "mptcp")("--unix-socket, and --mptcp changes nothing there", async () => {
  const path = `${tempDir("unix")}/s`;
  for (const option of [[], ["--mptcp"]]) {
    const server = startRawServer([HELLO], { unixPath: path });
    const result = await run(["-sS", ...option, "--unix-socket", path, "http://name.example/x"]);
    const received = server.received();
    server.stop();
    expect(result.out).toBe("hello");
    expect(received.length).toBe(1);
    expect(received[0]).toStartWith("GET /x HTTP/1.1\r\nHost: name.example\r\n");
  }
});

needs("program")("--resolve and --connect-to lead a name to this machine", async () => {
  const server = startRawServer([HELLO, HELLO]);
  const port = server.port;
  const resolved = await run([
    "-sS",
    "--resolve",
    `far.example:${port}:127.0.0.1`,
    `http://far.example:${port}/`,
  ]);
  const connected = await run([
    "-sS",
    "--connect-to",
    `far.example:80:127.0.0.1:${port}`,
    "http://far.example/",
  ]);
  const received = server.received();
  server.stop();
  expect(resolved.out + connected.out).toBe("hellohello");
  expect(received[0]).toContain(`\r\nHost: far.example:${port}\r\n`);
  expect(received[1]).toContain("\r\nHost: far.example\r\n");
});

needs("program")("--resolve with an address that does not answer tries the next", async () => {
  const server = startRawServer([HELLO]);
  const silent = fullPort({ host: "127.0.0.2", port: server.port });
  const result = await run([
    "-sS",
    "-m",
    "10",
    "--connect-timeout",
    "8",
    "--resolve",
    `far.example:${server.port}:127.0.0.2,127.0.0.1`,
    `http://far.example:${server.port}/`,
  ]);
  silent.release();
  server.stop();
  expect(result.stderr).toBe("");
  expect(result.out).toBe("hello");
});

needs("program")("waiting for a connection burns no CPU", async () => {
  const full = fullPort();
  const child = start(["-sS", "-m", "1.5", `http://127.0.0.1:${full.port}/`]);
  let ticks = 0;
  // utime and stime are the 14th and 15th fields of /proc/PID/stat, in 1/100 s.
  const watch = setInterval(() => {
    Bun.file(`/proc/${child.pid}/stat`)
      .text()
      .then(
        (text) => {
          const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
          ticks = Number(fields[11]) + Number(fields[12]);
        },
        () => {},
      );
  }, 50);
  const result = await child.finished;
  clearInterval(watch);
  full.release();
  expect(result.exitCode).toBe(28);
  expect(ticks).toBeLessThan(50);
});

needs("program")(
  "a system that forbids code made at run time is 7, and said in one line",
  async () => {
    // Bun's switch for it; systemd's MemoryDenyWriteExecute has the same effect.
    const env = { BUN_JSC_useJIT: "false" };
    for (const argv of [["http://127.0.0.1:1/"], ["-o", "x", "http://127.0.0.1:1/"], []]) {
      const { exitCode, stderr } = await run(argv, { env });
      expect([argv, exitCode]).toEqual([argv, 7]);
      expect(stderr).toMatch(/^mpcurl: \(7\) this system does not let programs make code .*\n$/);
    }
  },
);
