// The program itself: URLs, sections of the command line, what is told to the user.
//
// Rows only. --next, --help and --version act while the command line is read: cli/argv and cli/fold know them by `control`.

import { flag, type Option, refusal, text } from "./option.ts";

/** A word of the command line that is no option: a URL, taken as it is. */
export const URL_WORD: Option = urlOption((value) => value);

export const TOOL_OPTIONS: readonly Option[] = [
  flag(
    {
      long: "globoff",
      short: "g",
      group: "tool",
      help: "Take {} and [] in URLs as they are",
      doc: "Braces and brackets in a URL stand for themselves. Without this option they are curl's way to write many URLs as one, which mpcurl refuses until it can expand them.",
      examples: ["mpcurl -g 'https://example.com/list?id[0]=1'"],
      seeAlso: ["url"],
    },
    (operation, on) => {
      operation.globOff = on;
    },
  ),
  text(
    {
      long: "help",
      short: "h",
      hint: "subject",
      optional: true,
      group: "tool",
      scope: "global",
      help: "Show help: all, a category or an option",
      doc: "Prints the most used options. With a subject it prints all options, the options of a category, or the text of one option; the subject category prints the list of categories.",
      examples: ["mpcurl --help all", "mpcurl --help tls", "mpcurl --help --mptcp"],
      seeAlso: ["version"],
      control: "help",
    },
    () => undefined,
  ),
  flag(
    {
      long: "next",
      short: ":",
      negatable: false,
      group: "tool",
      help: "Start a new section with fresh options",
      doc: "What follows is a new request: its URLs come after it, and all options but the global ones begin at their defaults. Connections are shared between the sections.",
      examples: ["mpcurl -d a=1 https://example.com/form --next https://example.com/result"],
      control: "next",
    },
    () => undefined,
  ),
  flag(
    {
      long: "progress-meter",
      group: "verbose",
      scope: "global",
      help: "Show the progress meter (default on)",
      doc: "--no-progress-meter hides the meter and keeps warnings and errors, which --silent does not.",
      examples: ["mpcurl --no-progress-meter -O https://example.com/file"],
      seeAlso: ["progress-bar", "silent"],
    },
    (operation, on) => {
      operation.global.progressMeter = on;
    },
  ),
  flag(
    {
      long: "progress-bar",
      short: "#",
      group: "verbose",
      scope: "global",
      help: "Show a bar in place of the meter",
      doc: "Draws the progress of a transfer as a bar.",
      examples: ["mpcurl -# -O https://example.com/file"],
      seeAlso: ["progress-meter"],
    },
    (operation, on) => {
      operation.global.progressBar = on;
    },
  ),
  flag(
    {
      long: "show-error",
      short: "S",
      group: "verbose",
      scope: "global",
      help: "Show errors even with --silent",
      doc: "With --silent it brings error messages back, though not the meter or warnings.",
      examples: ["mpcurl -sS https://example.com/"],
      seeAlso: ["silent"],
    },
    (operation, on) => {
      operation.global.showError = on;
    },
  ),
  flag(
    {
      long: "silent",
      short: "s",
      group: "verbose",
      scope: "global",
      help: "No meter, no warnings, no errors",
      doc: "Shows neither progress nor messages. Add --show-error to see errors.",
      examples: ["mpcurl -s https://example.com/"],
      seeAlso: ["show-error", "progress-meter"],
    },
    (operation, on) => {
      operation.global.silent = on;
    },
  ),
  urlOption((value) => {
    if (value.startsWith("@"))
      throw refusal("reading URLs from a file is not supported by this version of mpcurl");
    return value;
  }),
  flag(
    {
      long: "verbose",
      short: "v",
      group: "verbose",
      scope: "global",
      repeat: "count",
      help: "Show what happens on the connection",
      doc: "Shows on standard error how the connection is made, which protocol it speaks (TCP or Multipath TCP), and the headers that are sent (>) and received (<). Given more than once it shows the same; --no-verbose turns it off again.",
      examples: ["mpcurl -v https://example.com/"],
      seeAlso: ["show-headers", "silent"],
    },
    (operation, on) => {
      operation.global.verbose = on;
    },
  ),
  flag(
    {
      long: "version",
      short: "V",
      group: "tool",
      scope: "global",
      help: "Show the version and what it can do",
      doc: "Prints the version, the release date, the protocols and the features, and ends.",
      examples: ["mpcurl -V"],
      seeAlso: ["help"],
      control: "version",
    },
    () => undefined,
  ),
];

function urlOption(accept: (value: string) => string): Option {
  return text(
    {
      long: "url",
      hint: "URL",
      nonblank: true,
      group: "tool",
      repeat: "append",
      help: "A URL to fetch",
      doc: "The same as a URL without an option before it; useful for a URL that begins with a dash. Given again it adds another. Without a scheme http:// is meant.",
      examples: ["mpcurl --url https://example.com/"],
      seeAlso: ["next"],
    },
    (operation, value) => {
      operation.urls.push(accept(value));
    },
  );
}
