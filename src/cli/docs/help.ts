// The pages of --help: the most used options, all, one category, one option. Text in, text out; nothing is printed.
//
// The lists come from citty's usage renderer. Its layout is for short commands: names flush right, colours, values with
// "=" even behind a short letter. So its colours are taken out and each row is set anew: names from the left, values
// behind a blank, in columns. Only options that work are listed; the others are told about when asked for by name.
// An unknown subject is no error: the page says what there is, and the exit code stays 0, as curl has it.

import { type ArgsDef, renderUsage } from "citty";
import { textOf } from "../../bytes.ts";
import type { Option, OptionGroup } from "../options/option.ts";
import { allOptions, byLong, byShort } from "../options/table.ts";

/** What --help alone lists. */
const MOST_USED = [
  "data",
  "fail",
  "help",
  "head",
  "show-headers",
  "insecure",
  "location",
  "mptcp",
  "output",
  "remote-name",
  "request",
  "silent",
  "upload-file",
  "user",
  "user-agent",
  "verbose",
  "version",
];

const CATEGORIES: ReadonlyMap<OptionGroup, string> = new Map([
  ["auth", "Credentials"],
  ["body", "Sending data and files"],
  ["connection", "Where to connect"],
  ["dns", "Names and addresses"],
  ["http", "Request headers and protocol version"],
  ["mptcp", "Multipath TCP"],
  ["output", "What becomes of the response"],
  ["redirect", "Following redirects"],
  ["timeouts", "Limits of time"],
  ["tls", "TLS and certificates"],
  ["tool", "The program itself"],
  ["verbose", "Progress and messages"],
]);

const LINE_WIDTH = 79;
const COLOUR = /\u001b\[[\d;]*m/g;

/** The page for a subject (a byte string as typed), or the short page for null. Ends with a line feed. */
export async function renderHelp(topic: string | null): Promise<string> {
  if (topic === null) return shortPage();
  if (topic === "all") return rows(allOptions());
  if (topic === "category") return categoryList();
  for (const [group, title] of CATEGORIES) {
    if (group === topic) return categoryPage(group, title);
  }
  const option = optionNamed(topic);
  if (option) return optionPage(option);
  const shown = printable(topic);
  return topic.startsWith("-")
    ? `There is no option ${shown}. "mpcurl --help all" lists those there are.\n`
    : `There is no category and no option ${shown}. The categories are:\n\n${categoryList()}`;
}

async function shortPage(): Promise<string> {
  const used = MOST_USED.flatMap((name) => byLong(name) ?? []);
  const usage = await usageLines(used);
  return [
    ...usage.map((line) => line.replace(/ +$/, "")),
    "This is not the full help. More of it:",
    "  mpcurl --help all         every option",
    "  mpcurl --help category    the categories, each a subject of its own",
    "  mpcurl --help --output    the text of one option",
    "",
  ].join("\n");
}

async function categoryPage(group: OptionGroup, title: string): Promise<string> {
  const members = allOptions().filter(
    (option) => option.group === group && option.support === "full",
  );
  return `${group}: ${title}\n${await rows(members)}`;
}

function categoryList(): string {
  const lines = [...CATEGORIES].map(([group, title]) => ` ${group.padEnd(12)}${title}\n`);
  return lines.join("");
}

/** One line an option, without the heads that citty puts around. */
async function rows(options: readonly Option[]): Promise<string> {
  const supported = options.filter((option) => option.support === "full");
  const lines = await usageLines(supported.toSorted((a, b) => (a.long < b.long ? -1 : 1)));
  return `${lines.filter((line) => /^ +-/.test(line)).join("\n")}\n`;
}

/** citty's usage page, its rows of options set from the left. */
async function usageLines(options: readonly Option[]): Promise<string[]> {
  const args: ArgsDef = {};
  for (const { long, short, value, help } of options) {
    args[long] = {
      type: value ? "string" : "boolean",
      description: help,
      ...(value ? { valueHint: value.hint } : {}),
      ...(short === undefined ? {} : { alias: short }),
    };
  }
  args["URL..."] = { type: "positional", required: true, description: "What to fetch" };
  const usage = await renderUsage({
    meta: { name: "mpcurl", description: "curl for Multipath TCP" },
    args,
  });
  const lines = usage.replace(COLOUR, "").split("\n");
  const cells = lines.map((line) => /^ +(-.*?) {2,}(\S.*?) *$/.exec(line));
  const names = cells.map((cell) => (cell?.[1] ?? "").replace("=<", " <"));
  const indented = names.map((name) => (name.startsWith("--") ? `     ${name}` : ` ${name}`));
  const width = Math.max(...indented.map((name) => (name.length <= 35 ? name.length : 0)));
  return lines.map((line, i) =>
    cells[i] ? `${(indented[i] ?? "").padEnd(width)}  ${cells[i]?.[2]}` : line,
  );
}

/** By "--name", "name", "-x" or "--no-name". */
function optionNamed(topic: string): Option | undefined {
  if (/^-[^-]$/.test(topic)) return byShort(topic.charAt(1));
  const name = topic.replace(/^--/, "");
  const negated = name.startsWith("no-") ? byLong(name.slice(3)) : undefined;
  return byLong(name) ?? (negated?.negatable ? negated : undefined);
}

function optionPage(option: Option): string {
  const { long, short, value, doc, examples, seeAlso, negatable, support } = option;
  const names = `${short === undefined ? "" : `-${short}, `}--${long}`;
  const paragraphs = [
    `    ${names}${value ? ` <${value.hint}>` : ""}\n`,
    wrapped(doc),
    ...(support === "full" && negatable ? [wrapped(`--no-${long} takes it back.`)] : []),
    ...(examples.length > 0
      ? [`        Examples:\n${examples.map((line) => `          ${line}\n`).join("")}`]
      : []),
    ...(seeAlso.length > 0
      ? [wrapped(`See also ${seeAlso.map((name) => `--${name}`).join(", ")}.`)]
      : []),
  ];
  return paragraphs.join("\n");
}

function wrapped(text: string): string {
  const indent = "        ";
  const lines = [""];
  for (const word of text.split(" ")) {
    const line = lines[lines.length - 1] ?? "";
    const longer = line === "" ? word : `${line} ${word}`;
    if (indent.length + longer.length <= LINE_WIDTH) lines[lines.length - 1] = longer;
    else lines.push(word);
  }
  return lines.map((line) => `${indent}${line}\n`).join("");
}

/** What was typed, for a terminal: control characters could steer it. */
function printable(topic: string): string {
  return `"${textOf(topic).replace(/\p{Cc}/gu, "?")}"`;
}
