// HTTP/1.1 against nginx and Apache over MPTCP, and against the scripted server for what those two
// never send. What a byte on the wire must be is the parity tests' business; here it is whether
// servers that others wrote and this program understand each other.

import { afterAll, beforeAll, expect } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { run } from "../support/program.ts";
import { describeWith, needs } from "../support/requirement.ts";
import { type Apache, startApache } from "../support/servers/apache.ts";
import { certificates } from "../support/servers/certs.ts";
import { type Nginx, startNginx } from "../support/servers/nginx.ts";
import { startRawServer } from "../support/servers/raw-server.ts";

const TEXT = "sixteen letters\n".repeat(1024);

/** Bytes that repeat nowhere near, so that lost or doubled blocks show. */
function pattern(sizeBytes: number): Uint8Array {
  const words = new Uint32Array(sizeBytes / 4);
  let state = 0x2545f491;
  for (let at = 0; at < words.length; at++) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    words[at] = state;
  }
  return new Uint8Array(words.buffer);
}

function sha256(bytes: Uint8Array): string {
  return new Bun.CryptoHasher("sha256").update(bytes).digest("hex");
}

describeWith(["program", "nginx", "mptcpize", "openssl", "mptcp"], "nginx", () => {
  let nginx: Nginx;
  const check = needs("program");
  const both = (name: string, body: (option: readonly string[]) => Promise<void>): void => {
    check(`${name}, TCP`, () => body([]));
    check(`${name}, --mptcp`, () => body(["--mptcp"]));
  };

  beforeAll(async () => {
    nginx = await startNginx({ tls: certificates().good });
  });
  afterAll(() => nginx.stop());

  both("a file", async (option) => {
    const result = await run(["-sS", ...option, `${nginx.base}/files/text.txt`]);
    expect(result.out).toBe(TEXT);
    expect(result.exitCode).toBe(0);
  });

  both("32 MiB arrive as they were sent", async (option) => {
    const bytes = pattern(32 << 20);
    await Bun.write(join(nginx.files, "big.bin"), bytes);
    const result = await run(["-sS", ...option, "-o", "big", `${nginx.base}/files/big.bin`]);
    expect(result.exitCode).toBe(0);
    expect(sha256(result.files.get("big")?.bytes ?? new Uint8Array())).toBe(sha256(bytes));
  });

  both("32 MiB are stored as they were sent", async (option) => {
    const bytes = pattern(32 << 20);
    const result = await run(
      ["-sS", ...option, "-T", "big", "-w", "%{http_code}", `${nginx.base}/up/`],
      {
        files: { big: bytes },
      },
    );
    expect(result.out).toMatch(/^20[14]$/);
    expect(sha256(readFileSync(join(nginx.uploads, "big")))).toBe(sha256(bytes));
  });

  both("stdin is uploaded in chunks", async (option) => {
    const bytes = pattern(3 << 20);
    const result = await run(
      ["-sS", ...option, "-T", "-", "-w", "%{http_code}", `${nginx.base}/up/deep/er/piped`],
      { stdin: bytes },
    );
    expect(result.out).toMatch(/^20[14]$/);
    expect(sha256(readFileSync(join(nginx.uploads, "deep/er/piped")))).toBe(sha256(bytes));
  });

  check("three URLs go over one connection", async () => {
    const urls = ["/files/hello.txt?a", "/files/hello.txt?b", "/files/hello.txt?c"];
    const result = await run(["-sS", ...urls.map((path) => nginx.base + path)]);
    expect(result.out).toBe("hello, world\n".repeat(3));
    const lines = (await nginx.log()).filter((line) => /hello\.txt\?[abc]/.test(line));
    expect(lines.map((line) => line.split(" ")[1])).toEqual(["1", "2", "3"]);
    expect(new Set(lines.map((line) => line.split(" ")[0])).size).toBe(1);
  });

  check("-L follows a chain over one connection", async () => {
    const result = await run([
      "-sSL",
      "-w",
      "%{num_redirects} %{num_connects}",
      `${nginx.base}/to/4`,
    ]);
    expect(result.out).toBe("hello, world\n2 1");
  });

  check("an endless chain of redirects is 47", async () => {
    const result = await run(["-sSL", `${nginx.base}/loop`]);
    expect(result.exitCode).toBe(47);
    expect(result.stderr).toContain("(47) Maximum (50) redirects followed");
  });

  check("-r takes a part", async () => {
    const result = await run([
      "-sS",
      "-r",
      "7-11",
      "-w",
      "%{http_code}",
      `${nginx.base}/files/hello.txt`,
    ]);
    expect(result.out).toBe("world206");
  });

  check("-r beyond the end is 416, and 22 under -f", async () => {
    const result = await run(["-sSf", "-r", "500-", `${nginx.base}/files/hello.txt`]);
    expect(result.exitCode).toBe(22);
    expect(result.stderr).toContain("(22) The requested URL returned error: 416");
  });

  check("--compressed gives the text, fewer bytes over the wire", async () => {
    const result = await run([
      "-sS",
      "--compressed",
      "-o",
      "text",
      "-w",
      "%{size_download}",
      `${nginx.base}/gzip/text.txt`,
    ]);
    expect(new TextDecoder().decode(result.files.get("text")?.bytes)).toBe(TEXT);
    expect(Number(result.out)).toBeGreaterThan(0);
    expect(Number(result.out)).toBeLessThan(TEXT.length / 10);
  });

  check("-u opens the vault, a wrong one does not", async () => {
    const right = await run(["-sSf", "-u", "al:secret", `${nginx.base}/private/hello.txt`]);
    const wrong = await run(["-sSf", "-u", "al:guess", `${nginx.base}/private/hello.txt`]);
    expect(right.out).toBe("hello, world\n");
    expect(wrong.exitCode).toBe(22);
    expect(wrong.out).toBe("");
  });

  check("-I tells the length and reads nothing", async () => {
    const result = await run([
      "-sSI",
      `${nginx.base}/files/text.txt`,
      `${nginx.base}/files/hello.txt`,
    ]);
    expect(result.exitCode).toBe(0);
    expect(result.out).toContain("Content-Length: 16384\r\n");
    expect(result.out).toContain("Content-Length: 13\r\n");
  });

  check("the request says who we are", async () => {
    const result = await run(["-sS", `${nginx.base}/echo`]);
    expect(result.out).toMatch(/^agent=mpcurl\/\d+\.\d+\.\d+$/m);
    expect(result.out).toContain("accept=*/*\n");
  });

  check("413 to an upload that asks first: the answer, not the body", async () => {
    const result = await run(
      [
        "-sS",
        "-T",
        "big",
        "-w",
        "%{http_code} %{size_upload}",
        "-o",
        "answer",
        `${nginx.base}/limited/x`,
      ],
      {
        files: { big: pattern(2 << 20) },
      },
    );
    expect(result.exitCode).toBe(0);
    expect(result.out).toBe("413 0");
    expect(new TextDecoder().decode(result.files.get("answer")?.bytes)).toContain(
      "413 Request Entity Too Large",
    );
  });

  check("a missing file is an answer; an error under -f only", async () => {
    const plain = await run(["-sS", "-o", "f", "-w", "%{http_code}", `${nginx.base}/files/none`]);
    const failing = await run(["-sSf", "-o", "f", `${nginx.base}/files/none`]);
    expect(plain.exitCode).toBe(0);
    expect(plain.out).toBe("404");
    expect(failing.exitCode).toBe(22);
    expect(failing.files.has("f")).toBe(false);
  });
});

describeWith(["program", "apache2", "mptcpize", "openssl", "mptcp"], "Apache", () => {
  let apache: Apache;
  const check = needs("program");

  beforeAll(async () => {
    apache = await startApache({ tls: certificates().good });
  });
  afterAll(() => apache.stop());

  check("a file, TCP and --mptcp", async () => {
    for (const option of [[], ["--mptcp"]]) {
      const result = await run(["-sS", ...option, `${apache.base}/files/text.txt`]);
      expect(result.out).toBe(TEXT);
    }
  });

  check("a redirect, credentials, a range", async () => {
    const result = await run([
      "-sSLf",
      "-u",
      "al:secret",
      `${apache.base}/old`,
      `${apache.base}/private/hello.txt`,
      "--next",
      "-sS",
      "-r",
      "-6",
      `${apache.base}/files/hello.txt`,
    ]);
    expect(result.out).toBe("hello, world\nhello, world\nworld\n");
    expect(result.exitCode).toBe(0);
  });

  check("--compressed", async () => {
    const result = await run(["-sS", "--compressed", `${apache.base}/deflate/text.txt`]);
    expect(result.out).toBe(TEXT);
  });
});

needs("program")("a stopped answer keeps what came, and is 18", async () => {
  const server = startRawServer([
    {
      send: [`HTTP/1.1 200 OK\r\nContent-Length: 200000\r\n\r\n`, "x".repeat(100_000)],
      after: "close",
    },
  ]);
  const result = await run(["-sS", "-o", "f", `http://127.0.0.1:${server.port}/`]);
  server.stop();
  expect(result.exitCode).toBe(18);
  expect(result.stderr).toMatch(/\(18\) end of response with 100000 bytes missing/);
  expect(result.files.get("f")?.bytes.length).toBe(100_000);
});

needs("program")("trailers are read, not output, and the connection goes on", async () => {
  const server = startRawServer([
    {
      send: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\nX-Sum: 1\r\n\r\n",
    },
    { send: "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\ncd" },
  ]);
  const url = `http://127.0.0.1:${server.port}/`;
  const result = await run(["-sS", url, url]);
  const connections = server.received().length;
  server.stop();
  expect(result.out).toBe("abcd");
  expect(connections).toBe(1);
});

needs("program")("an answer in the middle of an upload ends it and is shown", async () => {
  const server = startRawServer([
    {
      on: "head",
      body: false,
      send: "HTTP/1.1 403 Forbidden\r\nConnection: close\r\nContent-Length: 4\r\n\r\nstop",
      after: "stall",
    },
  ]);
  const result = await run(
    [
      "-sS",
      "-H",
      "Expect:",
      "-T",
      "big",
      "-w",
      "%{http_code}",
      `http://127.0.0.1:${server.port}/x`,
    ],
    {
      files: { big: pattern(64 << 20) },
    },
  );
  const received = server.received().join("").length;
  server.stop();
  expect(result.out).toBe("stop403");
  expect(result.exitCode).toBe(0);
  expect(received).toBeLessThan(64 << 20);
});
