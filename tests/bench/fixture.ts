// What the runs on loopback need: nginx under mptcpize with its files on /dev/shm, and a certificate.
import { closeSync, openSync, rmSync, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { prepareNginx } from "../support/mptcp/nginx.ts";

/** nginx, running, and what it serves. Use with `await using`. */
export interface Fixture extends AsyncDisposable {
  /** "http://127.0.0.1:PORT", then /small (6 bytes), /big, and /in/… for PUT. */
  readonly url: string;
  readonly tlsUrl: string;
  readonly certificate: string;
  /** A local copy of /big. */
  readonly bigFile: string;
  /** Where downloads go. */
  readonly output: string;
  /** Where nginx puts uploads. */
  readonly uploads: string;
}

const PORT = 18480;

/** Starts it. @param bigBytes size of /big */
export async function startFixture(bigBytes: number): Promise<Fixture> {
  const root = `/dev/shm/mpcurl-bench-${process.pid}`;
  const [certificate, key] = [`${root}/cert.pem`, `${root}/key.pem`];
  const tls = { certificate, key, port: PORT + 1 };
  const argv = prepareNginx({ root, address: "127.0.0.1", port: PORT, tls });
  writeFileSync(join(root, "www/small"), "hello\n");
  const bigFile = join(root, "www/big");
  writeBig(bigFile, bigBytes);
  const request =
    "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=bench";
  const names = ["-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", certificate];
  await Bun.$`openssl ${request.split(" ")} ${names}`.quiet();
  const mortal = ["setpriv", "--pdeathsig", "KILL", ...argv];
  const env = { ...process.env, PATH: `${process.env.PATH}:/usr/sbin` };
  const nginx = Bun.spawn(mortal, { stdin: "ignore", stdout: "ignore", stderr: "inherit", env });
  await listening(nginx);
  return {
    url: `http://127.0.0.1:${PORT}`,
    tlsUrl: `https://127.0.0.1:${PORT + 1}`,
    certificate,
    bigFile,
    output: join(root, "output"),
    uploads: join(root, "www/in"),
    async [Symbol.asyncDispose]() {
      nginx.kill("SIGKILL");
      await nginx.exited;
      rmSync(root, { recursive: true, force: true });
    },
  };
}

/** Random bytes, repeated: a sparse file would be read for nothing. */
function writeBig(path: string, bytes: number): void {
  const block = crypto.getRandomValues(new Uint8Array(65536));
  const descriptor = openSync(path, "w");
  for (let written = 0; written < bytes; written += block.length) writeSync(descriptor, block);
  closeSync(descriptor);
}

async function listening(nginx: Bun.Subprocess): Promise<void> {
  const wanted = [PORT, PORT + 1].map((port) => `127.0.0.1:${port}`);
  while (nginx.exitCode === null) {
    const listeners = Bun.spawnSync(["ss", "-HMlnt"], {
      env: { PATH: `${process.env.PATH}:/usr/sbin` },
    });
    const text = listeners.stdout.toString();
    if (wanted.every((address) => text.includes(address))) return;
    await Bun.sleep(20);
  }
  throw new Error("nginx under mptcpize did not start");
}
