// What is sent: the -d family and uploads.
//
// The pieces are kept raw and in order; opening `@file` and encoding are cli/plan's.

import type { Operation } from "../operation.ts";
import { file, flag, type Option, text } from "./option.ts";

type DataRow = Pick<Option, "long" | "help" | "doc" | "examples"> & {
  readonly short?: string;
  readonly seeAlso?: readonly string[];
};

type DataKind = Operation["request"]["data"][number]["kind"];

function data(kind: DataKind, row: DataRow): Option {
  return text({ hint: "data", group: "body", repeat: "append", ...row }, (operation, value) => {
    operation.request.data.push({ kind, text: value });
  });
}

export const BODY_OPTIONS: readonly Option[] = [
  data("data", {
    long: "data",
    short: "d",
    help: "Send data in a POST request",
    doc: "Makes the request a POST whose body is this text, typed application/x-www-form-urlencoded. Several pieces are joined with &. A piece that begins with @ names a file, or standard input where it is @-; carriage returns, line feeds and NUL bytes are taken out of it.",
    examples: [
      "mpcurl -d name=daniel -d age=20 https://example.com/form",
      "mpcurl -d @answers.txt https://example.com/form",
    ],
    seeAlso: ["data-binary", "data-raw", "data-urlencode", "get", "json"],
  }),
  data("data", {
    long: "data-ascii",
    help: "The same as --data",
    doc: "Another name of --data.",
    examples: ["mpcurl --data-ascii name=daniel https://example.com/form"],
    seeAlso: ["data"],
  }),
  data("binary", {
    long: "data-binary",
    help: "Send data in a POST request, byte for byte",
    doc: "Like --data, but a file named with @ is sent exactly as it is.",
    examples: ["mpcurl --data-binary @photo.jpg https://example.com/upload"],
    seeAlso: ["data", "data-raw"],
  }),
  data("raw", {
    long: "data-raw",
    help: "Send data in a POST request, @ is literal",
    doc: "Like --data, but a leading @ has no meaning and is sent.",
    examples: ["mpcurl --data-raw @home https://example.com/form"],
    seeAlso: ["data"],
  }),
  data("urlencode", {
    long: "data-urlencode",
    help: "Send URL-encoded data in a POST request",
    doc: "Like --data, but the content is percent-encoded. The forms are: content, =content, name=content, @file and name@file; the name is sent as it stands.",
    examples: [
      "mpcurl --data-urlencode 'q=a & b' https://example.com/search",
      "mpcurl --data-urlencode note@text.txt https://example.com/form",
    ],
    seeAlso: ["data", "get"],
  }),
  flag(
    {
      long: "get",
      short: "G",
      group: "body",
      help: "Put the data into the URL and use GET",
      doc: "What the options of the --data family give goes behind the URL's question mark, and the request is a GET. With --head it is a HEAD.",
      examples: ["mpcurl -G -d page=2 https://example.com/list"],
      seeAlso: ["data", "data-urlencode"],
    },
    (operation, on) => {
      operation.request.get = on;
    },
  ),
  data("json", {
    long: "json",
    help: "Send JSON in a POST request",
    doc: "Sends the text as it is with Content-Type and Accept set to application/json, unless --header sets them. Several pieces are put together with nothing between them; @file and @- are read byte for byte.",
    examples: [`mpcurl --json '{"name": "daniel"}' https://example.com/api`],
    seeAlso: ["data", "data-binary"],
  }),
  file(
    {
      long: "upload-file",
      short: "T",
      hint: "file",
      group: "body",
      scope: "url",
      help: "Upload a file with PUT",
      doc: "Sends the file as the body of a PUT request. Where the URL ends in a slash the file's name is put behind it. - is standard input, sent in chunks, and an empty name uploads nothing. The first -T belongs to the first URL, the second to the second.",
      examples: [
        "mpcurl -T report.pdf https://example.com/inbox/",
        "tar c . | mpcurl -T - https://example.com/backup.tar",
      ],
      seeAlso: ["data-binary", "request"],
    },
    (operation, value) => {
      operation.uploads.push(value);
    },
  ),
];
