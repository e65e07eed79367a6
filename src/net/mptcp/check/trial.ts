// One connection with MPTCP to a URL, kept open until its paths stand, and what became of it as plain data.
//
//   connect (and TLS) ─▶ request head without its last line ─▶ look every 50 ms, ≤ 3 s ─▶ last line ─▶ reply ─▶ close
//
// The kernel joins further paths once the first data is acknowledged. A server that answers may close, and the paths
// would be gone before they were seen: so the request stays unfinished while they are awaited. The reply's first bytes
// are waited for because a network that takes MPTCP out of data packets shows with them, and not before. Not here: what
// the facts mean (trial-rules.ts).

import { readFullInfo } from "#ffi/mptcp.ts";
import type { SocketAddress } from "#ffi/sockaddr.ts";
import type { SubflowInfo } from "#ffi/structs.ts";
import { TCP_STATES } from "#ffi/tcp-info.ts";
import { bytesOf } from "../../../bytes.ts";
import type { Clock } from "../../../clock.ts";
import { CurlError } from "../../../error.ts";
import { basicAuthorization } from "../../../http/auth/basic.ts";
import { buildRequestHead, type RequestSpec } from "../../../http/request.ts";
import { encodeRequestHead } from "../../../http1/encoder.ts";
import { formatIpAddress } from "../../../ip-address.ts";
import type { Trace } from "../../../trace.ts";
import type { Url } from "../../../url.ts";
import { type Connect, connect } from "../../connect.ts";
import { Resolver } from "../../resolve.ts";
import { planRoute, type RouteSpec, targetOf } from "../../route.ts";
import { SocketStream, type Stream } from "../../stream.ts";
import type { TlsSpec } from "../../tls.ts";
import type { MptcpCounters, MptcpState } from "../verdict.ts";
import { readCounters } from "./read-facts.ts";

/** A URL to try, and how the command line would fetch it. */
export interface CheckTarget {
  readonly url: Url;
  readonly request: RequestSpec;
  readonly credentials: { readonly user: string; readonly password: string } | null;
  readonly route: RouteSpec;
  readonly tls: TlsSpec;
  /** For name, connect and TLS together; 0: the check's own patience. */
  readonly connectTimeoutMs: number;
}

/** A subflow as it was last seen. */
export interface SubflowFacts {
  readonly local: string;
  readonly remote: string;
  readonly state: "established" | "connecting";
}

/** A connection that stood. */
export interface TrialFacts {
  readonly local: string;
  readonly remote: string;
  readonly family: "ipv4" | "ipv6";
  /** What the kernel said of it last; null: it is no connection of TCP at all (a Unix socket). */
  readonly state: Readonly<MptcpState> | null;
  /** Established or connecting, of the last look that saw any. */
  readonly subflows: readonly SubflowFacts[];
  /** The counters' change over the connection; of the whole namespace. */
  readonly change: MptcpCounters;
  /** "joined": all that were awaited stood · "patience": the time was over · "closed": the connection was. */
  readonly ended: "joined" | "patience" | "closed";
  readonly hasReply: boolean;
}

export interface TrialContext {
  readonly clock: Clock;
  readonly trace: Trace | undefined;
  /** Over the network unless given. */
  readonly connect?: Connect | undefined;
}

/** How long joins are waited for, and a reply. */
const PATIENCE_MS = 3000;
const LOOK_EVERY_MS = 50;
/** A check is not a transfer: it need not wait for as long as one. */
const LONGEST_CONNECT_MS = 30_000;

/** What is awaited, told once the connection stands: the sources of further paths; empty: none in particular. */
export type Awaited = (connection: {
  readonly local: string;
  readonly remote: string;
  readonly family: "ipv4" | "ipv6";
}) => ReadonlySet<string>;

/** @throws CurlError where no connection could be made */
export async function tryTarget(
  target: CheckTarget,
  context: TrialContext,
  awaited: Awaited,
): Promise<TrialFacts> {
  const before = readCounters();
  const stream = await open(target, context);
  const trial = new Trial(stream, context.clock);
  try {
    return await trial.run(target, { awaited, before });
  } finally {
    stream.close();
  }
}

async function open(target: CheckTarget, context: TrialContext): Promise<Stream> {
  const { url, tls, connectTimeoutMs } = target;
  const { clock, trace } = context;
  // Where MPTCP is not to be had, the reason is asked for, not an error.
  const mptcp = { ...target.route.mptcp, required: false };
  const spec: RouteSpec = { ...target.route, protocol: "mptcp", mptcp };
  const to = targetOf(url);
  const limitMs = Math.min(connectTimeoutMs || LONGEST_CONNECT_MS, LONGEST_CONNECT_MS);
  const abort = new AbortController();
  const timer = clock.after(limitMs, () => {
    const text = `Connection timed out after ${limitMs} milliseconds`;
    abort.abort(new CurlError("OPERATION_TIMEDOUT", text));
  });
  let connections = 0;
  try {
    return await (context.connect ?? connect)(
      planRoute(to, spec, tls),
      { target: to, spec },
      {
        clock,
        trace,
        resolver: new Resolver(clock),
        signal: abort.signal,
        nextConnectionId: () => connections++,
        reached: () => {},
      },
    );
  } finally {
    timer.cancel();
  }
}

class Trial {
  readonly #stream: Stream;
  readonly #clock: Clock;
  #subflows: readonly SubflowFacts[] = [];
  #isClosed = false;
  #hasReply = false;

  constructor(stream: Stream, clock: Clock) {
    this.#stream = stream;
    this.#clock = clock;
  }

  async run(
    target: CheckTarget,
    { awaited, before }: { awaited: Awaited; before: MptcpCounters },
  ): Promise<TrialFacts> {
    const { connection } = this.#stream;
    const [local, remote] = [unmapped(connection.localAddress), unmapped(connection.remoteAddress)];
    const family = remote.includes(":") ? "ipv6" : "ipv4";
    this.#listen();
    let ended: TrialFacts["ended"] = "closed";
    if (connection.mptcp?.verdict === "mptcp") {
      ended = await this.#speak(target, awaited({ local, remote, family }));
    }
    return {
      local,
      remote,
      family,
      state: connection.mptcp,
      subflows: this.#subflows,
      change: difference(before, readCounters()),
      ended,
      hasReply: this.#hasReply,
    };
  }

  #listen(): void {
    const close = (): void => {
      this.#isClosed = true;
    };
    const data = (): void => {
      this.#hasReply = true;
    };
    this.#stream.attach({ data, end: close, fail: close });
  }

  async #speak(target: CheckTarget, sources: ReadonlySet<string>): Promise<TrialFacts["ended"]> {
    const head = headOf(target);
    const lastLine = head.length - 2;
    if (!(await this.#send(head.subarray(0, lastLine)))) return "closed";
    let isJoined = false;
    await this.#waitUntil(() => {
      if (!this.#look()) return true;
      isJoined = [...sources].every((source) => this.#isEstablished(source));
      return isJoined;
    });
    if (this.#isClosed) return "closed";
    if (await this.#send(head.subarray(lastLine))) await this.#waitUntil(() => this.#hasReply);
    return isJoined ? "joined" : "patience";
  }

  async #send(bytes: Uint8Array): Promise<boolean> {
    try {
      await this.#stream.write(bytes);
      return true;
    } catch (error) {
      if (!(error instanceof CurlError)) throw error;
      return false;
    }
  }

  /** Until it holds, the connection ends, or patience. */
  async #waitUntil(holds: () => boolean): Promise<void> {
    for (let waitedMs = 0; waitedMs < PATIENCE_MS; waitedMs += LOOK_EVERY_MS) {
      await this.#clock.sleep(LOOK_EVERY_MS);
      if (this.#isClosed || holds()) return;
    }
  }

  /** @returns whether there is anything to wait for: a connection that fell back has one path for ever */
  #look(): boolean {
    if (!(this.#stream instanceof SocketStream) || !this.#stream.isOpen) return false;
    const info = readFullInfo(this.#stream.fd);
    if (info) this.#subflows = info.subflows.flatMap(describe);
    return info !== null;
  }

  #isEstablished(source: string): boolean {
    return this.#subflows.some(({ local, state }) => local === source && state === "established");
  }
}

function headOf({ url, request, credentials }: CheckTarget): Uint8Array {
  // HEAD: it asks for what the URL names, and brings nothing.
  const spec = { ...request, method: "HEAD", customMethod: null };
  const authorization = credentials && basicAuthorization(credentials.user, credentials.password);
  const { referer } = spec;
  const context = { url, method: "HEAD", authorization, body: null, referer, includeSecrets: true };
  return bytesOf(encodeRequestHead(buildRequestHead(spec, context)));
}

/** A first subflow that died has no address any more; its entry stays. */
function describe({ local, remote, tcp }: SubflowInfo): SubflowFacts[] {
  if (!local || !remote) return [];
  const { ESTABLISHED, SYN_SENT } = TCP_STATES;
  if (tcp.state !== ESTABLISHED && tcp.state !== SYN_SENT) return [];
  const state = tcp.state === ESTABLISHED ? "established" : "connecting";
  return [{ local: textOf(local), remote: textOf(remote), state }];
}

function textOf(address: SocketAddress): string {
  return address.family === "unix" ? address.path : unmapped(formatIpAddress(address.ip));
}

/** Sockets of IPv6 give IPv4 addresses in their mapped form. */
function unmapped(address: string): string {
  return address.replace(/^::ffff:(?=.*\.)/, "");
}

function difference(before: MptcpCounters, after: MptcpCounters): MptcpCounters {
  const change = new Map<string, number>();
  for (const [name, value] of after) change.set(name, value - (before.get(name) ?? 0));
  return change;
}
