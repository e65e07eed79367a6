// Which parts of the language are not used here, and what no file leaves behind.
import { finding, isDeclaration, type Rule } from "./rule.ts";
import { lineAt, type Source } from "./source.ts";

interface Ban {
  readonly pattern: RegExp;
  readonly what: string;
  /** Where to look; code by default. */
  readonly inComments?: true;
}

const FORMS: readonly Ban[] = [
  { pattern: /^export default\b/gm, what: "a default export" },
  { pattern: /^\s*(?:export )?(?:declare )?(?:const )?enum \w/gm, what: "an enum" },
  { pattern: /^\s*(?:export )?(?:declare )?namespace \w/gm, what: "a namespace" },
  { pattern: /(?::|\bas|<|(?<!\|)\||(?<!&)&|,(?= any>))\s*any\b|\bany\[\]/g, what: '"any"' },
  {
    pattern:
      /^export const \w+(?:: [^=\n]+)? = (?:async )?(?:<[^>\n]*>)?(?:\([^()\n]*\)|\w+)(?:: [^=\n]+)? =>/gm,
    what: "an exported arrow: write a function",
  },
  { pattern: /(?<![\w.])debugger\b/g, what: "debugger" },
  {
    pattern: /\b(?:test|it|describe)\.(?:only|todo)\b/g,
    what: "a test that runs alone, or not yet",
  },
];

const COMMENTS: readonly Ban[] = [
  { pattern: /@ts-(?:ignore|nocheck)/g, what: "the checker silenced", inComments: true },
  {
    pattern: /@ts-expect-error(?!:? +\S+(?: +\S+){2})/g,
    what: "@ts-expect-error without a reason",
    inComments: true,
  },
  {
    pattern: /biome-ignore(?!(?:-\w+)? [\w/]+: *\S+(?: +\S+){2})/g,
    what: "biome-ignore without a reason",
    inComments: true,
  },
];

const REMAINS: readonly Ban[] = [
  { pattern: /\b(?:TODO|FIXME|XXX|HACK|WIP)\b/g, what: "a leftover", inComments: true },
  { pattern: /^\/\/ placeholder\b/gim, what: "a placeholder", inComments: true },
  {
    pattern: /\bissue #?\d+/gi,
    what: "a reference that its reader cannot follow",
    inComments: true,
  },
  {
    pattern: /(?<![\w/.])\/(?:work|home|root)\/\w+/g,
    what: "a path of somebody's machine",
    inComments: true,
  },
];

export const FORMS_OF_LANGUAGE: Rule = {
  name: "no default exports, enums, namespaces, any, exported arrows, lone tests",
  check: (sources) =>
    sources.filter((source) => !isDeclaration(source)).flatMap((source) => banned(source, FORMS)),
};

export const CHECKS_STAND: Rule = {
  name: "no check is silenced without a reason",
  check: (sources) => sources.flatMap((source) => banned(source, COMMENTS)),
};

export const NO_LEFTOVERS: Rule = {
  name: "no leftovers",
  check: (sources) => sources.flatMap((source) => banned(source, REMAINS)),
};

function banned(source: Source, bans: readonly Ban[]): string[] {
  return bans.flatMap(({ pattern, what, inComments }) => {
    const text = inComments ? source.comments : source.code;
    return [...text.matchAll(pattern)].map(({ index }) =>
      finding(source, lineAt(text, index), what),
    );
  });
}

const MOST_PARAMETERS = 3;

export const PARAMETERS: Rule = {
  name: "exported functions take at most two arguments, then options",
  check: (sources) =>
    sources.flatMap((source) =>
      [...source.code.matchAll(/^export (?:async )?function\*? (\w+)[^(]*\(/gm)].flatMap(
        (match) => {
          const count = countParameters(source.code, match.index + match[0].length);
          if (count <= MOST_PARAMETERS) return [];
          const line = lineAt(source.code, match.index);
          return [finding(source, line, `${match[1]} takes ${count} arguments`)];
        },
      ),
    ),
};

/** How many parameters stand between `start` and the parenthesis that closes them. */
function countParameters(code: string, start: number): number {
  let depth = 0;
  let commas = 0;
  let empty = true;
  for (let at = start; at < code.length; at++) {
    const one = code.charAt(at);
    if (depth === 0 && one === ")") break;
    if ("([{".includes(one) || (one === "<" && depth >= 0)) depth++;
    else if (")]}".includes(one) || (one === ">" && code[at - 1] !== "=")) depth--;
    else if (one === "," && depth === 0 && !/^,\s*\)/.test(code.slice(at, at + 200))) commas++;
    if (/\S/.test(one)) empty = false;
  }
  return empty ? 0 : commas + 1;
}
