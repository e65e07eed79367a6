// The order of the rooms and who may import whom:
//
//     ffi   (imported by net and cli/host, as "#ffi/…", imports nothing of ours)
//     leaves < http1 < http < net < client < index
//                                           < cli
//
// A module imports its own room or a lower one; there are no cycles, type-only and lazy imports included; every file
// is reachable from the program or the library.
import { finding, isDeclaration, isProduct, type Rule } from "./rule.ts";
import type { Import, Source } from "./source.ts";

const RANKS = { leaves: 0, http1: 1, http: 2, net: 3, client: 4, index: 5, cli: 5 } as const;

type Room = keyof typeof RANKS | "ffi";

function roomOf(path: string): Room | null {
  if (path.startsWith("ffi/")) return "ffi";
  if (path === "src/index.ts") return "index";
  const folder = /^src\/(?:(\w+)\/)?/.exec(path);
  if (folder === null) return null;
  const name = folder[1];
  if (name === undefined) return "leaves";
  return name in RANKS ? (name as Room) : null;
}

/** Why `from` may not import this; null where it may. */
function objection(from: string, { target, specifier, kind }: Import): string | null {
  const room = roomOf(from);
  if (target === null)
    return room === "ffi" && specifier !== "bun:ffi" ? "ffi imports bun:ffi only" : null;
  const other = roomOf(target);
  if (room === null) return "a folder of src that has no place in the order";
  if (other === null) return "leads out of src and ffi";
  if (room === "ffi") return other === "ffi" ? null : "ffi imports nothing of ours";
  if (other === "ffi") {
    if (!specifier.startsWith("#ffi/")) return 'ffi is imported as "#ffi/…"';
    return FFI_USERS.test(from) ? null : "only net and cli's hosts import ffi";
  }
  if (room !== other && RANKS[other] >= RANKS[room]) return `${room} does not import ${other}`;
  if (from.startsWith("src/cli/options/") && !target.startsWith("src/cli/options/")) {
    if (other !== "leaves" && !OPTIONS_MAY.has(target)) {
      return "cli/options imports leaves and cli/operation only";
    }
  }
  if (room === "cli" && other === "net" && kind !== "type" && !NET_PARSERS.has(target)) {
    if (kind === "dynamic" && from === "src/cli/run.ts" && NET_ON_DEMAND.has(target)) return null;
    return "cli imports only types of net";
  }
  return null;
}

const FFI_USERS = /^src\/(net\/|cli\/(system-)?host\.ts$)/;

/** Pure readers of a value's text, whose errors curl gives when the transfer is made. */
const NET_PARSERS = new Set(["src/net/connect-to.ts", "src/net/resolve-rule.ts"]);

/** What run.ts loads in the runs that ask for it: the kernel's path manager, which no transfer needs. */
const NET_ON_DEMAND = new Set(["src/net/mptcp/endpoints.ts", "src/net/mptcp/doctor.ts"]);

/** Beside the leaves; usage-error is the error that a bad value ends in. */
const OPTIONS_MAY = new Set(["src/cli/operation.ts", "src/cli/usage-error.ts"]);

/** What never looks at a clock. */
const TIMELESS = /^src\/(http1\/|http\/|net\/(route|dial\/race|mptcp\/verdict)\.ts$)/;

export const IMPORT_ORDER: Rule = {
  name: "imports follow the order of the rooms",
  check: (sources) =>
    sources.filter(isProduct).flatMap((source) =>
      source.imports.flatMap((one) => {
        const why =
          objection(source.path, one) ??
          (one.target === "src/clock.ts" && TIMELESS.test(source.path) ? "has no clock" : null);
        return why === null ? [] : [finding(source, one.line, `imports ${one.specifier}: ${why}`)];
      }),
    ),
};

export const IMPORT_FORM: Rule = {
  name: "relative imports name their file",
  check: (sources) =>
    sources.flatMap((source) =>
      source.imports
        .filter(
          ({ specifier }) =>
            /^[.#]/.test(specifier) && !/\.(ts|js|css|json|tsv|txt)$/.test(specifier),
        )
        .map(({ specifier, line }) => finding(source, line, `${specifier} has no extension`)),
    ),
};

export const NO_CYCLES: Rule = {
  name: "imports go in no circle",
  check(sources) {
    const byPath = new Map(sources.map((source) => [source.path, source]));
    const finished = new Set<string>();
    const found: string[] = [];
    const visit = (path: string, trail: readonly string[]): void => {
      const start = trail.indexOf(path);
      if (start >= 0) found.push([...trail.slice(start), path].join(" → "));
      if (start >= 0 || finished.has(path)) return;
      for (const { target } of byPath.get(path)?.imports ?? []) {
        if (target !== null) visit(target, [...trail, path]);
      }
      finished.add(path);
    };
    for (const { path } of sources) visit(path, []);
    return found;
  },
};

const ROOTS = ["src/cli/main.ts", "src/index.ts"];

export const NO_DEAD_FILES: Rule = {
  name: "every file is part of the program or the library",
  check(sources) {
    const byPath = new Map(sources.map((source) => [source.path, source]));
    const reached = new Set<string>();
    const queue = [...ROOTS];
    for (let path = queue.pop(); path !== undefined; path = queue.pop()) {
      if (reached.has(path)) continue;
      reached.add(path);
      for (const { target } of byPath.get(path)?.imports ?? [])
        if (target !== null) queue.push(target);
    }
    return sources
      .filter((source: Source) => isProduct(source) && !isDeclaration(source))
      .filter(({ path }) => !reached.has(path))
      .map((source) => finding(source, 1, `neither ${ROOTS.join(" nor ")} leads here`));
  },
};
