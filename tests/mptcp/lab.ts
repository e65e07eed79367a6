// What the tests of this folder share: the guard for machines without namespaces, and transfers by the program under
// test inside a network of tests/support/mptcp/paths.ts. Assertions are on counters of the kernel, bytes of devices,
// files, reports and exit codes, never on time but where the time is what is promised.
import { test } from "bun:test";
import { join } from "node:path";
import type { JsonConnection, JsonPath } from "../../src/cli/output/mptcp-json.ts";
import type { JsonReport, JsonTransfer } from "../../src/cli/output/report/json.ts";
import type { Counters } from "../support/mptcp/counters.ts";
import { hashOfFile, hashOfGenerated } from "../support/mptcp/generated-file.ts";
import { whyNoNamespaces } from "../support/mptcp/netns.ts";
import type { Network } from "../support/mptcp/paths.ts";
import { programPath } from "../support/program-path.ts";
import { type Need, needs, unmet } from "../support/requirement.ts";
import { tempDir } from "../support/temp-dir.ts";

const noNamespaces = whyNoNamespaces();

/** test() for what happens in namespaces; more needs come first, the way that needs() takes them. */
export function inNamespaces(...more: readonly Need[]) {
  const list = needsOf(more);
  return (name: string, body: () => Promise<void>, timeoutMs = 60_000): void => {
    if (noNamespaces === null || unmet(...list) !== null) needs(...list)(name, body, timeoutMs);
    else if (process.env.MPCURL_EXPECT_ALL === "1") {
      test(name, () => {
        throw new Error(noNamespaces);
      });
    } else test.skip(`${name} [${noNamespaces}]`, () => {});
  };
}

function needsOf(more: readonly Need[]): Need[] {
  return ["ip", "ss", "mptcp", "program", ...more];
}

/** As many programs and servers as two processors carry without being slow. */
const AT_ONCE = 6;
let running = 0;
const waiting: (() => void)[] = [];

/** Like inNamespaces(), for tests that mostly wait: some of a file run at once, each in its own network. */
export function sideBySide(...more: readonly Need[]) {
  const list = needsOf(more);
  if (noNamespaces !== null || unmet(...list) !== null) return inNamespaces(...more);
  return (name: string, body: () => Promise<void>): void => {
    test.concurrent(name, () => inTurn(body), 180_000);
  };
}

async function inTurn(body: () => Promise<void>): Promise<void> {
  if (running === AT_ONCE) await new Promise<void>((resolve) => waiting.push(resolve));
  else running++;
  try {
    await body();
  } finally {
    const next = waiting.shift();
    if (next) next();
    else running--;
  }
}

export interface Fetched {
  readonly exitCode: number;
  readonly stderr: string;
  /** SHA-256 of what was written; null when there is no file. */
  readonly hash: string | null;
  /** The client's counters after the transfer; a fresh namespace starts at 0. */
  readonly counters: Counters;
}

/** Runs the program in "client" with `-sSv -o FILE` and `argv`. */
export async function fetchIn({ topology }: Network, argv: readonly string[]): Promise<Fetched> {
  const directory = tempDir("mptcp");
  const file = join(directory, "file");
  const words = [programPath(), "-sSv", "-o", file, ...argv];
  const { exitCode, stderr } = await topology.run("client", words, { cwd: directory });
  const hash = (await Bun.file(file).exists()) ? await hashOfFile(file) : null;
  return { exitCode, stderr, hash, counters: await topology.counters("client") };
}

/** One transfer, with all that it left behind. */
export interface Transferred {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
  /** When the program had ended, on performance.now(). */
  readonly endedAt: number;
  /** What was written: its length, and its hash, "" of which means that there is no file. */
  readonly sizeBytes: number;
  readonly hash: string;
  /** As of --mptcp-report. */
  readonly transfer: JsonTransfer;
}

/** Runs the program in "client" with `-sSv -o FILE --mptcp --mptcp-report FILE.json` and `argv`. */
export async function transferIn(
  { topology }: Network,
  argv: readonly string[],
): Promise<Transferred> {
  const directory = tempDir("mptcp");
  const [file, report] = [join(directory, "file"), join(directory, "report.json")];
  const options = ["-sSv", "-o", file, "--mptcp", "--mptcp-report", report];
  const words = [programPath(), ...options, ...argv];
  const { exitCode, stdout, stderr } = await topology.run("client", words, { cwd: directory });
  const endedAt = performance.now();
  const exists = await Bun.file(file).exists();
  const sizeBytes = exists ? Bun.file(file).size : 0;
  const hash = exists ? await hashOfFile(file) : "";
  const transfer = await readReport(report, stderr);
  return { exitCode, stdout, stderr, endedAt, sizeBytes, hash, transfer };
}

async function readReport(path: string, stderr: string): Promise<JsonTransfer> {
  if (!(await Bun.file(path).exists())) throw new Error(`there is no report: ${stderr}`);
  const { transfers } = (await Bun.file(path).json()) as JsonReport;
  const [transfer] = transfers;
  if (transfer === undefined) throw new Error("the report has no transfer");
  return transfer;
}

/** What every failed download must leave: not a byte that is not the file's. */
export function isTruePrefix({ sizeBytes, hash }: Transferred): boolean {
  return sizeBytes === 0 || hash === hashOfGenerated(sizeBytes);
}

/** The connection used last. */
export function connectionOf({ transfer, stderr }: Transferred): JsonConnection {
  const connection = transfer.connections.at(-1);
  if (connection === undefined) throw new Error(`the report has no connection: ${stderr}`);
  return connection;
}

/** The path that left from an address of the client. */
export function pathFrom(transferred: Transferred, address: string): JsonPath {
  const { paths } = connectionOf(transferred);
  const found = paths.find(({ local }) => local.address === address);
  if (found === undefined) throw new Error(`no path from ${address}: ${JSON.stringify(paths)}`);
  return found;
}

/** The hash of what the server answers to an upload that came whole. */
export function hashOfAnswer(body: Uint8Array): string {
  return sha256(`${body.length} ${sha256(body)}\n`);
}

function sha256(bytes: string | Uint8Array): string {
  return new Bun.CryptoHasher("sha256").update(bytes).digest("hex");
}

export interface Wait<T> {
  readonly read: () => Promise<T>;
  readonly holds: (value: T) => boolean;
  /** What must still be going on meanwhile. */
  readonly during: Promise<unknown>;
}

/** Polls until what is read `holds`: for "the transfer has come this far". @throws Error when `during` ends first */
export async function until<T>({ read, holds, during }: Wait<T>): Promise<T> {
  let over = false;
  const end = () => {
    over = true;
  };
  during.then(end, end);
  for (;;) {
    const value = await read();
    if (holds(value)) return value;
    if (over) throw new Error(`it ended too early, at ${JSON.stringify(value)}`);
    await Bun.sleep(5);
  }
}

/** Waits until each of the client's devices has moved so many bytes, either way, while `during` goes on. */
export async function untilMoved(
  { topology }: Network,
  {
    bytes,
    devices,
    during,
  }: { bytes: number; devices: readonly string[]; during: Promise<unknown> },
): Promise<void> {
  const moved = async () => {
    const traffic = await topology.traffic("client");
    return devices.map((device) => {
      const { receivedBytes = 0, sentBytes = 0 } = traffic[device] ?? {};
      return Math.max(receivedBytes, sentBytes);
    });
  };
  await until({ read: moved, holds: (all) => all.every((count) => count > bytes), during });
}

/** A self-signed certificate for an address, as PEM files. */
export async function certificateFor(
  address: string,
): Promise<{ certificate: string; key: string }> {
  const directory = tempDir("tls");
  const [certificate, key] = [join(directory, "cert.pem"), join(directory, "key.pem")];
  const words = `req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=test`;
  const names = ["-addext", `subjectAltName=IP:${address}`, "-keyout", key, "-out", certificate];
  await Bun.$`openssl ${words.split(" ")} ${names}`.quiet();
  return { certificate, key };
}
