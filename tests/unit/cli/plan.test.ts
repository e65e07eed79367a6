import { describe, expect, test } from "bun:test";
import { byteString, concat } from "../../../src/bytes.ts";
import { cutArgv } from "../../../src/cli/argv.ts";
import { foldOperations } from "../../../src/cli/fold.ts";
import { newGlobalSettings } from "../../../src/cli/operation.ts";
import { createMessages } from "../../../src/cli/output/messages.ts";
import { type OperationPlan, planOperation } from "../../../src/cli/plan.ts";
import type { Transfer } from "../../../src/client/transfer.ts";
import type { RequestBody } from "../../../src/http/body/request-body.ts";
import { formatUrl } from "../../../src/url.ts";
import { MemoryHost, type MemoryHostOptions } from "../../support/memory-host.ts";

const U = "http://h/";

interface Planned {
  readonly plan: OperationPlan;
  readonly host: MemoryHost;
}

async function planned(argv: readonly string[], given: MemoryHostOptions = {}): Promise<Planned> {
  const host = new MemoryHost(given);
  const { operations, error } = foldOperations(cutArgv(argv), host);
  const [operation] = operations;
  if (error || !operation) throw error ?? new Error("no operation");
  const messages = createMessages(host, newGlobalSettings());
  return { plan: await planOperation(operation, { host, messages }), host };
}

async function transfers(argv: readonly string[], given?: MemoryHostOptions): Promise<Transfer[]> {
  const { plan } = await planned(argv, given);
  return plan.urls.map((url, id) => url.prepare(id).transfer);
}

async function only(argv: readonly string[], given?: MemoryHostOptions): Promise<Transfer> {
  const [first] = await transfers(argv, given);
  if (!first) throw new Error("no transfer");
  return first;
}

async function textOf(body: RequestBody | null): Promise<string | null> {
  if (body === null) return null;
  const chunks: Uint8Array[] = [];
  for await (const chunk of body.open()) chunks.push(chunk.slice());
  return byteString(concat(chunks));
}

describe("planOperation: URLs and their outputs", () => {
  const PAIRS: readonly (readonly [argv: string, outputs: readonly (string | null)[]])[] = [
    ["h/a", [null]],
    ["-o x h/a", ["x"]],
    ["h/a -o x", ["x"]],
    ["-O h/a", ["a"]],
    ["-o x h/a h/b", ["x", null]],
    ["h/a h/b -o x -o y", ["x", "y"]],
    ["-o x h/a -O h/b", ["x", "b"]],
    ["-OO h/a h/b", ["a", "b"]],
    ["-o - h/a -o y h/b", [null, "y"]],
    ["--output-dir d -o x h/a -O h/b", ["d/x", "d/b"]],
  ];
  for (const [argv, outputs] of PAIRS) {
    test(`"${argv}" goes to ${JSON.stringify(outputs)}`, async () => {
      const { plan } = await planned(argv.split(" "), { directories: ["d"] });
      const sinks = plan.urls.map((url, id) => url.prepare(id).sink);
      expect(sinks.map(({ filenameEffective }) => filenameEffective)).toEqual([...outputs]);
    });
  }

  test("more outputs than URLs are worth a warning, and nothing more", async () => {
    const { plan, host } = await planned(["-o", "x", "-o", "y", U]);
    expect(plan.urls).toHaveLength(1);
    expect(host.stderr.text).toContain("Got more output options than URLs");
    expect((await planned(["-o", "x", U])).host.stderr.text).toBe("");
  });

  test("a URL that is none fails itself alone, when its turn comes", async () => {
    const { plan } = await planned(["http://h:x/", U]);
    const [bad, good] = plan.urls;
    expect(() => bad?.prepare(0)).toThrow(expect.objectContaining({ exitCode: 3 }));
    expect(good?.prepare(1).transfer).toMatchObject({ id: 1, url: { host: "h" } });
    expect(plan.urls.map(({ given }) => given)).toEqual(["http://h:x/", U]);
  });

  test("planning makes no file", async () => {
    const { host } = await planned(["-D", "d", "-o", "x", U]);
    expect([...host.files.keys()]).toEqual([]);
  });
});

describe("planOperation: uploads", () => {
  const files = { f: "text", "dir/a b?.txt": "x", "caf\xc3\xa9": "y" };

  const TARGETS: readonly (readonly [upload: string, url: string, target: string])[] = [
    ["f", "http://h/d/", "http://h/d/f"],
    ["f", "http://h", "http://h/f"],
    ["f", "http://h/d/name", "http://h/d/name"],
    ["f", "http://h/d/?q", "http://h/d/?q"],
    ["dir/a b?.txt", "http://h/d/", "http://h/d/a%20b%3F.txt"],
    ["caf\xc3\xa9", "http://h/", "http://h/caf%C3%A9"],
    ["-", "http://h/d/", "http://h/d/"],
    [".", "http://h/d/", "http://h/d/"],
  ];
  for (const [upload, url, target] of TARGETS) {
    test(`-T ${JSON.stringify(upload)} to ${url} goes to ${target}`, async () => {
      const transfer = await only(["-T", upload, url], { files });
      expect(formatUrl(transfer.url)).toBe(target);
      expect(transfer.request.method).toBe("PUT");
    });
  }

  test("a file has its length and can be sent again, standard input neither", async () => {
    const file = await only(["-T", "f", U], { files });
    expect(file.body).toMatchObject({ sizeBytes: 4, replayable: true });
    expect(await textOf(file.body)).toBe("text");
    const input = await only(["-T", "-", U], { stdin: "piped" });
    expect(input.body).toMatchObject({ sizeBytes: null, replayable: false });
    expect(await textOf(input.body)).toBe("piped");
  });

  test("each -T belongs to the URL of its place; the others are fetched, so is an empty one's", async () => {
    const list = await transfers(["-T", "f", "-T", "", "http://h/1", "http://h/2", "http://h/3"], {
      files,
    });
    expect(list.map(({ request, body }) => [request.method, body !== null])).toEqual([
      ["PUT", true],
      ["GET", false],
      ["GET", false],
    ]);
  });

  test("a file that cannot be read is 26 for its URL alone", async () => {
    const { plan } = await planned(["-T", "f", U, U], { files });
    expect(() => plan.urls[1]?.prepare(1)).not.toThrow();
    const { plan: other } = await planned(["-T", "none", U, U]);
    expect(() => other.urls[0]?.prepare(0)).toThrow(expect.objectContaining({ exitCode: 26 }));
    expect(() => other.urls[1]?.prepare(1)).not.toThrow();
  });
});

describe("planOperation: requests", () => {
  test("-d is a POST, with -G a query, with -X a word", async () => {
    const post = await only(["-d", "a=1", "-d", "b=2", U]);
    expect([post.request.method, await textOf(post.body)]).toEqual(["POST", "a=1&b=2"]);
    const get = await only(["-G", "-d", "a=1", `${U}?x`]);
    expect([get.request.method, get.body, get.url.query]).toEqual(["GET", null, "x&a=1"]);
    const word = await only(["-X", "PATCH", "-d", "a", U]);
    expect(word.request).toMatchObject({ method: "POST", customMethod: "PATCH" });
    expect((await only(["-I", U])).request.method).toBe("HEAD");
  });

  test("-d @file reads it, and one that is not there is 26 before anything is done", async () => {
    const transfer = await only(["-d", "@f", U], { files: { f: "a\r\nb\0c" } });
    expect(await textOf(transfer.body)).toBe("abc");
    expect(planned(["-d", "@none", U])).rejects.toMatchObject({ exitCode: 26 });
  });

  test("-H @file takes its lines, without comments and empty ones", async () => {
    const given = { files: { f: "A: 1\r\n# no\n\nB;\nbad line\n" } };
    const { plan, host } = await planned(["-H", "@f", "-H", "C:", U], given);
    const request = plan.urls[0]?.prepare(0).transfer.request;
    expect(request?.headers).toEqual([
      { kind: "set", name: "A", value: "1" },
      { kind: "empty", name: "B" },
      { kind: "remove", name: "C" },
    ]);
    expect(host.stderr.text).toContain(
      "The provided HTTP header 'bad line' does not look like a header?",
    );
  });

  test("-H @file that is not there is 26 and named", async () => {
    expect(planned(["-H", "@none", U])).rejects.toMatchObject({
      exitCode: 26,
      message: expect.stringContaining("none"),
    });
  });

  test("-e ;auto keeps what stands before it", async () => {
    const referer = async (value: string) => {
      const { request } = await only(["-e", value, U]);
      return [request.referer, request.refererAuto];
    };
    expect(await referer("http://x/")).toEqual(["http://x/", false]);
    expect(await referer("http://x/;auto")).toEqual(["http://x/", true]);
    expect(await referer(";auto")).toEqual(["", true]);
  });

  test("-u is cut at the first colon, and one without is refused", async () => {
    expect((await only(["-u", "a:b:c", U])).credentials).toEqual({ user: "a", password: "b:c" });
    expect((await only(["-u", ":", U])).credentials).toEqual({ user: "", password: "" });
    expect((await only([U])).credentials).toBeNull();
    expect(only(["-u", "a", U])).rejects.toMatchObject({ exitCode: 2 });
  });
});

describe("planOperation: the way there", () => {
  test("--mptcp, families, --resolve, --connect-to, --unix-socket", async () => {
    expect((await only(["--mptcp", "-6", U])).route).toMatchObject({
      protocol: "mptcp",
      family: "ipv6",
    });
    expect((await only(["--mptcp", "--no-mptcp", U])).route.protocol).toBe("tcp");
    const { route } = await only(["--resolve", "h:80:::1", "--connect-to", "::x:1", U]);
    expect(route.resolve).toHaveLength(1);
    expect(route.connectTo[0]).toMatchObject({ toHost: "x", toPort: 1 });
    expect((await only(["--unix-socket", "/s", U])).route.unixSocket).toBe("/s");
    expect(planned(["--resolve", "h", U])).rejects.toMatchObject({ exitCode: 49 });
  });

  test("roots are read where a connection may need them, and -k needs none", async () => {
    const needs = [["HTTPS://h/"], [U, "https://h/"], ["-L", U]];
    for (const urls of needs) {
      expect(planned(["--capath", "nowhere", ...urls])).rejects.toMatchObject({ exitCode: 77 });
      const { tls } = await only(["-k", "--capath", "nowhere", ...urls]);
      expect(tls).toMatchObject({ verify: false, trust: { kind: "system" } });
    }
    expect((await only(["--capath", "nowhere", U])).tls.verify).toBe(true);
    const { tls } = await only(["--cacert", "c.pem", "https://h/"], { files: { "c.pem": "x" } });
    expect(tls.trust).toEqual({ kind: "file", path: "c.pem" });
  });

  test("--cert stands for its key too, and must be there", async () => {
    const files = { "c.pem": "x", "k.pem": "y" };
    expect((await only(["--cert", "c.pem", U], { files })).tls.clientCertificate).toEqual({
      certFile: "c.pem",
      keyFile: "c.pem",
      passphrase: null,
    });
    expect(
      (await only(["--cert", "c.pem", "--key", "k.pem", U], { files })).tls.clientCertificate,
    ).toMatchObject({ keyFile: "k.pem" });
    expect(planned(["--cert", "none.pem", U])).rejects.toMatchObject({ exitCode: 58 });
  });
});

describe("planOperation: -w", () => {
  test("@file is read without its line ends, and must be there", async () => {
    const { plan } = await planned(["-w", "@f", U], { files: { f: "%{url}\r\n\\n\n" } });
    expect(plan.writeOut).toBe("%{url}\\n");
    expect(planned(["-w", "@none", U])).rejects.toMatchObject({ exitCode: 26 });
    expect((await planned([U])).plan.writeOut).toBeNull();
  });

  test("the chain is collected where it is asked for, in a file too", async () => {
    const collects = async (argv: readonly string[]) =>
      (await only([...argv, U], { files: { f: "%{num_certs}" } })).tls.collectCertificates;
    expect(await collects(["-w", "%{certs}"])).toBe(true);
    expect(await collects(["-w", "@f"])).toBe(true);
    expect(await collects(["-w", "%{http_code}"])).toBe(false);
    expect(await collects([])).toBe(false);
  });
});
