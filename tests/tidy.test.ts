// The codebase obeys the rules of the house: order of imports, owners, sizes, names, and the language that is used.
//
// Each rule (tests/tidy) is asked about all of src, ffi and tests. Beside that it is shown, on small made-up sources,
// to find what it is there for and to leave alone what is right: a check that cannot fail is none.
import { describe, expect, test } from "bun:test";
import { Glob } from "bun";
import { CHECKS_STAND, FORMS_OF_LANGUAGE, NO_LEFTOVERS, PARAMETERS } from "./tidy/language.ts";
import { IMPORT_FORM, IMPORT_ORDER, NO_CYCLES, NO_DEAD_FILES } from "./tidy/layers.ts";
import { OWNERS } from "./tidy/owners.ts";
import type { Rule } from "./tidy/rule.ts";
import {
  FILE_NAMES,
  FILE_SIZES,
  FOLDER_SIZES,
  FUNCTION_SIZES,
  HEADERS,
  UNIT_TESTS_MIRROR,
} from "./tidy/shape.ts";
import { parseSource } from "./tidy/source.ts";

const ROOT = Bun.fileURLToPath(new URL("..", import.meta.url));

type Files = Readonly<Record<string, string>>;

/** A rule with sources that it must object to, and sources that it must not. */
interface Case {
  readonly rule: Rule;
  readonly wrong: readonly Files[];
  readonly right: readonly Files[];
}

const CASES: readonly Case[] = [
  {
    rule: IMPORT_ORDER,
    wrong: [
      { "src/http/a.ts": 'import { b } from "../net/b.ts";' },
      { "src/http/a.ts": 'import type { B } from "../net/b.ts";' },
      { "src/http/a.ts": 'const b = await import("../client/b.ts");' },
      { "src/url.ts": 'export { b } from "./http1/b.ts";' },
      { "src/index.ts": 'import "./cli/main.ts";' },
      { "src/cli/a.ts": 'import { dial } from "../net/dial.ts";' },
      { "src/cli/a.ts": 'const { doctor } = await import("../net/mptcp/doctor.ts");' },
      { "src/cli/run.ts": 'const { dial } = await import("../net/dial.ts");' },
      { "src/cli/run.ts": 'import { doctor } from "../net/mptcp/doctor.ts";' },
      { "src/client/a.ts": 'import { open } from "#ffi/socket.ts";' },
      { "src/net/a.ts": 'import { open } from "../../ffi/socket.ts";' },
      { "ffi/a.ts": 'import { latin1 } from "../src/bytes.ts";' },
      { "src/http1/a.ts": 'import type { Clock } from "../clock.ts";' },
      { "src/cli/options/a.ts": 'import { run } from "../run.ts";' },
      { "src/other/a.ts": 'import { latin1 } from "../bytes.ts";' },
    ],
    right: [
      { "src/http/a.ts": 'import { b } from "../http1/b.ts";\nimport { c } from "./auth/c.ts";' },
      { "src/cli/a.ts": 'import type { Hop } from "../net/route.ts";' },
      { "src/cli/run.ts": 'const { doctor } = await import("../net/mptcp/doctor.ts");' },
      { "src/net/a.ts": 'import { open } from "#ffi/socket.ts";' },
      { "src/cli/host.ts": 'import { write } from "#ffi/io.ts";' },
      { "src/cli/options/a.ts": 'import type { Operation } from "../operation.ts";' },
      {
        "src/http/a.ts":
          '// import { b } from "../net/b.ts";\nconst text = `import "../net/b.ts"`;',
      },
    ],
  },
  {
    rule: IMPORT_FORM,
    wrong: [{ "src/a.ts": 'import { b } from "./b";' }],
    right: [{ "src/a.ts": 'import { b } from "./b.ts";\nimport { c } from "citty";' }],
  },
  {
    rule: NO_CYCLES,
    wrong: [
      { "src/a.ts": 'import "./b.ts";', "src/b.ts": 'import "./a.ts";' },
      {
        "src/a.ts": 'import type { B } from "./b.ts";',
        "src/b.ts": 'import type { A } from "./a.ts";',
      },
      {
        "src/a.ts": 'import "./b.ts";',
        "src/b.ts": 'import "./c.ts";',
        "src/c.ts": 'import("./a.ts");',
      },
    ],
    right: [
      {
        "src/a.ts": 'import "./b.ts"; import "./c.ts";',
        "src/b.ts": 'import "./c.ts";',
        "src/c.ts": "",
      },
    ],
  },
  {
    rule: NO_DEAD_FILES,
    wrong: [
      {
        "src/cli/main.ts": 'import "./a.ts";',
        "src/cli/a.ts": "",
        "src/cli/b.ts": 'import "./a.ts";',
      },
    ],
    right: [
      {
        "src/cli/main.ts": 'await import("./a.ts");',
        "src/cli/a.ts": "",
        "src/net/types.d.ts": "",
      },
      { "src/index.ts": 'export { a } from "./a.ts";', "src/a.ts": "", "tests/b.ts": "" },
    ],
  },
  {
    rule: OWNERS,
    wrong: [
      { "src/net/a.ts": 'import { dlopen } from "bun:ffi";' },
      { "src/net/a.ts": "await Bun.connect({});" },
      { "src/net/a.ts": 'const tls = await import("node:tls");' },
      { "src/cli/host.ts": 'import { readFileSync } from "node:fs";' },
      { "src/net/dial.ts": 'await Bun.dns.lookup("h");' },
      { "src/net/dial.ts": "setTimeout(next, 200);" },
      { "src/http/a.ts": "const now = Date.now();" },
      { "src/client/a.ts": "process.exit(1);" },
      { "src/cli/run.ts": "const home = process.env.HOME;" },
      { "src/cli/run.ts": 'Bun.file("x");' },
      { "src/cli/run.ts": 'import { parseArgs } from "citty";' },
      { "src/cli/run.ts": 'import { createConsola } from "consola/core";' },
      { "src/cli/main.ts": 'console.error("x");' },
    ],
    right: [
      { "ffi/libc.ts": 'import { dlopen } from "bun:ffi";' },
      { "src/net/stream.ts": "await Bun.connect({});" },
      { "src/clock.ts": "setTimeout(next, 200);" },
      { "src/cli/main.ts": "process.exit(1);" },
      { "src/net/dial.ts": "clock.setTimeout(next); // not Date.now()\nthis.process();" },
      { "tests/a.ts": 'console.log(Date.now()); import "node:fs";' },
    ],
  },
  {
    rule: FILE_NAMES,
    wrong: [{ "src/lineBuffer.ts": "" }, { "src/http-utils.ts": "" }, { "src/helper.ts": "" }],
    right: [{ "src/line-buffer.ts": "", "tests/unit/url.test.ts": "", "src/aws-sigv4.ts": "" }],
  },
  {
    rule: HEADERS,
    wrong: [
      { "src/a.ts": "export const A = 1;\n" },
      { "src/a.ts": "// one\n// two\nexport const A = 1;\n" },
      { "src/a.ts": `${"// line\n".repeat(16)}export const A = 1;\n` },
    ],
    right: [
      { "src/a.ts": "// a\n//\n// b\nexport const A = 1;\n" },
      { "src/b.ts": "#!/bin/x\n// a\n// b\n// c\n" },
    ],
  },
  {
    rule: FILE_SIZES,
    wrong: [{ "src/a.ts": "x;\n".repeat(501) }, { "src/cli/options/a.ts": "x;\n".repeat(701) }],
    right: [{ "tests/a.ts": "x;\n".repeat(500) }, { "src/a.ts": "x;\n".repeat(120) }],
  },
  {
    rule: FOLDER_SIZES,
    wrong: [Object.fromEntries(Array.from({ length: 16 }, (_, i) => [`src/net/${i}.ts`, ""]))],
    right: [Object.fromEntries(Array.from({ length: 15 }, (_, i) => [`src/net/${i}.ts`, ""]))],
  },
  {
    rule: FUNCTION_SIZES,
    wrong: [
      { "src/a.ts": `export function f(): void {\n${"  x();\n".repeat(69)}}\n` },
      {
        "src/a.ts": `class A {\n  async #f(a: string): Promise<void> {\n${"    x();\n".repeat(69)}  }\n}\n`,
      },
      { "src/a.ts": `export function f({\n  a,\n}: B): void {\n${"  x();\n".repeat(69)}}\n` },
      { "src/a.ts": `export function f(\n  a: A,\n): void {\n${"  x();\n".repeat(69)}}\n` },
      { "src/a.ts": `const f = (a: A): void => {\n${"  x();\n".repeat(69)}};\n` },
    ],
    right: [
      { "src/a.ts": `export function f(): void {\n${"  x();\n".repeat(68)}}\n` },
      { "src/a.ts": `  f(\n    x,\n  );\n  g({\n  });\n${"  x();\n".repeat(80)}  if (y) {\n  }\n` },
      { "src/a.ts": `const TABLE = {\n${"  a: 1,\n".repeat(100)}};\n` },
      { "src/a.ts": `class A {\n${"  f(): void {\n    x();\n  }\n".repeat(40)}}\n` },
    ],
  },
  {
    rule: UNIT_TESTS_MIRROR,
    wrong: [
      { "tests/unit/http/gone.test.ts": "" },
      { "tests/unit/url.test.ts": "await Bun.sleep(5);", "src/url.ts": "" },
    ],
    right: [
      {
        "tests/unit/url.test.ts": "",
        "tests/unit/url.hosts.test.ts": "",
        "src/url.ts": "",
        "tests/unit/ffi/a.test.ts": "",
        "ffi/a.ts": "",
      },
    ],
  },
  {
    rule: FORMS_OF_LANGUAGE,
    wrong: [
      { "src/a.ts": "export default 1;" },
      { "src/a.ts": "export enum A { B }" },
      { "src/a.ts": "namespace A {}" },
      { "src/a.ts": "let a: any;" },
      { "src/a.ts": "f(a as any);" },
      { "src/a.ts": "const a: Map<string, any> = b;" },
      { "src/a.ts": "export const f = (a: string): string => a;" },
      { "tests/a.test.ts": 'test.only("a", f);' },
    ],
    right: [
      {
        "src/a.ts":
          '// any default enum\nconst a = "any"; const b = Promise.any(c); const d = /any/;',
      },
      { "src/a.ts": "export const TABLE = { f: () => 1 };\nexport function any(): void {}" },
      { "src/a.d.ts": "declare namespace A {}" },
    ],
  },
  {
    rule: CHECKS_STAND,
    wrong: [
      { "src/a.ts": "// @ts-ignore it is fine so\nx;" },
      { "src/a.ts": "// @ts-expect-error\nx;" },
      { "src/a.ts": "// biome-ignore lint/style/useConst: x\nx;" },
    ],
    right: [
      { "tests/a.ts": "// @ts-expect-error the type is wrong on purpose\nx;" },
      { "src/a.ts": "// biome-ignore lint/style/useConst: the formatter of tables needs it\nx;" },
    ],
  },
  {
    rule: NO_LEFTOVERS,
    wrong: [
      { "src/a.ts": `// ${"TO"}DO: later` },
      { "src/a.ts": `/* ${"FIX"}ME */` },
      { "src/a.ts": `// ${"place"}holder: types` },
      { "src/a.ts": `// see ${"issue"} 12` },
      { "src/a.ts": `// as in ${"/wo"}rk/main` },
    ],
    right: [
      {
        "src/a.ts": 'const a = "TODO"; // issues of trust; a placeholder in a template; net/x',
      },
    ],
  },
  {
    rule: PARAMETERS,
    wrong: [{ "src/a.ts": "export function f(a: A, b: B, c: C, d: D): void {}" }],
    right: [
      { "src/a.ts": "export function f(a: Map<A, B>, b: (c: C, d: D) => E, { f, g }: H): void {}" },
      { "src/a.ts": "export function f(): void {}\nfunction g(a, b, c, d) {}" },
    ],
  },
];

async function readAll(): Promise<ReturnType<typeof parseSource>[]> {
  const sources: ReturnType<typeof parseSource>[] = [];
  for (const folder of ["src", "ffi", "tests"]) {
    for await (const path of new Glob(`${folder}/**/*.ts`).scan(ROOT)) {
      sources.push(parseSource(path, await Bun.file(`${ROOT}/${path}`).text()));
    }
  }
  return sources.sort((a, b) => (a.path < b.path ? -1 : 1));
}

function ask(rule: Rule, files: Files): string[] {
  return rule.check(Object.entries(files).map(([path, text]) => parseSource(path, text)));
}

const code = await readAll();

describe("the code", () => {
  for (const { rule } of CASES) {
    test(rule.name, () => expect(rule.check(code)).toEqual([]));
  }
});

describe("the check itself", () => {
  for (const { rule, wrong, right } of CASES) {
    wrong.forEach((files, index) => {
      test(`${rule.name}: objects to wrong sample ${index + 1}`, () =>
        expect(ask(rule, files)).not.toEqual([]));
    });
    right.forEach((files, index) => {
      test(`${rule.name}: accepts right sample ${index + 1}`, () =>
        expect(ask(rule, files)).toEqual([]));
    });
  }
});

describe("parseSource", () => {
  test("keeps code where it was, and takes out comments, strings, templates and patterns", () => {
    const open = "$" + "{";
    const text = `a = "x//y"; // c\nb = \`d${open}e + \`f\`}g\`; c = /[/"]/g; d = 4 / 2 / 1;`;
    const { code: bare, comments } = parseSource("src/a.ts", text);
    expect(bare).toBe(
      `a = "    ";     \nb = \` ${open}e + \` \`} \`; c = /    /g; d = 4 / 2 / 1;`.replace(
        "/    /g",
        "/     g",
      ),
    );
    expect(comments.trim()).toBe("// c");
  });

  test("finds every form of import", () => {
    const text = [
      'import a from "./a.ts";',
      'import type { B } from "./b.ts";',
      'import {\n  c,\n} from "./c.ts";',
      'import "./d.ts";',
      'export * from "./e.ts";',
      'const f = await import("./f.ts");',
      'let g: import("./g.ts").G;',
    ].join("\n");
    const found = parseSource("src/x.ts", text).imports.map(({ target, kind }) => [target, kind]);
    expect(found.sort()).toEqual([
      ["src/a.ts", "value"],
      ["src/b.ts", "type"],
      ["src/c.ts", "value"],
      ["src/d.ts", "value"],
      ["src/e.ts", "value"],
      ["src/f.ts", "dynamic"],
      ["src/g.ts", "type"],
    ]);
  });
});
