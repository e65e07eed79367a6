// What the user typed between two --next, as typed records, one for each group of options.
//
// Options fill it (cli/options), cli/plan turns it into transfers. Nothing here is checked against the world: no file
// was opened, no name looked up. Text is byte strings.

import { DEFAULT_CONNECT_TIMEOUT_MS, DEFAULT_PATH_TIMEOUT_MS } from "../deadline.ts";
import type { DataPiece } from "../http/body/urlencoded.ts";
import type { TlsVersion } from "../net/tls.ts";

/** The n-th -o or -O belongs to the n-th URL. */
export type OutputSlot =
  | { readonly kind: "file"; readonly path: string }
  | { readonly kind: "remote-name" };

/** Options that survive --next; one record, shared by every operation of a command line. */
export interface GlobalSettings {
  silent: boolean;
  showError: boolean;
  /** -v. */
  verbose: boolean;
  progressBar: boolean;
  progressMeter: boolean;
  /** --mptcp-report: a path, "-" or "%". */
  mptcpReport: string | null;
  /** --mptcp-endpoint, as typed. */
  readonly mptcpEndpoints: string[];
  /** --mptcp-check: look, and transfer nothing. */
  mptcpCheck: boolean;
}

export interface Operation {
  readonly global: GlobalSettings;
  readonly urls: string[];
  readonly outputs: OutputSlot[];
  readonly uploads: string[];
  /** -g: {} and [] in URLs stand for themselves. */
  globOff: boolean;
  readonly request: {
    method: string | null;
    head: boolean;
    get: boolean;
    httpVersion: "1.0" | "1.1";
    readonly headers: string[];
    userAgent: string | null;
    referer: string | null;
    range: string | null;
    compressed: boolean;
    /** The -d family, raw: `@file` is opened by cli/plan. */
    readonly data: DataPiece[];
  };
  readonly auth: {
    /** "name:password", or "name" alone. */
    user: string | null;
  };
  readonly redirect: {
    follow: boolean;
    /** Infinity: no limit. */
    maxRedirects: number;
  };
  readonly tls: {
    cacert: string | null;
    capath: string | null;
    insecure: boolean;
    cert: string | null;
    key: string | null;
    passphrase: string | null;
    minVersion: TlsVersion;
    maxVersion: TlsVersion;
  };
  readonly connection: {
    mptcp: boolean;
    family: "any" | "ipv4" | "ipv6";
    readonly resolve: string[];
    readonly connectTo: string[];
    unixSocket: string | null;
    mptcpRequired: boolean;
    pathTimeoutMs: number;
    readonly keepAlive: {
      enabled: boolean;
      /** --keepalive-time; null: not given. */
      timeSeconds: number | null;
      count: number | null;
    };
  };
  readonly limits: { connectTimeoutMs: number; maxTimeMs: number };
  readonly output: {
    dir: string | null;
    createDirs: boolean;
    showHeaders: boolean;
    dumpHeader: string | null;
    remoteHeaderName: boolean;
    fail: "no" | "without-body" | "with-body";
    writeOut: string | null;
  };
}

export function newGlobalSettings(): GlobalSettings {
  return {
    silent: false,
    showError: false,
    verbose: false,
    progressBar: false,
    progressMeter: true,
    mptcpReport: null,
    mptcpEndpoints: [],
    mptcpCheck: false,
  };
}

export function newOperation(global: GlobalSettings): Operation {
  return {
    global,
    urls: [],
    outputs: [],
    uploads: [],
    globOff: false,
    request: {
      method: null,
      head: false,
      get: false,
      httpVersion: "1.1",
      headers: [],
      userAgent: null,
      referer: null,
      range: null,
      compressed: false,
      data: [],
    },
    auth: { user: null },
    redirect: { follow: false, maxRedirects: 50 },
    tls: {
      cacert: null,
      capath: null,
      insecure: false,
      cert: null,
      key: null,
      passphrase: null,
      minVersion: 771,
      maxVersion: 772,
    },
    connection: {
      mptcp: false,
      family: "any",
      resolve: [],
      connectTo: [],
      unixSocket: null,
      mptcpRequired: false,
      pathTimeoutMs: DEFAULT_PATH_TIMEOUT_MS,
      keepAlive: { enabled: true, timeSeconds: null, count: null },
    },
    limits: { connectTimeoutMs: DEFAULT_CONNECT_TIMEOUT_MS, maxTimeMs: 0 },
    output: {
      dir: null,
      createDirs: false,
      showHeaders: false,
      dumpHeader: null,
      remoteHeaderName: false,
      fail: "no",
      writeOut: null,
    },
  };
}
