// The version of mpcurl.
//
// It stands here and in package.json; a test holds the two together. Importing JSON would put all of it into the binary.

export const VERSION = "0.1.0";

/** When that version was released, for --version. */
export const RELEASE_DATE = "2026-11-22";

/** What stands in the User-Agent field unless the user says otherwise. */
export const USER_AGENT = `mpcurl/${VERSION}`;
