// The table: every option there is, and the look-ups by name.
//
// Parser, help and tests read the rows from here; the rows themselves are in the group files. Start-up time counts and
// most command lines use a few supported options: those are looked through row by row, which for a few look-ups is
// cheaper than building a Map, and the many rows that are not supported are made when a name is not among them.

import { AUTH_OPTIONS } from "./auth.ts";
import { BODY_OPTIONS } from "./body.ts";
import { CONNECTION_OPTIONS } from "./connection.ts";
import { DNS_OPTIONS } from "./dns.ts";
import { HTTP_OPTIONS } from "./http.ts";
import { MPTCP_OPTIONS } from "./mptcp.ts";
import type { Option } from "./option.ts";
import { outOfScope } from "./out-of-scope.ts";
import { OUTPUT_OPTIONS } from "./output.ts";
import { REDIRECT_OPTIONS } from "./redirect.ts";
import { TLS_OPTIONS } from "./tls.ts";
import { TOOL_OPTIONS } from "./tool.ts";

/** The rows that work. */
const SUPPORTED: readonly Option[] = [
  ...AUTH_OPTIONS,
  ...BODY_OPTIONS,
  ...CONNECTION_OPTIONS,
  ...DNS_OPTIONS,
  ...HTTP_OPTIONS,
  ...MPTCP_OPTIONS,
  ...OUTPUT_OPTIONS,
  ...REDIRECT_OPTIONS,
  ...TLS_OPTIONS,
  ...TOOL_OPTIONS,
];

let others: readonly Option[] | undefined;

/** Every option there is: those that work first, then the others. */
export function allOptions(): readonly Option[] {
  others ??= outOfScope();
  return [...SUPPORTED, ...others];
}

/** @param name without dashes, in full: an abbreviation is no name (curl from 8.6 on) */
export function byLong(name: string): Option | undefined {
  for (const option of SUPPORTED) if (option.long === name) return option;
  others ??= outOfScope();
  return others.find((option) => option.long === name);
}

/** @param letter one character, without dash */
export function byShort(letter: string): Option | undefined {
  for (const option of SUPPORTED) if (option.short === letter) return option;
  others ??= outOfScope();
  return others.find((option) => option.short === letter);
}
