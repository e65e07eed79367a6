// HTTPS: whom the program trusts, what it says when it does not, and that nothing is sent then;
// versions, client certificates, and TLS connections that end without saying goodbye.

import { afterAll, beforeAll, expect } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Run, run, start } from "../support/program.ts";
import { describeWith, needs } from "../support/requirement.ts";
import { type Apache, startApache } from "../support/servers/apache.ts";
import {
  type Certificates,
  certificates,
  KEY_PASSPHRASE,
  type ServerKind,
} from "../support/servers/certs.ts";
import { type Nginx, startNginx } from "../support/servers/nginx.ts";
import { startRawServer } from "../support/servers/raw-server.ts";
import {
  startCutter,
  startOpensslServer,
  startRawTlsServer,
} from "../support/servers/tls-server.ts";
import { tempDir } from "../support/temp-dir.ts";

const HELLO = { send: "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello" };

/** Takes everything and never answers; a hello may hold what looks like the end of a request's head. */
const SILENCE = { on: "connect", send: [], after: "stall" } as const;

/** Fetches from a scripted TLS server that shows the given certificate. */
async function fetchFrom(
  kind: ServerKind,
  argv: readonly string[],
  options: { readonly host?: string; readonly env?: Readonly<Record<string, string>> } = {},
): Promise<{ readonly result: Run; readonly requests: string }> {
  const server = startRawTlsServer([HELLO], { pair: certificates()[kind] });
  const host = options.host ?? "localhost";
  const result = await run(
    ["-sS", "--resolve", `*:${server.port}:127.0.0.1`, ...argv, `https://${host}:${server.port}/`],
    { env: options.env ?? {} },
  );
  const requests = server.received().join("");
  server.stop();
  return { result, requests };
}

describeWith(["program", "openssl"], "trust", () => {
  const check = needs("program");
  let all: Certificates;
  beforeAll(() => {
    all = certificates();
  });

  check("a good certificate by --cacert", async () => {
    const { result } = await fetchFrom("good", ["--cacert", all.caFile]);
    expect(result.stderr).toBe("");
    expect(result.out).toBe("hello");
  });

  check("a good certificate by --capath", async () => {
    const { result } = await fetchFrom("good", ["--capath", all.caPath]);
    expect(result.stderr).toBe("");
    expect(result.out).toBe("hello");
  });

  check("CURL_CA_BUNDLE, SSL_CERT_FILE and SSL_CERT_DIR are honoured", async () => {
    const variables = [
      { CURL_CA_BUNDLE: all.caFile },
      { SSL_CERT_FILE: all.caFile },
      { SSL_CERT_DIR: all.caPath },
    ];
    for (const env of variables) {
      const { result } = await fetchFrom("good", [], { env });
      expect(result.stderr).toBe("");
      expect(result.out).toBe("hello");
    }
  });

  check("CURL_CA_BUNDLE beats SSL_CERT_FILE, --cacert beats both", async () => {
    const stranger = join(all.directory, "stranger/ca.pem");
    const bundle = await fetchFrom("good", [], {
      env: { CURL_CA_BUNDLE: stranger, SSL_CERT_FILE: all.caFile },
    });
    const option = await fetchFrom("good", ["--cacert", all.caFile], {
      env: { CURL_CA_BUNDLE: stranger },
    });
    expect(bundle.result.exitCode).toBe(60);
    expect(option.result.out).toBe("hello");
  });

  check("an IP address in the URL is checked against IP addresses", async () => {
    const good = await fetchFrom("ipAddress", ["--cacert", all.caFile], { host: "127.0.0.1" });
    const bad = await fetchFrom("wrongName", ["--cacert", all.caFile], { host: "127.0.0.1" });
    expect(good.result.out).toBe("hello");
    expect(bad.result.exitCode).toBe(60);
    expect(bad.requests).toBe("");
  });

  check("a wildcard stands for one label", async () => {
    const one = await fetchFrom("wildcard", ["--cacert", all.caFile], { host: "a.wild.example" });
    const two = await fetchFrom("wildcard", ["--cacert", all.caFile], { host: "a.b.wild.example" });
    const none = await fetchFrom("wildcard", ["--cacert", all.caFile], { host: "wild.example" });
    expect(one.result.out).toBe("hello");
    expect(two.result.exitCode).toBe(60);
    expect(none.result.exitCode).toBe(60);
  });

  check("a wildcard is a whole label, never a part of one", async () => {
    const from = (host: string) => fetchFrom("partialWildcard", ["--cacert", all.caFile], { host });
    const part = await from("foo.wild.example");
    expect([part.result.exitCode, part.requests]).toEqual([60, ""]);
    expect(part.result.stderr).toContain("'foo.wild.example' (it has: f*.wild.example,");
    expect((await from("PLAIN.example.")).result.out).toBe("hello");
    expect((await from("a.whole.example")).result.out).toBe("hello");
  });

  const REFUSALS: readonly (readonly [ServerKind, RegExp])[] = [
    ["expired", /\(60\) .*expired/],
    ["notYetValid", /\(60\) .*not yet valid/],
    [
      "wrongName",
      /\(60\) .*no alternative certificate subject name matches target host ?name 'localhost'/,
    ],
    ["selfSigned", /\(60\) .*self[- ]signed/],
    ["unknownIssuer", /\(60\) .*(unable to get local issuer|unknown|unable to verify)/],
  ];
  for (const [kind, reason] of REFUSALS) {
    check(`${kind} is refused with its reason and nothing is sent`, async () => {
      const { result, requests } = await fetchFrom(kind, [
        "-u",
        "al:secret",
        "--cacert",
        all.caFile,
      ]);
      expect(result.exitCode).toBe(60);
      expect(result.stderr).toMatch(reason);
      expect(result.out).toBe("");
      expect(requests).toBe("");
    });

    // By address Bun does not refuse by itself; the judgement is all ours.
    check(`${kind} is refused by address too`, async () => {
      const { result, requests } = await fetchFrom(kind, ["--cacert", all.caFile], {
        host: "127.0.0.1",
      });
      expect([result.exitCode, result.out, requests]).toEqual([60, "", ""]);
    });

    check(`${kind} is taken under -k`, async () => {
      const { result } = await fetchFrom(kind, ["-k"]);
      expect(result.stderr).toBe("");
      expect(result.out).toBe("hello");
    });
  }

  check("a wrong name's message tells the names that it has", async () => {
    const { result } = await fetchFrom("wrongName", ["--cacert", all.caFile]);
    expect(result.stderr).toContain("other.example");
    expect(result.stderr).toContain("third.example");
  });

  check("the system's store does not know our authority", async () => {
    const { result, requests } = await fetchFrom("good", []);
    expect(result.exitCode).toBe(60);
    expect(requests).toBe("");
  });

  check("-k is for its own operation only", async () => {
    const server = startRawTlsServer([HELLO, HELLO], { pair: all.selfSigned });
    const url = `https://localhost:${server.port}/`;
    const result = await run(["-sS", "-k", url, "--next", "-sS", url]);
    server.stop();
    expect(result.out).toBe("hello");
    expect(result.exitCode).toBe(60);
  });

  check("NODE_TLS_REJECT_UNAUTHORIZED=0 is no -k", async () => {
    const { result, requests } = await fetchFrom("good", [], {
      env: { NODE_TLS_REJECT_UNAUTHORIZED: "0" },
    });
    expect(result.exitCode).toBe(60);
    expect(result.stderr).not.toContain("NODE_TLS_REJECT_UNAUTHORIZED");
    expect(requests).toBe("");
  });

  check("a CA file that cannot be used is 77", async () => {
    const garbage = join(tempDir("garbage"), "ca.pem");
    writeFileSync(garbage, "this is no certificate\n");
    const bad = await fetchFrom("good", ["--cacert", garbage]);
    const missing = await fetchFrom("good", [], { env: { CURL_CA_BUNDLE: "/nonexistent/ca.pem" } });
    expect(bad.result.exitCode).toBe(77);
    expect(missing.result.exitCode).toBe(77);
  });

  check("%{ssl_verify_result} tells OpenSSL's number", async () => {
    const good = await fetchFrom("good", ["--cacert", all.caFile, "-w", "%{ssl_verify_result}"]);
    const own = await fetchFrom("selfSigned", ["-k", "-w", "%{ssl_verify_result}"]);
    expect(good.result.out).toBe("hello0");
    expect(own.result.out).toBe("hello18");
  });
});

describeWith(
  ["program", "openssl", "mptcpize", "mptcp", "nginx", "apache2"],
  "real servers",
  () => {
    const check = needs("program");
    let all: Certificates;
    let nginx: Nginx;
    let apache: Apache;
    beforeAll(async () => {
      all = certificates();
      [nginx, apache] = await Promise.all([
        startNginx({ tls: all.good }),
        startApache({ tls: all.good }),
      ]);
    });
    afterAll(() => Promise.all([nginx.stop(), apache.stop()]));

    check("nginx and Apache, over TCP and --mptcp", async () => {
      for (const option of [[], ["--mptcp"]]) {
        for (const server of [nginx, apache]) {
          const result = await run([
            "-sS",
            ...option,
            "--cacert",
            all.caFile,
            `${server.tlsBase}/files/hello.txt`,
          ]);
          expect(result.stderr).toBe("");
          expect(result.out).toBe("hello, world\n");
        }
      }
    });

    check("the name, the protocol and the newest version are offered", async () => {
      const result = await run(["-sS", "--mptcp", "--cacert", all.caFile, `${nginx.tlsBase}/echo`]);
      expect(result.out).toContain("tls=TLSv1.3\nalpn=http/1.1\nsni=localhost\n");
    });

    check("an IP address is not sent as a name", async () => {
      const result = await run([
        "-sS",
        "--cacert",
        all.caFile,
        `https://127.0.0.1:${nginx.tlsPort}/echo`,
      ]);
      expect(result.out).toContain("\nsni=\n");
    });

    check("--tls-max 1.2", async () => {
      const result = await run([
        "-sS",
        "--tls-max",
        "1.2",
        "--cacert",
        all.caFile,
        `${nginx.tlsBase}/echo`,
      ]);
      expect(result.out).toContain("tls=TLSv1.2\n");
    });

    check("several URLs share the TLS connection", async () => {
      const urls = ["/echo?1", "/echo?2", "/echo?3"].map((path) => nginx.tlsBase + path);
      const result = await run([
        "-sS",
        "-o",
        "/dev/null",
        "-o",
        "/dev/null",
        "-o",
        "/dev/null",
        "-w",
        "%{num_connects} ",
        "--cacert",
        all.caFile,
        ...urls,
      ]);
      expect(result.out).toBe("1 0 0 ");
    });

    check("a redirect from HTTP to HTTPS is checked all the same", async () => {
      const server = startRawServer([
        {
          send: `HTTP/1.1 301 Moved\r\nLocation: ${nginx.tlsBase}/echo\r\nContent-Length: 0\r\n\r\n`,
        },
      ]);
      const result = await run(["-sSL", `http://127.0.0.1:${server.port}/`]);
      server.stop();
      expect(result.exitCode).toBe(60);
    });

    check("upload and download of 8 MiB", async () => {
      const bytes = new Uint8Array(8 << 20).map((_, index) => (index * 31 + (index >> 8)) & 255);
      const options = ["-sS", "--mptcp", "--cacert", all.caFile];
      const up = await run([...options, "-T", "f", "-w", "%{http_code}", `${nginx.tlsBase}/up/f`], {
        files: { f: bytes },
      });
      const down = await run([...options, "-o", "f", `${nginx.tlsBase}/up/f`]);
      expect(up.out).toMatch(/^20[14]$/);
      expect(Buffer.compare(down.files.get("f")?.bytes ?? new Uint8Array(), bytes)).toBe(0);
    });
  },
);

describeWith(["program", "openssl", "mptcpize", "mptcp"], "openssl s_server", () => {
  const check = needs("program");
  const all = certificates();

  check("TLS 1.2 only, and --tlsv1.3 finds no common version", async () => {
    const server = await startOpensslServer(all.good, ["-tls1_2"]);
    const url = `https://localhost:${server.port}/`;
    const fine = await run(["-sS", "--mptcp", "--cacert", all.caFile, url]);
    const refused = await run(["-sS", "--tlsv1.3", "--cacert", all.caFile, url]);
    await server.stop();
    expect(fine.out).toContain("TLSv1.2");
    expect(refused.exitCode).toBe(35);
    expect(refused.stderr).toMatch(/curl: \(35\) /);
  });

  check("TLS 1.3 only, and --tls-max 1.2 finds no common version", async () => {
    const server = await startOpensslServer(all.good, ["-tls1_3"]);
    const url = `https://localhost:${server.port}/`;
    const fine = await run(["-sS", "--cacert", all.caFile, url]);
    const refused = await run(["-sS", "--tls-max", "1.2", "--cacert", all.caFile, url]);
    await server.stop();
    expect(fine.out).toContain("TLSv1.3");
    expect(refused.exitCode).toBe(35);
  });

  check("a client certificate that the server demands, in all its forms", async () => {
    const server = await startOpensslServer(all.good, [
      "-Verify",
      "1",
      "-verify_return_error",
      "-CAfile",
      all.caFile,
    ]);
    const fetch = (...argv: string[]): Promise<Run> =>
      run(["-sS", "--cacert", all.caFile, ...argv, `https://localhost:${server.port}/`]);
    const { client, clientEncryptedKeyFile, clientCombinedFile } = all;
    const separate = await fetch("--cert", client.certFile, "--key", client.keyFile);
    const combined = await fetch("-E", clientCombinedFile);
    const encrypted = await fetch(
      "--cert",
      client.certFile,
      "--key",
      clientEncryptedKeyFile,
      "--pass",
      KEY_PASSPHRASE,
    );
    const inline = await fetch(
      "--cert",
      `${client.certFile}:${KEY_PASSPHRASE}`,
      "--key",
      clientEncryptedKeyFile,
    );
    const wrongPass = await fetch(
      "--cert",
      client.certFile,
      "--key",
      clientEncryptedKeyFile,
      "--pass",
      "no",
    );
    const missing = await fetch("--cert", "missing.pem");
    const mismatch = await fetch("--cert", client.certFile, "--key", all.good.keyFile);
    const noKey = await fetch("--cert", client.certFile, "--key", "missing.key");
    const none = await fetch();
    await server.stop();
    for (const result of [separate, combined, encrypted, inline]) {
      expect(result.stderr).toBe("");
      expect(result.out).toContain("Client certificate");
    }
    for (const result of [wrongPass, missing, mismatch, noKey]) expect(result.exitCode).toBe(58);
    expect([35, 56]).toContain(none.exitCode ?? 0);
  });
});

describeWith(["program", "openssl"], "ends and stalls", () => {
  const check = needs("program");
  const all = certificates();
  const TO_CLOSE = {
    send: "HTTP/1.1 200 OK\r\n\r\nthe whole body, or not\n",
    after: "close" as const,
  };

  for (const version of ["1.2", "1.3"]) {
    const cap = version === "1.2" ? ["--tls-max", "1.2"] : ["--tlsv1.3"];
    check(`TLS ${version}: a body to the end with close_notify is whole`, async () => {
      const server = startRawTlsServer([TO_CLOSE]);
      const result = await run([
        "-sS",
        ...cap,
        "--cacert",
        all.caFile,
        `https://localhost:${server.port}/`,
      ]);
      server.stop();
      expect(result.stderr).toBe("");
      expect(result.exitCode).toBe(0);
      expect(result.out).toBe("the whole body, or not\n");
    });

    check(`TLS ${version}: without close_notify it is 56, and what came is kept`, async () => {
      const server = startRawTlsServer([TO_CLOSE]);
      const cutter = startCutter(server.port);
      const result = await run([
        "-sS",
        ...cap,
        "--cacert",
        all.caFile,
        `https://localhost:${cutter.port}/`,
      ]);
      cutter.stop();
      server.stop();
      expect(result.exitCode).toBe(56);
      expect(result.stderr).toMatch(/curl: \(56\) /);
      expect(result.out).toBe("the whole body, or not\n");
    });
  }

  check("a body with a length needs no close_notify", async () => {
    const server = startRawTlsServer([{ ...HELLO, after: "close" }]);
    const cutter = startCutter(server.port);
    const result = await run(["-sS", "--cacert", all.caFile, `https://localhost:${cutter.port}/`]);
    cutter.stop();
    server.stop();
    expect(result.stderr).toBe("");
    expect(result.out).toBe("hello");
  });

  check("https to a port that speaks HTTP is 35", async () => {
    const server = startRawServer([
      { on: "connect", send: "HTTP/1.1 400 Bad\r\n\r\nplain", after: "stall" },
    ]);
    const result = await run(["-sS", "-m", "10", `https://localhost:${server.port}/`]);
    server.stop();
    expect(result.exitCode).toBe(35);
    expect(result.stderr).toMatch(/curl: \(35\) /);
  });

  check("a handshake that never comes is 28 by --connect-timeout", async () => {
    const server = startRawServer([SILENCE]);
    const began = performance.now();
    const result = await run([
      "-sS",
      "--connect-timeout",
      "0.6",
      `https://127.0.0.1:${server.port}/`,
    ]);
    const tookMs = performance.now() - began;
    server.stop();
    expect(result.exitCode).toBe(28);
    expect(tookMs).toBeLessThan(4000);
  });

  check("a connection reset in the handshake is 35", async () => {
    const server = startRawServer([SILENCE]);
    const running = start(["-sS", `https://127.0.0.1:${server.port}/`]);
    await server.receivedAtLeast(100);
    server.resetAll();
    const result = await running.finished;
    server.stop();
    expect(result.exitCode).toBe(35);
  });
});
