// A parity case is data: a command line, what the server says, and what must come of it. It is run
// on the system's curl and on mpcurl, each against a scripted server of its own, and judged twice:
// by what the case expects, and by comparing the two runs with each other.
//
// In argv, files, stdin and replies these stand for what is known only at run time:
//   <base> http://127.0.0.1:PORT   <port>   <other> the second server's base   <otherPort>
//   <refused> a port that refuses  <full> a port that never answers   <sock> a Unix socket's path
// In what is compared, ports read PORT and OTHER, the user agent UA, and curl's name is one.
// `wire` is written compactly: "|" is CRLF, "STD" is the three fields that every request has.

import { expect } from "bun:test";
import { join } from "node:path";
import { latin1, type Run, run } from "../support/program.ts";
import { curlPath, programPath } from "../support/program-path.ts";
import { fullPort, refusedPort } from "../support/servers/loopback.ts";
import { type Piece, type Reply, startRawServer } from "../support/servers/raw-server.ts";
import { removeTempDir, tempDir } from "../support/temp-dir.ts";

/** What a run must come to; a field that is left out is only compared between the programs. */
export interface Expectation {
  readonly exit: number;
  /** Per connection, compact. */
  readonly wire?: readonly string[];
  readonly otherWire?: readonly string[];
  readonly stdout?: string;
  /** Files that the run made or changed. */
  readonly files?: Readonly<Record<string, string>>;
  /** Must match stderr. */
  readonly message?: RegExp;
}

/** Where the curl at hand is older than the behaviour that we follow. */
export interface Difference {
  readonly because: string;
  /** A curl that does what mpcurl does (maybe not the first); null where we part ways for good. */
  readonly since: string | null;
  /** What older ones do, over the case's expectation. */
  readonly older: Partial<Expectation>;
}

export interface ParityCase {
  readonly name: string;
  readonly argv: readonly string[];
  /** Without it the server answers every request with `ok("hello\n")`. */
  readonly replies?: readonly (Reply | string)[];
  readonly otherReplies?: readonly (Reply | string)[];
  readonly stdin?: string;
  readonly files?: Readonly<Record<string, string | Uint8Array>>;
  readonly env?: Readonly<Record<string, string>>;
  readonly expect: Expectation;
  readonly differs?: Difference;
  /** Not run with -sS in front. */
  readonly loud?: true;
  /** The server is on <sock>. */
  readonly unix?: true;
  /** Repeated with each byte of the replies a write of its own. */
  readonly bytewise?: true;
  /** Repeated with --mptcp against an MPTCP listener. */
  readonly mptcp?: true;
  /** What is not comparable between two runs, such as bytes in flight when a side gave up. */
  readonly incomparable?: readonly ("wire" | "stdout" | "files")[];
  /** All of stderr must agree, not only the numbers of its errors. */
  readonly sameStderr?: true;
}

export interface Variant {
  readonly bytewise: boolean;
  readonly mptcp: boolean;
}

/** A complete answer with a Content-Length. */
export function ok(body: string, ...fields: readonly string[]): string {
  return answer("200 OK", body, ...fields);
}

export function answer(status: string, body: string, ...fields: readonly string[]): string {
  const lines = [`HTTP/1.1 ${status}`, ...fields, `Content-Length: ${body.length}`, "", body];
  return lines.join("\r\n");
}

interface Seen {
  readonly exit: number | string;
  readonly wire: readonly string[];
  readonly otherWire: readonly string[];
  readonly stdout: string;
  readonly files: Readonly<Record<string, string>>;
  readonly stderr: string;
}

const DEFAULT_REPLIES = Array.from({ length: 6 }, () => ok("hello\n"));

function compact(text: string): string {
  return text
    .replaceAll("\r\n", "|")
    .replaceAll("Host: 127.0.0.1:PORT|User-Agent: UA|Accept: */*", "STD");
}

/** The numbers of the `curl: (N) ` lines, in order. */
function errorNumbers(stderr: string): string[] {
  return [...stderr.matchAll(/^curl: \((\d+)\) /gm)].map((match) => match[1] ?? "");
}

/** A reply with the names of ports and paths in it replaced. */
function filledReply(reply: Reply | string, fill: (text: string) => string): Reply {
  if (typeof reply === "string") return { send: fill(reply) };
  const pieces = Array.isArray(reply.send)
    ? (reply.send as readonly Piece[])
    : [reply.send as Piece];
  return { ...reply, send: pieces.map((each) => (typeof each === "string" ? fill(each) : each)) };
}

async function runOn(program: string, test: ParityCase, variant: Variant): Promise<Seen> {
  const room = tempDir("parity");
  const sock = join(room, "sock");
  const refused = refusedPort();
  const full = test.argv.some((word) => word.includes("<full>")) ? fullPort() : undefined;
  const names = new Map<string, string>([
    ["<refused>", String(refused.port)],
    ["<full>", String(full?.port ?? "")],
    ["<sock>", sock],
  ]);
  const fill = (text: string): string =>
    text.replace(/<[a-zA-Z]+>/g, (name) => names.get(name) ?? name);
  // The second server's port is needed in the first one's replies, so its script comes late.
  const otherScript: Reply[] = [];
  const script: Reply[] = [];
  const server = startRawServer(script, { ...variant, ...(test.unix ? { unixPath: sock } : {}) });
  const other = startRawServer(otherScript, variant);
  names.set("<port>", String(server.port));
  names.set("<base>", `http://127.0.0.1:${server.port}`);
  names.set("<otherPort>", String(other.port));
  names.set("<other>", `http://127.0.0.1:${other.port}`);
  server.script(...(test.replies ?? DEFAULT_REPLIES).map((reply) => filledReply(reply, fill)));
  other.script(...(test.otherReplies ?? DEFAULT_REPLIES).map((reply) => filledReply(reply, fill)));
  const files: Record<string, string | Uint8Array> = {};
  for (const [name, content] of Object.entries(test.files ?? {})) {
    files[name] = typeof content === "string" ? Buffer.from(fill(content), "latin1") : content;
  }
  const before = new Map(
    Object.entries(files).map(([name, bytes]) => [name, latin1(bytes as Uint8Array)]),
  );
  const argv = [
    ...(test.loud ? [] : ["-sS"]),
    ...(variant.mptcp ? ["--mptcp"] : []),
    ...test.argv.map(fill),
  ];
  const result = await run(argv, {
    program,
    files,
    timeoutMs: 12_000,
    ...(test.stdin === undefined ? {} : { stdin: fill(test.stdin) }),
    ...(test.env === undefined ? {} : { env: test.env }),
  });
  await Promise.race([Promise.all([server.idle(), other.idle()]), Bun.sleep(1000)]);
  const neutral = (text: string): string =>
    text
      .replace(/User-Agent: m?p?curl\/[^\r\n]*/g, "User-Agent: UA")
      .replaceAll(String(server.port), "PORT")
      .replaceAll(String(other.port), "OTHER")
      .replaceAll(String(refused.port), "REFUSED")
      .replaceAll(room, "ROOM");
  const seen: Seen = {
    exit: outcomeOf(result),
    wire: server.received().map(neutral),
    otherWire: other.received().map(neutral),
    stdout: neutral(result.out),
    files: neutralFiles(result, before, neutral),
    stderr: neutral(result.stderr).replace(/^mpcurl: /gm, "curl: "),
  };
  server.stop();
  other.stop();
  refused.release();
  full?.release();
  removeTempDir(room);
  return seen;
}

function outcomeOf(result: Run): number | string {
  if (result.timedOut) return `hung, then ${result.signal ?? result.exitCode}`;
  return result.exitCode ?? String(result.signal);
}

function neutralFiles(
  result: Run,
  before: ReadonlyMap<string, string>,
  neutral: (text: string) => string,
): Record<string, string> {
  const files: Record<string, string> = {};
  for (const [name, seen] of result.files) {
    const content = latin1(seen.bytes);
    if (before.get(name) === content) continue;
    const isParent = [...before.keys()].some((path) => path.startsWith(name) && name.endsWith("/"));
    if (!isParent) files[neutral(name)] = neutral(content);
  }
  return files;
}

function judge(who: string, seen: Seen, wanted: Expectation): void {
  const label = (field: string): string =>
    `${who}: ${field}\nstderr: ${seen.stderr}\nreceived: ${JSON.stringify(seen.wire).slice(0, 500)}`;
  expect(seen.exit, label("exit code")).toBe(wanted.exit);
  if (wanted.wire) expect(seen.wire.map(compact), label("wire")).toEqual([...wanted.wire]);
  if (wanted.otherWire) {
    const other = seen.otherWire.map((text) => compact(text).replaceAll("OTHER", "PORT"));
    expect(other.map(compact), label("second server's wire")).toEqual([...wanted.otherWire]);
  }
  if (wanted.stdout !== undefined) expect(seen.stdout, label("stdout")).toBe(wanted.stdout);
  if (wanted.files) expect(seen.files, label("files")).toEqual({ ...wanted.files });
  if (wanted.message) expect(seen.stderr, `${who}: stderr`).toMatch(wanted.message);
}

function isOlder(version: string, than: string): boolean {
  return Bun.semver.order(padded(version), padded(than)) < 0;
}

function padded(version: string): string {
  return [...version.split("."), "0", "0"].slice(0, 3).join(".");
}

let curlVersionKnown: string | undefined;

function curlVersion(): string {
  if (curlVersionKnown === undefined) {
    const text = Bun.spawnSync([curlPath(), "-q", "-V"], { env: {} }).stdout.toString();
    curlVersionKnown = /^m?p?curl (\d+\.\d+\.\d+)/.exec(text)?.[1] ?? "0.0.0";
  }
  return curlVersionKnown;
}

/** Runs the case on both programs and fails on the first thing that is not as it must be. */
export async function checkParity(test: ParityCase, variant: Variant): Promise<void> {
  const [curl, ours] = await Promise.all([
    runOn(curlPath(), test, variant),
    runOn(programPath(), test, variant),
  ]);
  const since = test.differs?.since;
  const excused = since !== undefined && (since === null || isOlder(curlVersion(), since));
  const older = { ...test.expect, ...(excused ? test.differs?.older : {}) };
  judge("curl", curl, older);
  // Shaking out the harness: when the program under test is that old curl, it has its excuse too.
  judge("program", ours, programPath() === curlPath() ? older : test.expect);
  if (excused) return;
  const skip = test.incomparable ?? [];
  if (!skip.includes("wire")) {
    expect(ours.wire, "wire of the program (received) and of curl (expected)").toEqual([
      ...curl.wire,
    ]);
    expect(ours.otherWire, "second server's wire").toEqual([...curl.otherWire]);
  }
  if (!skip.includes("stdout")) expect(ours.stdout, "stdout").toBe(curl.stdout);
  if (!skip.includes("files")) expect(ours.files, "files").toEqual({ ...curl.files });
  expect(errorNumbers(ours.stderr), `errors of the program\n${ours.stderr}`).toEqual(
    errorNumbers(curl.stderr),
  );
  if (test.sameStderr) expect(sentences(ours.stderr), "stderr").toBe(sentences(curl.stderr));
}

/** stderr without what differs by build or from run to run. */
function sentences(stderr: string): string {
  return stderr
    .replace(/^curl: try .*$/gm, "curl: try")
    .replace(/after \d+ ms/g, "after N ms")
    .replace(/after \d+ milliseconds/g, "after N milliseconds");
}
