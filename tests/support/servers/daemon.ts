// Real servers as child processes: started in the foreground in a process group of their own, waited
// for until they accept connections, and killed group and all. A process that ends without stop()
// takes its servers with it.

import { connect } from "node:net";
import { cleanEnvironment } from "../program.ts";

export interface Daemon {
  readonly pid: number;
  /** All that it wrote to stderr so far. */
  complaints(): string;
  stop(): Promise<void>;
}

const running = new Set<number>();

process.on("exit", () => {
  for (const pid of running) killGroup(pid);
});

function killGroup(pid: number): void {
  try {
    process.kill(-pid, "SIGKILL");
  } catch {
    // It is gone already.
  }
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => resolve(false));
  });
}

/** Starts a server and returns when every one of its ports accepts connections. */
export async function startDaemon(
  argv: readonly string[],
  options: { readonly ports: readonly number[]; readonly cwd: string; readonly stdin?: "pipe" },
): Promise<Daemon> {
  const child = Bun.spawn([...argv], {
    cwd: options.cwd,
    env: cleanEnvironment(options.cwd),
    detached: true,
    stdin: "ignore",
    stdout: "ignore",
    stderr: "pipe",
  });
  running.add(child.pid);
  let complaints = "";
  const listening = (async () => {
    for await (const bytes of child.stderr) complaints += new TextDecoder().decode(bytes);
  })();
  const daemon: Daemon = {
    pid: child.pid,
    complaints: () => complaints,
    async stop() {
      killGroup(child.pid);
      await child.exited;
      await listening;
      running.delete(child.pid);
    },
  };
  const deadline = Date.now() + 10_000;
  for (const port of options.ports) {
    while (!(await accepts(port))) {
      if (child.exitCode !== null || Date.now() > deadline) {
        await daemon.stop();
        throw new Error(`${argv.join(" ")} does not listen on ${port}:\n${complaints}`);
      }
      await Bun.sleep(10);
    }
  }
  return daemon;
}

/** Runs a start that needs ports which somebody else may take in between, a few times. */
export async function retried<T>(start: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await start();
    } catch (error) {
      if (attempt === 3) throw error;
    }
  }
}
