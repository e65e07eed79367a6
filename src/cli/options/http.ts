// The request's head: method, version, fields.
//
// Rows only. Which fields result, in which order, is http/request.

import { flag, type Option, text } from "./option.ts";

const RANGE_WITHOUT_DASH =
  "A specified range MUST include at least one dash (-). Appending one for you";
const RANGE_WITH_STRANGE_CHARACTER =
  "Invalid character is found in given range. A specified range MUST have only digits in " +
  "'start'-'stop'. The server's response to this request is uncertain.";

export const HTTP_OPTIONS: readonly Option[] = [
  flag(
    {
      long: "compressed",
      group: "http",
      help: "Ask for a compressed response and decode it",
      doc: "Offers the codings deflate, gzip, br and zstd to the server and decodes what comes back. Without this option a body is delivered as it was sent.",
      examples: ["mpcurl --compressed https://example.com/"],
    },
    (operation, on) => {
      operation.request.compressed = on;
    },
  ),
  flag(
    {
      long: "head",
      short: "I",
      group: "http",
      help: "Fetch the headers only",
      doc: "Makes a HEAD request and prints the response's header.",
      examples: ["mpcurl -I https://example.com/"],
      seeAlso: ["show-headers", "dump-header"],
    },
    (operation, on) => {
      operation.request.head = on;
    },
  ),
  text(
    {
      long: "header",
      short: "H",
      hint: "header|@file",
      group: "http",
      repeat: "append",
      help: "Add, replace or remove a request header",
      doc: "Adds a field to the request, or replaces the one that mpcurl would send. 'Name:' removes a field, 'Name;' sends it with an empty value, and @file reads one field a line. Given again it adds another.",
      examples: [
        "mpcurl -H 'Accept-Language: de' https://example.com/",
        "mpcurl -H User-Agent: -H @fields.txt https://example.com/",
      ],
      seeAlso: ["user-agent", "referer"],
    },
    (operation, value) => {
      operation.request.headers.push(value);
      return value === "" || value.startsWith("@") || /[:;]/.test(value)
        ? undefined
        : `The provided HTTP header '${value}' does not look like a header?`;
    },
  ),
  flag(
    {
      long: "http1.0",
      short: "0",
      negatable: false,
      group: "http",
      help: "Use HTTP 1.0",
      doc: "Sends HTTP/1.0 requests. Of --http1.0 and --http1.1 the later counts.",
      examples: ["mpcurl -0 http://example.com/"],
      seeAlso: ["http1.1"],
    },
    (operation) => {
      operation.request.httpVersion = "1.0";
    },
  ),
  flag(
    {
      long: "http1.1",
      negatable: false,
      group: "http",
      help: "Use HTTP 1.1",
      doc: "Sends HTTP/1.1 requests, which is the default. Of --http1.0 and --http1.1 the later counts.",
      examples: ["mpcurl --http1.1 https://example.com/"],
      seeAlso: ["http1.0"],
    },
    (operation) => {
      operation.request.httpVersion = "1.1";
    },
  ),
  text(
    {
      long: "range",
      short: "r",
      hint: "range",
      nonblank: true,
      group: "http",
      help: "Fetch these bytes only",
      doc: "Asks for part of the resource. 0-499 is the first 500 bytes, 500- all from there on, -500 the last 500; several ranges are separated by commas. A server may answer with the whole.",
      examples: ["mpcurl -r 0-99 https://example.com/file"],
    },
    (operation, value) => {
      // curl reads a leading number; where no dash follows it drops the rest (run on curl 8.14: "1,5" sends "1-").
      const number = /^0*(\d{1,18})(?![\d-])/.exec(value);
      if (number) {
        operation.request.range = `${number[1]}-`;
        return RANGE_WITHOUT_DASH;
      }
      operation.request.range = value;
      return /[^\d,-]/.test(value) ? RANGE_WITH_STRANGE_CHARACTER : undefined;
    },
  ),
  text(
    {
      long: "referer",
      short: "e",
      hint: "URL",
      group: "http",
      help: "Send this Referer header",
      doc: "The URL that the request says it comes from. With ;auto at its end the previous URL is sent after each redirect; an empty text sends no such header.",
      examples: [
        "mpcurl -e https://example.com/start https://example.com/next",
        "mpcurl -L -e ';auto' https://example.com/",
      ],
      seeAlso: ["header", "user-agent"],
    },
    (operation, value) => {
      operation.request.referer = value;
    },
  ),
  text(
    {
      long: "request",
      short: "X",
      hint: "method",
      nonblank: true,
      group: "http",
      help: "Use this request method",
      doc: "Replaces the method's word and nothing else: what is sent and how the response is read stays with the other options. Use --head for HEAD, --data for POST and --upload-file for PUT. With --location the word is used for every redirect.",
      examples: ["mpcurl -X DELETE https://example.com/item/7"],
      seeAlso: ["data", "head", "upload-file"],
    },
    (operation, value) => {
      operation.request.method = value;
    },
  ),
  text(
    {
      long: "user-agent",
      short: "A",
      hint: "name",
      group: "http",
      help: "Send this User-Agent header",
      doc: "Names the program to the server. An empty text sends no such header.",
      examples: ["mpcurl -A 'probe/1.0' https://example.com/"],
      seeAlso: ["header"],
    },
    (operation, value) => {
      operation.request.userAgent = value;
    },
  ),
];
