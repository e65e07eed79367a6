import { describe, expect, test } from "bun:test";
import { main } from "../../../src/cli/main.ts";
import { MemoryHost, type MemoryHostOptions } from "../../support/memory-host.ts";

interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
  readonly host: MemoryHost;
}

async function run(argv: readonly string[], given: MemoryHostOptions = {}): Promise<Ran> {
  const host = new MemoryHost({ ...given, argv });
  const code = await main(host);
  return { code, stdout: host.stdout.text, stderr: host.stderr.text, host };
}

const NO_URL = "http://h:x/";
const HELP_LINE = "mpcurl: try 'mpcurl --help' for more information\n";

describe("main", () => {
  test("without arguments says where help is, 2", async () => {
    expect(await run([])).toMatchObject({ code: 2, stdout: "", stderr: HELP_LINE });
  });

  test("an option that is none, 2, under -s too", async () => {
    expect(await run(["-s", "--bogus", NO_URL])).toMatchObject({
      code: 2,
      stderr: `mpcurl: option --bogus: is unknown\n${HELP_LINE}`,
    });
  });

  test("no URL, 2", async () => {
    const { code, stderr } = await run(["-v"]);
    expect([code, stderr]).toEqual([2, `mpcurl: (2) no URL specified\n${HELP_LINE}`]);
  });

  test("--version and --help go to stdout, 0, whatever stands behind them", async () => {
    const version = await run(["-V", "--bogus"]);
    expect([version.code, version.stderr]).toEqual([0, ""]);
    expect(version.stdout).toStartWith("mpcurl ");
    const help = await run(["-h"]);
    expect([help.code, help.stderr]).toEqual([0, ""]);
    expect(help.stdout).toContain("--mptcp");
  });

  test("help into a closed pipe is 23", async () => {
    const host = new MemoryHost({ argv: ["-h"] });
    host.stdout.abandon();
    expect(await main(host)).toBe(23);
  });

  test("errors are one line each, and -s without -S is silent", async () => {
    const line =
      "mpcurl: (3) URL rejected: Port number was not a decimal number between 0 and 65535\n";
    expect(await run([NO_URL])).toMatchObject({ code: 3, stderr: line });
    expect(await run([NO_URL, NO_URL])).toMatchObject({ code: 3, stderr: line + line });
    expect(await run(["-s", NO_URL])).toMatchObject({ code: 3, stderr: "" });
    expect(await run(["-sS", NO_URL])).toMatchObject({ code: 3, stderr: line });
  });

  test("the exit code is the last transfer's", async () => {
    expect(await run(["-s", NO_URL, "x://h/"])).toMatchObject({ code: 1 });
    expect(await run(["-s", "x://h/", NO_URL])).toMatchObject({ code: 3 });
  });

  test("-w is written behind a failed transfer, with its reason", async () => {
    const { code, stdout } = await run([
      "-s",
      "-w",
      "%{exitcode} %{http_code} %{urlnum} %{url} %{errormsg}\\n",
      NO_URL,
      "x://h/",
    ]);
    expect(code).toBe(1);
    expect(stdout).toBe(
      "3 000 0 http://h:x/ URL rejected: Port number was not a decimal number between 0 and 65535\n" +
        '1 000 1 x://h/ Protocol "x" not supported\n',
    );
  });

  test("sections between --next run in order, up to one that cannot be planned", async () => {
    const { code, stdout } = await run([
      "-s",
      "-w",
      "one ",
      NO_URL,
      "--next",
      "-d",
      "@none",
      NO_URL,
      "--next",
      "-w",
      "3",
      NO_URL,
    ]);
    expect([code, stdout]).toEqual([26, "one "]);
  });

  test("a file that cannot be sent is a line about it and 26", async () => {
    const { code, stderr } = await run(["-T", "none", "http://h/"]);
    expect(code).toBe(26);
    expect(stderr).toContain("cannot open 'none'");
    expect(stderr).toContain("mpcurl: (26) Failed to open/read local data from file/application\n");
  });

  test("warnings come first", async () => {
    const { stderr } = await run(["-o", "x", "-o", "y", NO_URL]);
    expect(stderr).toMatch(/^Warning: Got more output options than URLs\nmpcurl: \(3\)/);
    const flag = await run(["-o", "-x", NO_URL]);
    expect(flag.stderr).toMatch(
      /^Warning: The filename argument '-x' looks like a flag\.\nmpcurl: /,
    );
  });

  test("makes no file for a transfer that fails before its first byte", async () => {
    const { host } = await run(["-o", "x", NO_URL]);
    expect([...host.files.keys()]).toEqual([]);
  });

  test("a bug is 125, with its stack", async () => {
    const host = new MemoryHost({ argv: ["-T", "file", "http://h/"] });
    host.openInput = () => {
      throw new TypeError("a bug of ours");
    };
    expect(await main(host)).toBe(125);
    expect(host.stderr.text).toContain("a bug of ours");
  });
});
