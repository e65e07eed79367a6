// The library against real sockets: fetch() as a user of the web's fetch would use it, and what is its own.
import { afterEach, describe, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  CurlError,
  type FetchOptions,
  fetch,
  Session,
  type TraceEvent,
  type WebBody,
} from "../../src/index.ts";
import { needs } from "../support/requirement.ts";
import { certificates } from "../support/servers/certs.ts";
import { fullPort, refusedPort } from "../support/servers/loopback.ts";
import { type RawServer, type Reply, startRawServer } from "../support/servers/raw-server.ts";
import { startRawTlsServer } from "../support/servers/tls-server.ts";
import { tempDir } from "../support/temp-dir.ts";

const cleanups: (() => void)[] = [];
afterEach(() => {
  for (const cleanup of cleanups.splice(0)) cleanup();
});

function reply(body: string, ...fields: string[]): Reply {
  const head = ["HTTP/1.1 200 OK", `Content-Length: ${body.length}`, ...fields].join("\r\n");
  return { send: `${head}\r\n\r\n${body}` };
}

function redirect(location: string, status = 302): Reply {
  return { send: `HTTP/1.1 ${status} R\r\nLocation: ${location}\r\nContent-Length: 0\r\n\r\n` };
}

/** A server that plays the replies, and its URL. */
function serve(...replies: Reply[]): { server: RawServer; url: string } {
  const server = startRawServer(replies);
  cleanups.push(() => server.stop());
  return { server, url: `http://127.0.0.1:${server.port}` };
}

/** What a promise rejects with. */
async function failure(promise: Promise<unknown>): Promise<unknown> {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  throw new Error("it did not fail");
}

async function code(promise: Promise<unknown>): Promise<string> {
  const error = await failure(promise);
  if (!(error instanceof CurlError)) throw error;
  return `${error.code} ${error.exitCode}`;
}

/** A session of the test's own, so that no connection of another test is in its way. */
function session(trace?: (event: TraceEvent) => void): Session {
  const made = new Session({ trace });
  cleanups.push(() => made.close());
  return made;
}

describe("requests", () => {
  test("go out with the web's defaults", async () => {
    const { server, url } = serve(reply("hi"));
    const response = await fetch(`${url}/a b?c=d#e`);
    expect(await response.text()).toBe("hi");
    expect(server.received()[0]).toMatch(
      /^GET \/a%20b\?c=d HTTP\/1\.1\r\nHost: 127\.0\.0\.1:\d+\r\nUser-Agent: mpcurl\/\S+\r\nAccept: \*\/\*\r\nAccept-Encoding: deflate, gzip, br, zstd\r\n\r\n$/,
    );
  });

  test("take URL and Request objects, options before the Request's own", async () => {
    const { server, url } = serve(reply("1"), reply("2"), reply("3"));
    await fetch(new URL(`${url}/url`));
    await fetch(new Request(`${url}/r`, { method: "PUT", body: "abc", headers: { "X-A": "1" } }));
    await fetch(new Request(`${url}/r`, { headers: { "X-A": "1" } }), { method: "DELETE" });
    const sent = server.received().join("");
    expect(sent).toContain("GET /url ");
    expect(sent).toMatch(/PUT \/r [\s\S]*\r\nx-a: 1\r\n\r\n3\r\nabc\r\n0\r\n\r\n/);
    expect(sent).toContain("DELETE /r ");
  });

  test("take a URL without a scheme, as curl does", async () => {
    const { server } = serve(reply("hi"));
    expect(await (await fetch(`localhost:${server.port}/x`)).text()).toBe("hi");
  });

  test("send methods and headers as the Fetch standard says", async () => {
    const { server, url } = serve(reply(""), reply(""), reply(""));
    const headers = { "user-agent": "me", "X-Byte": "\xe4", "X-Empty": "" };
    await fetch(url, { method: "delete", headers });
    await fetch(url, { method: "patch" });
    await fetch(url, { method: "post" });
    const sent = server.received().join("");
    expect(sent).toMatch(/^DELETE \/ /);
    expect(sent).toContain("\r\nuser-agent: me\r\n");
    expect(sent.match(/mpcurl/g)?.length).toBe(2);
    expect(sent).toContain("\r\nx-byte: \xe4\r\n");
    expect(sent).toContain("\r\nx-empty:\r\n");
    expect(sent).toContain("patch / ");
    expect(sent).toMatch(/POST \/ [\s\S]*\r\nContent-Length: 0\r\n\r\n$/);
  });

  for (const [what, options] of [
    ["GET with a body", { body: "x" }],
    ["HEAD with a body", { method: "HEAD", body: "x" }],
    ["CONNECT", { method: "CONNECT" }],
    ["a method of two lines", { method: "GET\r\nX: 1" }],
    ["a header of two lines", { headers: { a: "b\r\nX: 1" } }],
    ["a wrong Content-Length", { method: "PUT", body: "x", headers: { "content-length": "2" } }],
    ["a Content-Length without a body", { headers: { "content-length": "2" } }],
    ["Transfer-Encoding", { method: "PUT", body: "x", headers: { "transfer-encoding": "x" } }],
  ] as const) {
    test(`${what} is refused, and nothing is sent`, async () => {
      const { server, url } = serve(reply(""));
      expect(await code(fetch(url, options))).toBe("BAD_FUNCTION_ARGUMENT 43");
      expect(server.received().join("")).toBe("");
    });
  }
});

async function* parts(...chunks: (Uint8Array | string)[]): AsyncGenerator<Uint8Array | string> {
  yield* chunks;
}

describe("request bodies", () => {
  const file = join(tempDir("library"), "body.json");
  writeFileSync(file, "{}");
  const bodies: readonly [string, () => WebBody, string | RegExp, string | RegExp | null][] = [
    ["text", () => "h\xe4", "h\xc3\xa4", "text/plain;charset=UTF-8"],
    ["a Uint8Array", () => Uint8Array.of(255, 0), "\xff\0", null],
    ["a view of a buffer", () => new DataView(Uint8Array.of(1, 2, 3).buffer, 1), "\x02\x03", null],
    ["an ArrayBuffer", () => Uint8Array.of(7).buffer, "\x07", null],
    ["a Blob", () => new Blob(["b"], { type: "image/x" }), "b", "image/x"],
    ["a file", () => Bun.file(file), "{}", /^application\/json/],
    [
      "URLSearchParams",
      () => new URLSearchParams({ a: "b c" }),
      "a=b+c",
      "application/x-www-form-urlencoded;charset=UTF-8",
    ],
    ["FormData", () => form("k", "v"), /name="k"\r\n\r\nv\r\n/, /^multipart\/form-data; boundary=/],
    ["a ReadableStream", () => new Blob(["st"]).stream(), /^2\r\nst\r\n0\r\n\r\n$/, null],
    [
      "an async iterable",
      () => parts("a", Uint8Array.of(66)),
      "1\r\na\r\n1\r\nB\r\n0\r\n\r\n",
      null,
    ],
  ];
  for (const [what, body, bytes, type] of bodies) {
    test(`${what}: bytes, framing, type`, async () => {
      const { server, url } = serve(reply("ok"));
      const response = await fetch(url, { method: "POST", body: body() });
      expect(await response.text()).toBe("ok");
      const [head = "", sent = ""] = split(server.received()[0] ?? "");
      if (typeof bytes === "string") expect(sent).toBe(bytes);
      else expect(sent).toMatch(bytes);
      const isChunked = /Transfer-Encoding: chunked/.test(head);
      if (!isChunked) expect(head).toContain(`\r\nContent-Length: ${sent.length}\r\n`);
      const sentType = /\r\nContent-Type: (.*)\r\n/.exec(`${head}\r\n`)?.[1] ?? null;
      if (type instanceof RegExp) expect(sentType).toMatch(type);
      else expect(sentType).toBe(type);
    });
  }

  test("a stream with a promised Content-Length goes out under it", async () => {
    const { server, url } = serve(reply("ok"));
    const headers = { "Content-Length": "3", "Content-Type": "x/y" };
    await fetch(url, { method: "PUT", headers, body: parts("a", "bc") });
    expect(server.received()[0]).toMatch(/\r\nContent-Length: 3\r\nContent-Type: x\/y\r\n\r\nabc$/);
  });

  for (const promised of ["2", "4"]) {
    test(`a stream of 3 bytes under Content-Length: ${promised} fails`, async () => {
      const { url } = serve(reply("ok"));
      const headers = { "Content-Length": promised };
      const promise = fetch(url, { method: "PUT", headers, body: parts("a", "bc") });
      expect(await code(promise)).toBe("READ_ERROR 26");
    });
  }

  test("a stream's failure is the call's, with its error as cause", async () => {
    const { server, url } = serve(reply("ok"));
    const broken = new Error("no more");
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => controller.enqueue(Uint8Array.of(65)),
      pull: (controller) => controller.error(broken),
    });
    const error = await failure(fetch(url, { method: "PUT", body }));
    expect(error).toMatchObject({ code: "READ_ERROR", cause: broken });
    await server.idle();
  });

  test("a file that is not there is 26, and nothing is sent", async () => {
    const { server, url } = serve(reply("ok"));
    const body = Bun.file(`${file}.gone`);
    expect(await code(fetch(url, { method: "PUT", body }))).toBe("READ_ERROR 26");
    expect(server.received().join("")).toBe("");
  });

  test("a body of 2 MiB does not wait for 100 (Continue)", async () => {
    const { server, url } = serve(reply("ok"));
    const body = new Uint8Array(2 << 20).fill(65);
    await fetch(url, { method: "PUT", body });
    const [head = "", sent = ""] = split(server.received()[0] ?? "");
    expect(head).not.toContain("Expect");
    expect(sent.length).toBe(body.length);
  });
});

function form(name: string, value: string): FormData {
  const data = new FormData();
  data.set(name, value);
  return data;
}

function split(request: string): [string, string] {
  const end = request.indexOf("\r\n\r\n");
  return [request.slice(0, end + 2), request.slice(end + 4)];
}

describe("responses", () => {
  test("carry status, text, URL and fields", async () => {
    const { url } = serve({
      send: "HTTP/1.1 404 Not H\xe4re\r\nX-Byte: \xe4\xff\r\nSet-Cookie: a=1\r\nset-cookie: b=2, c\r\nContent-Length: 2\r\n\r\nno",
    });
    const response = await fetch(`${url}/p?q#fragment`);
    expect(response).toMatchObject({ status: 404, ok: false, redirected: false });
    expect(response.statusText).toBe("Not H\xe4re");
    expect(response.url).toBe(`${url}/p?q`);
    expect(response.clone().url).toBe(`${url}/p?q`);
    expect(response.headers.get("x-byte")).toBe("\xe4\xff");
    expect(response.headers.getSetCookie()).toEqual(["a=1", "b=2, c"]);
    expect(await response.text()).toBe("no");
  });

  test("keep a status that the web's constructor refuses", async () => {
    const { url } = serve({ send: "HTTP/1.1 999 Denied\r\nContent-Length: 1\r\n\r\nx" });
    const response = await fetch(url);
    expect([response.status, response.ok, await response.text()]).toEqual([999, false, "x"]);
    expect(response.clone).toBeFunction();
  });

  for (const [status, method] of [
    [204, "GET"],
    [205, "GET"],
    [304, "GET"],
    [200, "HEAD"],
  ] as const) {
    test(`${status} to ${method} has a null body, and the connection serves again`, async () => {
      const length = status === 200 ? "Content-Length: 5\r\n" : "";
      const empty = status === 205 ? "Content-Length: 0\r\n" : "";
      const head = `HTTP/1.1 ${status} X\r\n${length}${empty}\r\n`;
      const { server, url } = serve({ send: head }, reply("next"));
      const response = await fetch(url, { method });
      expect(response.status).toBe(status);
      expect(response.body).toBeNull();
      expect(await (await fetch(url)).text()).toBe("next");
      expect(server.received().length).toBe(1);
    });
  }

  for (const [coding, compress] of [
    ["gzip", Bun.gzipSync],
    ["zstd", Bun.zstdCompressSync],
  ] as const) {
    test(`${coding} is undone`, async () => {
      const text = "sixteen letters\n".repeat(5000);
      const bytes = compress(Buffer.from(text));
      const head = `HTTP/1.1 200 OK\r\nContent-Encoding: ${coding}\r\nContent-Length: ${bytes.length}\r\n\r\n`;
      const { url } = serve({ send: [head, new Uint8Array(bytes)] });
      expect(await (await fetch(url)).text()).toBe(text);
    });
  }

  test("stream: a chunk is there before the next one is sent", async () => {
    const { server, url } = serve(
      { on: "head", send: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\none\r\n" },
      { on: "connect", send: "" },
    );
    const response = await fetch(url);
    const reader = response.body?.getReader();
    expect(Buffer.from((await reader?.read())?.value ?? []).toString()).toBe("one");
    await reader?.cancel();
    await server.idle();
  });
});

describe("redirects", () => {
  test("are followed: url, redirected, a POST that becomes a GET without its body", async () => {
    const { server, url } = serve(redirect("/two"), redirect("/three#x", 303), reply("end"));
    const headers = { "Content-Type": "x/y" };
    const response = await fetch(`${url}/one`, { method: "POST", body: "data", headers });
    expect(response).toMatchObject({ redirected: true, url: `${url}/three`, status: 200 });
    const [, second = ""] = (server.received()[0] ?? "").split("data");
    expect(second).toMatch(/^GET \/two /);
    expect(second.toLowerCase()).not.toContain("content-");
  });

  test("307 sends the body again; a stream cannot be", async () => {
    const { server, url } = serve(redirect("/b", 307), reply("end"), redirect("/b", 307));
    await fetch(`${url}/a`, { method: "PUT", body: "data" });
    expect(server.received()[0]?.match(/data/g)?.length).toBe(2);
    const options: FetchOptions = { method: "PUT", body: parts("x") };
    expect(await code(fetch(`${url}/a`, options))).toBe("SEND_FAIL_REWIND 65");
  });

  test("keep credentials from another origin", async () => {
    const other = serve(reply("end"));
    const { server, url } = serve(redirect(`${other.url}/b`));
    await fetch(url, { headers: { Authorization: "secret", Cookie: "c=1", "X-Mine": "1" } });
    expect(server.received()[0]).toContain("authorization: secret");
    expect(other.server.received()[0]).toContain("x-mine: 1");
    expect(other.server.received()[0]).not.toMatch(/secret|c=1/);
  });

  test('"manual" gives the 3xx itself', async () => {
    const { url } = serve(redirect("/b"));
    const response = await fetch(url, { redirect: "manual" });
    expect([response.status, response.redirected]).toEqual([302, false]);
    expect(response.headers.get("location")).toBe("/b");
  });

  test('"error" and a 21st redirect are refused', async () => {
    const { url } = serve(...Array.from({ length: 22 }, () => redirect("/b")));
    expect(await code(fetch(url, { redirect: "error" }))).toBe("TOO_MANY_REDIRECTS 47");
    expect(await code(fetch(url))).toBe("TOO_MANY_REDIRECTS 47");
  });
});

describe("errors", () => {
  test("before the head reject with curl's code", async () => {
    const refused = refusedPort();
    cleanups.push(() => refused.release());
    const { url } = serve({ send: "", after: "close" }, { send: "SMTP\r\n\r\n", after: "close" });
    expect(await code(fetch(`http://127.0.0.1:${refused.port}/`))).toBe("COULDNT_CONNECT 7");
    expect(await code(fetch("http://x.onion/"))).toBe("COULDNT_RESOLVE_HOST 6");
    expect(await code(fetch("ftp://127.0.0.1/"))).toBe("UNSUPPORTED_PROTOCOL 1");
    expect(await code(fetch("http://a b/"))).toBe("URL_MALFORMAT 3");
    expect(await code(fetch(url))).toBe("GOT_NOTHING 52");
    expect(await code(fetch(url))).toBe("UNSUPPORTED_PROTOCOL 1");
  });

  test("behind the head fail the body's stream", async () => {
    const head = "HTTP/1.1 200 OK\r\n";
    const { url } = serve(
      { send: `${head}Content-Length: 9\r\n\r\nhalf`, after: "close" },
      { send: `${head}Content-Encoding: gzip\r\nContent-Length: 4\r\n\r\njunk` },
      { send: `${head}Transfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n`, after: "reset" },
    );
    const cut = await fetch(url);
    expect(cut.status).toBe(200);
    expect(await code(cut.text())).toBe("PARTIAL_FILE 18");
    expect(await code((await fetch(url)).bytes())).toBe("BAD_CONTENT_ENCODING 61");
    expect(await code((await fetch(url)).text())).toBe("RECV_ERROR 56");
  });
});

describe("signal", () => {
  test("aborted before: its reason, and nothing is sent", async () => {
    const { server, url } = serve(reply(""));
    const reason = new Error("never mind");
    expect(await failure(fetch(url, { signal: AbortSignal.abort(reason) }))).toBe(reason);
    expect(server.received().join("")).toBe("");
  });

  test("aborted while connecting", async () => {
    const full = fullPort();
    cleanups.push(() => full.release());
    const controller = new AbortController();
    const own = session((event) => event.type === "attempt" && controller.abort());
    const url = `http://127.0.0.1:${full.port}/`;
    const error = await failure(fetch(url, { signal: controller.signal, session: own }));
    expect(error).toBe(controller.signal.reason);
    expect(error).toMatchObject({ name: "AbortError" });
  });

  test("aborted while the head is waited for", async () => {
    const { server, url } = serve({ send: "", after: "stall" });
    const controller = new AbortController();
    const promise = failure(fetch(url, { signal: controller.signal }));
    await server.receivedAtLeast(20);
    controller.abort();
    expect(await promise).toMatchObject({ name: "AbortError" });
    await server.idle();
  });

  test("aborted in the body: the stream fails, the connection closes", async () => {
    const { server, url } = serve({
      send: "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf",
      after: "stall",
    });
    const controller = new AbortController();
    const response = await fetch(url, { signal: controller.signal });
    const reader = response.body?.getReader();
    expect((await reader?.read())?.value?.length).toBe(4);
    const next = failure(reader?.read() ?? Promise.resolve());
    controller.abort();
    expect(await next).toMatchObject({ name: "AbortError" });
    await server.idle();
  });

  test("aborted in the request's body: the source is cancelled", async () => {
    const { server, url } = serve(reply(""));
    const controller = new AbortController();
    const cancelled = Promise.withResolvers<unknown>();
    const body = new ReadableStream<Uint8Array>({
      start: (stream) => stream.enqueue(Uint8Array.of(65)),
      cancel: (reason) => cancelled.resolve(reason),
    });
    const options: FetchOptions = { method: "PUT", body, signal: controller.signal };
    const promise = failure(fetch(url, options));
    await server.receivedAtLeast(100);
    controller.abort();
    expect(await promise).toBe(controller.signal.reason);
    expect(await cancelled.promise).toBe(controller.signal.reason);
  });

  test("AbortSignal.timeout gives TimeoutError; an abort after the end changes nothing", async () => {
    const { url } = serve({ send: "", after: "stall" });
    const timeout = await failure(fetch(url, { signal: AbortSignal.timeout(20) }));
    expect(timeout).toMatchObject({ name: "TimeoutError" });
    const other = serve(reply("all"), reply("again"));
    const controller = new AbortController();
    const response = await fetch(other.url, { signal: controller.signal });
    const text = await response.text();
    controller.abort();
    expect([text, await (await fetch(other.url)).text()]).toEqual(["all", "again"]);
    expect(other.server.received().length).toBe(1);
  });
});

describe("Session", () => {
  test("reuses its connections, shares none, and closes them", async () => {
    const { server, url } = serve(reply("1"), reply("2"), reply("3"));
    const [one, two] = [session(), session()];
    for (const own of [one, one, two]) await (await fetch(url, { session: own })).text();
    expect(server.received().map((text) => text.match(/GET/g)?.length)).toEqual([2, 1]);
    one.close();
    two.close();
    await server.idle();
  });

  test("an MPTCP call never gets a connection that was opened as TCP", async () => {
    const { server, url } = serve(reply("1"), reply("2"));
    const own = session();
    for (const mptcp of [false, true]) await (await fetch(url, { session: own, mptcp })).text();
    expect(server.received().length).toBe(2);
  });

  needs("mptcp", "ss")("mptcp: true opens MPTCP sockets, as the kernel lists them", async () => {
    for (const mptcp of [true, false]) {
      const server = startRawServer([reply("1")], { mptcp: true });
      cleanups.push(() => server.stop());
      const events: TraceEvent[] = [];
      const own = session((event) => void events.push(event));
      const url = `http://127.0.0.1:${server.port}/`;
      await (await fetch(url, { mptcp, session: own })).text();
      const filter = ["-HMn", "state", "established", `( dport = :${server.port} )`];
      const listed = Bun.spawnSync(["ss", ...filter]).stdout.toString();
      expect(listed.trim().split("\n").filter(Boolean).length).toBe(mptcp ? 1 : 0);
      const verdicts = events.filter((event) => event.type === "mptcp");
      expect(verdicts.map((event) => event.verdict)).toEqual(mptcp ? ["mptcp"] : []);
    }
  });
});

describe("TLS", () => {
  needs("openssl")("an unknown authority is 60; ca and rejectUnauthorized decide", async () => {
    const ca = await Bun.file(certificates().caFile).text();
    const server = startRawTlsServer([reply("1"), reply("2"), reply("3")]);
    cleanups.push(() => server.stop());
    const url = `https://localhost:${server.port}/`;
    expect(await code(fetch(url))).toBe("PEER_FAILED_VERIFICATION 60");
    expect(await (await fetch(url, { tls: { ca } })).text()).toBe("1");
    // A connection that was made without looking is not one for a call that looks.
    expect(await (await fetch(url, { tls: { rejectUnauthorized: false } })).text()).toBe("2");
    expect(await code(fetch(url))).toBe("PEER_FAILED_VERIFICATION 60");
    // Nor is one that other roots vouched for.
    const stranger = certificates().selfSigned.cert;
    expect(await code(fetch(url, { tls: { ca: stranger } }))).toBe("PEER_FAILED_VERIFICATION 60");
    expect(await code(fetch(url, { tls: { ca: "junk" } }))).toBe("SSL_CACERT_BADFILE 77");
  });
});
