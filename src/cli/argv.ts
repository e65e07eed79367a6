// Cuts the words of a command line into Occurrences: which option, which value, how it was spelled.
//
// The words are read once, in order, by the table; order and repeats are kept, since -o pairs with URLs and --next
// starts over. Rules (curl(1), and curl 8.14 run on each case): long names in full only; --name=value for long options;
// short letters combine, and the first that takes a value takes the rest of the word or else the next word, whatever
// that begins with; --no-NAME for options without value; -- ends the options; a word that is no option is a URL.
// Each occurrence, put as one `--long=value` token, is parsed by citty with that row's definition. Giving citty more
// than one at a time loses order and repeats and takes values like "--no-x" for options.
// Nothing is thrown here: what cannot be cut becomes a last occurrence whose apply() refuses, so that whoever reads the
// list meets complaints in the order of the words. -h and -V end the list too: what follows them is not looked at.

import { type ArgsDef, parseArgs } from "citty";
import { type Option, REASON, refusal } from "./options/option.ts";
import { byLong, byShort } from "./options/table.ts";
import { URL_WORD } from "./options/tool.ts";

/** Where an occurrence stands, for messages. */
export type Origin = { readonly kind: "argv"; readonly spelled: string };

export interface Occurrence {
  readonly option: Option;
  /** Text, or true and false (--no-NAME) for an option without value. */
  readonly value: string | boolean;
  readonly origin: Origin;
}

/**
 * The whole of argv (byte strings, without the program's name) as occurrences in order. URLs are occurrences of `url`.
 */
export function cutArgv(argv: readonly string[]): Occurrence[] {
  const cutter = new Cutter(argv);
  cutter.run();
  return cutter.occurrences;
}

/** The row as citty defines options. */
export function argsDefOf(option: Option): ArgsDef {
  return { [option.long]: { type: option.value ? "string" : "boolean" } };
}

/** The occurrence as one token that citty reads. */
export function tokenOf(option: Option, value: string | boolean): string {
  if (typeof value === "string") return `--${option.long}=${value}`;
  return value ? `--${option.long}` : `--no-${option.long}`;
}

function parsedValue(option: Option, value: string | boolean): string | boolean {
  const parsed: unknown = parseArgs([tokenOf(option, value)], argsDefOf(option))[option.long];
  if (typeof parsed === "string" || typeof parsed === "boolean") return parsed;
  throw new Error(`citty made no value of --${option.long}`);
}

class Cutter {
  readonly occurrences: Occurrence[] = [];
  readonly #words: readonly string[];
  #position = 0;
  #ended = false;

  constructor(words: readonly string[]) {
    this.#words = words;
  }

  run(): void {
    let onlyUrls = false;
    for (let word = this.#next(); word !== undefined && !this.#ended; word = this.#next()) {
      if (onlyUrls || !word.startsWith("-")) this.#add(URL_WORD, word, word);
      else if (word === "--") onlyUrls = true;
      else if (word.startsWith("--")) this.#cutLong(word);
      else this.#cutCluster(word);
    }
  }

  #next(): string | undefined {
    return this.#words[this.#position++];
  }

  #cutLong(word: string): void {
    const equals = word.indexOf("=");
    const name = word.slice(2, equals < 0 ? undefined : equals);
    const attached = equals < 0 ? undefined : word.slice(equals + 1);
    // First, since no option's own name begins so, and a name that is not found costs the most.
    if (name.startsWith("no-")) {
      this.#cutNegation(word, { name: name.slice(3), attached });
      return;
    }
    const option = byLong(name);
    if (option?.value) this.#addValued(option, word, attached);
    else if (option) this.#addFlag(option, word, { on: true, attached });
    else if (name.startsWith("expand-") && byLong(name.slice(7))?.value) {
      this.#refuse(`--${name}`, REASON.notYet);
    } else this.#refuse(word, REASON.unknown);
  }

  #cutNegation(
    word: string,
    { name, attached }: { readonly name: string; readonly attached: string | undefined },
  ): void {
    const option = byLong(name);
    if (option?.negatable) this.#addFlag(option, word, { on: false, attached });
    else this.#refuse(word, option ? REASON.notReversible : REASON.unknown);
  }

  #cutCluster(word: string): void {
    if (word === "-") this.#refuse(word, REASON.unknown);
    for (let i = 1; i < word.length && !this.#ended; i++) {
      const option = byShort(word.charAt(i));
      if (!option) this.#refuse(word, REASON.unknown);
      else if (option.value) {
        const rest = word.slice(i + 1);
        this.#addValued(option, word, rest === "" ? undefined : rest);
        return;
      } else this.#addFlag(option, word, { on: option.shortNegates !== true });
    }
  }

  #addFlag(
    option: Option,
    word: string,
    how: { readonly on: boolean; readonly attached?: string | undefined },
  ): void {
    if (how.attached !== undefined) this.#refuse(word, REASON.extraValue);
    else this.#add(option, how.on, word);
  }

  #addValued(option: Option, word: string, attached: string | undefined): void {
    const value = attached ?? this.#next();
    if (value !== undefined) this.#add(option, value, word);
    else if (option.value?.optional) this.#add(option, "", word);
    else this.#refuse(word, REASON.valueMissing);
  }

  #add(option: Option, value: string | boolean, spelled: string): void {
    this.occurrences.push({
      option,
      value: parsedValue(option, value),
      origin: { kind: "argv", spelled },
    });
    this.#ended = option.control !== undefined && option.control !== "next" && value !== false;
  }

  #refuse(spelled: string, reason: string): void {
    this.occurrences.push({
      option: unusable(reason),
      value: true,
      origin: { kind: "argv", spelled },
    });
    this.#ended = true;
  }
}

/** Stands for a word that is no option: a row outside the table that refuses. */
function unusable(reason: string): Option {
  return {
    long: "",
    negatable: false,
    repeat: "last",
    scope: "operation",
    group: "tool",
    help: "",
    doc: "",
    examples: [],
    seeAlso: [],
    support: "refused",
    apply() {
      throw refusal(reason);
    },
  };
}
