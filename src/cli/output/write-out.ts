// -w: text with variables, printed behind each transfer.
//
// Here: the format's syntax and the writing to its streams. Not here: the variables (write-out-variables.ts).
//
//   \n \r \t   %%   %{name}   %header{name}  %header{name:all:separator}   %time{strftime format}
//   %{stderr} %{stdout} %output{file} %output{>>file}    the rest goes there
//   %{onerror}                                           the rest only when the transfer failed
//
// Whatever fits none of these is printed as it stands, a `%{` without its `}` too. formatWriteOut() is pure and gives
// pieces; runWriteOut() writes them. A piece knows whether it was the user's text or a value: a server's text is made
// harmless where it goes to a terminal, the user's own escape sequences are his to send.

import { bytesOf, utf8 } from "../../bytes.ts";
import type { Outcome } from "../../client/outcome.ts";
import type { HeaderList } from "../../headers.ts";
import type { Host, Output } from "../host.ts";
import { isSystemError } from "../system-error.ts";
import type { JsonMptcp } from "./mptcp-json.ts";
import { stderrWriter } from "./ordered-writer.ts";
import { strftime } from "./strftime.ts";
import { printable } from "./terminal-text.ts";
import {
  errorOf,
  type VariableSource,
  variableText,
  type WriteOutSource,
} from "./write-out-variables.ts";

export type { WriteOutFacts } from "./write-out-variables.ts";

export type WriteOutPiece =
  /** Text for the current stream, a byte string. */
  | { readonly type: "text"; readonly text: string; readonly isValue: boolean }
  | { readonly type: "stream"; readonly stream: "stdout" | "stderr" }
  | { readonly type: "file"; readonly path: string; readonly append: boolean }
  /** A variable that does not exist: a line on standard error, at this place. */
  | { readonly type: "unknown"; readonly name: string };

const ESCAPES: { readonly [char: string]: string } = { n: "\n", r: "\r", t: "\t" };

// curl ignores %output{} with a longer name.
const LONGEST_NAME_BYTES = 511;

// In the order of trial. `\}` inside %header{} is a brace of its separator.
const TOKENS =
  /\\([\s\S])|%(%)|%\{([^}]*)\}|%header\{((?:[^}\\]|\\[\s\S])*)\}|%output\{([^}]*)\}|%time\{([^}]*)\}|%([\s\S])/g;

/** @param format -w's text after `@file`; a byte string */
export function formatWriteOut(format: string, source: VariableSource): WriteOutPiece[] {
  const pieces: WriteOutPiece[] = [];
  let done = 0;
  for (const match of format.matchAll(TOKENS)) {
    const [token, escaped, percent, name, header, file, time] = match;
    push(pieces, literal(format.slice(done, match.index)));
    done = match.index + token.length;
    if (escaped !== undefined) push(pieces, literal(ESCAPES[escaped] ?? token));
    else if (percent !== undefined) push(pieces, literal(percent));
    else if (name === "onerror") {
      if (errorOf(source) === undefined) return pieces;
    } else if (name !== undefined) push(pieces, variablePiece(name, source));
    else if (header !== undefined) push(pieces, value(headerText(header, source)));
    else if (file !== undefined) push(pieces, filePiece(file));
    else if (time !== undefined) push(pieces, literal(strftime(time, source.facts.epochMs)));
    else push(pieces, literal(token));
  }
  push(pieces, literal(format.slice(done)));
  return pieces;
}

/** Formats and writes; standard output where the format says nothing else. @throws CurlError WRITE_ERROR of that */
export async function runWriteOut(
  host: Host,
  format: string,
  source: WriteOutSource,
): Promise<void> {
  const mptcp = await mptcpOf(format, source.outcome);
  const stderr = stderrWriter(host);
  let output = host.stdout;
  let file: Output | undefined;
  try {
    for (const piece of formatWriteOut(format, { ...source, mptcp })) {
      switch (piece.type) {
        case "text": {
          const bytes =
            piece.isValue && output.isTerminal ? utf8(printable(piece.text)) : bytesOf(piece.text);
          if (output === host.stderr) stderr.write(bytes);
          else await output.write(bytes);
          break;
        }
        case "stream":
          output = host[piece.stream];
          break;
        case "file": {
          const opened = openOrNull(host, piece.path, piece.append);
          if (opened === null) break;
          file?.close();
          file = opened;
          output = opened;
          break;
        }
        case "unknown":
          stderr.write(utf8(`mpcurl: unknown --write-out variable: '${printable(piece.name)}'\n`));
      }
    }
    await stderr.idle();
  } finally {
    file?.close();
  }
}

/** What MPTCP did, where the format may ask for it: few formats do, and the module is not small. */
async function mptcpOf(format: string, outcome: Outcome | null): Promise<JsonMptcp | null> {
  if (!outcome?.mptcp || !/mptcp|json/.test(format)) return null;
  const { mptcpAsJson } = await import("./mptcp-json.ts");
  return mptcpAsJson(outcome.mptcp, { originMs: outcome.timings.startedMs });
}

/** As in curl a file that cannot be opened leaves the text on the stream where it was, without a word. */
function openOrNull(host: Host, path: string, append: boolean): Output | null {
  try {
    return host.openOutput(path, { mode: append ? "append" : "truncate" });
  } catch (error) {
    if (isSystemError(error)) return null;
    throw error;
  }
}

function literal(text: string): WriteOutPiece {
  return { type: "text", text, isValue: false };
}

function value(text: string): WriteOutPiece {
  return { type: "text", text, isValue: true };
}

/** Appends, joining text of one kind to one write. */
function push(pieces: WriteOutPiece[], piece: WriteOutPiece | null): void {
  if (piece === null) return;
  const last = pieces.at(-1);
  if (piece.type !== "text" || last?.type !== "text" || last.isValue !== piece.isValue) {
    if (piece.type !== "text" || piece.text !== "") pieces.push(piece);
    return;
  }
  pieces[pieces.length - 1] = { ...last, text: last.text + piece.text };
}

function variablePiece(name: string, source: VariableSource): WriteOutPiece {
  if (name === "stdout" || name === "stderr") return { type: "stream", stream: name };
  const text = variableText(name, source);
  return text === undefined ? { type: "unknown", name } : value(text);
}

function filePiece(argument: string): WriteOutPiece | null {
  const append = argument.startsWith(">>");
  const path = append ? argument.slice(2) : argument;
  if (path === "" || path.length > LONGEST_NAME_BYTES) return null;
  return { type: "file", path, append };
}

/** `name`: the first value in the last response; `name:all:separator`: all values of all responses. */
function headerText(argument: string, { outcome }: WriteOutSource): string {
  const [, name = "", how, separator = ""] =
    /^([^:]*)(?::([^:]*)(?::([\s\S]*))?)?$/.exec(argument) ?? [];
  if (outcome === null) return "";
  if (how === undefined) return outcome.head?.fields.get(name) ?? "";
  if (how !== "all") return "";
  const blocks: HeaderList[] = outcome.heads
    .filter((head) => head.status >= 200)
    .map((head) => head.fields);
  return blocks
    .flatMap((fields) => fields.getAll(name))
    .join(separator.replace(/\\([ntr}])/g, (_, char: string) => ESCAPES[char] ?? char));
}
