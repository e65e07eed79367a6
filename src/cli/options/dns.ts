// How a host's name becomes addresses.
//
// Rows only. Reading --resolve is net/resolve-rule, asking is net/resolve.

import { flag, type Option, text } from "./option.ts";

export const DNS_OPTIONS: readonly Option[] = [
  flag(
    {
      long: "ipv4",
      short: "4",
      negatable: false,
      group: "dns",
      help: "Use IPv4 addresses only",
      doc: "Uses no other addresses of the host than IPv4. Of --ipv4 and --ipv6 the later counts.",
      examples: ["mpcurl -4 https://example.com/"],
      seeAlso: ["ipv6"],
    },
    (operation) => {
      operation.connection.family = "ipv4";
    },
  ),
  flag(
    {
      long: "ipv6",
      short: "6",
      negatable: false,
      group: "dns",
      help: "Use IPv6 addresses only",
      doc: "Uses no other addresses of the host than IPv6. Of --ipv4 and --ipv6 the later counts.",
      examples: ["mpcurl -6 https://example.com/"],
      seeAlso: ["ipv4"],
    },
    (operation) => {
      operation.connection.family = "ipv6";
    },
  ),
  text(
    {
      long: "resolve",
      hint: "[+]host:port:addr[,addr]",
      group: "dns",
      repeat: "append",
      help: "Addresses of a host, given by hand",
      doc: "The host on this port has these addresses, and no lookup is made. IPv6 addresses stand in brackets, * is any host, and -host:port takes an entry back.",
      examples: ["mpcurl --resolve example.com:443:192.0.2.7,[2001:db8::7] https://example.com/"],
      seeAlso: ["connect-to"],
    },
    (operation, value) => {
      operation.connection.resolve.push(value);
    },
  ),
];
