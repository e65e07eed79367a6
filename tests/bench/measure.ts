// One run of a program, measured from outside: wall clock, CPU, peak memory.
//
// Peak memory needs a detour. The kernel keeps ru_maxrss across exec, and a child that we spawn begins as ours, so it
// would report at least our own size. time(1) is small and forks, so its child's number is its own; that costs about
// a millisecond of wall, which is why short runs are timed without it.
import { readFileSync, rmSync } from "node:fs";

export interface Measured {
  readonly wallMs: number;
  /** User and system. */
  readonly cpuMs: number;
  /** NaN where it was not asked for. */
  readonly peakMiB: number;
}

/** Runs `argv` to its end. @throws Error when it fails */
export function measure(argv: readonly string[], options: { memory: boolean }): Measured {
  const note = `/dev/shm/mpcurl-bench-${process.pid}-time`;
  const wrapper = options.memory ? ["/usr/bin/time", "-f", "%M", "-o", note] : [];
  const start = performance.now();
  const { exitCode, stderr, resourceUsage } = Bun.spawnSync([...wrapper, ...argv], {
    stdin: "ignore",
    stdout: "ignore",
    stderr: "pipe",
    env: { PATH: process.env.PATH, HOME: "/" },
  });
  const wallMs = performance.now() - start;
  if (exitCode !== 0) throw new Error(`${argv.join(" ")}: exit ${exitCode}: ${stderr}`);
  let peakMiB = Number.NaN;
  if (options.memory) {
    peakMiB = Number(readFileSync(note, "utf8")) / 1024;
    rmSync(note);
  }
  return { wallMs, cpuMs: Number(resourceUsage?.cpuTime.total ?? Number.NaN) / 1000, peakMiB };
}
