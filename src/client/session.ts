// What transfers share: connections, resolved names, the clock, the listener.
//
// One session a run of the program, or as long as a user of the library wants.

import { type Clock, systemClock } from "../clock.ts";
import { Pool } from "../net/pool.ts";
import { Resolver } from "../net/resolve.ts";
import type { Trace } from "../trace.ts";

export interface SessionOptions {
  readonly trace?: Trace | undefined;
  readonly clock?: Clock;
}

export class Session {
  readonly clock: Clock;
  readonly pool: Pool;
  readonly resolver: Resolver;
  readonly trace: Trace | undefined;
  #connections = 0;

  constructor({ trace, clock = systemClock }: SessionOptions = {}) {
    this.clock = clock;
    this.trace = trace;
    this.pool = new Pool(clock);
    this.resolver = new Resolver(clock);
  }

  /** Connections are numbered from 0, as curl's `%{conn_id}`. */
  nextConnectionId(): number {
    return this.#connections++;
  }

  /** Closes idle connections. */
  close(): void {
    this.pool.close();
  }
}
