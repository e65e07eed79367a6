// Why a connection without a path ends, as the error of its transfer. Pure.
//
// Here: the words. Not here: the decision (liveness.ts) and ending the stream (guard.ts). The kernel would say nothing
// for 60 s and then "Transport endpoint is not connected", or never say anything.

import { CurlError } from "../../error.ts";
import type { EndOfPaths } from "./liveness.ts";
import { END_CAUSE_WORDS, type MptcpRecord, type PathRecord } from "./paths.ts";

/**
 * @param pathTimeoutMs what "dead" was measured by
 * @returns RECV_ERROR (56), as curl's for a connection that breaks
 */
export function endOfPathsError(
  record: MptcpRecord,
  { end, pathTimeoutMs }: { end: EndOfPaths; pathTimeoutMs: number },
): CurlError {
  const { host, port, startedMs, paths } = record;
  const at = (ms: number): string => `${((ms - startedMs) / 1000).toFixed(2)} s`;
  if (end.kind === "reset")
    return new CurlError(
      "RECV_ERROR",
      `The connection to ${host}:${port}, which fell back to TCP, was reset`,
    );
  if (end.kind === "none-left") {
    const last = lastToGo(paths);
    const which = last
      ? `${nameOf(last)} went last, ${at(last.downMs ?? end.sinceMs)} into the transfer` +
        (last.endCause && last.endCause !== "unknown" ? ` (${END_CAUSE_WORDS[last.endCause]})` : "")
      : `the last one was gone at the first look, ${at(end.sinceMs)} into the transfer`;
    return new CurlError(
      "RECV_ERROR",
      `No MPTCP path to ${host}:${port} is left: ${which}, and none came back within a second`,
    );
  }
  const each = paths
    .filter(({ phase }) => phase !== "closed")
    .map((path) => {
      const last =
        path.lastByteMs === null ? "never a byte" : `last byte at ${at(path.lastByteMs)}`;
      return `${nameOf(path)}: ${last}`;
    });
  const seconds = Number((pathTimeoutMs / 1000).toFixed(3));
  return new CurlError(
    "RECV_ERROR",
    `Every path to ${host}:${port} has been without an answer for ${seconds} s (--mptcp-path-timeout)` +
      (each.length > 0 ? `: ${each.join("; ")}` : ""),
  );
}

function lastToGo(paths: readonly PathRecord[]): PathRecord | null {
  let last: PathRecord | null = null;
  for (const path of paths) {
    if (path.phase === "closed" && (last === null || (path.downMs ?? 0) >= (last.downMs ?? 0)))
      last = path;
  }
  return last;
}

/** "path 2 (c2, 10.9.2.1 to 10.9.1.2)" */
function nameOf({ id, interfaceName, local, remote }: PathRecord): string {
  const via = interfaceName === null ? "" : `${interfaceName}, `;
  return `path ${id} (${via}${local.address} to ${remote.address})`;
}
