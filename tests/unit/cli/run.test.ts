import { describe, expect, test } from "bun:test";
import { cutArgv } from "../../../src/cli/argv.ts";
import { foldOperations } from "../../../src/cli/fold.ts";
import { newGlobalSettings } from "../../../src/cli/operation.ts";
import { createMessages } from "../../../src/cli/output/messages.ts";
import { runOperations } from "../../../src/cli/run.ts";
import { CurlError } from "../../../src/error.ts";
import type { Connect } from "../../../src/net/connect.ts";
import { ScriptedStream } from "../../support/client/scripted-stream.ts";
import { ok } from "../../support/client/transfer-run.ts";
import { turn } from "../../support/client/virtual-clock.ts";
import { MemoryHost, type MemoryHostOptions } from "../../support/memory-host.ts";

/** What the servers answer, by host. A host that is not here refuses; "" is an end without an answer. */
type Servers = { readonly [host: string]: string };

/** A server that answers each request, which here is one write, with the same. */
class AnsweringStream extends ScriptedStream {
  readonly #reply: string;

  constructor(id: number, reply: string) {
    super(id);
    this.#reply = reply;
  }

  override write(bytes: Uint8Array): void | Promise<void> {
    turn().then(() => (this.#reply === "" ? this.end() : this.receive(this.#reply)));
    return super.write(bytes);
  }
}

interface Ran {
  readonly code: number;
  readonly host: MemoryHost;
  /** Hosts in the order in which they were connected to. */
  readonly connected: readonly string[];
}

async function run(
  argv: readonly string[],
  servers: Servers,
  given: MemoryHostOptions = {},
): Promise<Ran> {
  const host = new MemoryHost(given);
  const connected: string[] = [];
  const connect: Connect = async (_hops, { target }, context) => {
    connected.push(target.host);
    const reply = servers[target.host];
    if (reply === undefined) throw new CurlError("COULDNT_CONNECT", `no way to ${target.host}`);
    return new AnsweringStream(context.nextConnectionId(), reply);
  };
  const { operations } = foldOperations(cutArgv(argv), host);
  const messages = createMessages(host, operations[0]?.global ?? newGlobalSettings());
  const code = await runOperations(operations, { host, messages, connect });
  return { code, host, connected };
}

const MISSING = "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n";

describe("runOperations", () => {
  test("gives the exit code of the last transfer: a success behind a failure is 0", async () => {
    const servers = { good: ok("fine\n"), dead: "" };
    for (const [urls, code] of [
      [["http://good/"], 0],
      [["http://dead/"], 52],
      [["http://dead/", "http://good/"], 0],
      [["http://good/", "http://dead/"], 52],
      [["http://h:x/", "http://good/"], 0],
      [["http://nowhere/", "http://dead/"], 52],
    ] as const) {
      const ran = await run(["-s", ...urls], servers);
      expect([urls, ran.code, ran.host.stderr.text]).toEqual([urls, code, ""]);
    }
  });

  test("each failure has its line, also where a success follows", async () => {
    const { host, code } = await run(["http://nowhere/", "http://good/"], { good: ok("fine\n") });
    expect([code, host.stdout.text, host.stderr.text]).toEqual([
      0,
      "fine\n",
      "mpcurl: (7) no way to nowhere\n",
    ]);
  });

  test("-w follows each transfer and knows its own outcome", async () => {
    const { host, code } = await run(
      ["-sf", "-w", "%{exitcode} %{response_code} %{urlnum}\\n", "http://missing/", "http://good/"],
      { missing: MISSING, good: ok("fine\n") },
    );
    expect([code, host.stdout.text]).toEqual([0, "22 404 0\nfine\n0 200 1\n"]);
  });

  test("a connection that is kept serves the next section too", async () => {
    const count = "%{num_connects} ";
    const { host, connected } = await run(
      ["-s", "-w", count, "http://good/", "--next", "-w", count, "http://good/"],
      { good: ok("a") },
    );
    expect([connected, host.stdout.text]).toEqual([["good"], "a1 a0 "]);
  });

  test("a section that cannot run ends the run; those before it have run", async () => {
    const { code, connected } = await run(
      ["-s", "http://good/", "--next", "-I", "-d", "x", "http://good/", "--next", "http://good/"],
      { good: ok("fine\n") },
    );
    expect([code, connected]).toEqual([2, ["good"]]);
  });

  test("an endpoint that cannot be added ends the run, and the report says that nothing was done", async () => {
    const host = new MemoryHost();
    const argv = [
      "--mptcp",
      "--mptcp-endpoint",
      "auto,id=1",
      "--mptcp-report",
      "r.json",
      "http://h/",
    ];
    const { operations } = foldOperations(cutArgv(argv), host);
    const messages = createMessages(host, newGlobalSettings());
    const refusal = await runOperations(operations, { host, messages }).catch((error) => error);
    expect(refusal).toMatchObject({ code: "FAILED_INIT" });
    expect(JSON.parse(host.files.get("r.json") ?? "")).toMatchObject({ transfers: [] });
    expect([host.openFiles, host.pendingTerminations]).toEqual([0, 0]);
  });

  test("a bug goes on as it is", async () => {
    const servers: Servers = {
      get good(): string {
        throw new TypeError("a bug");
      },
    };
    await expect(run(["-s", "http://good/"], servers)).rejects.toThrow(TypeError);
  });
});
