// The four lines of --version, in the shape that scripts know from curl: program, date, protocols, features.
//
// The facts that differ between builds come from the caller; the features are what this program has, under curl's names
// where curl has one. MPTCP is ours: it says that --mptcp is built in, not that this kernel speaks it.

/** What a build says of itself. */
export interface BuildFacts {
  /** E.g. "0.1.0". */
  readonly version: string;
  /** Machine and system, e.g. "x86_64-linux". */
  readonly host: string;
  /** E.g. "2026-01-31"; "[unreleased]" for a build that is none. */
  readonly releaseDate: string;
  /** What it is made with, "Name/version" each. */
  readonly components: readonly string[];
}

const PROTOCOLS = ["http", "https"];

/** Sorted without regard to case. */
const FEATURES = [
  "AsynchDNS",
  "brotli",
  "IDN",
  "IPv6",
  "Largefile",
  "libz",
  "MPTCP",
  "SSL",
  "UnixSockets",
  "zstd",
];

/** Ends with a line feed. */
export function renderVersion(facts: BuildFacts): string {
  const { version, host, releaseDate, components } = facts;
  return [
    [`mpcurl ${version} (${host})`, ...components].join(" "),
    `Release-Date: ${releaseDate}`,
    `Protocols: ${PROTOCOLS.join(" ")}`,
    `Features: ${FEATURES.join(" ")}`,
    "",
  ].join("\n");
}
