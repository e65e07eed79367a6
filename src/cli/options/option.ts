// What an option is, and the makers of the table's rows.
//
// One Option tells everything about one option: the parser (cli/argv), the fold (cli/fold), help and, later, the man
// page and the shells read the same row. A maker takes the row's facts and a setter of the value's own type, and closes
// over both, so that the table holds one plain type without generics. `apply` validates and stores; it opens no file
// and never names its own option: whoever read the occurrence knows how it was spelled and adds that.
// After ripgrep's flags table. Reasons and number formats are curl's (curl(1), and curl 8.14 run on each case).

import { CurlError } from "../../error.ts";
import type { Operation } from "../operation.ts";

export type OptionGroup =
  | "auth"
  | "body"
  | "cache"
  | "connection"
  | "cookies"
  | "dns"
  | "http"
  | "mptcp"
  | "other-protocols"
  | "output"
  | "parallel"
  | "proxy"
  | "redirect"
  | "retry"
  | "timeouts"
  | "tls"
  | "tool"
  | "verbose";

export type ValueKind = "text" | "file" | "integer" | "seconds" | "size" | "choice";

export interface OptionValue {
  /** What stands in <> in the help. */
  readonly hint: string;
  readonly kind: ValueKind;
  readonly choices?: readonly string[];
  /** The value may be left out (--help). */
  readonly optional?: boolean;
  /** The named file has to exist when the command line is read. */
  readonly mustExist?: boolean;
}

/** A complaint that does not stop the run; undefined: none. */
export type Warning = string | undefined;

export interface Option {
  /** Without dashes. */
  readonly long: string;
  /** One character. */
  readonly short?: string;
  /** The letter is --no-NAME, and not the option itself (-N is --no-buffer). */
  readonly shortNegates?: true;
  /** Absent: the option takes no value. */
  readonly value?: OptionValue;
  /** --no-NAME is accepted. */
  readonly negatable: boolean;
  readonly repeat: "last" | "append" | "count";
  /** "global" survives --next; "url" fills the next URL's slot; else it holds for one operation. */
  readonly scope: "global" | "operation" | "url";
  readonly group: OptionGroup;
  /** One line, under 49 characters. */
  readonly help: string;
  /** One to four sentences. */
  readonly doc: string;
  readonly examples: readonly string[];
  /** Long names of related options. */
  readonly seeAlso: readonly string[];
  /** "full": works · "accepted": takes part in the syntax, does what curl does without the feature · "refused". */
  readonly support: "full" | "accepted" | "refused";
  /** What the reader of the command line itself does on meeting it. */
  readonly control?: "next" | "help" | "version" | "nothing";
  /**
   * Stores the value. `raw` is the text, or true or false for an option without value.
   * @returns a warning, or undefined
   * @throws CurlError made by refusal(): its message is the reason alone
   */
  apply(operation: Operation, raw: string | boolean): Warning;
}

/** Facts of a row that the makers do not derive. */
export interface Row {
  readonly long: string;
  readonly short?: string;
  readonly group: OptionGroup;
  readonly scope?: Option["scope"];
  readonly repeat?: Option["repeat"];
  readonly help: string;
  readonly doc: string;
  readonly examples: readonly string[];
  readonly seeAlso?: readonly string[];
  readonly control?: Exclude<Option["control"], undefined>;
}

interface ValueRow extends Row {
  readonly hint: string;
  /** true: "" is refused. */
  readonly nonblank?: boolean;
  readonly optional?: boolean;
}

type Setter<T> = (operation: Operation, value: T) => Warning;

export const REASON = {
  unknown: "is unknown",
  valueMissing: "requires parameter",
  badUse: "is badly used here",
  notNumber: "expected a proper numerical parameter",
  negative: "expected a positive numerical parameter",
  tooLarge: "too large number",
  libcurl: "the installed libcurl version does not support this",
  notReversible: "the given option cannot be reversed with a --no- prefix",
  blank: "blank argument where content is expected",
  extraValue: "had unsupported trailing garbage",
  notYet: "is not supported by this version of mpcurl",
} as const;

/** What a refusal may say beyond its reason. */
export interface RefusalDetail {
  /** A warning to be printed first. */
  readonly warning?: string;
  /** A line to be printed first, silenced by -s. */
  readonly before?: string;
  /** Name the option by its long name, however it was typed. */
  readonly byName?: boolean;
}

const details = new WeakMap<Error, RefusalDetail>();

/** The error that `apply` throws: why the value is not taken, without the option's name. */
export function refusal(reason: string, detail: RefusalDetail = {}): CurlError {
  const error = new CurlError("FAILED_INIT", reason);
  details.set(error, detail);
  return error;
}

/** What refusal() was told; undefined for any other error. */
export function refusalDetail(error: unknown): RefusalDetail | undefined {
  return error instanceof CurlError ? details.get(error) : undefined;
}

/** An option without value. Negatable unless told; the setter then gets false for --no-NAME. */
export function flag(row: Row & { readonly negatable?: boolean }, set: Setter<boolean>): Option {
  const option = newOption(row, (operation, raw) => set(operation, raw === true));
  option.negatable = row.negatable ?? true;
  return option;
}

/** An option whose value is taken as it is. */
export function text(row: ValueRow, set: Setter<string>): Option {
  return valued(row, "text", set);
}

/** As text(), and the value names a file. */
export function file(
  row: ValueRow & { readonly mustExist?: boolean },
  set: Setter<string>,
): Option {
  const option = valued(row, "file", set);
  if (row.mustExist) option.value = { hint: row.hint, kind: "file", mustExist: true };
  return option;
}

/** A value out of a list of names and what they stand for; any other is badly used. */
export function choice<T>(
  row: ValueRow,
  choices: readonly (readonly [string, T])[],
  set: Setter<T>,
): Option {
  const option = valued(row, "choice", (operation, value) => {
    const chosen = choices.find(([name]) => name === value);
    if (!chosen) throw refusal(REASON.badUse);
    return set(operation, chosen[1]);
  });
  option.value = { hint: row.hint, kind: "choice", choices: choices.map(([name]) => name) };
  return option;
}

/** A duration; the setter gets milliseconds. */
export function seconds(row: ValueRow, set: Setter<number>): Option {
  return valued(row, "seconds", (operation, value) => set(operation, parseSeconds(value)));
}

/** A number of bytes with an optional unit. */
export function size(row: ValueRow, set: Setter<number>): Option {
  return valued(row, "size", (operation, value) => set(operation, parseSize(value)));
}

/** A whole number, not negative, or not under `least` where that is given. */
export function integer(row: ValueRow & { readonly least?: number }, set: Setter<number>): Option {
  const { least } = row;
  return valued(row, "integer", (operation, value) => set(operation, parseInteger(value, least)));
}

function valued(row: ValueRow, kind: ValueKind, set: Setter<string>): Draft {
  const { nonblank = false } = row;
  const option = newOption(row, (operation, raw) => {
    const value = typeof raw === "string" ? raw : "";
    if (nonblank && value === "") throw refusal(REASON.blank);
    return set(operation, value);
  });
  option.value = row.optional ? { hint: row.hint, kind, optional: true } : { hint: row.hint, kind };
  return option;
}

/** An Option that its maker still fills. */
type Draft = { -readonly [Key in keyof Option]: Option[Key] };

// Field by field and not by spreads: this runs for every row at each start.
function newOption(row: Row, apply: Option["apply"]): Draft {
  const option: Draft = {
    long: row.long,
    negatable: false,
    repeat: row.repeat ?? "last",
    scope: row.scope ?? "operation",
    group: row.group,
    help: row.help,
    doc: row.doc,
    examples: row.examples,
    seeAlso: row.seeAlso ?? NONE,
    support: "full",
    apply,
  };
  if (row.short !== undefined) option.short = row.short;
  if (row.control !== undefined) option.control = row.control;
  return option;
}

const NONE: readonly string[] = [];

// curl counts milliseconds in 64 bits, and the fraction's digits in as many.
const MOST_SECONDS = 9_223_372_036_854_774;
const MOST_FRACTION_DIGITS = 18;

/**
 * Seconds, decimals allowed → milliseconds. Under one millisecond is 0, which means "no limit". What follows the
 * number is not looked at, as curl 8.14 does it ("5s" is five seconds).
 * @throws CurlError refusal
 */
export function parseSeconds(value: string): number {
  const match = /^(\d+)(\.(\d*))?/.exec(value);
  const whole = Number(match?.[1] ?? Number.NaN);
  if (Number.isNaN(whole) || whole > MOST_SECONDS) throw refusal(REASON.notNumber);
  if (match?.[2] === undefined) return whole * 1000;
  const digits = match[3] ?? "";
  if (digits === "" || digits.length > MOST_FRACTION_DIGITS) throw refusal(REASON.tooLarge);
  return whole * 1000 + Number(digits.slice(0, 3).padEnd(3, "0"));
}

const UNIT_POWERS = "bkmgtp";
const LARGEST_SIZE = 2 ** 63;

/**
 * Digits and one of b k m g t p in either case, powers of 1024 → bytes. A fraction needs a unit above b.
 * @throws CurlError refusal
 */
export function parseSize(value: string): number {
  if (/^-\d/.test(value)) throw refusal(REASON.negative);
  const match = /^(\d+)(\.\d+)?([bkmgtp]?)$/i.exec(value);
  if (!match) throw refusal(REASON.notNumber);
  const power = Math.max(0, UNIT_POWERS.indexOf(match[3]?.toLowerCase() || "b"));
  if (match[2] !== undefined && power === 0) throw refusal(REASON.notNumber);
  const sizeBytes = Math.floor(Number(match[1] + (match[2] ?? "")) * 1024 ** power);
  if (sizeBytes >= LARGEST_SIZE) throw refusal(REASON.tooLarge);
  return sizeBytes;
}

/**
 * A decimal number without sign, or with a minus where `least` allows it.
 * @throws CurlError refusal
 */
export function parseInteger(value: string, least?: number): number {
  const number = /^-?\d+$/.test(value) ? Number(value) : Number.NaN;
  // 2^63 - 1 is taken, and a Number cannot tell it from 2^63.
  if (Number.isNaN(number) || (Math.abs(number) >= LARGEST_SIZE && isBeyondInt64(value))) {
    throw refusal(REASON.notNumber);
  }
  if (least === undefined && number < 0) throw refusal(REASON.negative);
  if (least !== undefined && number < least) throw refusal(REASON.notNumber);
  return number;
}

function isBeyondInt64(digits: string): boolean {
  return BigInt.asIntN(64, BigInt(digits)) !== BigInt(digits);
}
