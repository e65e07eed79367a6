// The body of a request, as the transfer sees it: how long, of what type, and where its bytes come from.
//
// Here: the interface and the body that stands in memory. Not here: opening files (cli/plan hands in bodies that read
// through cli/host) and framing (client/send).

export interface RequestBody {
  /** Content-Type to send unless the user set one; null: none. */
  readonly type: string | null;
  /** Length in bytes; null: unknown, so the body is sent chunked. */
  readonly sizeBytes: number | null;
  /** Whether open() may be called again, for a redirect with 307/308 or a connection that died. */
  readonly replayable: boolean;
  /** The bytes from `offset` on. A chunk belongs to its reader until the next one is asked for, not longer. */
  open(offset?: number): AsyncIterable<Uint8Array>;
}

/** A body that stands in memory. */
export function memoryBody(bytes: Uint8Array, type: string | null): RequestBody {
  return {
    type,
    sizeBytes: bytes.length,
    replayable: true,
    async *open(offset = 0) {
      if (offset < bytes.length) yield offset === 0 ? bytes : bytes.subarray(offset);
    },
  };
}
