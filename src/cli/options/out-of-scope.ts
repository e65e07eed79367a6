// Options of curl that mpcurl knows and does not do.
//
// They are in the table with their true arity, so that a command line is cut exactly as curl cuts it whatever stands
// in it. Using one ends in one of these ways, as curl(1) built with the same features has it:
// - LATER: refused by name, exit 2, until the version that has it;
// - QUIET: taken and without effect, as in any curl whose transfer is plain HTTP (other protocols, other TLS libraries);
// - RETIRED: a warning, and no effect, for options that lost their function in curl;
// - LIBCURL: the text that a curl built without the feature gives, which scripts look for;
// - specials: a value of theirs is checked, or a warning of their own is due.

import {
  type Option,
  type OptionGroup,
  parseInteger,
  REASON,
  type RefusalDetail,
  refusal,
  type Warning,
} from "./option.ts";

/** "flag": no value, negatable · "once": no value, not negatable · else the kind of its value. */
type Arity = "flag" | "once" | "text" | "file" | "integer" | "seconds";

type Mark = "" | "append" | "global" | "global append" | "url" | "nonblank" | "short-off";

type Line = readonly [long: string, short: string, arity: Arity, group: OptionGroup, mark?: Mark];

const LATER: readonly Line[] = [
  ["abstract-unix-socket", "", "file", "connection"],
  ["alpn", "", "flag", "tls"],
  ["alt-svc", "", "text", "http"],
  ["anyauth", "", "once", "auth"],
  ["aws-sigv4", "", "text", "auth"],
  ["buffer", "N", "flag", "output", "short-off"],
  ["ca-native", "", "flag", "tls"],
  ["cert-status", "", "flag", "tls"],
  ["cert-type", "", "text", "tls"],
  ["ciphers", "", "text", "tls"],
  ["clobber", "", "flag", "output"],
  ["config", "K", "file", "tool", "append"],
  ["continue-at", "C", "text", "http"],
  ["cookie", "b", "text", "cookies", "append"],
  ["cookie-jar", "c", "text", "cookies"],
  ["crlf", "", "flag", "body"],
  ["crlfile", "", "file", "tls"],
  ["curves", "", "text", "tls"],
  ["digest", "", "flag", "auth"],
  ["disable", "q", "flag", "tool", "global"],
  ["disallow-username-in-url", "", "flag", "auth"],
  ["dns-servers", "", "text", "dns"],
  ["doh-cert-status", "", "flag", "dns"],
  ["doh-insecure", "", "flag", "dns"],
  ["doh-url", "", "text", "dns"],
  ["etag-compare", "", "file", "cache"],
  ["etag-save", "", "file", "cache"],
  ["expect100-timeout", "", "seconds", "timeouts"],
  ["fail-early", "", "flag", "parallel", "global"],
  ["follow", "", "flag", "redirect"],
  ["form", "F", "text", "body", "append"],
  ["form-escape", "", "flag", "body"],
  ["form-string", "", "text", "body", "append"],
  ["happy-eyeballs-timeout-ms", "", "integer", "connection"],
  ["haproxy-clientip", "", "text", "proxy"],
  ["haproxy-protocol", "", "flag", "proxy"],
  ["hsts", "", "text", "http"],
  ["http0.9", "", "flag", "http"],
  ["ignore-content-length", "", "flag", "http"],
  ["interface", "", "text", "connection"],
  ["ip-tos", "", "text", "connection"],
  ["junk-session-cookies", "j", "flag", "cookies"],
  ["key-type", "", "text", "tls"],
  ["limit-rate", "", "text", "timeouts"],
  ["local-port", "", "text", "connection"],
  ["location-trusted", "", "flag", "redirect"],
  ["manual", "M", "flag", "tool", "global"],
  ["max-filesize", "", "text", "timeouts"],
  ["netrc", "n", "flag", "auth"],
  ["netrc-file", "", "file", "auth"],
  ["netrc-optional", "", "flag", "auth"],
  ["noproxy", "", "text", "proxy"],
  ["oauth2-bearer", "", "text", "auth"],
  ["out-null", "", "flag", "output", "url"],
  ["parallel", "Z", "flag", "parallel", "global"],
  ["parallel-immediate", "", "flag", "parallel", "global"],
  ["parallel-max", "", "integer", "parallel", "global"],
  ["parallel-max-host", "", "integer", "parallel", "global"],
  ["path-as-is", "", "flag", "http"],
  ["pinnedpubkey", "", "text", "tls"],
  ["post301", "", "flag", "redirect"],
  ["post302", "", "flag", "redirect"],
  ["post303", "", "flag", "redirect"],
  ["preproxy", "", "text", "proxy"],
  ["proto", "", "text", "connection"],
  ["proto-default", "", "text", "connection"],
  ["proto-redir", "", "text", "redirect"],
  ["proxy", "x", "text", "proxy"],
  ["proxy-anyauth", "", "flag", "proxy"],
  ["proxy-basic", "", "flag", "proxy"],
  ["proxy-ca-native", "", "flag", "proxy"],
  ["proxy-cacert", "", "file", "proxy"],
  ["proxy-capath", "", "file", "proxy"],
  ["proxy-cert", "", "file", "proxy"],
  ["proxy-cert-type", "", "text", "proxy"],
  ["proxy-ciphers", "", "text", "proxy"],
  ["proxy-crlfile", "", "file", "proxy"],
  ["proxy-digest", "", "flag", "proxy"],
  ["proxy-header", "", "text", "proxy", "append"],
  ["proxy-insecure", "", "flag", "proxy"],
  ["proxy-key", "", "file", "proxy"],
  ["proxy-key-type", "", "text", "proxy"],
  ["proxy-pass", "", "text", "proxy"],
  ["proxy-pinnedpubkey", "", "text", "proxy"],
  ["proxy-ssl-allow-beast", "", "flag", "proxy"],
  ["proxy-tls13-ciphers", "", "text", "proxy"],
  ["proxy-tlsv1", "", "once", "proxy"],
  ["proxy-user", "U", "text", "proxy"],
  ["proxy1.0", "", "text", "proxy"],
  ["proxytunnel", "p", "flag", "proxy"],
  ["rate", "", "text", "timeouts", "global"],
  ["raw", "", "flag", "http"],
  ["remote-name-all", "", "flag", "output"],
  ["remote-time", "R", "flag", "output"],
  ["remove-on-error", "", "flag", "output"],
  ["request-target", "", "text", "http"],
  ["retry", "", "integer", "retry"],
  ["retry-all-errors", "", "flag", "retry"],
  ["retry-connrefused", "", "flag", "retry"],
  ["retry-delay", "", "seconds", "retry"],
  ["retry-max-time", "", "seconds", "retry"],
  ["sessionid", "", "flag", "tls"],
  ["sigalgs", "", "text", "tls"],
  ["skip-existing", "", "flag", "output"],
  ["socks4", "", "text", "proxy"],
  ["socks4a", "", "text", "proxy"],
  ["socks5", "", "text", "proxy"],
  ["socks5-basic", "", "flag", "proxy"],
  ["socks5-hostname", "", "text", "proxy"],
  ["speed-limit", "Y", "integer", "timeouts"],
  ["speed-time", "y", "integer", "timeouts"],
  ["ssl-allow-beast", "", "flag", "tls"],
  ["stderr", "", "file", "verbose", "global"],
  ["styled-output", "", "flag", "verbose", "global"],
  ["suppress-connect-headers", "", "flag", "proxy"],
  ["tcp-fastopen", "", "flag", "connection"],
  ["tcp-nodelay", "", "flag", "connection"],
  ["time-cond", "z", "text", "cache"],
  ["tls-earlydata", "", "flag", "tls"],
  ["tls13-ciphers", "", "text", "tls"],
  ["tr-encoding", "", "flag", "http"],
  ["trace", "", "file", "verbose", "global"],
  ["trace-ascii", "", "file", "verbose", "global"],
  ["trace-config", "", "text", "verbose", "global append"],
  ["trace-ids", "", "flag", "verbose", "global"],
  ["trace-time", "", "flag", "verbose", "global"],
  ["url-query", "", "text", "http", "append"],
  ["use-ascii", "B", "flag", "body"],
  ["variable", "", "text", "tool", "global append"],
  ["vlan-priority", "", "integer", "connection"],
  ["xattr", "", "flag", "output"],
  ["engine", "", "text", "tls"],
];

const QUIET: readonly Line[] = [
  ["append", "a", "flag", "other-protocols"],
  ["compressed-ssh", "", "flag", "other-protocols"],
  ["disable-eprt", "", "flag", "other-protocols"],
  ["disable-epsv", "", "flag", "other-protocols"],
  ["eprt", "", "flag", "other-protocols"],
  ["epsv", "", "flag", "other-protocols"],
  ["ftp-account", "", "text", "other-protocols", "nonblank"],
  ["ftp-alternative-to-user", "", "text", "other-protocols", "nonblank"],
  ["ftp-create-dirs", "", "flag", "other-protocols"],
  ["ftp-pasv", "", "once", "other-protocols"],
  ["ftp-port", "P", "text", "other-protocols", "nonblank"],
  ["ftp-pret", "", "flag", "other-protocols"],
  ["ftp-skip-pasv-ip", "", "flag", "other-protocols"],
  ["ftp-ssl-ccc", "", "flag", "other-protocols"],
  ["ftp-ssl-control", "", "flag", "other-protocols"],
  ["ftp-ssl-reqd", "", "flag", "other-protocols"],
  ["hostpubsha256", "", "text", "other-protocols", "nonblank"],
  ["ipfs-gateway", "", "text", "other-protocols", "nonblank"],
  ["list-only", "l", "flag", "other-protocols"],
  ["login-options", "", "text", "other-protocols"],
  ["mail-auth", "", "text", "other-protocols", "nonblank"],
  ["mail-from", "", "text", "other-protocols", "nonblank"],
  ["mail-rcpt", "", "text", "other-protocols", "append"],
  ["mail-rcpt-allowfails", "", "flag", "other-protocols"],
  ["proxy-service-name", "", "text", "proxy", "nonblank"],
  ["proxy-ssl-auto-client-cert", "", "flag", "proxy"],
  ["pubkey", "", "text", "other-protocols", "nonblank"],
  ["quote", "Q", "text", "other-protocols", "append"],
  ["sasl-authzid", "", "text", "other-protocols", "nonblank"],
  ["sasl-ir", "", "flag", "other-protocols"],
  ["service-name", "", "text", "auth", "nonblank"],
  ["socks5-gssapi", "", "flag", "proxy"],
  ["socks5-gssapi-nec", "", "flag", "proxy"],
  ["socks5-gssapi-service", "", "text", "proxy"],
  ["ssl-auto-client-cert", "", "flag", "tls"],
  ["ssl-no-revoke", "", "flag", "tls"],
  ["ssl-reqd", "", "flag", "other-protocols"],
  ["ssl-revoke-best-effort", "", "flag", "tls"],
  ["telnet-option", "t", "text", "other-protocols", "append"],
  ["tftp-no-options", "", "flag", "other-protocols"],
];

const RETIRED: readonly Line[] = [
  ["egd-file", "", "text", "tls"],
  ["false-start", "", "flag", "tls"],
  ["krb", "", "text", "other-protocols"],
  ["krb4", "", "text", "other-protocols"],
  ["metalink", "", "flag", "tool"],
  ["npn", "", "flag", "tls"],
  ["ntlm-wb", "", "flag", "auth"],
  ["proxy-tlsauthtype", "", "text", "proxy"],
  ["proxy-tlspassword", "", "text", "proxy"],
  ["proxy-tlsuser", "", "text", "proxy"],
  ["random-file", "", "file", "tls"],
  ["sslv2", "2", "once", "tls"],
  ["sslv3", "3", "once", "tls"],
  ["tlsauthtype", "", "text", "tls"],
  ["tlspassword", "", "text", "tls"],
  ["tlsuser", "", "text", "tls"],
];

const LIBCURL: readonly Line[] = [
  ["dns-interface", "", "text", "dns"],
  ["dns-ipv4-addr", "", "text", "dns"],
  ["dns-ipv6-addr", "", "text", "dns"],
  ["ech", "", "text", "tls"],
  ["http2", "", "once", "other-protocols"],
  ["http2-prior-knowledge", "", "once", "other-protocols"],
  ["http3", "", "once", "other-protocols"],
  ["http3-only", "", "once", "other-protocols"],
  ["proxy-http2", "", "flag", "proxy"],
  ["proxy-negotiate", "", "flag", "proxy"],
  ["proxy-ntlm", "", "flag", "proxy"],
  ["ssl-sessions", "", "file", "tls", "global"],
];

/** Of these only the switching on is refused; --no-NAME is what the transfer does anyway. */
const LIBCURL_WHEN_ON: readonly Line[] = [
  ["negotiate", "", "flag", "auth"],
  ["ntlm", "", "flag", "auth"],
  ["proxy-http3", "", "flag", "proxy"],
];

const UPLOAD_FLAGS: readonly string[] = ["answered", "deleted", "draft", "flagged", "seen"];

type Apply = (raw: string | boolean) => Warning;

function specials(): readonly (readonly [Line, Apply])[] {
  return [
    [["create-file-mode", "", "text", "other-protocols"], (raw) => checkMode(String(raw))],
    [
      ["delegation", "", "text", "other-protocols"],
      oneOf(
        ["none", "policy", "always"],
        (value) => `unrecognized delegation method '${value}', using none`,
      ),
    ],
    [
      ["ftp-method", "", "text", "other-protocols"],
      oneOf(
        ["multicwd", "nocwd", "singlecwd"],
        (value) => `unrecognized ftp file method '${value}', using default`,
      ),
    ],
    [
      ["ftp-ssl-ccc-mode", "", "text", "other-protocols"],
      oneOf(
        ["active", "passive"],
        (value) => `unrecognized ftp CCC method '${value}', using default`,
      ),
    ],
    [["ftp-ssl", "", "flag", "other-protocols"], insecure("ftp-ssl")],
    [["ssl", "", "flag", "other-protocols"], insecure("ssl")],
    [
      ["hostpubmd5", "", "text", "other-protocols", "nonblank"],
      (raw) => refuseIf(String(raw).length !== 32, REASON.badUse),
    ],
    [["httpsig-algo", "", "text", "auth"], () => refuseIf(true, REASON.unknown)],
    [["httpsig-headers", "", "text", "auth"], () => refuseIf(true, REASON.unknown)],
    [["httpsig-key", "", "file", "auth"], () => refuseIf(true, REASON.unknown)],
    [["httpsig-keyid", "", "text", "auth"], () => refuseIf(true, REASON.unknown)],
    [["knownhosts", "", "file", "other-protocols", "nonblank"], () => undefined],
    [
      ["libcurl", "", "text", "tool", "global"],
      () =>
        refuseIf(true, REASON.unknown, { warning: "--libcurl option was disabled at build-time" }),
    ],
    [
      ["tftp-blksize", "", "integer", "other-protocols"],
      (raw) => {
        parseInteger(String(raw));
        return undefined;
      },
    ],
    [
      ["upload-flags", "", "text", "other-protocols"],
      (raw) =>
        refuseIf(
          !String(raw)
            .split(",")
            .every((name) => UPLOAD_FLAGS.includes(name)),
          REASON.unknown,
        ),
    ],
  ];
}

const ACCEPTED_HELP = "Accepted for compatibility, without effect";
const REFUSED_HELP = "Not supported by this version";
const REFUSED_DOC =
  "mpcurl knows this option of curl and refuses it by name: this version does not have what it asks for.";
const QUIET_DOC =
  "Accepted and without effect, as in curl: it concerns protocols or libraries that have no part in a transfer of mpcurl.";

function row(line: Line, support: Option["support"], doc: string, apply: Apply): Option {
  const [long, short, arity, group, mark = ""] = line;
  const takesValue = arity !== "flag" && arity !== "once";
  return {
    long,
    ...(short === "" ? {} : { short }),
    ...(mark === "short-off" ? { shortNegates: true } : {}),
    ...(takesValue ? { value: { hint: arity, kind: arity } } : {}),
    negatable: arity === "flag",
    repeat: mark.endsWith("append") ? "append" : "last",
    scope: mark.startsWith("global") ? "global" : mark === "url" ? "url" : "operation",
    group,
    help: support === "refused" ? REFUSED_HELP : ACCEPTED_HELP,
    doc,
    examples: [],
    seeAlso: [],
    support,
    apply(_operation, raw) {
      if (mark === "nonblank" && raw === "") throw refusal(REASON.blank);
      return apply(raw);
    },
  };
}

function refuseIf(refused: boolean, reason: string, detail?: RefusalDetail): Warning {
  if (refused) throw refusal(reason, detail);
  return undefined;
}

/** Out of this list in any case, else a warning. */
function oneOf(known: readonly string[], warn: (value: string) => string): Apply {
  return (raw) => (known.includes(String(raw).toLowerCase()) ? undefined : warn(String(raw)));
}

function insecure(long: string): Apply {
  return (raw) =>
    raw === true ? `--${long} is an insecure option, consider --ssl-reqd instead` : undefined;
}

function checkMode(value: string): Warning {
  if (!/^[0-7]+$/.test(value)) throw refusal(REASON.notNumber);
  return refuseIf(Number.parseInt(value, 8) > 0o777, REASON.tooLarge);
}

/**
 * The rows. Made on each call and not when the module is loaded: they are many, most command lines need none of them,
 * and making them takes a millisecond.
 */
export function outOfScope(): readonly Option[] {
  return [
    ...LATER.map((line) =>
      row(line, "refused", REFUSED_DOC, () => refuseIf(true, REASON.notYet, { byName: true })),
    ),
    ...QUIET.map((line) => row(line, "accepted", QUIET_DOC, () => undefined)),
    ...RETIRED.map((line) => {
      const warning = `--${line[0]} is deprecated and has no function anymore`;
      return row(
        line,
        "accepted",
        "Has lost its function in curl; it is accepted with a warning.",
        () => warning,
      );
    }),
    ...LIBCURL.map((line) =>
      row(line, "refused", REFUSED_DOC, () => refuseIf(true, REASON.libcurl)),
    ),
    ...LIBCURL_WHEN_ON.map((line) =>
      row(line, "refused", REFUSED_DOC, (raw) => refuseIf(raw === true, REASON.libcurl)),
    ),
    ...specials().map(([line, apply]) => special(line, apply)),
    {
      ...row(
        ["dump-ca-embed", "", "once", "tls", "global"],
        "accepted",
        "Prints nothing and ends: no CA bundle of mpcurl's own is embedded.",
        () => undefined,
      ),
      control: "nothing",
    },
  ];
}

function special(line: Line, apply: Apply): Option {
  const refused = line[0].startsWith("httpsig-") || line[0] === "libcurl";
  const option = row(
    line,
    refused ? "refused" : "accepted",
    refused ? REFUSED_DOC : QUIET_DOC,
    apply,
  );
  return line[0] === "knownhosts"
    ? { ...option, value: { hint: "file", kind: "file", mustExist: true } }
    : option;
}
