// The progress meter on a terminal in a transfer over two paths: a line for each below its row, drawn in place. What
// the program writes is played to a screen (tests/support/screen.ts), and the screen is what is looked at.
import { expect } from "bun:test";
import { join } from "node:path";
import { startServer, twoPaths } from "../support/mptcp/paths.ts";
import { programPath } from "../support/program-path.ts";
import { Screen } from "../support/screen.ts";
import { tempDir } from "../support/temp-dir.ts";
import { inNamespaces } from "./lab.ts";

const COLUMNS = 100;
/** Two seconds and a half over both paths. */
const SIZE = 10_000_000;

/** Runs the program in "client" on a terminal of its own, after `before`; what it wrote there. */
async function screenOf(words: readonly string[], before = ""): Promise<string> {
  const network = await twoPaths({ family: "IPv4", rateMbit: 16 });
  await using topology = network.topology;
  await startServer(topology);
  const file = join(tempDir("meter"), "file");
  const url = `http://${network.host}:8080/${SIZE}`;
  const command = [programPath(), "-o", file, ...words, url].join(" ");
  const argv = [
    "script",
    "-qec",
    `stty cols ${COLUMNS} rows 24; ${before} ${command}`,
    "/dev/null",
  ];
  const { exitCode, stdout } = await topology.run("client", argv, { env: { TERM: "xterm" } });
  expect(exitCode).toBe(0);
  return stdout.replaceAll("\r\n", "\n");
}

function played(text: string): Screen {
  const screen = new Screen(COLUMNS);
  screen.write(text);
  return screen;
}

const PATH_LINE =
  /^c[12] 10\.9\.[12]\.1 -> 10\.9\.1\.2:8080 {2}[#-]{20} {2}[ \d]{3}% .{6}\/s {2}\w+$/;

inNamespaces()("the meter shows both paths, and leaves them on the screen", async () => {
  const text = await screenOf(["--mptcp"]);
  const { rows, cursor } = played(text);
  expect(rows).toHaveLength(5);
  expect(rows[2]).toStartWith("100  9.54M 100  9.54M ");
  for (const row of rows.slice(3)) expect(row).toMatch(PATH_LINE);
  const shares = rows.slice(3).map((row) => Number(/(\d+)%/.exec(row)?.[1]));
  for (const share of shares) expect(share).toBeGreaterThan(25);
  expect(cursor).toEqual({ row: 5, column: 0 });
  // It was drawn more than once, and each time in place.
  expect(text.split("\n").length).toBeGreaterThan(9);
});

inNamespaces()("-v's lines and the meter share a terminal", async () => {
  const { rows } = played(await screenOf(["--mptcp", "-v"]));
  expect(rows.filter((row) => PATH_LINE.test(row))).toHaveLength(2);
  expect(rows).toContainEqual(expect.stringMatching(/^\* MPTCP: path 2 up: c2 10\.9\.2\.1 -> /));
  expect(rows).toContainEqual("< HTTP/1.1 200 OK");
});

inNamespaces()("the meter's lines follow a terminal that is made narrower", async () => {
  const text = await screenOf(["--mptcp"], "(sleep 1; stty -F /dev/tty cols 50) &");
  const drawings = text.split("\u001b[J").slice(0, -1);
  const widths = drawings.map((drawing) =>
    Math.max(
      ...drawing
        .split(/\r|\n/)
        .slice(-3)
        .map((line) => line.replaceAll("\u001b[K", "").length),
    ),
  );
  expect(widths.length).toBeGreaterThan(1);
  expect(widths.at(-1)).toBe(49);
});

inNamespaces()("without --mptcp the meter has no escape sequence", async () => {
  const text = await screenOf([]);
  expect(text).not.toContain("\u001b");
  expect(played(text).rows).toHaveLength(3);
});
