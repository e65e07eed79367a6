// What becomes of the response.
//
// -o and -O fill slots: the n-th belongs to the n-th URL (cli/plan pairs them).

import { file, flag, type Option, text } from "./option.ts";

export const OUTPUT_OPTIONS: readonly Option[] = [
  flag(
    {
      long: "create-dirs",
      group: "output",
      help: "Create the directories of output files",
      doc: "Creates the missing directories of the files that --output, --output-dir and --dump-header name, with mode 0750.",
      examples: ["mpcurl --create-dirs -o a/b/page.html https://example.com/"],
      seeAlso: ["output", "output-dir"],
    },
    (operation, on) => {
      operation.output.createDirs = on;
    },
  ),
  file(
    {
      long: "dump-header",
      short: "D",
      hint: "file",
      nonblank: true,
      group: "output",
      help: "Write the response headers to a file",
      doc: "Writes the headers of all responses to this file: - is standard output and % standard error. The first transfer empties the file, the following ones add to it.",
      examples: ["mpcurl -D headers.txt -o page.html https://example.com/"],
      seeAlso: ["show-headers"],
    },
    (operation, value) => {
      operation.output.dumpHeader = value;
    },
  ),
  flag(
    {
      long: "fail",
      short: "f",
      group: "output",
      help: "Fail without output on HTTP errors",
      doc: "A status of 400 or more is exit code 22, and its body is not output.",
      examples: ["mpcurl -f https://example.com/missing || echo failed"],
      seeAlso: ["fail-with-body"],
    },
    (operation, on) => {
      const before = operation.output.fail;
      operation.output.fail = on ? "without-body" : before === "without-body" ? "no" : before;
      return on && before === "with-body" ? "--fail deselects --fail-with-body here" : undefined;
    },
  ),
  flag(
    {
      long: "fail-with-body",
      group: "output",
      help: "Fail on HTTP errors but keep the body",
      doc: "A status of 400 or more is exit code 22, and its body is output all the same.",
      examples: ["mpcurl --fail-with-body https://example.com/api"],
      seeAlso: ["fail"],
    },
    (operation, on) => {
      const before = operation.output.fail;
      operation.output.fail = on ? "with-body" : before === "with-body" ? "no" : before;
      return on && before === "without-body" ? "--fail-with-body deselects --fail here" : undefined;
    },
  ),
  showHeaders(
    "include",
    undefined,
    "The same as --show-headers",
    "Another name of --show-headers.",
  ),
  file(
    {
      long: "output",
      short: "o",
      hint: "file",
      nonblank: true,
      group: "output",
      scope: "url",
      help: "Write to a file, not to standard output",
      doc: "Writes the body to this file; - is standard output. The first -o belongs to the first URL, the second to the second. The file is created when the first byte is to be written.",
      examples: ["mpcurl -o page.html https://example.com/"],
      seeAlso: ["remote-name", "output-dir", "create-dirs"],
    },
    (operation, path) => {
      operation.outputs.push({ kind: "file", path });
    },
  ),
  text(
    {
      long: "output-dir",
      hint: "dir",
      nonblank: true,
      group: "output",
      help: "Put output files into this directory",
      doc: "Goes before the names of --output and --remote-name. The directory has to exist unless --create-dirs is given.",
      examples: ["mpcurl --output-dir /tmp -O https://example.com/file"],
      seeAlso: ["create-dirs", "output", "remote-name"],
    },
    (operation, value) => {
      operation.output.dir = value;
    },
  ),
  flag(
    {
      long: "remote-header-name",
      short: "J",
      group: "output",
      help: "Use the file name that the server gives",
      doc: "With --remote-name the file is named as the response's Content-Disposition says. Directories in the name are cut off, and a file that exists is not overwritten.",
      examples: ["mpcurl -OJ https://example.com/download?id=7"],
      seeAlso: ["remote-name"],
    },
    (operation, on) => {
      operation.output.remoteHeaderName = on;
    },
  ),
  flag(
    {
      long: "remote-name",
      short: "O",
      group: "output",
      scope: "url",
      help: "Write to a file named as in the URL",
      doc: "Writes the body to a file of the current directory, named as the last part of the URL's path. Like --output it belongs to one URL: give it once for each.",
      examples: ["mpcurl -O https://example.com/file.tar.gz"],
      seeAlso: ["output", "output-dir", "remote-header-name"],
    },
    (operation, on) => {
      // --no-remote-name takes a URL out of --remote-name-all and fills no slot of its own (run on curl 8.14).
      if (on) operation.outputs.push({ kind: "remote-name" });
    },
  ),
  showHeaders(
    "show-headers",
    "i",
    "Put the response headers into the output",
    "Writes the headers of all responses before the body, into the same output.",
  ),
  text(
    {
      long: "write-out",
      short: "w",
      hint: "format",
      group: "output",
      help: "Print facts about each finished transfer",
      doc: "Prints this text after each transfer, with variables like %{http_code} filled in. \\n, \\r and \\t are a line feed, a carriage return and a tab; @file reads the text from a file. Under --mptcp there are %{mptcp} (mptcp, fallback or unknown; tcp without that option), %{mptcp_reason}, %{mptcp_subflows}, %{mptcp_bytes_retrans} and %{mptcp_paths} too.",
      examples: ["mpcurl -s -o page.html -w '%{http_code} %{time_total}\\n' https://example.com/"],
      seeAlso: ["mptcp", "mptcp-report"],
    },
    (operation, value) => {
      operation.output.writeOut = value;
    },
  ),
];

function showHeaders(long: string, short: string | undefined, help: string, doc: string): Option {
  return flag(
    {
      long,
      ...(short === undefined ? {} : { short }),
      group: "output",
      help,
      doc,
      examples: [`mpcurl --${long} https://example.com/`],
      seeAlso: long === "include" ? ["show-headers"] : ["head", "dump-header"],
    },
    (operation, on) => {
      operation.output.showHeaders = on;
    },
  );
}
