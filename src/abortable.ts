// Waiting that an AbortSignal can end.
//
// For work that cannot be stopped (a name look-up, somebody else's code): it goes on, and nobody waits for it any more.
// What can be stopped listens to the signal itself.

/** Resolves or rejects as `promise` does, or rejects with the signal's reason, whichever comes first. */
export async function abortable<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const abort = (): void => reject(signal.reason);
  if (signal.aborted) abort();
  signal.addEventListener("abort", abort);
  try {
    // Both are listened to from here on, so that the loser's rejection is nobody's bug.
    return await Promise.race([promise, aborted]);
  } finally {
    signal.removeEventListener("abort", abort);
  }
}
