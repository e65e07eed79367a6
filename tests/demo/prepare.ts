// What `bun run demo` needs before it runs: the packages, the compiled program, and iproute2 where that is missing and
// may be installed (root on Debian and its like). Each step says what it does; one that fails ends the demo.
import { SYSTEM_PATH } from "../support/mptcp/netns.ts";
import { ROOT } from "../support/program-path.ts";

const APT = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };

async function step(
  argv: readonly string[],
  env: Record<string, string | undefined> = process.env,
): Promise<void> {
  const child = Bun.spawn([...argv], { cwd: ROOT, env, stdout: "pipe", stderr: "pipe" });
  const [exitCode, output, errors] = await Promise.all([
    child.exited,
    child.stdout.text(),
    child.stderr.text(),
  ]);
  if (exitCode === 0) return;
  process.stderr.write(`${argv.join(" ")} failed:\n${output}${errors}`);
  process.exit(exitCode);
}

function lacksIproute(): boolean {
  return ["ip", "tc"].some((name) => Bun.which(name, { PATH: SYSTEM_PATH }) === null);
}

process.stdout.write("Installing packages and building dist/mpcurl…\n");
await step([process.execPath, "install", "--frozen-lockfile"]);
await step([process.execPath, "run", "build"]);
if (lacksIproute() && process.getuid?.() === 0 && Bun.which("apt-get") !== null) {
  process.stdout.write("Installing iproute2…\n");
  await step(["apt-get", "update"], APT);
  await step(["apt-get", "install", "-y", "--no-install-recommends", "iproute2"], APT);
}
