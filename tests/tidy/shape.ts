// How files and functions look from outside: names, headers, sizes, folders.
//
// Function lengths are read from the layout: the formatter puts a body's closing brace on the first later line of the
// same indentation that begins with one, and only there.
import { finding, isDeclaration, isProduct, type Rule } from "./rule.ts";
import type { Source } from "./source.ts";

const FILE_LINES = 500;
const OPTION_GROUP_LINES = 700;
const FUNCTION_LINES = 70;
const FOLDER_FILES = 15;
const MEDIAN_LINES = 120;
const P90_LINES = 300;

export const FILE_NAMES: Rule = {
  name: "file names are kebab-case and say something",
  check: (sources) =>
    sources.flatMap((source) => {
      const words = (source.path.split("/").at(-1) ?? "").replace(/\.ts$/, "").split(/[.-]/);
      const vague = words.find((word) => /^(utils?|helpers?|managers?|common|misc)$/.test(word));
      if (vague !== undefined) return [finding(source, 1, `"${vague}" says nothing`)];
      const kebab = words.every((word) => /^[a-z0-9]+$/.test(word));
      return kebab ? [] : [finding(source, 1, "the name is not kebab-case")];
    }),
};

/** A unit test's header would only say which file it mirrors, which its path does. */
const NEEDS_NO_HEADER = /^tests\/unit\//;

export const HEADERS: Rule = {
  name: "each file opens with 3 to 15 lines of comment, in tests 1 to 15",
  check: (sources) =>
    sources
      .filter((source) => !isDeclaration(source) && !NEEDS_NO_HEADER.test(source.path))
      .flatMap((source) => {
        const lines = source.lines[0]?.startsWith("#!") ? source.lines.slice(1) : source.lines;
        const end = lines.findIndex((line) => !line.startsWith("//"));
        const length = end < 0 ? lines.length : end;
        const least = isProduct(source) ? 3 : 1;
        if (length >= least && length <= 15) return [];
        return [finding(source, 1, `opens with ${length} lines of comment`)];
      }),
};

export const FILE_SIZES: Rule = {
  name: "files are short",
  check(sources) {
    const found = sources.flatMap((source) => {
      const limit = source.path.startsWith("src/cli/options/") ? OPTION_GROUP_LINES : FILE_LINES;
      const { length } = source.lines;
      return length > limit ? [finding(source, 1, `${length} lines, more than ${limit}`)] : [];
    });
    const sizes = sources.filter(isProduct).map(({ lines }) => lines.length);
    sizes.sort((a, b) => a - b);
    const at = (share: number) => sizes[Math.floor(sizes.length * share)] ?? 0;
    if (at(0.5) > MEDIAN_LINES)
      found.push(`the median file has ${at(0.5)} lines, more than ${MEDIAN_LINES}`);
    if (at(0.9) > P90_LINES)
      found.push(`one file in ten has ${at(0.9)} lines, more than ${P90_LINES}`);
    return found;
  },
};

export const FOLDER_SIZES: Rule = {
  name: `a folder holds at most ${FOLDER_FILES} files`,
  check(sources) {
    const folders = Map.groupBy(sources, ({ path }) => path.slice(0, path.lastIndexOf("/")));
    return [...folders]
      .filter(([, files]) => files.length > FOLDER_FILES)
      .map(([folder, files]) => `${folder}: ${files.length} files`);
  },
};

const FUNCTION_HEADS = [
  /^(\s*)(?:export )?(?:async )?function\b/,
  /^(\s+)(?:(?:static|async|override|get|set) )*\*?[#\w[\].]+(?:<.*>)?\(/,
  /^(\s*)(?:.*[=(,:?] *|return |yield )(?:async )?(?:\([^()]*\)|\w+)(?:: [^=]+)? => \{$/,
];

/** Words that look like a method's name in front of a parenthesis. */
const NO_METHOD =
  /^\s*(?:if|for|while|switch|catch|return|await|throw|super|new|void|typeof|yield)\b/;

export const FUNCTION_SIZES: Rule = {
  name: `functions have at most ${FUNCTION_LINES} lines`,
  check: (sources) =>
    sources.flatMap((source) => {
      const code = source.code.split("\n");
      return code.flatMap((line, index) => {
        if (/^\s*describe/.test(line)) return [];
        const length = functionLength(code, index);
        if (length <= FUNCTION_LINES) return [];
        return [finding(source, index + 1, `a function of ${length} lines`)];
      });
    }),
};

/** Lines of the function that begins on line `start`; 0 where none does. */
function functionLength(code: readonly string[], start: number): number {
  const line = (code[start] ?? "").trimEnd();
  if (NO_METHOD.test(line)) return 0;
  const indent = FUNCTION_HEADS.map((head) => head.exec(line)?.[1]).find((it) => it !== undefined);
  if (indent === undefined || !/[{(]$/.test(line)) return 0;
  /** Whether the body has begun: parameters may take lines of their own, "f(" … ") {" or "f({" … "}: T) {". */
  let inBody = !/\(\{?$/.test(line);
  for (let end = start + 1; end < code.length; end++) {
    const other = (code[end] ?? "").trimEnd();
    if (!other.startsWith(`${indent}}`) && !other.startsWith(`${indent})`)) continue;
    if (inBody) return end - start + 1;
    if (!other.endsWith("{")) return 0;
    inBody = true;
  }
  return 0;
}

export const UNIT_TESTS_MIRROR: Rule = {
  name: "unit tests mirror src and ffi path for path, without sockets and sleeping",
  check(sources) {
    const paths = new Set(sources.map(({ path }) => path));
    return sources
      .filter(({ path }) => path.startsWith("tests/unit/"))
      .flatMap((source: Source) => {
        const found: string[] = [];
        // A file with much to test has several: transfer.test.ts, transfer.connect.test.ts.
        const twin = source.path
          .replace("tests/unit/", "")
          .replace(/(\.[a-z-]+)?\.test\.ts$/, ".ts");
        const isTest = source.path.endsWith(".test.ts");
        if (isTest && !paths.has(`src/${twin}`) && !paths.has(twin)) {
          found.push(finding(source, 1, `there is no src/${twin}`));
        }
        source.code.split("\n").forEach((line, index) => {
          if (/\bBun\.(sleep|listen|serve|connect)\b|(?<![.\w])setTimeout\b/.test(line)) {
            found.push(finding(source, index + 1, "a unit test neither sleeps nor opens sockets"));
          }
        });
        return found;
      });
  },
};
