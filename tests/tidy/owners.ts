// Each outward thing has one owner in the product; everybody else asks that file. The table is the law.
import { finding, isDeclaration, isProduct, type Rule } from "./rule.ts";
import { lineAt, type Source } from "./source.ts";

interface Ownership {
  readonly what: string;
  /** Names of modules, or a pattern over code without strings and comments. */
  readonly modules?: RegExp;
  readonly code?: RegExp;
  /** Files that may; null: nobody. */
  readonly owner: RegExp | null;
}

const OWNERSHIPS: readonly Ownership[] = [
  { what: "bun:ffi", modules: /^bun:ffi$/, owner: /^ffi\// },
  {
    what: "Bun.connect",
    code: /\bBun\.(connect|listen|serve|udpSocket)\b/g,
    owner: /^src\/net\/stream\.ts$/,
  },
  { what: "node:tls", modules: /^(node:)?tls$/, owner: /^src\/net\/tls\.ts$/ },
  {
    what: "another node module (they cost start-up time)",
    modules: /^(node:|(fs|path|net|http|https|zlib|crypto|util|os|stream|url|events)$)/,
    // Directories: listing one is what neither Bun nor the C library's plain calls do.
    owner: /^src\/(net\/tls|cli\/system-host)\.ts$/,
  },
  { what: "DNS", code: /\bBun\.dns\b/g, owner: /^src\/net\/resolve\.ts$/ },
  {
    what: "timers and time",
    code: /(?<![.\w#])(setTimeout|setInterval|setImmediate|clearTimeout|clearInterval)\b|\bDate\.now\b|\bnew Date\(\)|\bperformance\.now\b|\bBun\.(sleep|nanoseconds)\b|\bAbortSignal\.timeout\b/g,
    owner: /^src\/clock\.ts$/,
  },
  {
    what: "exit",
    code: /\bprocess\.(exit|exitCode|abort)\b/g,
    owner: /^src\/cli\/(main|(system-)?host)\.ts$/,
  },
  {
    what: "files, stdio and the process",
    code: /(?<![.\w])process\b(?!\.(exit|exitCode|abort|platform|arch)\b)|\bBun\.(file|write|stdin|stdout|stderr|env|argv|spawn|spawnSync)\b/g,
    // main has the last word when there is no C library to speak through.
    owner: /^(src\/cli\/(main|(system-)?host)\.ts$|ffi\/proc\.ts$)/,
  },
  { what: "citty", modules: /^citty/, owner: /^src\/cli\/(argv\.ts|command\.ts|docs\/)/ },
  { what: "consola", modules: /^consola/, owner: /^src\/cli\/output\/messages\.ts$/ },
  { what: "console", code: /(?<![.\w])console\./g, owner: null },
];

export const OWNERS: Rule = {
  name: "each outward thing is touched by its owner only",
  check: (sources) =>
    sources
      .filter((source) => isProduct(source) && !isDeclaration(source))
      .flatMap((source) => OWNERSHIPS.flatMap((ownership) => trespasses(source, ownership))),
};

function trespasses(source: Source, { what, modules, code, owner }: Ownership): string[] {
  if (owner?.test(source.path)) return [];
  const lines = [
    ...source.imports.filter(({ specifier }) => modules?.test(specifier)).map(({ line }) => line),
    ...(code === undefined ? [] : [...source.code.matchAll(code)]).map(({ index }) =>
      lineAt(source.code, index),
    ),
  ];
  const whose = owner === null ? "nobody" : owner.source.replaceAll(/[\\^$]/g, "");
  return lines.map((line) => finding(source, line, `uses ${what}, which is for ${whose}`));
}
