// The package, from `bun pm pack` to a stranger's machine: what is in it, its types under a strict compiler, and bunx,
// bin and import as installed from a real registry on loopback, in friendly and in hostile directories.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { chmodSync, mkdirSync, readFileSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { latin1, plant, type Run, run } from "../support/program.ts";
import { ROOT } from "../support/program-path.ts";
import { describeWith } from "../support/requirement.ts";
import { startRawServer } from "../support/servers/raw-server.ts";
import { startRawTlsServer } from "../support/servers/tls-server.ts";
import { tempDir } from "../support/temp-dir.ts";
import { type Registry, startRegistry } from "../support/verdaccio/registry.ts";

const OK = { send: "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello" };

/** Packs what is built. @returns the tarball's path */
function pack(): string {
  const directory = tempDir("pack");
  const result = Bun.spawnSync(
    [process.execPath, "pm", "pack", "--quiet", "--destination", directory],
    { cwd: ROOT, env: { ...process.env, HOME: tempDir("home") } },
  );
  expect(result.stderr.toString()).toBe("");
  return result.stdout.toString().trim();
}

function tar(...argv: string[]): string {
  const result = Bun.spawnSync(["tar", ...argv]);
  expect(result.stderr.toString()).toBe("");
  return latin1(result.stdout);
}

const CONSUMER = `
import { CurlError, EXIT, type ErrorCode, type FetchOptions, fetch, Session, type SessionOptions, type TlsOptions, type TraceEvent, type WebBody } from "mpcurl";
const seen: TraceEvent[] = [];
const sessionOptions: SessionOptions = { trace: (event) => void seen.push(event) };
const session = new Session(sessionOptions);
const tls: TlsOptions = { ca: ["pem"], rejectUnauthorized: true };
const body: WebBody = new Blob(["x"]);
const options: FetchOptions = { method: "POST", headers: { a: "b" }, body, mptcp: true, session, tls, signal: AbortSignal.timeout(5), redirect: "manual" };
export async function go(): Promise<number> {
  try {
    const one: Response = await fetch(new URL("http://127.0.0.1/"), options);
    const two = await fetch(new Request("http://a/"), { headers: new Headers(), body: new FormData() });
    return (await one.text()).length + two.status;
  } catch (error) {
    if (!(error instanceof CurlError)) throw error;
    const code: ErrorCode = error.code;
    return code === "COULDNT_CONNECT" ? EXIT[code] : error.exitCode;
  } finally {
    session.close();
  }
}
// @ts-expect-error what is internal has no type
session.pool;
// @ts-expect-error no such option
fetch("http://a/", { mtcp: true });
`;

describeWith(["packed CLI"], "the package", () => {
  let tarball: string;
  beforeAll(() => {
    tarball = pack();
  });

  test("holds the program, the library, its types, the papers, and nothing else", () => {
    const files = tar("-tzf", tarball).trim().split("\n");
    const papers = ["package.json", "README.md", "LICENSE", "CHANGELOG.md"];
    const built = ["cli.js", "index.js", "THIRD-PARTY-LICENSES.txt"].map((name) => `dist/${name}`);
    const expected = [...papers, ...built].map((name) => `package/${name}`);
    const others = files.filter((name) => !expected.includes(name));
    expect(expected.filter((name) => !files.includes(name))).toEqual([]);
    expect(
      others.filter((name) => !/^package\/dist\/(chunks\/\w+\.js|types\/.*\.d\.ts)$/.test(name)),
    ).toEqual([]);
    expect(others.filter((name) => name.includes("/chunks/")).length).toBeGreaterThan(3);
  });

  test("has a program that bun runs without the directory's settings, as the source says", () => {
    const source = readFileSync(join(ROOT, "src/cli/main.ts"), "utf8").split("\n")[0];
    const program = tar("-xOzf", tarball, "package/dist/cli.js").split("\n")[0];
    expect(program).toBe(source);
    expect(program).toMatch(/^#!\/usr\/bin\/env -S bun .*--no-env-file .*--config=\/dev\/null/);
    expect(tar("-tvzf", tarball, "package/dist/cli.js")).toMatch(/^-rwxr-xr-x/);
  });

  test("needs no other package and runs nothing when it is installed", () => {
    const manifest = JSON.parse(tar("-xOzf", tarball, "package/package.json"));
    for (const field of ["dependencies", "optionalDependencies", "peerDependencies"])
      expect(manifest[field]).toBeUndefined();
    const lifecycle = /^(pre|post)?(install|prepare|pack|publish|publishOnly)$/;
    expect(Object.keys(manifest.scripts).filter((name) => lifecycle.test(name))).toEqual([]);
  });

  for (const [name, module, moduleResolution] of [
    ["bundlers", "ESNext", "bundler"],
    ["nodenext", "nodenext", "nodenext"],
  ] as const) {
    for (const [types, lib] of [
      ["the DOM's", ["ESNext", "DOM", "DOM.Iterable"]],
      ["Bun's", ["ESNext"]],
    ] as const) {
      test(`has types for ${name} beside ${types}, strict, libraries checked`, async () => {
        const cwd = tempDir("consumer");
        mkdirSync(join(cwd, "node_modules/mpcurl"), { recursive: true });
        tar("-xzf", tarball, "-C", join(cwd, "node_modules/mpcurl"), "--strip-components=1");
        const own = types === "Bun's" ? ["bun-types"] : [];
        for (const folder of own.length > 0 ? ["bun-types", "@types", "undici-types"] : [])
          symlinkSync(join(ROOT, "node_modules", folder), join(cwd, "node_modules", folder));
        const compilerOptions = {
          ...{ module, moduleResolution, lib, types: own, target: "ESNext", noEmit: true },
          ...{ strict: true, exactOptionalPropertyTypes: true, skipLibCheck: false },
        };
        const result = await run(["-p", "."], {
          cwd,
          program: join(ROOT, "node_modules/.bin/tsc"),
          files: {
            "tsconfig.json": JSON.stringify({ compilerOptions, files: ["use.ts"] }),
            "package.json": '{"type":"module"}',
            "use.ts": CONSUMER,
          },
        });
        expect(result.out).toBe("");
        expect(result.exitCode).toBe(0);
      });
    }
  }
});

const PWN = 'require("node:fs").writeFileSync("pwned", "");\n';

/** A directory as an attacker would leave it for someone to call mpcurl in. */
const HOSTILE: Readonly<Record<string, string>> = {
  ".env":
    "CURL_CA_BUNDLE=/nonexistent\nNODE_TLS_REJECT_UNAUTHORIZED=0\nBUN_OPTIONS=--preload ./pwn.js\nBUN_CONFIG_REGISTRY=http://127.0.0.1:1/\n",
  ".npmrc": "registry=http://127.0.0.1:1/\n",
  "bunfig.toml":
    'preload = ["./pwn.js"]\n[run]\npreload = ["./pwn.js"]\n[install]\nregistry = "http://127.0.0.1:1/"\n',
  "pwn.js": PWN,
  "libc.so.6": "not a library\n",
  "tsconfig.json": '{"compilerOptions":{"paths":{"*":["./pwn.js"]}}}\n',
  "package.json": '{"name":"mpcurl","bin":{"mpcurl":"pwn.js"},"imports":{"#ffi/*":"./pwn.js"}}\n',
  "node_modules/citty/index.js": PWN,
  "node_modules/citty/package.json": '{"name":"citty","main":"index.js"}\n',
};

describeWith(["packed CLI", "verdaccio", "mptcp", "openssl"], "from a registry", () => {
  let registry: Registry;
  beforeAll(async () => {
    registry = await startRegistry();
    const published = await bun(["publish", pack()], { "package.json": "{}" });
    expect(published.stderr).not.toContain("error");
    expect(published.exitCode).toBe(0);
  }, 60_000);
  afterAll(() => registry.stop());

  /** Runs bun, with nothing cached, where only these files are. */
  function bun(argv: readonly string[], files: Readonly<Record<string, string>> = {}) {
    const env = registry.environment();
    return run(argv, { program: process.execPath, env, files, timeoutMs: 40_000 });
  }

  /** Runs mpcurl against a server that speaks MPTCP. */
  async function fetched(call: (url: string) => Promise<Run>): Promise<Run> {
    const server = startRawServer([OK], { mptcp: true });
    const result = await call(`http://127.0.0.1:${server.port}/`);
    server.stop();
    return result;
  }

  /** An unknown authority is 60: .env could make it 0 (nothing is verified) or 77 (no such bundle). */
  async function expectVerified(call: (url: string) => Promise<Run>): Promise<void> {
    const server = startRawTlsServer([OK]);
    const result = await call(`https://localhost:${server.port}/`);
    server.stop();
    expect(result.stderr).toContain("(60)");
    expect(result.exitCode).toBe(60);
  }

  test("bunx mpcurl --mptcp URL", async () => {
    const result = await fetched((url) => bun(["x", "mpcurl", "-v", "--mptcp", url]));
    expect(result.out).toBe("hello");
    expect(result.stderr).toContain("MPTCP: negotiated");
    expect(result.stderr).toContain("User-Agent: mpcurl/");
    expect(result.exitCode).toBe(0);
  }, 60_000);

  test("bunx in a hostile directory", async () => {
    const result = await fetched((url) => bun(["x", "mpcurl", "-sS", "--mptcp", url], HOSTILE));
    expect(result.out).toBe("hello");
    expect(result.exitCode).toBe(0);
    expect(result.files.has("pwned")).toBe(false);
    await expectVerified((url) => bun(["x", "mpcurl", "-sS", url], HOSTILE));
  }, 60_000);

  // What cannot be prevented from here, and is said in the README: it is gone when bun's rule is.
  test("bunx takes node_modules/.bin/mpcurl of the directory, unless given a version", async () => {
    const env = registry.environment();
    const cwd = tempDir("shadow");
    plant(cwd, { "node_modules/.bin/mpcurl": "#!/bin/sh\necho shadow\n" });
    chmodSync(join(cwd, "node_modules/.bin/mpcurl"), 0o755);
    const call = (name: string, url: string) =>
      run(["x", name, "-sS", url], { program: process.execPath, cwd, env, timeoutMs: 40_000 });
    expect((await fetched((url) => call("mpcurl", url))).out).toBe("shadow\n");
    expect((await fetched((url) => call("mpcurl@latest", url))).out).toBe("hello");
  }, 60_000);

  test("installed: the bin in a hostile project, and the library", async () => {
    const cwd = tempDir("project");
    const env = registry.environment();
    plant(cwd, { "package.json": '{"private":true}' });
    const added = await run(["add", "mpcurl"], { program: process.execPath, cwd, env });
    expect(added.exitCode).toBe(0);
    expect([...added.files.keys()].filter((name) => /^node_modules\/[^/]+\/$/.test(name))).toEqual([
      "node_modules/.bin/",
      "node_modules/mpcurl/",
    ]);

    const use = `import { fetch } from "mpcurl"; const r = await fetch(Bun.argv[2], { mptcp: true }); console.log(r.status, await r.text());`;
    plant(cwd, { "use.ts": use });
    const used = await fetched((url) =>
      run(["use.ts", url], { program: process.execPath, cwd, env }),
    );
    expect(used.stderr).toBe("");
    expect(used.out).toBe("200 hello\n");

    const { "package.json": _, ...others } = HOSTILE;
    plant(cwd, others);
    const bin = join(cwd, "node_modules/.bin/mpcurl");
    const result = await fetched((url) => run(["-sS", "--mptcp", url], { program: bin, cwd, env }));
    expect(result.stderr).toBe("");
    expect(result.out).toBe("hello");
    expect(result.files.has("pwned")).toBe(false);
    await expectVerified((url) => run(["-sS", url], { program: bin, cwd, env }));
  }, 60_000);
});
