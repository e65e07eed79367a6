// Names of files that nobody typed: -O takes them from the URL, -J from what the server says. Pure.
//
// Here: which name. Not here: opening the file (file-sink.ts). All names are byte strings.
//
//   -O   the URL's last segment as written, not decoded: a%20b stays a%20b
//   -J   Content-Disposition's filename=, else the last Location's segment, else as -O
//
// The user sees the URL before typing it; the server's choice comes unseen. It is therefore stripped of directories,
// of control characters, and of a leading dot: curl writes `filename=.bashrc` as it stands, which plants a file that
// `ls` does not show in, say, the home directory. We write `_bashrc`: a listed difference.

import type { HeaderList } from "../../headers.ts";
import type { Url } from "../../url.ts";

/** What curl calls a file when the URL has no name for it (8.10 and later; exit 23 before). */
const NAMELESS = "curl_response";

const CONTROL = /[\0-\x1f\x7f]/g;

/** The name that -O saves `url` under: the path's last segment; of `/dir/` it is `dir`; of `/` it is curl_response. */
export function remoteName(url: Url): string {
  return lastSegment(url.path) ?? NAMELESS;
}

/**
 * The name in Content-Disposition's `filename=`, made harmless; null where there is none that can be used.
 * As in curl the parameter's name is matched in lower case, `filename*=` is not looked at, and the first field that
 * has a name counts.
 */
export function dispositionName(fields: HeaderList): string | null {
  for (const value of fields.getAll("content-disposition")) {
    const raw = filenameParameter(value);
    const name = raw === null ? null : serverChosenName(raw);
    if (name !== null) return name;
  }
  return null;
}

/** The name that a redirect's Location offers, made harmless; null where it has none. */
export function locationName(location: string): string | null {
  const path = location.replace(/[?#].*$/s, "").replace(/^(?:[a-z][a-z0-9+.-]*:)?\/\/[^/]*/i, "");
  const name = lastSegment(path);
  return name === null ? null : serverChosenName(name);
}

/** Where -o and -O write: `dir/name`, even for an absolute name, as curl has it. */
export function outputPath(dir: string | null, name: string): string {
  return dir === null || dir === "" ? name : `${dir}/${name}`;
}

/** Backslashes separate too: curl takes `a\b` for b, so that a name means the same on every system. */
function lastSegment(path: string): string | null {
  const segment = /([^/\\]*)[/\\]*$/.exec(path)?.[1] ?? "";
  return segment === "" || segment === "." || segment === ".." ? null : segment;
}

/** A name out of a server's hands: no directory, no control character, not hidden; null: nothing is left. */
function serverChosenName(raw: string): string | null {
  const name = (/[^/\\]*$/.exec(raw)?.[0] ?? "").replace(CONTROL, "_");
  if (name === "" || name === "." || name === "..") return null;
  return name.startsWith(".") ? `_${name.slice(1)}` : name;
}

/**
 * The raw value of `filename=` in a Content-Disposition (RFC 6266 §4.1, read as leniently as curl does: the type may
 * be missing, a quoted value ends at the next quote, also behind a backslash, or at the end of the field).
 */
function filenameParameter(value: string): string | null {
  const parameter = /([^;="]*)(?:=[ \t]*(?:"([^"]*)"?|([^;]*)))?[^;]*(?:;|$)/y;
  while (parameter.lastIndex < value.length) {
    const match = parameter.exec(value);
    if (!match) return null;
    const [, name = "", quoted, token] = match;
    if (name.replace(/^[ \t]+/, "") !== "filename") continue;
    // `"a\"b"` is cut to `a\` here; the backslash was an escape's, no separator.
    if (quoted !== undefined) return quoted.replace(/\\$/, "");
    if (token !== undefined) return token.replace(/[ \t\r\n]+$/, "");
  }
  return null;
}
