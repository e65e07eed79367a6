// Runs a program on a pseudo terminal, so that it sees a person: stdin, stdout and stderr are the
// same terminal, and what comes back is what would have been on the screen.

import { cleanEnvironment, latin1, plant, type RunOptions } from "./program.ts";
import { programPath } from "./program-path.ts";
import { removeTempDir, tempDir } from "./temp-dir.ts";

export interface TerminalOptions
  extends Pick<RunOptions, "program" | "env" | "files" | "timeoutMs"> {
  readonly columns?: number;
  /** Typed as soon as the program has printed this text. */
  readonly typeAfter?: { readonly prompt: string; readonly keys: string };
}

export interface TerminalRun {
  /** Every byte that reached the terminal, as latin1. */
  readonly screen: string;
  readonly exitCode: number | null;
  readonly signal: string | null;
}

/** Runs the program on a terminal of its own, 80 columns wide unless said otherwise. */
export async function runOnTerminal(
  argv: readonly string[],
  options: TerminalOptions = {},
): Promise<TerminalRun> {
  const cwd = tempDir("tty");
  if (options.files) plant(cwd, options.files);
  let screen = "";
  let typed = false;
  const typing = options.typeAfter;
  const child = Bun.spawn([options.program ?? programPath(), ...argv], {
    cwd,
    env: { ...cleanEnvironment(cwd), TERM: "xterm", ...options.env },
    terminal: {
      cols: options.columns ?? 80,
      rows: 24,
      data(terminal, bytes) {
        screen += latin1(bytes);
        if (typing !== undefined && !typed && screen.includes(typing.prompt)) {
          typed = true;
          terminal.write(typing.keys);
        }
      },
    },
  });
  const alarm = setTimeout(() => child.kill("SIGKILL"), options.timeoutMs ?? 15_000);
  await child.exited;
  clearTimeout(alarm);
  child.terminal?.close();
  removeTempDir(cwd);
  return {
    screen,
    exitCode: child.signalCode === null ? child.exitCode : null,
    signal: child.signalCode === null ? null : String(child.signalCode),
  };
}
