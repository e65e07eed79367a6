import { describe, expect, test } from "bun:test";
import {
  formatWriteOut,
  runWriteOut,
  type WriteOutFacts,
} from "../../../../src/cli/output/write-out.ts";
import { newCounters, newTimings, type Outcome } from "../../../../src/client/outcome.ts";
import { CurlError } from "../../../../src/error.ts";
import type { MptcpRecord } from "../../../../src/net/mptcp/paths.ts";
import { parseUrl } from "../../../../src/url.ts";
import { MemoryHost, type MemoryHostOptions } from "../../../support/memory-host.ts";
import { mptcpRecord, outcomeOf, pathRecord, responseHead } from "../../../support/outcome.ts";

const URL_TEXT = "http://us%20er:p%41@127.0.0.1:8080/hello?q=1#part";
const REFUSED = new CurlError("COULDNT_CONNECT", "Failed to connect to 127.0.0.1:1 after 0 ms: no");

const FACTS: WriteOutFacts = {
  url: "127.0.0.1:8080/hello",
  urlNumber: 1,
  filenameEffective: "out",
  headerBytesDelivered: 10,
  retries: 0,
  method: "GET",
  version: "1.2.3",
  epochMs: Date.UTC(2026, 6, 31, 13, 45, 0, 123),
};

const HEAD = responseHead(
  "HTTP/1.1 200 OK",
  "Content-Type: text/plain",
  "X-Multi: a",
  'x-multi: "b"\\\t\x01',
);
const MOVED = responseHead("HTTP/1.1 302 Found", "Location: /hello", "X-Multi: first");

/** A transfer that went well, behind a redirect. */
function success(given: Partial<Outcome> = {}): Outcome {
  return outcomeOf(URL_TEXT, {
    head: HEAD,
    heads: [MOVED, responseHead("HTTP/1.1 103 Early Hints", "X-Multi: hint"), HEAD],
    connection: {
      id: 3,
      protocol: "tcp",
      mptcp: null,
      remoteAddress: "127.0.0.1",
      remotePort: 8080,
      localAddress: "127.0.0.1",
      localPort: 40000,
      httpVersion: "1.1",
      tlsVerifyResult: 18,
      certificates: ["-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----"],
    },
    timings: {
      ...newTimings(0),
      nameLookupMs: 0.028,
      connectMs: 0.425,
      redirectMs: 1,
      totalMs: 2000.9999,
    },
    counters: {
      ...newCounters(),
      downloaded: 6000,
      uploaded: 3,
      delivered: 7000,
      headers: 88,
      requests: 83,
      connectCount: 1,
      redirectCount: 1,
    },
    redirectUrl: "http://h/next",
    referer: "http://ref/",
    ...given,
  });
}

/** A transfer that did not come to a connection. */
function refused(): Outcome {
  return outcomeOf(URL_TEXT, { error: REFUSED });
}

interface Written {
  readonly stdout: string;
  readonly stderr: string;
  readonly host: MemoryHost;
}

async function written(
  format: string,
  outcome: Outcome | null = success(),
  options: MemoryHostOptions & { readonly facts?: Partial<WriteOutFacts> } = {},
): Promise<Written> {
  const host = new MemoryHost(options);
  await runWriteOut(host, format, { outcome, facts: { ...FACTS, ...options.facts } });
  return { stdout: host.stdout.text, stderr: host.stderr.text, host };
}

describe("formatWriteOut: syntax", () => {
  test.each([
    ["a\\nb\\rc\\td", "a\nb\rc\td"],
    ["a\\\\n\\q", "a\\\\n\\q"],
    ["end\\", "end\\"],
    ["%%|%z|%", "%|%z|%"],
    ["A%\\nB", "A%\\nB"],
    ["%{http_code", "%{http_code"],
    ["%{abc\\nx", "%{abc\nx"],
    ["%header{x-multi", "%header{x-multi"],
    ["%output{f", "%output{f"],
    ["%time{%Y", "%time{%Y"],
    ["%{http_code}%{http_code}", "200200"],
    ["caf\xc3\xa9", "caf\xc3\xa9"],
    ["", ""],
  ])("%j gives %j", async (format, text) => {
    expect((await written(format)).stdout).toBe(text);
  });

  test.each(["nope", "HTTP_CODE", " http_code", "", "url.nope", "toString", "__proto__"])(
    "an unknown %j is named on stderr and prints nothing",
    async (name) => {
      const { stdout, stderr } = await written(`a%{${name}}b`);
      expect(stdout).toBe("ab");
      expect(stderr).toBe(`mpcurl: unknown --write-out variable: '${name}'\n`);
    },
  );

  test("%{onerror} holds the rest back unless the transfer failed", async () => {
    expect((await written("A%{onerror}B%{nope}")).stdout).toBe("A");
    expect((await written("A%{onerror}B%{exitcode}", refused())).stdout).toBe("AB7");
    expect(
      (await written("%{onerror}%{exitcode}", success(), { facts: { error: REFUSED } })).stdout,
    ).toBe("7");
  });

  test("joins text to as few writes as it can", () => {
    expect(
      formatWriteOut("a%%\\n%{http_code}%{exitcode}", {
        outcome: success(),
        facts: FACTS,
        mptcp: null,
      }),
    ).toEqual([
      { type: "text", text: "a%\n", isValue: false },
      { type: "text", text: "2000", isValue: true },
    ]);
  });
});

describe("runWriteOut: streams", () => {
  test("%{stderr} and %{stdout} switch", async () => {
    const { stdout, stderr } = await written("1%{stderr}2%{stdout}3");
    expect({ stdout, stderr }).toEqual({ stdout: "13", stderr: "2" });
  });

  test("%output{} empties a file, %output{>>} appends; both are closed", async () => {
    const { stdout, host } = await written("x%output{f}IN%{stdout}OUT%output{>>f}MORE", success(), {
      files: { f: "old" },
    });
    expect(stdout).toBe("xOUT");
    expect(host.files.get("f")).toBe("INMORE");
    expect(host.openFiles).toBe(0);
    const appended = await written("%output{>>f}+", success(), { files: { f: "old" } });
    expect(appended.host.files.get("f")).toBe("old+");
  });

  test.each(["%output{no/f}", "%output{}", `%output{${"n".repeat(512)}}`])(
    "%s, which cannot be opened, leaves the stream",
    async (target) => {
      const { stdout, host } = await written(`${target}x`);
      expect(stdout).toBe("x");
      expect(host.files.size).toBe(0);
    },
  );

  test("a server's escape sequences do not reach a terminal, the user's do", async () => {
    const head = responseHead("HTTP/1.1 200 OK", "X-E: a\x1b[2Jb");
    const format = "\x1b[1m%header{x-e}";
    const onTerminal = await written(format, success({ head }), { isStdoutTerminal: true });
    expect(onTerminal.stdout).toBe("\x1b[1ma\\x1b[2Jb");
    expect((await written(format, success({ head }))).stdout).toBe("\x1b[1ma\x1b[2Jb");
  });

  test("a closed standard output is an error to the caller", async () => {
    const host = new MemoryHost();
    host.stdout.abandon();
    const run = runWriteOut(host, "x", { outcome: success(), facts: FACTS });
    await expect(run).rejects.toThrow("passed 1 returned 0");
  });
});

describe("variables", () => {
  // name, after a success, without a connection, without a transfer (the URL is none)
  test.each([
    ["http_code", "200", "000", "000"],
    ["response_code", "200", "000", "000"],
    ["http_connect", "000", "000", "000"],
    ["http_version", "1.1", "0", "0"],
    ["method", "GET", "GET", "GET"],
    ["scheme", "http", "http", ""],
    ["content_type", "text/plain", "", ""],
    ["exitcode", "0", "7", "3"],
    ["errormsg", "", REFUSED.message, "URL rejected: Bad hostname"],
    ["url", FACTS.url, FACTS.url, FACTS.url],
    ["url_effective", URL_TEXT, URL_TEXT, FACTS.url],
    ["urlnum", "1", "1", "1"],
    ["url.scheme", "http", "http", ""],
    ["url.user", "us%20er", "us%20er", ""],
    ["url.password", "p%41", "p%41", ""],
    ["url.options", "", "", ""],
    ["url.host", "127.0.0.1", "127.0.0.1", ""],
    ["url.port", "8080", "8080", ""],
    ["url.path", "/hello", "/hello", ""],
    ["url.query", "q=1", "q=1", ""],
    ["url.fragment", "part", "part", ""],
    ["url.zoneid", "", "", ""],
    ["redirect_url", "http://h/next", "", ""],
    ["num_redirects", "1", "0", "0"],
    ["time_redirect", "0.001000", "0.000000", "0.000000"],
    ["referer", "http://ref/", "", ""],
    ["size_download", "6000", "0", "0"],
    ["size_upload", "3", "0", "0"],
    ["size_delivered", "7010", "10", "10"],
    ["size_header", "88", "0", "0"],
    ["size_request", "83", "0", "0"],
    ["num_headers", "3", "0", "0"],
    ["speed_download", "2998", "0", "0"],
    ["speed_upload", "1", "0", "0"],
    ["time_queue", "0.000000", "0.000000", "0.000000"],
    ["time_namelookup", "0.000028", "0.000000", "0.000000"],
    ["time_connect", "0.000425", "0.000000", "0.000000"],
    ["time_appconnect", "0.000000", "0.000000", "0.000000"],
    ["time_pretransfer", "0.000000", "0.000000", "0.000000"],
    ["time_posttransfer", "0.000000", "0.000000", "0.000000"],
    ["time_starttransfer", "0.000000", "0.000000", "0.000000"],
    ["time_total", "2.000999", "0.000000", "0.000000"],
    ["num_connects", "1", "0", "0"],
    ["conn_id", "3", "0", "-1"],
    ["xfer_id", "0", "0", "0"],
    ["num_retries", "0", "0", "0"],
    ["local_ip", "127.0.0.1", "", ""],
    ["local_port", "40000", "-1", "-1"],
    ["remote_ip", "127.0.0.1", "", ""],
    ["remote_port", "8080", "-1", "-1"],
    ["proxy_used", "0", "0", "0"],
    ["ssl_verify_result", "18", "0", "0"],
    ["proxy_ssl_verify_result", "0", "0", "0"],
    ["num_certs", "1", "0", "0"],
    ["certs", "-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----\n", "", ""],
    ["filename_effective", "out", "out", "out"],
    ["tls_earlydata", "0", "0", "0"],
    ["ftp_entry_path", "", "", ""],
  ])("%s", async (name, good, unconnected, none) => {
    const format = `%{${name}}`;
    const error = new CurlError("URL_MALFORMAT", "URL rejected: Bad hostname");
    expect((await written(format)).stdout).toBe(good);
    expect((await written(format, refused())).stdout).toBe(unconnected);
    expect((await written(format, null, { facts: { error } })).stdout).toBe(none);
  });

  test("http_version of HTTP/1.0 is 1", async () => {
    const head = responseHead("HTTP/1.0 200 OK");
    expect((await written("%{http_version}", success({ head }))).stdout).toBe("1");
  });

  test("urle is where the redirects led", async () => {
    const effectiveUrl = parseUrl("https://other.example/end");
    const { stdout } = await written(
      "%{urle.scheme} %{urle.host} %{urle.port} %{urle.path} %{url.host} %{url_effective}",
      success({ effectiveUrl }),
    );
    expect(stdout).toBe("https other.example 443 /end 127.0.0.1 https://other.example/end");
  });

  test("zone ids stand outside of the host", async () => {
    const effectiveUrl = parseUrl("http://[fe80::1%25lo]:80/");
    const { stdout } = await written(
      "%{urle.host} %{urle.zoneid} %{url_effective}",
      success({ effectiveUrl }),
    );
    expect(stdout).toBe("[fe80::1] lo http://[fe80::1%25lo]:80/");
  });
});

const FIRST = pathRecord({ id: 1, upMs: 1010, bytesIn: 900, bytesOut: 100 });
const SECOND = pathRecord({ id: 2, upMs: 1012, bytesIn: 1900, bytesOut: 100, interfaceName: "c2" });

const TWO_PATHS = mptcpRecord({ paths: [FIRST, SECOND], bytesRetransmitted: 1400 });
const FELL_BACK = mptcpRecord({
  state: {
    verdict: "fallback",
    reason: { cause: "not-answered", certain: true, blackholeTimeoutSeconds: null },
    token: null,
  },
  paths: [pathRecord({ id: 0 })],
  bytesRetransmitted: null,
  events: [{ atMs: 1010, kind: "fallback", pathId: null, text: "the server does not speak it" }],
});

/** A transfer under --mptcp that began at 1000 ms and used these connections. */
function overMptcp(...records: MptcpRecord[]): Outcome {
  return success({ timings: newTimings(1000), mptcp: { records, warnings: [] } });
}

describe("what MPTCP did", () => {
  // name, both paths, after a fall back, asked for without a connection, not asked for, no URL
  test.each([
    ["mptcp", "mptcp", "fallback", "", "tcp", ""],
    ["mptcp_reason", "", "the server does not speak it", "", "", ""],
    ["mptcp_subflows", "2", "1", "0", "0", "0"],
    ["mptcp_bytes_retrans", "1400", "", "", "", ""],
  ])("%s", async (name, used, fellBack, unconnected, tcp, none) => {
    const format = `<%{${name}}>`;
    expect((await written(format, overMptcp(TWO_PATHS))).stdout).toBe(`<${used}>`);
    expect((await written(format, overMptcp(FELL_BACK))).stdout).toBe(`<${fellBack}>`);
    expect((await written(format, overMptcp())).stdout).toBe(`<${unconnected}>`);
    expect((await written(format)).stdout).toBe(`<${tcp}>`);
    expect((await written(format, null)).stdout).toBe(`<${none}>`);
  });

  test("mptcp is unknown where the kernel cannot tell", async () => {
    const state = { verdict: "unknown", reason: null, token: null } as const;
    expect((await written("%{mptcp}", overMptcp(mptcpRecord({ state })))).stdout).toBe("unknown");
  });

  test("it is that of the connection used last", async () => {
    const { stdout } = await written("%{mptcp}", overMptcp(TWO_PATHS, FELL_BACK));
    expect(stdout).toBe("fallback");
  });

  test("mptcp_paths is a JSON array in one line, empty where there was no MPTCP", async () => {
    const { stdout } = await written("%{mptcp_paths}\\n", overMptcp(TWO_PATHS));
    expect(stdout.indexOf("\n")).toBe(stdout.length - 1);
    expect(JSON.parse(stdout)).toMatchObject([
      { id: 1, interface: "c1", state: "up", up_ms: 10, bytes_in: 900, share: 0.3333 },
      { id: 2, interface: "c2", local: { address: "10.9.1.1", port: 40000 }, share: 0.6667 },
    ]);
    expect((await written("%{mptcp_paths}", overMptcp())).stdout).toBe("[]");
    expect((await written("%{mptcp_paths}")).stdout).toBe("[]");
    expect((await written("%{mptcp_paths}", null)).stdout).toBe("[]");
  });

  test("%{json} has all of it as one typed member in its place, null without --mptcp", async () => {
    const { stdout } = await written("%{json}", overMptcp(TWO_PATHS));
    const all: Record<string, unknown> = JSON.parse(stdout);
    expect(all.mptcp).toMatchObject({
      verdict: "mptcp",
      reason: null,
      subflows: 2,
      bytes_retrans: 1400,
      paths: [{ id: 1 }, { id: 2 }],
    });
    const names = Object.keys(all);
    expect(names.filter((name) => name.startsWith("mptcp"))).toEqual(["mptcp"]);
    expect(names[names.indexOf("mptcp") - 1]).toBe("method");
    expect(JSON.parse((await written("%{json}", overMptcp(FELL_BACK))).stdout).mptcp).toMatchObject(
      {
        verdict: "fallback",
        reason: { cause: "not-answered", text: "the server does not speak it" },
        bytes_retrans: null,
      },
    );
    expect(JSON.parse((await written("%{json}", overMptcp())).stdout).mptcp.verdict).toBeNull();
    expect((await written("%{json}")).stdout).toContain(',"mptcp":null,');
    expect((await written("%{json}", null)).stdout).toContain(',"mptcp":null,');
  });
});

describe("%header{}", () => {
  test.each([
    ["%header{content-type}", "text/plain"],
    ["%header{X-MULTI}", "a"],
    ["%header{nope}|%header{}", "|"],
    ["%header{x-multi:all:, }", 'first, a, "b"\\\t\x01'],
    ["%header{location:all:;}", "/hello"],
    ["%header{nope:all:;}", ""],
    ["%header{x-multi:some:;}", ""],
    ["%header{x-multi:all:\\n\\t\\}x}", 'first\n\t}xa\n\t}x"b"\\\t\x01'],
  ])("%s", async (format, text) => {
    expect((await written(format)).stdout).toBe(text);
  });

  test("is empty without a response", async () => {
    expect((await written("%header{a}%header{a:all:,}", refused())).stdout).toBe("");
    expect((await written("%header{a}%header{a:all:,}", null)).stdout).toBe("");
  });
});

describe("%{header_json}", () => {
  test("groups the last response's fields by lower-case name", async () => {
    const { stdout } = await written("%{header_json}");
    expect(stdout).toBe(
      '{"content-type":["text/plain"],\n"x-multi":["a","\\"b\\"\\\\\\t\\u0001"]\n}',
    );
    expect(JSON.parse(stdout)).toEqual({
      "content-type": ["text/plain"],
      "x-multi": ["a", '"b"\\\t\x01'],
    });
  });

  test("is an empty object without a response", async () => {
    expect((await written("%{header_json}", refused())).stdout).toBe("{\n}");
  });
});

describe("%{json}", () => {
  test("holds every variable in order, curl_version last", async () => {
    const { stdout } = await written("%{json}");
    const names = Object.keys(JSON.parse(stdout));
    expect(names.pop()).toBe("curl_version");
    expect(names).toEqual([...names].sort());
    expect(names).toContain("urle.zoneid");
    expect(names).not.toContain("header_json");
    expect(stdout).toEndWith(',"curl_version":"mpcurl/1.2.3"}');
  });

  test("prints numbers bare, seconds with six decimals, missing text as null", async () => {
    const { stdout } = await written("%{json}", refused());
    for (const member of [
      '"http_code":0,',
      '"http_connect":0,',
      '"http_version":"0",',
      '"content_type":null,',
      '"certs":"",',
      '"local_ip":"",',
      '"local_port":-1,',
      '"time_total":0.000000,',
      '"url.port":"8080",',
      '"exitcode":7,',
    ]) {
      expect(stdout).toContain(member);
    }
  });

  test("keeps UTF-8 as it is", async () => {
    const { stdout } = await written("%{json}", success({ referer: "caf\xc3\xa9" }));
    expect(stdout).toContain('"referer":"caf\xc3\xa9"');
  });
});

describe("%time{}", () => {
  test("is the time of writing in UTC", async () => {
    const { stdout } = await written("%time{%Y-%m-%d %H:%M:%S.%f %s %z %Z}");
    expect(stdout).toBe("2026-07-31 13:45:00.123000 1785505500 +0000 UTC");
  });
});
