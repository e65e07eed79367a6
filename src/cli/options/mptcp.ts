// Multipath TCP: what curl has of it, and what only mpcurl has.
//
// Rows only. Opening such sockets is net/dial, the kernel's words are ffi/mptcp.

import { flag, type Option } from "./option.ts";

export const MPTCP_OPTIONS: readonly Option[] = [
  flag(
    {
      long: "mptcp",
      group: "mptcp",
      help: "Connect with Multipath TCP",
      doc: "Opens every TCP connection of the transfer as Multipath TCP (RFC 8684), so that one connection can use several network paths at once and outlive the loss of one. Where the server, or something on the way, does not speak it, the connection goes on as plain TCP, and --verbose says so. A kernel that cannot open such a socket (Linux before 5.6, or net.mptcp.enabled=0) is an error with exit code 7: plain TCP is not used in its place. More than one path needs addresses that the kernel's path manager may use (ip mptcp endpoint).",
      examples: [
        "mpcurl --mptcp -O https://example.com/large.iso",
        "mpcurl -v --mptcp https://example.com/",
      ],
      seeAlso: ["verbose", "unix-socket"],
    },
    (operation, on) => {
      operation.connection.mptcp = on;
    },
  ),
];
