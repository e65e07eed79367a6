// What mpcurl says to people outside of data: warnings, notes, errors, usage errors and bugs; the only user of consola.
//
// Here: when each is said (-s, -S, -v), its prefix and its wrapping, by curl's rules. Not here: the sentences
// themselves, which come from whoever failed, and `-v`'s lines (verbose.ts), which are too many for a logger.
// consola/core is imported when there is something to say: a transfer that works pays nothing for it. Of its faces
// only core is small (0.3 ms; consola/basic 8 ms, consola 14 ms, measured with Bun 1.4.5), and its throttle would
// hold back the sixth equal message for a second and lose it at exit, so that it is off.

import type { ConsolaInstance, LogObject, LogType } from "consola/core";
import { utf8 } from "../../bytes.ts";
import type { CurlError } from "../../error.ts";
import type { Host } from "../host.ts";
import type { GlobalSettings } from "../operation.ts";
import { stderrWriter } from "./ordered-writer.ts";
import { lineWidth, printable } from "./terminal-text.ts";

/** Each Promise resolves when the text is out; texts come out in the order of the calls, awaited or not. */
export interface Messages {
  /** `Warning: text`, wrapped. Nothing under -s. @param text a byte string or plain text, without prefix */
  warning(text: string): Promise<void>;
  /** `Note: text`, wrapped. Only with -v, and not under -s. */
  note(text: string): Promise<void>;
  /** `mpcurl: (6) Could not resolve host: x`. Nothing under -s without -S. */
  error(error: CurlError): Promise<void>;
  /** A command line that cannot be understood: its lines and a hint at --help, whatever -s says. */
  usage(error: CurlError): Promise<void>;
  /** Something that is no CurlError: the stack and where to go with it, whatever -s says. */
  bug(error: unknown): Promise<void>;
}

/** consola's types, its levels (error and fatal 0, warn 1, info 3), and what stands before each line. */
const PREFIXES: { readonly [type in LogType]?: string } = {
  warn: "Warning: ",
  info: "Note: ",
  error: "mpcurl: ",
  fatal: "mpcurl: ",
};

const LEVELS = { warn: 1, info: 3, error: 0, fatal: 0 } as const;
const SILENT = -999;

const HELP_HINT = "try 'mpcurl --help' for more information";

// Said below an untrusted certificate: the reason alone does not tell what to do.
const TRUST_ADVICE = `
mpcurl could not verify who the server is, so nothing was sent to it.
If its certificate comes from an authority of your own, name that authority's
certificate with --cacert FILE. The option -k (--insecure) skips the check, and
with it the protection against whoever sits between you and the server.`;

/** Messages to `host.stderr`. `global` is read at each call: -s may come late on a command line. */
export function createMessages(host: Host, global: GlobalSettings): Messages {
  let loading: Promise<ConsolaInstance> | undefined;

  const say = async (type: keyof typeof LEVELS, text: string, threshold: number): Promise<void> => {
    if (LEVELS[type] > threshold) return;
    const writer = stderrWriter(host);
    loading ??= loadConsola((entry) => writer.write(utf8(render(entry, lineWidth(host)))));
    const logger = await loading;
    logger.level = threshold;
    logger[type](text);
    await writer.idle();
  };
  const informative = (): number => (global.silent ? SILENT : global.verbose ? 3 : 1);

  return {
    warning: (text) => say("warn", printable(text), informative()),
    note: (text) => say("info", printable(text), informative()),
    error(error) {
      const advice = error.code === "PEER_FAILED_VERIFICATION" ? TRUST_ADVICE : "";
      const text = `(${error.exitCode}) ${printable(error.message)}${advice}`;
      return say("error", text, global.silent && !global.showError ? SILENT : 0);
    },
    usage(error) {
      const lines = error.message === "" ? [] : printable(error.message).split("\n");
      return say("fatal", [...lines, HELP_HINT].join("\nmpcurl: "), 0);
    },
    bug(error) {
      const trace = error instanceof Error ? (error.stack ?? String(error)) : String(error);
      return say(
        "fatal",
        `this is a bug in mpcurl, not in what you asked of it:\n${printable(trace)}\n` +
          "mpcurl: please report it with the lines above and the command line (without passwords)",
        0,
      );
    },
  };
}

async function loadConsola(print: (entry: LogObject) => void): Promise<ConsolaInstance> {
  const { createConsola } = await import("consola/core");
  return createConsola({ throttle: 0, reporters: [{ log: print }] });
}

function render(entry: LogObject, width: number): string {
  const prefix = PREFIXES[entry.type] ?? "";
  const text = String(entry.args[0]);
  // Scripts search errors line by line: they are never broken.
  if (entry.type === "error" || entry.type === "fatal") return `${prefix}${text}\n`;
  return wrap(text, width - prefix.length)
    .map((line) => `${prefix}${line}\n`)
    .join("");
}

/**
 * Cuts text into lines as curl cuts warnings: at the last blank that fits, which stays at the end of its line; in the
 * middle of a word that alone is too long.
 */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const paragraph of text.split("\n")) {
    let rest = paragraph;
    while (rest.length > width) {
      const blank = Math.max(rest.lastIndexOf(" ", width - 1), rest.lastIndexOf("\t", width - 1));
      const cut = blank > 0 ? blank + 1 : width;
      lines.push(rest.slice(0, cut));
      rest = rest.slice(cut);
    }
    if (rest !== "" || paragraph === "") lines.push(rest);
  }
  return lines;
}
