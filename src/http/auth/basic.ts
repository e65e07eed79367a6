// Basic authentication (RFC 7617).
//
// Here: the value of an Authorization (or Proxy-Authorization) field. Not here: whose credentials go where
// (client/transfer). Credentials are byte strings and are encoded as they came, whatever their charset.

import { bytesOf } from "../../bytes.ts";

/** `Basic dXNlcjpwYXNz`. A user name with a colon cannot be told from one without (RFC 7617 §2); curl sends it too. */
export function basicAuthorization(user: string, password: string): string {
  return `Basic ${bytesOf(`${user}:${password}`).toBase64()}`;
}
