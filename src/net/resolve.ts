// From a host to addresses: literals, --resolve, localhost, the system's resolver, and a cache. The only DNS.
//
// getaddrinfo(3) runs in a thread of Bun's ("system"; Bun's default on Linux is c-ares, which knows neither /etc/hosts'
// neighbours in nsswitch.conf nor how to give up). Not here: which address is tried first (race.ts).

import type { Clock } from "../clock.ts";
import { CurlError } from "../error.ts";
import type { Candidate } from "./dial/race.ts";
import { literalCandidate } from "./literal.ts";
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

  /**
   * The addresses of a host. A Promise only where somebody must be asked.
   * @throws CurlError COULDNT_RESOLVE_HOST, at once or by the Promise, also where no address has the wanted family
   */
  resolve(query: Query): Candidate[] | Promise<Candidate[]> {
    const { host, port } = query;
    const fixed = ruleFor(query);
    if (fixed) return wanted(fixed.addresses, query);
    const literal = literalCandidate(host, port, query.zoneId);
    if (literal) return this.#checkLiteral(literal, query);
    if (isLocalhost(host)) return wanted(["::1", "127.0.0.1"], query);
    return this.#lookUp(host).then((answers) =>
      wanted(
        answers.map((answer) => answer.address),
        query,
      ),
    );
  }

  /** curl: an IPv6 literal under -4 fails to connect, an IPv4 literal under -6 connects (observed, 8.14). */
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

/** The addresses of the wanted family as candidates. */
function wanted(addresses: readonly string[], { host, port, family }: Query): Candidate[] {
  const candidates: Candidate[] = [];
  for (const address of addresses) {
    const candidate = literalCandidate(address, port, null);
    if (candidate && (family === "any" || candidate.family === family)) candidates.push(candidate);
  }
  if (candidates.length > 0) return candidates;
  throw notResolved(host, family === "any" ? "" : ` to an ${familyName(family)} address`);
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

/** The entry of --resolve for a host and port: later ones win, "-HOST:PORT" takes away what stood before it but "*". */
function ruleFor({ host, port, rules }: Query): ResolveRule | null {
  const name = host.toLowerCase();
  let exact: ResolveRule | null = null;
  let any: ResolveRule | null = null;
  for (const rule of rules) {
    if (rule.port !== port) continue;
    if (rule.host === name) exact = rule;
    else if (rule.host === "*") any = rule;
  }
  if (exact && !exact.remove) return exact;
  return any && !any.remove ? any : null;
}
