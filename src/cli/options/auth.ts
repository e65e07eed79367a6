// Who the user is: credentials for the origin server.
//
// Rows only. What becomes of a user name without password is cli/plan's; how credentials go out is http/auth.

import { flag, type Option, text } from "./option.ts";

export const AUTH_OPTIONS: readonly Option[] = [
  flag(
    {
      long: "basic",
      group: "auth",
      help: "Use HTTP Basic authentication",
      doc: "Sends the credentials of --user with the Basic scheme (RFC 7617). Basic is what --user uses anyway, so this only matters where another scheme was chosen before it.",
      examples: ["mpcurl --basic -u name:password https://example.com/"],
      seeAlso: ["user"],
    },
    // What --user does in any case.
    () => undefined,
  ),
  text(
    {
      long: "user",
      short: "u",
      hint: "user:password",
      group: "auth",
      help: "User name and password for the server",
      doc: "Credentials for the server that the URL names. They are split at the first colon, which has to be there. They beat what stands in the URL and are not sent to another host that a redirect leads to.",
      examples: ["mpcurl -u name:password https://example.com/"],
      seeAlso: ["basic", "location"],
    },
    (operation, value) => {
      operation.auth.user = value;
    },
  ),
];
