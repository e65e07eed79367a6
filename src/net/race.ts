// The order and the pace of connection attempts (Happy Eyeballs, RFC 8305). Pure: dial.ts runs it.
//
//   IPv6 first, then the families in turn (§4), each in the resolver's order (RFC 6724); the next attempt starts when
//   the one before failed, or 200 ms after it began (§5 recommends 250 ms, curl takes 200); the first connection wins.

/** An address to try. */
export interface Candidate {
  readonly family: "ipv4" | "ipv6";
  readonly address: string;
  readonly port: number;
  /** Interface index of a link-local IPv6 address; 0: none. */
  readonly scopeId: number;
}

/** curl's --happy-eyeballs-timeout-ms default. */
export const ATTEMPT_DELAY_MS = 200;

/** Candidates in the order in which to try them. */
export function raceOrder(candidates: readonly Candidate[]): Candidate[] {
  const first: Candidate[] = [];
  const second: Candidate[] = [];
  for (const candidate of candidates) {
    (candidate.family === "ipv6" ? first : second).push(candidate);
  }
  const order: Candidate[] = [];
  for (let i = 0; i < Math.max(first.length, second.length); i++) {
    for (const candidate of [first[i], second[i]]) if (candidate) order.push(candidate);
  }
  return order;
}
