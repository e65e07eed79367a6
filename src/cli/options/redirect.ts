// Whether and how far redirects are followed.
//
// Rows only. What a 3xx means is http/redirect.

import { flag, integer, type Option } from "./option.ts";

export const REDIRECT_OPTIONS: readonly Option[] = [
  flag(
    {
      long: "location",
      short: "L",
      group: "redirect",
      help: "Follow redirects",
      doc: "Goes where the Location header of a 3xx response points. A POST becomes a GET after 301, 302 and 303, and stays what it is after 307 and 308; a method given with --request stays for every hop. Credentials are not sent to another host.",
      examples: ["mpcurl -L http://example.com/"],
      seeAlso: ["max-redirs", "request"],
    },
    (operation, on) => {
      operation.redirect.follow = on;
    },
  ),
  integer(
    {
      long: "max-redirs",
      hint: "number",
      least: -1,
      group: "redirect",
      help: "Most redirects that are followed",
      doc: "A transfer that meets more redirects than this under --location fails with exit code 47. The default is 50; -1 is no limit.",
      examples: ["mpcurl -L --max-redirs 3 https://example.com/"],
      seeAlso: ["location"],
    },
    (operation, value) => {
      operation.redirect.maxRedirects = value < 0 ? Number.POSITIVE_INFINITY : value;
    },
  ),
];
