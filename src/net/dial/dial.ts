// Opens the socket of a connection: the race among addresses, or a Unix socket.
//
// --mptcp opens every socket as IPPROTO_MPTCP; where the kernel refuses that, the whole dial fails with the reason.
// Plain TCP joins only where the network leaves MPTCP without answer, and never under --mptcp-require; a peer that does
// not speak MPTCP is the kernel's to fall back from. What came of it mptcp/guard.ts finds out, which is loaded while the
// connect is under way, and only for --mptcp.

import { readNetstat } from "#ffi/proc.ts";
import type { SocketAddress } from "#ffi/sockaddr.ts";
import { abortable } from "../../abortable.ts";
import type { SocketStream } from "../stream.ts";
import { isRefusal, openAttempt, reasonOf } from "./attempt.ts";
import { describe, localEnd } from "./describe.ts";
import { couldNotConnect, type DialOptions } from "./dial-options.ts";
import type { Candidate } from "./race.ts";
import { race } from "./run-race.ts";

/**
 * Connects to the first candidate that answers.
 * @throws CurlError COULDNT_CONNECT, MPTCP_REQUIRED, or the signal's reason
 */
export async function dial(
  candidates: readonly Candidate[],
  options: DialOptions,
): Promise<SocketStream> {
  const { mptcp, protocol, signal } = options;
  if (!mptcp) return (await race(candidates, options)).stream;
  const netstatBefore = protocol === "mptcp" ? readNetstat() : null;
  const racing = race(candidates, options);
  // Begun when connect(2) is under way, which therefore does not wait for it.
  const loading = import("../mptcp/guard.ts");
  const { stream, opened, ownAttempts } = await racing;
  try {
    const { guardStream } = await abortable(loading, signal);
    // Between two turns of the event loop the peer may have ended it, and its number be another socket's.
    if (localEnd(stream)?.port === stream.connection.localPort) {
      guardStream(stream, { ...options, ...mptcp, opened, netstatBefore, ownAttempts });
    }
    return stream;
  } catch (error) {
    stream.close();
    throw error;
  }
}

/** Connects to a Unix socket. @throws CurlError COULDNT_CONNECT, or the signal's reason */
export async function dialUnix(path: string, options: DialOptions): Promise<SocketStream> {
  const startedMs = options.clock.nowMs();
  const address: SocketAddress = { family: "unix", path };
  options.trace?.({ type: "attempt", address: path, port: -1 });
  let stream: SocketStream | undefined;
  const abort = (): void => stream?.fail(options.signal.reason);
  try {
    const attempt = openAttempt(address, { protocol: "tcp", source: null, keepAlive: null });
    stream = attempt.stream;
    options.signal.addEventListener("abort", abort);
    await attempt.connected;
  } catch (error) {
    if (options.signal.aborted) throw options.signal.reason;
    if (!isRefusal(error)) throw error;
    throw couldNotConnect(options, {
      startedMs,
      over: ` over unix://${path}`,
      reasons: [`${path}: ${reasonOf(error)}`],
    });
  } finally {
    options.signal.removeEventListener("abort", abort);
  }
  stream.connection = describe(stream, { address: path, port: -1, protocol: "unix", options });
  return stream;
}
