// Multipath TCP: what curl has of it, and what only mpcurl has.
//
// Rows only. Opening such sockets is net/dial, looking after them net/mptcp, the kernel's words ffi/mptcp. Whether an
// --mptcp-endpoint means something is net/mptcp/endpoints' to say, which is loaded in the runs that have one.

import { file, flag, type Option, refusal, seconds, text } from "./option.ts";

/** Standard output and standard error, and the forms that a file's name can choose. */
const REPORT_NAME = /^[-%]$|\.(json|html)$/i;

export const MPTCP_OPTIONS: readonly Option[] = [
  flag(
    {
      long: "mptcp",
      group: "mptcp",
      help: "Connect with Multipath TCP",
      doc: "Opens every TCP connection of the transfer as Multipath TCP (RFC 8684), so that one connection can use several network paths at once and outlive the loss of one. Where the server, or something on the way, does not speak it, the connection goes on as plain TCP; --verbose and --write-out tell that, and why, and which paths carried the bytes. A kernel that cannot open such a socket (Linux before 5.6, or net.mptcp.enabled=0) is an error with exit code 7: plain TCP is not used in its place. More than one path needs addresses that the kernel's path manager may use (--mptcp-endpoint, or ip mptcp endpoint), and --mptcp-check looks whether they are there.",
      examples: [
        "mpcurl --mptcp -O https://example.com/large.iso",
        "mpcurl -v --mptcp https://example.com/",
        "mpcurl --mptcp -o page.html -w '%{mptcp} %{mptcp_subflows}\\n' https://example.com/",
      ],
      seeAlso: ["mptcp-require", "mptcp-check", "mptcp-report", "verbose", "write-out"],
    },
    ({ connection }, on) => {
      connection.mptcp = on;
      if (!on) connection.mptcpRequired = false;
    },
  ),
  flag(
    {
      long: "mptcp-check",
      group: "mptcp",
      scope: "global",
      help: "Check what MPTCP could do here; no transfer",
      doc: "Looks at all that Multipath TCP needs on this machine (the kernel, its settings, limits, endpoints and routes) and, for each URL, sends one HEAD request and waits up to three seconds for further paths. Each problem comes with the command that mends it. The exit code is 0 where a connection over more than one path would work, 1 where one path is all, and 2 where MPTCP does not work. No privileges are needed.",
      examples: [
        "mpcurl --mptcp-check https://example.com/",
        "mpcurl --mptcp-check --mptcp-report check.json https://example.com/",
      ],
      seeAlso: ["mptcp", "mptcp-endpoint", "mptcp-report"],
    },
    ({ global }, on) => {
      global.mptcpCheck = on;
    },
  ),
  text(
    {
      long: "mptcp-endpoint",
      hint: "spec",
      nonblank: true,
      group: "mptcp",
      scope: "global",
      repeat: "append",
      help: "Let MPTCP use an address during this run",
      doc: "Gives the kernel's path manager an endpoint for as long as mpcurl runs: the name of an interface, which stands for its first global IPv4 and its first global IPv6 address, or an address of this machine, then any of subflow (the default), signal, backup, fullmesh and id=N, each behind a comma. The word auto stands for one subflow endpoint for IPv4 and one for IPv6 on each interface that is up, has a default route of that family and has no endpoint yet. What is there already is left as it is, and what was added is taken away at the end, on an error and on Ctrl-C too. It holds for the whole machine, needs the capability CAP_NET_ADMIN, and can be given more than once.",
      examples: [
        "mpcurl --mptcp --mptcp-endpoint wlan0 -O https://example.com/large.iso",
        "mpcurl --mptcp --mptcp-endpoint 10.9.2.1,backup,id=7 https://example.com/",
        "mpcurl --mptcp --mptcp-endpoint auto https://example.com/",
      ],
      seeAlso: ["mptcp", "mptcp-check"],
    },
    ({ global }, value) => {
      global.mptcpEndpoints.push(value);
    },
  ),
  seconds(
    {
      long: "mptcp-path-timeout",
      hint: "seconds",
      group: "mptcp",
      help: "When a path without answer counts as dead",
      doc: "A path of a Multipath TCP connection is dead when the other end has not answered the kernel's probes on it, or has not acknowledged data sent on it, for this long; a server that is slow to speak is no reason. When every path is dead the transfer ends with exit code 56. Decimals are allowed; the default is 30 seconds, and 0 waits for ever. --keepalive-time has precedence for the probes.",
      examples: ["mpcurl --mptcp --mptcp-path-timeout 5 -O https://example.com/large.iso"],
      seeAlso: ["mptcp", "keepalive-time", "max-time"],
    },
    ({ connection }, ms) => {
      connection.pathTimeoutMs = ms;
    },
  ),
  file(
    {
      long: "mptcp-report",
      hint: "file",
      nonblank: true,
      group: "mptcp",
      scope: "global",
      help: "Write what became of each path to a file",
      doc: "Writes what became of every path of every transfer: addresses, interface, bytes, round-trip times, retransmissions, when it came up and why it went. A name that ends in .json gets data for programs with the whole course over time, one that ends in .html a page with charts that needs nothing else; - is a table on standard output and % one on standard error. With --mptcp-check it takes the findings, as .json only.",
      examples: [
        "mpcurl --mptcp --mptcp-report paths.html -O https://example.com/large.iso",
        "mpcurl --mptcp --mptcp-report % -o page.html https://example.com/",
      ],
      seeAlso: ["mptcp", "mptcp-check", "write-out"],
    },
    ({ global }, value) => {
      if (!REPORT_NAME.test(value)) {
        throw refusal(
          "takes a name that ends in .json or .html, - for standard output or % for standard error",
        );
      }
      global.mptcpReport = value;
    },
  ),
  flag(
    {
      long: "mptcp-require",
      group: "mptcp",
      help: "Refuse connections that are not MPTCP",
      doc: "As --mptcp, and a connection that fell back to plain TCP ends with exit code 120 and the reason, before anything of the request is sent; where only the first reply can tell, nothing of it is written. Taken back it leaves --mptcp on, while --no-mptcp takes back both.",
      examples: ["mpcurl --mptcp-require -O https://example.com/large.iso"],
      seeAlso: ["mptcp", "mptcp-check"],
    },
    ({ connection }, on) => {
      if (on) connection.mptcp = true;
      connection.mptcpRequired = on;
    },
  ),
];
