// What transfers share: connections, resolved names, the clock, the listener.
//
// One session a run of the program, or as long as a user of the library wants. What is marked
// @internal is left out of the library's types.

import { type Clock, systemClock } from "../clock.ts";
import { type Connect, connect } from "../net/connect.ts";
import { Pool } from "../net/pool.ts";
import { Resolver } from "../net/resolve.ts";
import type { Trace } from "../trace.ts";

export interface SessionOptions {
  /** Gets what happens inside the transfers, MPTCP's verdict on each connection included. */
  readonly trace?: Trace | undefined;
  /** @internal */
  readonly clock?: Clock | undefined;
  /**
   * Makes the connections; over the network unless given.
   * @internal
   */
  readonly connect?: Connect | undefined;
}

export class Session {
  /** @internal */
  readonly clock: Clock;
  /** @internal */
  readonly connect: Connect;
  /** @internal */
  readonly pool: Pool;
  /** @internal */
  readonly resolver: Resolver;
  /** @internal */
  readonly trace: Trace | undefined;
  #connections = 0;

  constructor(options: SessionOptions = {}) {
    const { trace, clock = systemClock } = options;
    this.clock = clock;
    this.connect = options.connect ?? connect;
    this.trace = trace;
    this.pool = new Pool(clock);
    this.resolver = new Resolver(clock);
  }

  /**
   * Connections are numbered from 0, as curl's `%{conn_id}`.
   * @internal
   */
  nextConnectionId(): number {
    return this.#connections++;
  }

  /** Closes idle connections. The session can be used on; what is under way goes on too. */
  close(): void {
    this.pool.close();
  }
}
