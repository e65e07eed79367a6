// What `bun run demo` needs before it runs: the npm packages, the compiled program, and iproute2 where that is missing
// and may be installed (root on Debian and its like). Silent but for what takes time; a step that fails ends the demo.
// Runs in a fresh clone, so it imports nothing but our own files.
import { SYSTEM_PATH } from "../support/mptcp/netns.ts";
import { ROOT } from "../support/program-path.ts";

async function step(argv: readonly string[]): Promise<void> {
  const env = { ...process.env, PATH: SYSTEM_PATH, DEBIAN_FRONTEND: "noninteractive" };
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

function has(name: string): boolean {
  return Bun.which(name, { PATH: SYSTEM_PATH }) !== null;
}

process.stdout.write("Installing packages, building dist/mpcurl …\n");
await step([process.execPath, "install", "--frozen-lockfile"]);
await step([process.execPath, "run", "build:binary"]);
if (!(has("ip") && has("tc")) && process.getuid?.() === 0 && has("apt-get")) {
  process.stdout.write("Installing iproute2 …\n");
  await step(["apt-get", "update"]);
  await step(["apt-get", "install", "-y", "--no-install-recommends", "iproute2"]);
}
