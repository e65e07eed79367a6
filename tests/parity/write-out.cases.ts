// -w: text and escapes, and every variable whose value does not depend on the clock.

import { answer, ok, type ParityCase } from "./parity-case.ts";

function writes(
  name: string,
  format: string,
  stdout: string,
  more: Partial<ParityCase> = {},
): ParityCase {
  return {
    name,
    argv: ["-o", "/dev/null", "-w", format, "<base>/p"],
    expect: { exit: 0, stdout },
    ...more,
  };
}

const FAILED = [
  "-o",
  "f",
  "-w",
  "%{http_code} %{exitcode} %{errormsg} %{num_connects} %{size_download} %{remote_port}",
];

/** What only mpcurl has: curl says that it knows no such variable, and prints nothing in its place. */
function ours(name: string, format: string, stdout: string, curls: string): ParityCase {
  return writes(name, format, stdout, {
    differs: {
      because: "curl does not tell what MPTCP did",
      since: null,
      older: { stdout: curls, message: /unknown --write-out variable: 'mptcp/ },
    },
  });
}

export const WRITE_OUT_CASES: readonly ParityCase[] = [
  writes("text and escapes", "a\\tb\\rc\\n", "a\tb\rc\n"),
  writes("other backslash pairs stay", "\\x\\\\q\\", "\\x\\\\q\\"),
  writes("%% and a lone %", "100%% 5% %q", "100% 5% %q"),
  writes("%{ without an end", "a%{http_code", "a%{http_code"),
  writes(
    "http_code, response_code, http_version",
    "%{http_code} %{response_code} %{http_version}",
    "200 200 1.1",
    { mptcp: true },
  ),
  writes("method, scheme, http_connect", "%{method} %{scheme} %{http_connect}", "GET http 000"),
  writes("content_type", "[%{content_type}]", "[text/x; charset=y]", {
    replies: [ok("a", "Content-Type: text/x; charset=y")],
  }),
  writes("content_type when there is none", "[%{content_type}]", "[]"),
  writes(
    "url, url_effective, urlnum",
    "%{url} %{url_effective} %{urlnum}",
    "http://127.0.0.1:PORT/p http://127.0.0.1:PORT/p 0",
  ),
  writes(
    "url_effective of a URL without scheme",
    "%{url} %{url_effective}",
    "127.0.0.1:PORT http://127.0.0.1:PORT/",
    {
      argv: ["-o", "/dev/null", "-w", "%{url} %{url_effective}", "127.0.0.1:<port>"],
    },
  ),
  writes(
    "redirect_url and num_redirects",
    "%{redirect_url} %{num_redirects}",
    "http://127.0.0.1:PORT/q 0",
    { replies: [answer("302 F", "", "Location: q")] },
  ),
  {
    name: "num_redirects and url_effective under -L",
    argv: [
      "-L",
      "-w",
      " %{num_redirects} %{url_effective} [%{redirect_url}] %{http_code} %{num_connects}",
      "<base>/a",
    ],
    replies: [answer("302 F", "x", "Location: b"), ok("there")],
    expect: { exit: 0, stdout: "there 1 http://127.0.0.1:PORT/b [] 200 1" },
  },
  writes(
    "size_download, size_header, num_headers",
    "%{size_download} %{size_header} %{num_headers}",
    "6 38 1",
  ),
  {
    name: "size_header and size_download with trailers",
    argv: ["-o", "/dev/null", "-w", "%{size_header} %{size_download}", "<base>/"],
    replies: ["HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\nT: 1\r\n\r\n"],
    expect: { exit: 0, stdout: "47 1" },
  },
  {
    name: "size_upload",
    argv: ["-d", "12345", "-o", "/dev/null", "-w", "%{size_upload} %{method}", "<base>/"],
    expect: { exit: 0, stdout: "5 POST" },
  },
  {
    name: "size_request",
    argv: ["-A", "x", "-o", "/dev/null", "-w", "%{size_request}", "-H", "Host: h", "<base>/"],
    expect: { exit: 0, stdout: "55" },
  },
  writes(
    "remote_ip, remote_port, local_ip",
    "%{remote_ip} %{remote_port} %{local_ip}",
    "127.0.0.1 PORT 127.0.0.1",
  ),
  writes("num_connects and connection numbers", "%{num_connects} %{conn_id} %{xfer_id}", "1 0 0"),
  writes("exitcode and errormsg when fine", "%{exitcode} [%{errormsg}]", "0 []"),
  writes("filename_effective", "%{filename_effective}", "name", {
    argv: ["-o", "name", "-w", "%{filename_effective}", "<base>/p"],
  }),
  writes("filename_effective of -OJ", "", "n.txt", {
    argv: ["-OJ", "-w", "%{filename_effective}", "<base>/p"],
    replies: [ok("x", 'Content-Disposition: attachment; filename="n.txt"')],
  }),
  writes("referer", "[%{referer}]", "[http://r/]", {
    argv: ["-e", "http://r/", "-o", "/dev/null", "-w", "[%{referer}]", "<base>/"],
  }),
  writes("parts of the URL", "", "http us pw localhost PORT /a/b q=1 fr", {
    argv: [
      "-o",
      "/dev/null",
      "-w",
      "%{url.scheme} %{url.user} %{url.password} %{url.host} %{url.port} %{url.path} %{url.query} %{url.fragment}",
      "http://us:pw@localhost:<port>/a/b?q=1#fr",
    ],
  }),
  writes("parts of the effective URL under -L", "", "/b x=1", {
    argv: ["-L", "-o", "/dev/null", "-w", "%{urle.path} %{urle.query}", "<base>/a"],
    replies: [answer("302 F", "", "Location: /b?x=1"), ok("x")],
  }),
  writes("%header{}", "[%header{X-One}] [%header{x-one}] [%header{none}]", "[a] [a] []", {
    replies: [ok("b", "X-One: a", "X-One: second")],
  }),
  writes("header_json", "%{header_json}", '{"x-one":["a","b"],\n"content-length":["0"]\n}', {
    replies: [ok("", "X-One: a", "X-ONE: b")],
  }),
  writes("ssl_verify_result, proxy_used", "%{ssl_verify_result} %{proxy_used}", "0 0"),
  writes("speeds and times are numbers", "", "hello\n", { argv: ["<base>/p"] }),
  ours(
    "mptcp, mptcp_reason, mptcp_subflows without --mptcp",
    "%{mptcp} [%{mptcp_reason}] %{mptcp_subflows}",
    "tcp [] 0",
    " [] ",
  ),
  ours(
    "mptcp_bytes_retrans and mptcp_paths without --mptcp",
    "[%{mptcp_bytes_retrans}] %{mptcp_paths}",
    "[] []",
    "[] ",
  ),
  {
    name: "%{stderr} and %{stdout} switch",
    argv: ["-o", "/dev/null", "-w", "a%{stderr}b\\n%{stdout}c", "<base>/"],
    sameStderr: true,
    expect: { exit: 0, stdout: "ac", message: /^b$/m },
  },
  {
    name: "%output{} writes a file",
    argv: ["-o", "/dev/null", "-w", "a%output{w}%{http_code}\\n", "<base>/"],
    expect: { exit: 0, stdout: "a", files: { w: "200\n" } },
  },
  {
    name: "%output{>>} appends",
    argv: ["-o", "/dev/null", "-w", "%output{>>w}%{http_code}", "<base>/"],
    files: { w: "old" },
    expect: { exit: 0, stdout: "", files: { w: "old200" } },
  },
  {
    name: "%{onerror} says nothing when all is fine",
    argv: ["-o", "/dev/null", "-w", "a%{onerror}b", "<base>/"],
    expect: { exit: 0, stdout: "a" },
  },
  {
    name: "%{onerror} speaks on failure",
    argv: ["-s", "-f", "-w", "a%{onerror}b%{exitcode}", "<base>/"],
    replies: [answer("404 N", "")],
    expect: { exit: 22, stdout: "ab22" },
  },
  {
    name: "an unknown variable",
    argv: ["-o", "/dev/null", "-w", "a%{nonsense}b", "<base>/"],
    expect: { exit: 0, stdout: "ab", message: /unknown --write-out variable: 'nonsense'/ },
  },
  {
    name: "-w @file drops line ends",
    argv: ["-o", "/dev/null", "-w", "@fmt", "<base>/"],
    files: { fmt: "code\n%{http_code}\r\n\\n" },
    expect: { exit: 0, stdout: "code200\n" },
  },
  {
    name: "-w @-",
    argv: ["-o", "/dev/null", "-w", "@-", "<base>/"],
    stdin: "%{http_code}\n",
    expect: { exit: 0, stdout: "200" },
  },
  {
    name: "-w @missing",
    argv: ["-w", "@missing", "<base>/"],
    expect: { exit: 26, wire: [] },
  },
  {
    name: "-w behind every URL",
    argv: ["-w", "<%{urlnum}:%{num_connects}>", "<base>/1", "<base>/2"],
    expect: { exit: 0, stdout: "hello\n<0:1>hello\n<1:0>" },
  },
  {
    name: "-w on a refused connection",
    argv: [...FAILED, "http://127.0.0.1:<refused>/"],
    expect: { exit: 7, files: {} },
    incomparable: ["stdout"],
  },
  {
    name: "-w on an empty reply",
    argv: [...FAILED, "<base>/"],
    replies: [{ send: "", after: "close" }],
    expect: { exit: 52, stdout: "000 52 Empty reply from server 1 0 PORT" },
  },
  {
    name: "-w on a cut body",
    argv: [...FAILED, "<base>/"],
    replies: [{ send: "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc", after: "close" }],
    expect: { exit: 18, stdout: "200 18 end of response with 6 bytes missing 1 3 PORT" },
  },
  {
    name: "-w with -f",
    argv: ["-f", "-w", "%{http_code} %{exitcode}", "<base>/"],
    replies: [answer("500 Oops", "x")],
    expect: { exit: 22, stdout: "500 22" },
  },
  {
    name: "-w with -I",
    argv: ["-I", "-o", "/dev/null", "-w", "%{method} %{size_download}", "<base>/"],
    replies: ["HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n"],
    expect: { exit: 0, stdout: "HEAD 0" },
  },
];
