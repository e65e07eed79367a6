// The version of mpcurl, as in package.json (a test holds the two together) and in every User-Agent.

export const VERSION = "0.1.0";

/** When that version was released, for --version. */
export const RELEASE_DATE = "2026-11-22";

/** What stands in the User-Agent field unless the user says otherwise. */
export const USER_AGENT = `mpcurl/${VERSION}`;
