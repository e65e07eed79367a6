// What a tidy check is. Each looks at all sources and says, one line each, what is not as it should be.
import type { Source } from "./source.ts";

export interface Rule {
  readonly name: string;
  check(sources: readonly Source[]): string[];
}

/** "path:line: what" for the people who read it. */
export function finding(source: Source, line: number, what: string): string {
  return `${source.path}:${line}: ${what}`;
}

/** The product's own files, as opposed to tests. */
export function isProduct({ path }: Source): boolean {
  return path.startsWith("src/") || path.startsWith("ffi/");
}

/** Declarations only: their form is dictated by what they describe. */
export function isDeclaration({ path }: Source): boolean {
  return path.endsWith(".d.ts");
}
