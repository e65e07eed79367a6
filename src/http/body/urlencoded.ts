// The -d family: -d, --data-raw, --data-binary, --data-urlencode and --json, joined into one body or query.
//
// Here: joining and encoding, on byte strings. Not here: reading files (the caller hands in `readFile`), -F (multipart)
// and the fields that --json adds (http/request). Pieces mix freely and keep their order: "&" stands between two of
// them, but nothing before a --json piece, and nothing at the start while all there is is empty.

import { byteString, bytesOf, concat } from "../../bytes.ts";
import { percentEncoded } from "../../percent.ts";

/** One option of the -d family, as typed. `data`, `binary` and `json` may be `@path`; `raw` never is. */
export interface DataPiece {
  readonly kind: "data" | "raw" | "binary" | "urlencode" | "json";
  readonly text: string;
}

/** Contents of a file; "-" is standard input. What it throws passes through. */
export type ReadFile = (path: string) => Uint8Array;

/** Content-Type of such a body; --json's own stands in RequestSpec.json. */
export const FORM_TYPE = "application/x-www-form-urlencoded";

/**
 * All pieces as one: the body of a POST, or with -G (as a byte string) what is added to the query. A single binary
 * file is handed on uncopied.
 */
export function joinData(pieces: readonly DataPiece[], readFile: ReadFile): Uint8Array {
  const chunks: Uint8Array[] = [];
  for (const piece of pieces) {
    const content = contentOf(piece, readFile);
    if (chunks.length > 0 && piece.kind !== "json") chunks.push(bytesOf("&"));
    if (content.length > 0 || chunks.length > 0) chunks.push(content);
  }
  return concat(chunks);
}

/** What `-d @file` drops, so that a text file written over several lines is one value. */
export function stripCrLfNul(text: string): string {
  return text.replaceAll(/[\r\n\0]/g, "");
}

/** All but A–Z a–z 0–9 - . _ ~ as %XX, a blank as "+". */
export function urlencode(text: string): string {
  return percentEncoded(text).replaceAll("%20", "+");
}

function contentOf({ kind, text }: DataPiece, readFile: ReadFile): Uint8Array {
  if (kind === "urlencode") return bytesOf(urlencodedPiece(text, readFile));
  if (kind === "raw" || !text.startsWith("@")) return bytesOf(text);
  const content = readFile(text.slice(1));
  return kind === "data" ? bytesOf(stripCrLfNul(byteString(content))) : content;
}

// content · =content · name=content · @path · name@path; "=" is looked for first, and the name goes out as typed.
function urlencodedPiece(text: string, readFile: ReadFile): string {
  const equals = text.indexOf("=");
  const at = equals < 0 ? text.indexOf("@") : -1;
  if (equals < 0 && at < 0) return urlencode(text);
  const name = text.slice(0, equals < 0 ? at : equals);
  const content = equals < 0 ? byteString(readFile(text.slice(at + 1))) : text.slice(equals + 1);
  // An empty file sends nothing, not even its name; curl.
  if (equals < 0 && content === "") return "";
  return name === "" ? urlencode(content) : `${name}=${urlencode(content)}`;
}
