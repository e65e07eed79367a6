// A transfer over scripted streams: a session on a virtual clock, whose connections are kept already or made when they
// are asked for, a sink that notes what it gets, and the outcome once there is one.

import { byteString, bytesOf } from "../../../src/bytes.ts";
import { newCounters, type Outcome } from "../../../src/client/outcome.ts";
import { Session } from "../../../src/client/session.ts";
import type { Sink } from "../../../src/client/sink.ts";
import { type Transfer, transfer } from "../../../src/client/transfer.ts";
import type { CurlError } from "../../../src/error.ts";
import type { RequestBody } from "../../../src/http/body/request-body.ts";
import type { RequestSpec } from "../../../src/http/request.ts";
import type { Connect } from "../../../src/net/connect.ts";
import { planRoute, poolKey, type RouteSpec, targetOf } from "../../../src/net/route.ts";
import type { TraceEvent } from "../../../src/trace.ts";
import { parseUrl } from "../../../src/url.ts";
import { ScriptedStream } from "./scripted-stream.ts";
import { turn, VirtualClock } from "./virtual-clock.ts";

export const PLAIN_ROUTE: RouteSpec = {
  protocol: "tcp",
  family: "any",
  resolve: [],
  connectTo: [],
  unixSocket: null,
  mptcp: { required: false, pathTimeoutMs: 30_000, fellBack: null },
  keepAlive: { enabled: true, timeSeconds: null, count: null },
};

/** A plain GET of `url`. */
export function plainTransfer(url: string): Transfer {
  return {
    id: 0,
    url: parseUrl(url),
    request: {
      method: "GET",
      customMethod: null,
      httpVersion: "1.1",
      headers: [],
      userAgent: "mpcurl",
      referer: null,
      refererAuto: false,
      range: null,
      compressed: false,
      json: false,
    },
    body: null,
    credentials: null,
    route: PLAIN_ROUTE,
    tls: {
      verify: true,
      trust: { kind: "system" },
      minVersion: 771,
      maxVersion: 772,
      clientCertificate: null,
      collectCertificates: false,
    },
    redirects: { follow: false, maxRedirects: 50 },
    limits: { connectTimeoutMs: 0, maxTimeMs: 0 },
    failOnStatus: "no",
  };
}

/** Notes every call; `busyAt` makes it wait for release(). */
export class NotingSink implements Sink {
  readonly calls: string[] = [];
  outcome: Outcome | null = null;
  finishes = 0;
  busyAt: RegExp | null = null;
  failsAt: ((call: string) => Error | undefined) | null = null;
  #waiting: (() => void)[] = [];

  /** All body bytes. */
  get body(): string {
    return this.calls
      .filter((call) => call.startsWith("write "))
      .map((call) => call.slice("write ".length))
      .join("");
  }

  header(raw: string, kind: string): void | Promise<void> {
    return this.#note(`${kind} ${raw.split("\r\n", 1)[0]}`);
  }

  begin(head: { status: number }): void | Promise<void> {
    return this.#note(`begin ${head.status}`);
  }

  write(bytes: Uint8Array): void | Promise<void> {
    return this.#note(`write ${byteString(bytes)}`);
  }

  restart(): void | Promise<void> {
    return this.#note("restart");
  }

  finish(outcome: Outcome): void | Promise<void> {
    this.finishes++;
    this.outcome = outcome;
    return this.#note("finish");
  }

  async release(): Promise<void> {
    for (const resolve of this.#waiting.splice(0)) resolve();
    await turn();
  }

  #note(call: string): void | Promise<void> {
    this.calls.push(call);
    const error = this.failsAt?.(call);
    if (error) throw error;
    if (this.busyAt?.test(call)) return new Promise((resolve) => this.#waiting.push(resolve));
  }
}

export class TransferRun {
  readonly clock = new VirtualClock();
  readonly events: TraceEvent[] = [];
  readonly session = new Session({
    clock: this.clock,
    trace: (event) => this.events.push(event),
    connect: (...asked) => this.#connect(...asked),
  });
  readonly sink = new NotingSink();
  readonly transfer: Transfer;
  readonly abort = new AbortController();
  readonly counters = newCounters();
  /** Connections that were made, in order. */
  readonly made: ScriptedStream[] = [];
  /** Which step of a connect is never over; null: none. */
  hangsIn: "look-up" | "handshake" | "TLS" | null = null;
  /** What a connect fails with. */
  refusal: CurlError | null = null;
  #outcome: Outcome | null = null;
  #bug: unknown = null;
  #streams = 0;

  constructor(url: string, given: Partial<Transfer> = {}) {
    this.transfer = { ...plainTransfer(url), ...given };
  }

  /** A connection to the place of `url`, idle in the pool. The one that was kept last is used first. */
  keep(url: string, stream: ScriptedStream = new ScriptedStream(this.#streams)): ScriptedStream {
    this.#streams++;
    const target = targetOf(parseUrl(url));
    const { route, tls } = this.transfer;
    this.session.pool.put(poolKey(target, route, planRoute(target, route, tls)), stream);
    return stream;
  }

  /** What is connected to: the hops' protocols, in order of the connections. */
  readonly protocols: string[] = [];
  /** Called with each connection that is made, before the transfer has it. */
  prepares: ((stream: ScriptedStream, way: RouteSpec) => void) | null = null;

  readonly #connect: Connect = async (hops, { spec }, { signal, reached, nextConnectionId }) => {
    const never = (): Promise<never> =>
      new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
    if (this.hangsIn === "look-up") await never();
    reached("resolved");
    if (this.refusal) throw this.refusal;
    if (this.hangsIn === "handshake") await never();
    reached("connected");
    if (this.hangsIn === "TLS") await never();
    if (hops.some(({ kind }) => kind === "tls")) reached("secured");
    const stream = new ScriptedStream(nextConnectionId());
    this.made.push(stream);
    const [bottom] = hops;
    this.protocols.push(bottom?.kind === "socket" ? bottom.protocol : "");
    this.prepares?.(stream, spec);
    return stream;
  };

  /** Begins; what can happen without the peer has happened. */
  async start(): Promise<this> {
    const { session, sink } = this;
    const { counters } = this;
    transfer(this.transfer, { session, sink }, { signal: this.abort.signal, counters }).then(
      (outcome) => {
        this.#outcome = outcome;
      },
      (bug: unknown) => {
        this.#bug = bug;
      },
    );
    await turn();
    return this;
  }

  /** The same transfer once more, in the same session. */
  async again(): Promise<void> {
    this.#outcome = null;
    await this.start();
  }

  get isDone(): boolean {
    return this.#outcome !== null;
  }

  get outcome(): Outcome {
    if (this.#bug !== null) throw this.#bug;
    if (this.#outcome === null) throw new Error("the transfer still runs");
    return this.#outcome;
  }

  /** "0", or the exit code and its sentence. */
  get result(): string {
    const { error } = this.outcome;
    return error ? `${error.exitCode} ${error.message}` : "0";
  }
}

/** A transfer that runs, on a connection that was kept for its URL. */
export async function started(
  url: string,
  given: Partial<Transfer> = {},
): Promise<{ run: TransferRun; stream: ScriptedStream }> {
  const run = new TransferRun(url, given);
  const stream = run.keep(url);
  await run.start();
  return { run, stream };
}

export function requestOf(given: Partial<RequestSpec>): RequestSpec {
  return { ...plainTransfer("http://host/").request, ...given };
}

export function ok(body: string, ...fields: string[]): string {
  return ["HTTP/1.1 200 OK", `Content-Length: ${body.length}`, ...fields, "", body].join("\r\n");
}

export function moved(location: string, status = 302): string {
  return `HTTP/1.1 ${status} Moved\r\nLocation: ${location}\r\nContent-Length: 5\r\n\r\nmoved`;
}

/** A body from a pipe: its length is unknown, and it can be read once. */
export function pipe(text: string): RequestBody {
  return {
    type: null,
    sizeBytes: null,
    replayable: false,
    async *open() {
      yield bytesOf(text);
    },
  };
}
