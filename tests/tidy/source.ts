// A source file as the tidy checks see it: its code without comments and strings, its comments, its imports.
//
// No parser: one pass over the characters that knows comments, strings, templates and regular expressions, and keeps
// every other character where it was, so that line numbers and indentation hold. That is enough for checks by regular
// expression, in code that the formatter has laid out. Not here: the checks (rules.ts and its neighbours).

export interface Import {
  /** As written: "./x.ts", "#ffi/socket.ts", "node:tls". */
  readonly specifier: string;
  /** The path from the root that it leads to; null for what is not ours. */
  readonly target: string | null;
  readonly kind: "value" | "type" | "dynamic";
  readonly line: number;
}

export interface Source {
  /** From the repository's root, "src/http1/decoder.ts". */
  readonly path: string;
  readonly lines: readonly string[];
  /** Same length and lines as the text; comments, and what strings and patterns contain, are blanks. */
  readonly code: string;
  /** Same, but only the comments are left. */
  readonly comments: string;
  readonly imports: readonly Import[];
}

/** Reads the text of one file. */
export function parseSource(path: string, text: string): Source {
  const { code, comments } = separate(text);
  const imports = findImports({ path, text, code });
  return { path, lines: text.replace(/\n$/, "").split("\n"), code, comments, imports };
}

/** The line, from 1, that an offset lies on. */
export function lineAt(text: string, offset: number): number {
  return text.slice(0, offset).split("\n").length;
}

/** Words after which a slash begins a pattern, not a division. */
const BEFORE_PATTERN = /(?:^|[(,=:[!&|?{};+\-*%<>~^]|\b(?:return|typeof|case|in|of))\s*$/;

/** What ends, or is passed over inside, each of the literals that have one end. */
const LITERALS: Readonly<Record<string, RegExp>> = {
  '"': /"(?:\\.|[^"\\\n])*"?/y,
  "'": /'(?:\\.|[^'\\\n])*'?/y,
  "/": /\/(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\\n[])+\/[a-z]*/y,
};

/** Up to the next "${" or the end of a template. */
const TEMPLATE = /(?:\\[\s\S]|\$(?!\{)|[^\\`$])*(?:\$\{|`)?/y;

function separate(text: string): { code: string; comments: string } {
  let code = "";
  let comments = "";
  /** For each open template, how many braces stand open inside its substitution. */
  const templates: number[] = [];
  let at = 0;
  const take = (pattern: RegExp): string => {
    pattern.lastIndex = at;
    return pattern.exec(text)?.[0] ?? "";
  };
  const keep = (length: number): void => {
    const piece = text.slice(at, at + length);
    code += piece;
    comments += blank(piece);
    at += length;
  };
  const hide = (piece: string): void => {
    code += piece.length < 2 ? piece : `${piece[0]}${blank(piece.slice(1, -1))}${piece.at(-1)}`;
    comments += blank(piece);
    at += piece.length;
  };
  while (at < text.length) {
    const two = text.slice(at, at + 2);
    const one = text.charAt(at);
    if (two === "//" || two === "/*") {
      const piece = take(two === "//" ? /[^\n]*/y : /\/\*[\s\S]*?\*\//y) || text.slice(at);
      code += blank(piece);
      comments += piece;
      at += piece.length;
    } else if (one === "`") {
      keep(1);
      templates.push(0);
      hideTemplate();
    } else if (
      one === '"' ||
      one === "'" ||
      (one === "/" && BEFORE_PATTERN.test(code.slice(-80)))
    ) {
      hide(take(LITERALS[one] ?? /./y) || one);
    } else {
      keep(1);
      const depth = templates.length - 1;
      if (one === "{" && depth >= 0) templates[depth] = (templates[depth] ?? 0) + 1;
      if (one === "}" && depth >= 0) {
        if (templates[depth] === 0) hideTemplate();
        else templates[depth] = (templates[depth] ?? 0) - 1;
      }
    }
  }
  return { code, comments };

  function hideTemplate(): void {
    const piece = take(TEMPLATE);
    const substitution = piece.endsWith("${");
    const content = piece.slice(0, substitution ? -2 : -1);
    code += blank(content) + piece.slice(content.length);
    comments += blank(piece);
    at += piece.length;
    if (!substitution) templates.pop();
  }
}

function blank(piece: string): string {
  return piece.replace(/[^\n]/g, " ");
}

const STATEMENT = /\b(import|export)\s+(type\s+)?(?:[\w*{][^"';()]*?\sfrom\s+)?["']/g;
const CALL = /(\btypeof\s+)?\bimport\(\s*["']/g;

function findImports(file: { path: string; text: string; code: string }): Import[] {
  const { path, text, code } = file;
  const imports: Import[] = [];
  const add = (match: RegExpExecArray, kind: Import["kind"]): void => {
    const start = match.index + match[0].length;
    const specifier = text.slice(start, code.indexOf(code.charAt(start - 1), start));
    const target = resolveSpecifier(path, specifier);
    imports.push({ specifier, target, kind, line: lineAt(code, match.index) });
  };
  for (const match of code.matchAll(STATEMENT))
    add(match, match[2] === undefined ? "value" : "type");
  for (const match of code.matchAll(CALL)) {
    // import("x").Name in a type position is followed by a member, a call's promise is awaited or then'd.
    const rest = code.slice(match.index).replace(/^[^)]*\)/, "");
    add(match, match[1] !== undefined || /^\.[A-Z]/.test(rest) ? "type" : "dynamic");
  }
  return imports;
}

function resolveSpecifier(from: string, specifier: string): string | null {
  if (specifier.startsWith("#ffi/")) return `ffi/${specifier.slice(5)}`;
  if (!specifier.startsWith(".")) return null;
  const parts = from.split("/").slice(0, -1);
  for (const part of specifier.split("/")) {
    if (part === "..") parts.pop();
    else if (part !== ".") parts.push(part);
  }
  return parts.join("/");
}
