// What the kernel said of MPTCP on one connection, and why it is not used. Pure.
//
// Here: the types, the deduction of a cause from the change of the kernel's counters, and one sentence for each cause.
// Not here: asking the kernel (guard.ts).
//
// The kernel does not tell why a connection fell back, but each reason moves a counter of its own in MPTcpExt. They
// count a whole network namespace, so a cause is certain only where all that moved can be ours. Measured on Linux 6.18,
// with rules of nft in a router: MPCapableSYNTX counts connects and not SYNs, refused and unreachable ones included; a
// connect that the kernel turns into TCP before the first SYN moves its own counter in its place.

/** "unknown": this kernel cannot tell (before Linux 5.16). */
export type Verdict = "mptcp" | "fallback" | "unknown";

/** Why a connection that was asked for as MPTCP is TCP. */
export type FallbackCause =
  /** The SYN/ACK had no MPTCP: the server does not speak it, or something on the way took the option out. */
  | "not-answered"
  /** Negotiated, and then taken out of the packets that follow: seen with the first reply bytes. */
  | "stripped"
  /** The kernel's own MPTCP SYNs got no answer; it went on with TCP by itself (3 s, or 69 s). */
  | "unanswered"
  /** Plain TCP was answered while MPTCP SYNs were not; mpcurl raced both. */
  | "raced"
  /** An earlier black hole made the kernel switch MPTCP off in this namespace for a while. */
  | "switched-off"
  /** Taken out of the packets after bytes had been received as MPTCP. */
  | "late"
  /** A checksum of MPTCP did not fit: something on the way changes what the packets carry. */
  | "checksum"
  /** The server said that it goes on as TCP (an infinite mapping, RFC 8684 §3.7). */
  | "ended-by-peer"
  /** TCP-MD5 leaves no room for MPTCP's options. */
  | "md5"
  /** The kernel had no token left, by which connections are told apart. */
  | "no-token"
  /** Both sides connected to each other at the same time, which MPTCP cannot. */
  | "simultaneous-open"
  | "unexplained";

export interface FallbackReason {
  readonly cause: FallbackCause;
  /** false: other connections of this namespace could have moved the same counters; people read "probably". */
  readonly certain: boolean;
  /**
   * Where MPTCP is switched off now, be it by this connection ("unanswered") or an earlier one ("switched-off"):
   * net.mptcp.blackhole_timeout, how long the kernel keeps it off the first time; each relapse doubles it, up to 64
   * times. null: not switched off, or unreadable.
   */
  readonly blackholeTimeoutSeconds: number | null;
}

/** What is known of MPTCP on a connection now; lives as long as the connection. */
export interface MptcpState {
  verdict: Verdict;
  /** Set where the verdict is "fallback". */
  reason: FallbackReason | null;
  /** By which `ss` and the kernel's events name the connection; null unless the verdict is or was "mptcp". */
  token: number | null;
}

/** The kernel's MPTcpExt counters by name, as in /proc/net/netstat; per namespace. A missing name counts 0. */
export type MptcpCounters = ReadonlyMap<string, number>;

export interface FallbackEvidence {
  /** When the fall back was seen: after connect(2), with the first reply bytes, or after more. */
  readonly moment: "connect" | "first-reply" | "later";
  /** Counters before the first MPTCP socket of this dial was opened, and now; null: unreadable. */
  readonly before: MptcpCounters | null;
  readonly after: MptcpCounters | null;
  /** MPTCP sockets for which this dial called connect(2) in between; more in the counters are others'. */
  readonly ownAttempts: number;
  readonly blackholeTimeoutSeconds: number | null;
}

interface Sign {
  readonly counter: string;
  readonly cause: FallbackCause;
  /** Moves together with the counter, without being a cause of its own then. */
  readonly with?: readonly string[];
}

/**
 * What moves in the client's namespace; where several did, the first is the most likely. SYNTXDisabled, because a
 * namespace where it moved has MPTCP switched off for all.
 */
const AT_CONNECT: readonly Sign[] = [
  { counter: "MPCapableSYNTXDisabled", cause: "switched-off" },
  { counter: "MPCapableSYNTXDrop", cause: "unanswered", with: ["Blackhole"] },
  { counter: "MPCapableFallbackSYNACK", cause: "not-answered" },
  { counter: "MD5SigFallback", cause: "md5" },
  { counter: "MPFallbackTokenInit", cause: "no-token" },
  { counter: "SimultConnectFallback", cause: "simultaneous-open" },
];

const CHECKSUM = ["DataCsumErr", "MPFailTx", "MPFailRx", "InfiniteMapTx", "InfiniteMapRx"];

const AFTER_CONNECT: readonly Sign[] = [
  { counter: "DataCsumErr", cause: "checksum", with: [...CHECKSUM, "DssFallback"] },
  { counter: "MPFailRx", cause: "checksum", with: [...CHECKSUM, "DssFallback"] },
  { counter: "InfiniteMapRx", cause: "ended-by-peer" },
  { counter: "MPCapableDataFallback", cause: "stripped" },
  { counter: "DssFallback", cause: "late" },
  { counter: "DSSCorruptionFallback", cause: "late" },
];

/** Each connect moves one of these, and only one. */
const ATTEMPTS = [
  "MPCapableSYNTX",
  "MPCapableSYNTXDisabled",
  "MD5SigFallback",
  "MPFallbackTokenInit",
];

/** Why a connection fell back, as far as the counters tell. */
export function explainFallback(evidence: FallbackEvidence): FallbackReason {
  const { moment, before, after } = evidence;
  const signs = moment === "connect" ? AT_CONNECT : AFTER_CONNECT;
  const moved = (name: string): number => (after?.get(name) ?? 0) - (before?.get(name) ?? 0);
  const seen = before && after ? signs.filter(({ counter }) => moved(counter) > 0) : [];
  const [sign] = seen;
  // Older kernels lack some of the counters; then the moment alone says something.
  if (!sign) return reasonFor(LIKELY[moment], { evidence, certain: false });
  const others = seen.filter(
    ({ counter }) => counter !== sign.counter && !sign.with?.includes(counter),
  );
  const isOurs = moment === "connect" ? isOfOurConnects : isOfOurConnection;
  const certain = others.length === 0 && isOurs(sign, { evidence, moved });
  // DSS that is missing in the first reply is what "stripped" means; the kernel's counter depends on what came first.
  const cause = sign.cause === "late" && moment === "first-reply" ? "stripped" : sign.cause;
  const isOff = cause === "switched-off" || (cause === "unanswered" && moved("Blackhole") > 0);
  return reasonFor(cause, { evidence, certain, isOff });
}

const LIKELY = { connect: "unexplained", "first-reply": "stripped", later: "late" } as const;

function reasonFor(
  cause: FallbackCause,
  {
    evidence,
    certain,
    isOff = false,
  }: { evidence: FallbackEvidence; certain: boolean; isOff?: boolean },
): FallbackReason {
  const blackholeTimeoutSeconds = isOff ? evidence.blackholeTimeoutSeconds : null;
  return { cause, certain, blackholeTimeoutSeconds };
}

interface Moved {
  readonly evidence: FallbackEvidence;
  moved(name: string): number;
}

/** The connects that were counted are all ours, or all, whosever, met with the same. */
function isOfOurConnects({ counter }: Sign, { evidence, moved }: Moved): boolean {
  const attempts = sumOf(ATTEMPTS, moved);
  return attempts === evidence.ownAttempts || attempts === moved(counter);
}

/** Ours is the only MPTCP connection that was there meanwhile, of clients and servers: an older one falls back too. */
function isOfOurConnection(_sign: Sign, { evidence, moved }: Moved): boolean {
  const { before, ownAttempts } = evidence;
  const isOnlyOne = before?.get("MPCurrEstab") === 0 && moved("MPCapableSYNRX") === 0;
  return isOnlyOne && sumOf(ATTEMPTS, moved) === ownAttempts;
}

function sumOf(names: readonly string[], moved: (name: string) => number): number {
  return names.reduce((sum, name) => sum + moved(name), 0);
}

/** The reason as words that stand behind "fell back to TCP: ", with what to do where something can be done. */
export function fallbackSentence(reason: FallbackReason): string {
  const { cause, certain } = reason;
  const words = SENTENCES[cause] + afterwards(reason);
  return certain || cause === "unexplained" ? words : `probably ${words}`;
}

const SENTENCES: { readonly [cause in FallbackCause]: string } = {
  "not-answered":
    "the server answered without MPTCP: it does not speak it, or something on the way took the option out",
  stripped: "something on the way takes MPTCP out of the packets after the handshake",
  unanswered:
    "SYNs with MPTCP went unanswered, and the kernel went on with TCP: something on the way drops them",
  raced:
    "SYNs with MPTCP went unanswered while plain TCP was answered: something on the way drops them",
  "switched-off":
    "the kernel has MPTCP switched off in this network namespace since SYNs with MPTCP went unanswered",
  late: "something on the way began to take MPTCP out of the packets in the middle of the connection",
  checksum: "something on the way changes what the packets carry: an MPTCP checksum did not fit",
  "ended-by-peer": "the server ended MPTCP on this connection",
  md5: "TCP-MD5 signatures leave no room for MPTCP in the packets",
  "no-token": "the kernel could not make a token for one more MPTCP connection",
  "simultaneous-open": "both sides connected to each other at the same time, which MPTCP cannot do",
  unexplained: "the kernel does not tell why",
};

/** The kernel's default, for where the setting cannot be read. */
const USUAL_BLACKHOLE_TIMEOUT_SECONDS = 3600;

/** Writing the setting, whatever the value, is what resets it (Linux 6.12). */
function afterwards({ cause, blackholeTimeoutSeconds: timeout }: FallbackReason): string {
  const reset = `"sysctl -w net.mptcp.blackhole_timeout=${timeout || USUAL_BLACKHOLE_TIMEOUT_SECONDS}" resets it`;
  const howLong = timeout ? `for up to ${timeout} s (longer after relapses)` : "for a while";
  if (cause === "switched-off") return `, ${howLong}; ${reset}`;
  if (cause !== "unanswered" || timeout === null) return "";
  return `; MPTCP is now switched off in this network namespace, ${howLong}; ${reset}`;
}
