// From a host to addresses: literals, --resolve, localhost, the system's resolver, and a cache. The only DNS.
//
// getaddrinfo(3) runs in a thread of Bun's ("system"; Bun's default on Linux is c-ares, which knows neither /etc/hosts'
// neighbours in nsswitch.conf nor how to give up). Not here: which address is tried first (race.ts).

import type { Clock } from "../clock.ts";
import { CurlError } from "../error.ts";
import { literalCandidate } from "./literal.ts";
import type { Candidate } from "./race.ts";
import type { ResolveRule } from "./resolve-rule.ts";

export interface Query {
  /** Name or literal, IPv6 without brackets. */
  readonly host: string;
  readonly zoneId: string | null;
  readonly port: number;
  readonly family: "any" | "ipv4" | "ipv6";
  readonly rules: readonly ResolveRule[];
}

/** curl keeps answers for 60 s (--dns-cache-timeout's default in libcurl). */
const CACHE_MS = 60_000;

type Answers = readonly { readonly address: string; readonly family: number }[];

export class Resolver {
  readonly #clock: Clock;
  readonly #cache = new Map<string, { answers: Promise<Answers>; untilMs: number }>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** @throws CurlError COULDNT_RESOLVE_HOST, also where no address has the wanted family */
  async resolve(query: Query): Promise<Candidate[]> {
    const { host, port } = query;
    const fixed = ruleFor(query);
    const literal = literalCandidate(host, port, query.zoneId);
    let candidates: (Candidate | null)[];
    if (fixed) candidates = fixed.addresses.map((a) => literalCandidate(a, port, null));
    else if (literal) return this.#checkLiteral(literal, query);
    else if (isLocalhost(host))
      candidates = [literalCandidate("::1", port, null), literalCandidate("127.0.0.1", port, null)];
    else
      candidates = (await this.#lookUp(host)).map((a) => literalCandidate(a.address, port, null));
    const wanted = candidates.filter(
      (c): c is Candidate => c !== null && (query.family === "any" || c.family === query.family),
    );
    if (wanted.length > 0) return wanted;
    throw notResolved(
      host,
      query.family === "any" ? "" : ` to an ${familyName(query.family)} address`,
    );
  }

  /** curl: an IPv6 literal under -4 fails to connect, an IPv4 literal under -6 connects (CURL.md §25). */
  #checkLiteral(literal: Candidate, query: Query): Candidate[] {
    if (query.family === "ipv4" && literal.family === "ipv6") {
      throw new CurlError(
        "COULDNT_CONNECT",
        `Failed to connect to ${query.host}:${query.port}: the address is IPv6 and -4 allows IPv4 only`,
      );
    }
    return [literal];
  }

  async #lookUp(host: string): Promise<Answers> {
    if (/\.onion\.?$/i.test(host)) {
      throw new CurlError("COULDNT_RESOLVE_HOST", "Not resolving .onion address (RFC 7686)");
    }
    const key = host.toLowerCase();
    const known = this.#cache.get(key);
    if (known && known.untilMs > this.#clock.nowMs()) return known.answers;
    const answers = Bun.dns.lookup(host, { backend: "system" }).catch((cause: unknown) => {
      this.#cache.delete(key);
      throw notResolved(host, "", cause);
    });
    this.#cache.set(key, { answers, untilMs: this.#clock.nowMs() + CACHE_MS });
    return answers;
  }
}

function notResolved(host: string, detail: string, cause?: unknown): CurlError {
  return new CurlError("COULDNT_RESOLVE_HOST", `Could not resolve host: ${host}${detail}`, {
    cause,
  });
}

function familyName(family: "ipv4" | "ipv6"): string {
  return family === "ipv4" ? "IPv4" : "IPv6";
}

/** "localhost" and what ends in it never go to DNS (RFC 6761 §6.3; curl does the same). */
function isLocalhost(host: string): boolean {
  return /^(?:.*\.)?localhost\.?$/i.test(host);
}

/** The entry of --resolve for a host and port: later ones win, "-HOST:PORT" takes away what stood before it. */
function ruleFor({ host, port, rules }: Query): ResolveRule | null {
  const name = host.toLowerCase();
  const last = (wanted: string): ResolveRule | undefined =>
    rules.findLast((r) => r.port === port && r.host === wanted);
  const exact = last(name);
  if (exact) return exact.remove ? null : exact;
  const any = last("*");
  return any && !any.remove ? any : null;
}
