// Where the connection goes and how long it may take.
//
// Rows only. Reading --connect-to is net/connect-to, the limits are deadline.ts.

import { DEFAULT_CONNECT_TIMEOUT_MS } from "../../deadline.ts";
import { file, flag, integer, type Option, seconds, text } from "./option.ts";

export const CONNECTION_OPTIONS: readonly Option[] = [
  seconds(
    {
      long: "connect-timeout",
      hint: "seconds",
      group: "timeouts",
      help: "Longest time a connect may take",
      doc: "Gives up with exit code 28 when name lookup, TCP and TLS handshake together take longer than this. Decimals are allowed. The default, and the meaning of 0, is 300 seconds.",
      examples: ["mpcurl --connect-timeout 2.5 https://example.com/"],
      seeAlso: ["max-time"],
    },
    (operation, ms) => {
      operation.limits.connectTimeoutMs = ms === 0 ? DEFAULT_CONNECT_TIMEOUT_MS : ms;
    },
  ),
  text(
    {
      long: "connect-to",
      hint: "HOST1:PORT1:HOST2:PORT2",
      group: "connection",
      repeat: "append",
      help: "Connect to HOST2:PORT2 in place of HOST1:PORT1",
      doc: "A request for HOST1:PORT1 goes to HOST2:PORT2. The Host header, the TLS server name and the certificate check stay with the URL. An empty HOST1 or PORT1 matches all, an empty HOST2 or PORT2 keeps the URL's; the first entry that matches counts.",
      examples: [
        "mpcurl --connect-to example.com:443:server7.example.com:8443 https://example.com/",
      ],
      seeAlso: ["resolve"],
    },
    (operation, value) => {
      operation.connection.connectTo.push(value);
    },
  ),
  flag(
    {
      long: "keepalive",
      group: "connection",
      help: "Probe idle connections (default on)",
      doc: "While nothing is sent or received on a connection the kernel asks the other end from time to time whether it is still there, so that a dead connection is noticed and boxes on the way do not forget it. --no-keepalive sends no such probes.",
      examples: ["mpcurl --no-keepalive https://example.com/"],
      seeAlso: ["keepalive-time", "keepalive-cnt"],
    },
    ({ connection }, on) => {
      connection.keepAlive.enabled = on;
    },
  ),
  integer(
    {
      long: "keepalive-cnt",
      hint: "number",
      group: "connection",
      help: "Unanswered probes that end a connection",
      doc: "How many probes in a row may stay without an answer before the kernel gives the connection up. The default, and the meaning of 0, is 9; under --mptcp it follows --mptcp-path-timeout unless --keepalive-time is given. Linux takes up to 127.",
      examples: ["mpcurl --keepalive-cnt 3 https://example.com/"],
      seeAlso: ["keepalive-time", "keepalive", "mptcp-path-timeout"],
    },
    ({ connection }, count) => {
      connection.keepAlive.count = probeNumber(count);
    },
  ),
  integer(
    {
      long: "keepalive-time",
      hint: "seconds",
      group: "connection",
      help: "Idle time before a probe, and between two",
      doc: "How long a connection is idle before the first probe is sent, and how long the kernel waits between two. The default, and the meaning of 0, is 60 seconds; under --mptcp it follows --mptcp-path-timeout, over which this option has precedence. Linux takes up to 32767.",
      examples: ["mpcurl --keepalive-time 10 https://example.com/"],
      seeAlso: ["keepalive-cnt", "keepalive", "mptcp-path-timeout"],
    },
    ({ connection }, timeSeconds) => {
      connection.keepAlive.timeSeconds = probeNumber(timeSeconds);
    },
  ),
  seconds(
    {
      long: "max-time",
      short: "m",
      hint: "seconds",
      group: "timeouts",
      help: "Longest time a transfer may take",
      doc: "Ends each transfer that takes longer, redirects included, with exit code 28. Decimals are allowed; 0, the default, is no limit.",
      examples: ["mpcurl -m 10 https://example.com/"],
      seeAlso: ["connect-timeout"],
    },
    (operation, ms) => {
      operation.limits.maxTimeMs = ms;
    },
  ),
  file(
    {
      long: "unix-socket",
      hint: "path",
      nonblank: true,
      group: "connection",
      help: "Connect through a Unix domain socket",
      doc: "Connects to this socket in the file system and not to the URL's host; the host only goes into the Host header and the TLS server name. --mptcp has no effect on it.",
      examples: ["mpcurl --unix-socket /run/service.sock http://localhost/status"],
      seeAlso: ["connect-to", "mptcp"],
    },
    (operation, value) => {
      operation.connection.unixSocket = value;
    },
  ),
];

/** What setsockopt takes in an int. curl 8.14 does the same: 0 leaves its default, more is cut to 2^31 - 1. */
function probeNumber(value: number): number | null {
  return value === 0 ? null : Math.min(value, 0x7fffffff);
}
