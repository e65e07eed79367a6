// Runs every table of this folder on both programs; parity-case.ts says what a case is.

import { describe, test } from "bun:test";
import { unmet } from "../support/requirement.ts";
import { AUTH_CASES } from "./auth.cases.ts";
import { BODY_CASES } from "./body.cases.ts";
import { CODING_CASES } from "./coding.cases.ts";
import { CONNECTION_CASES } from "./connection.cases.ts";
import { HEADER_CASES } from "./header.cases.ts";
import { OUTPUT_CASES } from "./output.cases.ts";
import { checkParity, type ParityCase, type Variant } from "./parity-case.ts";
import { REDIRECT_CASES } from "./redirect.cases.ts";
import { RESPONSE_CASES } from "./response.cases.ts";
import { UPLOAD_CASES } from "./upload.cases.ts";
import { URL_CASES } from "./url.cases.ts";
import { USAGE_CASES } from "./usage.cases.ts";
import { WRITE_OUT_CASES } from "./write-out.cases.ts";

const TABLES: Readonly<Record<string, readonly ParityCase[]>> = {
  auth: AUTH_CASES,
  body: BODY_CASES,
  coding: CODING_CASES,
  connection: CONNECTION_CASES,
  header: HEADER_CASES,
  output: OUTPUT_CASES,
  redirect: REDIRECT_CASES,
  response: RESPONSE_CASES,
  upload: UPLOAD_CASES,
  url: URL_CASES,
  usage: USAGE_CASES,
  "write-out": WRITE_OUT_CASES,
};

const reason = unmet("program", "curl --mptcp");
const noMptcp = unmet("mptcp");

function add(name: string, each: ParityCase, variant: Variant, unmetNeed: string | null): void {
  if (unmetNeed === null) {
    test.concurrent(name, () => checkParity(each, variant), 30_000);
  } else if (process.env.MPCURL_EXPECT_ALL === "1") {
    test(name, () => {
      throw new Error(`MPCURL_EXPECT_ALL=1, and the test ${unmetNeed}`);
    });
  } else {
    test.skip(`${name} [${unmetNeed}]`, () => {});
  }
}

for (const [table, cases] of Object.entries(TABLES)) {
  describe(`parity: ${table}`, () => {
    for (const each of cases) {
      add(each.name, each, { bytewise: false, mptcp: false }, reason);
      if (each.bytewise) {
        add(`${each.name} (byte by byte)`, each, { bytewise: true, mptcp: false }, reason);
      }
      if (each.mptcp) {
        add(`${each.name} (--mptcp)`, each, { bytewise: false, mptcp: true }, reason ?? noMptcp);
      }
    }
  });
}
