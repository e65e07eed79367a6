import { describe, expect, test } from "bun:test";
import { bytesOf } from "../../../../src/bytes.ts";
import {
  newGlobalSettings,
  newOperation,
  type Operation,
  type OutputSlot,
} from "../../../../src/cli/operation.ts";
import { createFileSink, type FileSink } from "../../../../src/cli/output/file-sink.ts";
import { createMessages } from "../../../../src/cli/output/messages.ts";
import { stderrWriter } from "../../../../src/cli/output/ordered-writer.ts";
import { CurlError } from "../../../../src/error.ts";
import type { ResponseHead } from "../../../../src/http1/decoder.ts";
import { parseUrl } from "../../../../src/url.ts";
import { MemoryHost, type MemoryHostOptions } from "../../../support/memory-host.ts";
import { outcomeOf, responseHead } from "../../../support/outcome.ts";

const URL_TEXT = "http://127.0.0.1:8080/dir/name";
const OK = responseHead("HTTP/1.1 200 OK", "Content-Length: 5");
const MOVED = responseHead("HTTP/1.1 301 Moved", "Location: /files/target?x");
const O: OutputSlot = { kind: "remote-name" };

function file(path: string): OutputSlot {
  return { kind: "file", path };
}

interface Setting {
  readonly host?: MemoryHostOptions;
  readonly slot?: OutputSlot | null;
  readonly output?: Partial<Operation["output"]>;
  readonly head?: boolean;
  readonly isFirst?: boolean;
}

/** A sink on a machine of its own. */
function begin(setting: Setting = {}): { host: MemoryHost; sink: FileSink } {
  const host = new MemoryHost(setting.host);
  return { host, sink: sinkOn(host, setting) };
}

function sinkOn(host: MemoryHost, setting: Setting): FileSink {
  const operation = newOperation(newGlobalSettings());
  Object.assign(operation.output, setting.output);
  operation.request.head = setting.head ?? false;
  return createFileSink({
    host,
    messages: createMessages(host, operation.global),
    operation,
    slot: setting.slot ?? null,
    url: parseUrl(URL_TEXT),
    isFirst: setting.isFirst ?? true,
  });
}

/** A response as a transfer delivers it. */
async function deliver(sink: FileSink, head: ResponseHead, ...body: string[]): Promise<void> {
  await sink.header(head.raw, "final");
  await sink.begin(head);
  for (const part of body) await sink.write(bytesOf(part));
  await sink.finish(outcomeOf(URL_TEXT, { head }));
}

/** The error that `action` ends with, at once or later. */
async function failure(action: () => unknown): Promise<CurlError> {
  try {
    await action();
  } catch (error) {
    if (error instanceof CurlError) return error;
    throw error;
  }
  throw new Error("it did not fail");
}

describe("createFileSink: where the body goes", () => {
  test("to standard output without -o", async () => {
    const { host, sink } = begin();
    await deliver(sink, OK, "hel", "lo");
    expect(host.stdout.text).toBe("hello");
    expect(sink.filenameEffective).toBeNull();
  });

  test("to -o's file, emptied first", async () => {
    const { host, sink } = begin({ slot: file("f"), host: { files: { f: "longer than that" } } });
    await deliver(sink, OK, "hel", "lo");
    expect(host.files.get("f")).toBe("hello");
    expect(host.stdout.text).toBe("");
    expect(host.openFiles).toBe(0);
  });

  test("to the URL's last segment with -O, in --output-dir", async () => {
    const { host, sink } = begin({
      slot: O,
      output: { dir: "d" },
      host: { directories: ["d"] },
    });
    await deliver(sink, OK, "hello");
    expect(host.files.get("d/name")).toBe("hello");
    expect(sink.filenameEffective).toBe("d/name");
  });

  test("waits where standard output is full", async () => {
    const { host, sink } = begin();
    host.stdout.hold();
    const pending = sink.write(bytesOf("hello"));
    expect(pending).toBeInstanceOf(Promise);
    host.stdout.release();
    await pending;
    expect(host.stdout.text).toBe("hello");
  });

  test("does not wait where it is not", () => {
    const { sink } = begin({ slot: file("f") });
    expect(sink.write(bytesOf("hello"))).toBeUndefined();
  });
});

describe("createFileSink: when a file is made", () => {
  test("not before the first byte", async () => {
    const { host, sink } = begin({ slot: file("f"), host: { files: { f: "old" } } });
    await sink.header(OK.raw, "final");
    await sink.begin(OK);
    expect(host.files.get("f")).toBe("old");
  });

  test("an empty 2xx makes an empty file", async () => {
    const { host, sink } = begin({ slot: file("f"), host: { files: { f: "old" } } });
    await deliver(sink, responseHead("HTTP/1.1 204 No Content"));
    expect(host.files.get("f")).toBe("");
  });

  test("304 makes none", async () => {
    const { host, sink } = begin({ slot: file("f"), host: { files: { f: "old" } } });
    await deliver(sink, responseHead("HTTP/1.1 304 Not Modified"));
    expect(host.files.get("f")).toBe("old");
  });

  test("a failed transfer makes none", async () => {
    const { host, sink } = begin({ slot: file("f") });
    const error = new CurlError("HTTP_RETURNED_ERROR", "The requested URL returned error: 404");
    const head = responseHead("HTTP/1.1 404 Not Found");
    await sink.header(head.raw, "final");
    await sink.finish(outcomeOf(URL_TEXT, { head, error }));
    expect(host.files.has("f")).toBe(false);
  });

  test("--create-dirs makes what -o and -D need, before anything is fetched", () => {
    const { host } = begin({
      slot: file("b/c/f"),
      output: { dir: "a", createDirs: true, dumpHeader: "h/headers" },
    });
    for (const directory of ["a", "a/b", "a/b/c", "h"]) {
      expect(host.directories).toContain(directory);
    }
  });

  test("restart() empties a file; headers of earlier hops stay", async () => {
    const { host, sink } = begin({ slot: file("f"), output: { showHeaders: true } });
    await sink.header(MOVED.raw, "intermediate");
    await sink.header(OK.raw, "final");
    await sink.write(bytesOf("hel"));
    await sink.restart();
    await deliver(sink, OK, "hello");
    expect(host.files.get("f")).toBe(`${MOVED.raw}${OK.raw}hello`);
    expect(sink.headerBytes).toBe(MOVED.raw.length + OK.raw.length);
  });
});

describe("createFileSink: header lines", () => {
  const EARLY = responseHead("HTTP/1.1 103 Early Hints", "Link: x");

  test("-i puts every block before the body, trailers behind it", async () => {
    const { host, sink } = begin({ output: { showHeaders: true } });
    await sink.header(EARLY.raw, "informational");
    await sink.header(MOVED.raw, "intermediate");
    await sink.header(OK.raw, "final");
    await sink.begin(OK);
    await sink.write(bytesOf("hello"));
    await sink.header("X-T: v\r\n", "trailers");
    await sink.finish(outcomeOf(URL_TEXT, { head: OK }));
    expect(host.stdout.text).toBe(`${EARLY.raw}${MOVED.raw}${OK.raw}helloX-T: v\r\n`);
  });

  test("-I puts them into the output", async () => {
    const { host, sink } = begin({ slot: file("f"), head: true });
    await deliver(sink, OK);
    expect(host.files.get("f")).toBe(OK.raw);
    expect(sink.headerBytes).toBe(OK.raw.length);
  });

  test("-D writes them to a file of their own, and the body elsewhere", async () => {
    const { host, sink } = begin({ output: { dumpHeader: "h" }, host: { files: { h: "old" } } });
    await sink.header(MOVED.raw, "intermediate");
    await deliver(sink, OK, "hello");
    expect(host.files.get("h")).toBe(MOVED.raw + OK.raw);
    expect(host.stdout.text).toBe("hello");
    expect(sink.headerBytes).toBe(0);
    expect(host.openFiles).toBe(0);
  });

  test("-D appends for later transfers of the operation", async () => {
    const host = new MemoryHost();
    for (const isFirst of [true, false]) {
      await deliver(sinkOn(host, { output: { dumpHeader: "h" }, isFirst }), OK);
    }
    expect(host.files.get("h")).toBe(OK.raw + OK.raw);
  });

  test("-D - is standard output, -D % standard error", async () => {
    const dashed = begin({ output: { dumpHeader: "-" } });
    await deliver(dashed.sink, OK, "hello");
    expect(dashed.host.stdout.text).toBe(`${OK.raw}hello`);
    const percent = begin({ output: { dumpHeader: "%" } });
    await deliver(percent.sink, OK, "hello");
    expect(percent.host.stderr.text).toBe(OK.raw);
  });

  test("what the meter has drawn makes room for those that go to the terminal", async () => {
    for (const [isStdoutTerminal, room] of [
      [true, "\r\x1b[J"],
      [false, ""],
    ] as const) {
      const { host, sink } = begin({
        slot: file("f"),
        host: { isStdoutTerminal },
        output: { dumpHeader: "-" },
      });
      stderrWriter(host).draw("row");
      await deliver(sink, OK, "hello");
      expect(host.stderr.text).toBe(`row${room}`);
    }
  });

  test("on a terminal are styled and harmless; in a file they are as received", async () => {
    const hostile = responseHead("HTTP/1.1 200 OK", "X-E: a\x1b]0;t\x07b");
    const terminal = begin({ host: { isStdoutTerminal: true }, output: { showHeaders: true } });
    await deliver(terminal.sink, hostile);
    expect(terminal.host.stdout.text).toBe(
      "HTTP/1.1 200 OK\r\n\x1b[1mX-E\x1b[0m: a\\x1b]0;t\\x07b\r\n\r\n",
    );
    const dumped = begin({ host: { isStdoutTerminal: true }, output: { dumpHeader: "-" } });
    await deliver(dumped.sink, hostile);
    expect(dumped.host.stdout.text).toBe("HTTP/1.1 200 OK\r\nX-E: a\\x1b]0;t\\x07b\r\n\r\n");
    const plain = begin({ output: { showHeaders: true } });
    await deliver(plain.sink, hostile);
    expect(plain.host.stdout.text).toBe(hostile.raw);
  });
});

describe("createFileSink: -J", () => {
  const NAMED = responseHead("HTTP/1.1 200 OK", "Content-Disposition: attachment; filename=cd.txt");

  test("takes Content-Disposition's name", async () => {
    const { host, sink } = begin({ slot: O, output: { remoteHeaderName: true } });
    await deliver(sink, NAMED, "hello");
    expect([...host.files]).toEqual([["cd.txt", "hello"]]);
    expect(sink.filenameEffective).toBe("cd.txt");
  });

  test("takes it from a redirect too, and the last redirect's segment failing that", async () => {
    const redirect = responseHead(
      "HTTP/1.1 302 Found",
      "Location: /elsewhere",
      "Content-Disposition: filename=early",
    );
    const early = begin({ slot: O, output: { remoteHeaderName: true } });
    await early.sink.header(redirect.raw, "intermediate");
    await deliver(early.sink, NAMED, "hello");
    expect([...early.host.files]).toEqual([["early", "hello"]]);
    const moved = begin({ slot: O, output: { remoteHeaderName: true } });
    await moved.sink.header(redirect.raw.replace(/Content.*\r\n/, ""), "intermediate");
    await moved.sink.header(MOVED.raw, "intermediate");
    await deliver(moved.sink, OK, "hello");
    expect([...moved.host.files]).toEqual([["target", "hello"]]);
  });

  test("is silent about error pages' names and without -O", async () => {
    const notFound = responseHead("HTTP/1.1 404 Not Found", "Content-Disposition: filename=cd");
    const refused = begin({ slot: O, output: { remoteHeaderName: true } });
    await deliver(refused.sink, notFound, "nope");
    expect([...refused.host.files]).toEqual([["name", "nope"]]);
    const named = begin({ slot: file("f"), output: { remoteHeaderName: true } });
    await deliver(named.sink, NAMED, "hello");
    expect([...named.host.files]).toEqual([["f", "hello"]]);
  });

  test("does not overwrite, and says so before the body comes", async () => {
    const { host, sink } = begin({
      slot: O,
      output: { remoteHeaderName: true },
      host: { files: { "cd.txt": "mine" } },
    });
    const error = await failure(() => sink.header(NAMED.raw, "final"));
    expect(error.message).toBe("client returned ERROR on write of 50 bytes");
    expect(host.stderr.text).toBe("Warning: Failed to open the file cd.txt: File exists\n");
    expect(host.files.get("cd.txt")).toBe("mine");
  });

  test("overwrites a file of the URL's name, which the user chose", async () => {
    const { host, sink } = begin({
      slot: O,
      output: { remoteHeaderName: true },
      host: { files: { name: "old" } },
    });
    await deliver(sink, OK, "hello");
    expect(host.files.get("name")).toBe("hello");
  });
});

describe("createFileSink: what fails", () => {
  test("a file that cannot be opened: a warning, then 23 with the size", async () => {
    const { host, sink } = begin({ slot: file("no/f") });
    const error = await failure(() => sink.write(bytesOf("hello")));
    expect(error.exitCode).toBe(23);
    expect(error.message).toBe("client returned ERROR on write of 5 bytes");
    expect(host.stderr.text).toBe(
      "Warning: Failed to open the file no/f: No such file or directory\n",
    );
    expect(sink.isExplained).toBe(false);
  });

  test("the same for a file that would have been empty", async () => {
    const { sink } = begin({ slot: file("no/f") });
    const error = await failure(() => deliver(sink, OK));
    expect(error.exitCode).toBe(23);
  });

  test("-D's file that cannot be opened fails before the transfer", async () => {
    const error = await failure(() => begin({ output: { dumpHeader: "no/h" } }));
    expect(error.message).toBe("Failed to open no/h: No such file or directory");
    expect(error.exitCode).toBe(23);
  });

  test("a directory that cannot be made fails before the transfer", async () => {
    const error = await failure(() =>
      begin({ slot: file("f/g"), output: { createDirs: true }, host: { files: { f: "" } } }),
    );
    expect(error.message).toBe("Failed to create directory f: Not a directory");
  });

  test("a full disk says that it is full", async () => {
    const { sink } = begin({ slot: file("f"), host: { diskBytes: 4 } });
    const error = await failure(() => sink.write(bytesOf("hello")));
    expect(error.exitCode).toBe(23);
    expect(error.message).toBe(
      "Failure writing output to destination, passed 5 returned 0: No space left on device, the disk is full",
    );
  });

  test("a reader that went away is one plain sentence", async () => {
    const { host, sink } = begin();
    host.stdout.abandon();
    const error = await failure(() => sink.write(bytesOf("hello")));
    expect(error.exitCode).toBe(23);
    expect(error.message).toBe("Failure writing output to destination, passed 5 returned 0");
  });
});

describe("createFileSink: binary data on a terminal", () => {
  const TERMINAL = { isStdoutTerminal: true };

  test("is refused with a warning and no error line", async () => {
    const { host, sink } = begin({ host: TERMINAL });
    const error = await failure(() => sink.write(bytesOf("ab\0c")));
    expect(error.exitCode).toBe(23);
    expect(sink.isExplained).toBe(true);
    expect(host.stdout.text).toBe("");
    expect(host.stderr.text).toStartWith("Warning: Binary output can mess up your terminal. Use ");
  });

  test("goes through with -o -, into a pipe, and behind 2000 bytes of text", async () => {
    const dashed = begin({ host: TERMINAL, slot: file("-") });
    await deliver(dashed.sink, OK, "ab\0c");
    expect(dashed.host.stdout.text).toBe("ab\0c");
    const piped = begin();
    await deliver(piped.sink, OK, "ab\0c");
    expect(piped.host.stdout.text).toBe("ab\0c");
    const late = begin({ host: TERMINAL });
    await deliver(late.sink, OK, "x".repeat(2000), "\0");
    expect(late.host.stdout.text).toHaveLength(2001);
  });

  test.each([
    [TERMINAL, null, true],
    [TERMINAL, file("-"), true],
    [TERMINAL, file("f"), false],
    [{}, null, false],
  ])("isTerminal on %j with %j", (host, slot, expected) => {
    expect(begin({ host, slot }).sink.isTerminal).toBe(expected);
  });
});
