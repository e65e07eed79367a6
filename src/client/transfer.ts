// placeholder: contract
import type { TimeLimits } from "../deadline.ts";
import type { RequestBody } from "../http/body/request-body.ts";
import type { RedirectPolicy } from "../http/redirect.ts";
import type { RequestSpec } from "../http/request.ts";
import type { RouteSpec } from "../net/route.ts";
import type { TlsSpec } from "../net/tls.ts";
import type { Url } from "../url.ts";

/** One URL to one output, with everything that it needs; made by cli/plan or client/fetch, never changed. */
export interface Transfer {
  /** Counts from 0 in a session. */
  readonly id: number;
  readonly url: Url;
  readonly request: RequestSpec;
  readonly body?: RequestBody;
  /** From -u; those in the URL come second. Byte strings. */
  readonly credentials?: Credentials;
  readonly route: RouteSpec;
  readonly tls: TlsSpec;
  readonly redirects: RedirectPolicy;
  readonly limits: TimeLimits;
  /** -f: a status of 400 and up is an error and its body is not wanted; "with-body": an error after the body. */
  readonly failOnStatus: "no" | "without-body" | "with-body";
}

export interface Credentials {
  readonly user: string;
  readonly password: string;
}
