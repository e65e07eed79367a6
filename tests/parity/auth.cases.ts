// Basic credentials: from -u, from the URL, and replaced by -H.

import type { ParityCase } from "./parity-case.ts";

function basic(credentials: string): string {
  return `Authorization: Basic ${Buffer.from(credentials).toString("base64")}`;
}

function authorized(name: string, argv: readonly string[], field: string): ParityCase {
  const head = `Host: 127.0.0.1:PORT|${field}|User-Agent: UA|Accept: */*`;
  return { name, argv, expect: { exit: 0, wire: [`GET /p HTTP/1.1|${head}||`] } };
}

const HOST = "127.0.0.1:<port>/p";

export const AUTH_CASES: readonly ParityCase[] = [
  { ...authorized("-u", ["-u", "al:secret", "<base>/p"], basic("al:secret")), mptcp: true },
  authorized("-u with an empty password", ["-u", "al:", "<base>/p"], basic("al:")),
  authorized("-u with colons in the password", ["-u", "al:a:b:", "<base>/p"], basic("al:a:b:")),
  authorized("-u with UTF-8", ["-u", "ä:ö", "<base>/p"], basic("ä:ö")),
  authorized("-u with an empty user", ["-u", ":pw", "<base>/p"], basic(":pw")),
  authorized("-u is not percent-decoded", ["-u", "a%41:%42", "<base>/p"], basic("a%41:%42")),
  authorized("URL credentials", [`http://al:secret@${HOST}`], basic("al:secret")),
  authorized(
    "URL credentials are percent-decoded",
    [`http://a%40b:c%3Ad@${HOST}`],
    basic("a@b:c:d"),
  ),
  authorized("URL with a user only", [`http://al@${HOST}`], basic("al:")),
  authorized("-u beats the URL", ["-u", "x:y", `http://al:secret@${HOST}`], basic("x:y")),
  {
    name: "-H Authorization replaces -u",
    argv: ["-u", "x:y", "-H", "Authorization: Other z", "<base>/p"],
    expect: { exit: 0, wire: ["GET /p HTTP/1.1|STD|Authorization: Other z||"] },
  },
  {
    name: "-H Authorization: removes what -u would send",
    argv: ["-u", "x:y", "-H", "Authorization:", "<base>/p"],
    expect: { exit: 0, wire: ["GET /p HTTP/1.1|STD||"] },
  },
  {
    name: "401 to -u is the answer",
    argv: ["-u", "x:y", "<base>/p"],
    replies: ["HTTP/1.1 401 No\r\nWWW-Authenticate: Basic realm=r\r\nContent-Length: 2\r\n\r\nno"],
    expect: { exit: 0, stdout: "no" },
  },
  {
    name: "401 to -u under -f",
    argv: ["-f", "-u", "x:y", "<base>/p"],
    replies: ["HTTP/1.1 401 No\r\nWWW-Authenticate: Basic realm=r\r\nContent-Length: 2\r\n\r\nno"],
    expect: { exit: 22, stdout: "", message: /\(22\) The requested URL returned error: 401/ },
  },
];
