// From hops to a stream: runs the route bottom up.
//
// One switch over the kinds of hop, one place for the time of each step, one way out: what was opened is closed when a
// later step fails or the signal aborts.

import { abortable } from "../abortable.ts";
import type { Clock } from "../clock.ts";
import type { Trace } from "../trace.ts";
import { dial, dialUnix } from "./dial/dial.ts";
import type { DialOptions } from "./dial/dial-options.ts";
import type { Resolver } from "./resolve.ts";
import type { Hop, RouteSpec, Target } from "./route.ts";
import type { SocketStream, Stream } from "./stream.ts";

export interface ConnectContext {
  readonly clock: Clock;
  readonly resolver: Resolver;
  readonly trace: Trace | undefined;
  /** Aborted with the error that connect() then rejects with; whatever was open is closed. */
  readonly signal: AbortSignal;
  nextConnectionId(): number;
  /** A step is done; for curl's time_namelookup, time_connect, time_appconnect. */
  reached(step: "resolved" | "connected" | "secured"): void;
  /** The socket of a route is connected and nothing was sent yet, TLS included. What it throws ends the connection. */
  stands?(stream: Stream): void | Promise<void>;
}

/** What connect() is to a transfer; another one connects to what it likes. */
export type Connect = (
  hops: readonly Hop[],
  way: { readonly target: Target; readonly spec: RouteSpec },
  context: ConnectContext,
) => Promise<Stream>;

/** @throws CurlError of resolving, connecting or TLS; the signal's reason */
export async function connect(
  hops: readonly Hop[],
  { target, spec }: { readonly target: Target; readonly spec: RouteSpec },
  context: ConnectContext,
): Promise<Stream> {
  let stream: SocketStream | null = null;
  const abort = (): void => stream?.fail(context.signal.reason);
  context.signal.addEventListener("abort", abort);
  try {
    for (const hop of hops) {
      switch (hop.kind) {
        case "socket":
          stream = await connectSocket(hop, { target, spec }, context);
          context.reached("connected");
          await context.stands?.(stream);
          break;
        case "unix":
          context.reached("resolved");
          stream = await dialUnix(hop.path, dialOptions({ target, spec }, "unix", context));
          context.reached("connected");
          break;
        case "tls":
          if (!stream) throw new Error("a TLS hop needs a hop below it");
          await secureStream(stream, hop, context);
          context.reached("secured");
          break;
      }
    }
    if (!stream) throw new Error("a route has at least one hop");
    return stream;
  } catch (error) {
    stream?.close();
    throw context.signal.aborted ? context.signal.reason : error;
  } finally {
    context.signal.removeEventListener("abort", abort);
  }
}

async function connectSocket(
  hop: Extract<Hop, { kind: "socket" }>,
  { target, spec }: { target: Target; spec: RouteSpec },
  context: ConnectContext,
): Promise<SocketStream> {
  const { host, port, zoneId, protocol } = hop;
  const query = { host, port, zoneId, family: spec.family, rules: spec.resolve };
  const answer = context.resolver.resolve(query);
  // getaddrinfo(3) cannot be stopped; an answer that comes too late is dropped.
  const candidates = answer instanceof Promise ? await abortable(answer, context.signal) : answer;
  context.reached("resolved");
  if (candidates[0]?.address !== host) {
    const of = (family: string): string[] =>
      candidates.filter((c) => c.family === family).map((c) => c.address);
    context.trace?.({ type: "resolved", host, port, ipv6: of("ipv6"), ipv4: of("ipv4") });
  }
  return dial(candidates, dialOptions({ target, spec }, protocol, context));
}

function dialOptions(
  { target, spec }: { target: Target; spec: RouteSpec },
  protocol: "mptcp" | "tcp" | "unix",
  context: ConnectContext,
): DialOptions {
  const { clock, signal, trace } = context;
  const { host, port } = target;
  const isUnix = protocol === "unix";
  return {
    protocol: isUnix ? "tcp" : protocol,
    // By what was asked for: after a fall back the hop is plain TCP, and the connection's verdict says why.
    mptcp: isUnix || spec.protocol === "tcp" ? null : spec.mptcp,
    keepAlive: spec.keepAlive,
    clock,
    signal,
    trace,
    host,
    port,
    nextConnectionId: () => context.nextConnectionId(),
  };
}

async function secureStream(
  stream: SocketStream,
  { serverName, spec }: Extract<Hop, { kind: "tls" }>,
  { trace }: ConnectContext,
): Promise<void> {
  // Loaded here: a plain transfer does not pay for it.
  const { secure } = await import("./tls.ts");
  await secure(stream, { serverName, spec, trace });
}
