import { describe, expect, test } from "bun:test";
import { checkAsJson, renderCheck, runMptcpCheck } from "../../../src/cli/mptcp-check.ts";
import {
  type GlobalSettings,
  newGlobalSettings,
  newOperation,
  type Operation,
} from "../../../src/cli/operation.ts";
import { createMessages } from "../../../src/cli/output/messages.ts";
import { type CheckResult, note, ok, problem } from "../../../src/net/mptcp/check/finding.ts";
import type { CheckTarget } from "../../../src/net/mptcp/check/trial.ts";
import { VERSION } from "../../../src/version.ts";
import { MemoryHost } from "../../support/memory-host.ts";

const URL = "http://h/x";

const RESULT: CheckResult = {
  findings: [
    ok("kernel", "the kernel opens MPTCP sockets"),
    problem("limits", "no paths", { remedy: "ip mptcp limits set subflows 2" }),
    { ...note("endpoint", "a note"), url: URL },
    { ...problem("endpoint", "rejected", { remedy: "sysctl -w a=1", on: "server" }), url: URL },
    { ...problem("endpoint", "unanswered", { remedy: null }), url: URL },
  ],
  conclusions: ["http://h/x: over MPTCP, on one path only"],
  exitCode: 1,
};

describe("renderCheck", () => {
  test("gives a line to each finding, its remedy below, and the end", () => {
    expect(renderCheck(RESULT)).toBe(
      [
        "ok      the kernel opens MPTCP sockets",
        "PROBLEM no paths",
        "        ip mptcp limits set subflows 2",
        "",
        "http://h/x:",
        "note    a note",
        "PROBLEM rejected",
        "        on the server: sysctl -w a=1",
        "PROBLEM unanswered",
        "",
        "http://h/x: over MPTCP, on one path only",
        "",
      ].join("\n"),
    );
  });

  test("takes control characters of names out", () => {
    const findings = [ok("endpoint", "endpoint 2 on c\x1b[2J2")];
    expect(renderCheck({ ...RESULT, findings })).toContain("on c\\x1b[2J2");
  });
});

describe("checkAsJson", () => {
  test("has form, version, exit code and every finding", () => {
    const told = JSON.parse(checkAsJson(RESULT));
    expect(told).toMatchObject({
      schema: "mpcurl-mptcp-check",
      version: 1,
      program: `mpcurl ${VERSION}`,
      exit_code: 1,
      conclusions: RESULT.conclusions,
    });
    expect(told.findings).toEqual([
      {
        level: "ok",
        topic: "kernel",
        url: null,
        text: "the kernel opens MPTCP sockets",
        remedy: null,
        remedy_on: null,
      },
      {
        level: "problem",
        topic: "limits",
        url: null,
        text: "no paths",
        remedy: "ip mptcp limits set subflows 2",
        remedy_on: "here",
      },
      { level: "note", topic: "endpoint", url: URL, text: "a note", remedy: null, remedy_on: null },
      {
        level: "problem",
        topic: "endpoint",
        url: URL,
        text: "rejected",
        remedy: "sysctl -w a=1",
        remedy_on: "server",
      },
      {
        level: "problem",
        topic: "endpoint",
        url: URL,
        text: "unanswered",
        remedy: null,
        remedy_on: null,
      },
    ]);
  });
});

interface Ran {
  readonly host: MemoryHost;
  readonly exitCode: number;
  /** What the check was asked to try; null: it was not begun. */
  readonly targets: readonly CheckTarget[] | null;
}

/** Runs the command line's part, with a check that finds RESULT. */
async function ran(
  settings: Partial<GlobalSettings>,
  fill: (operation: Operation) => void = () => {},
): Promise<Ran> {
  const host = new MemoryHost();
  const global = { ...newGlobalSettings(), mptcpCheck: true, ...settings };
  const operation = newOperation(global);
  fill(operation);
  let targets: readonly CheckTarget[] | null = null;
  const exitCode = await runMptcpCheck([operation], {
    host,
    messages: createMessages(host, global),
    trace: undefined,
    async check(given) {
      targets = given;
      return RESULT;
    },
  });
  return { host, exitCode, targets };
}

describe("runMptcpCheck", () => {
  test("without a URL checks the machine, says what was found, under -s too, and ends with its code", async () => {
    const { host, exitCode, targets } = await ran({ silent: true });
    expect(targets).toEqual([]);
    expect(exitCode).toBe(1);
    expect(host.stdout.text).toBe(renderCheck(RESULT));
    expect(host.stderr.text).toBe("");
  });

  test("tries each URL as the command line would fetch it, and opens nothing else", async () => {
    const { host, targets } = await ran({}, (operation) => {
      operation.urls.push("http://u:p@h:81/x", "https://g/");
      operation.uploads.push("no-such-file");
      operation.request.data.push({ kind: "data", text: "@no-such-file" });
      operation.outputs.push({ kind: "file", path: "out" });
      operation.output.dumpHeader = "head";
      operation.connection.family = "ipv4";
      operation.limits.maxTimeMs = 5000;
    });
    expect(targets).toMatchObject([
      { url: { host: "h", port: 81, user: "u" }, connectTimeoutMs: 5000 },
      { url: { scheme: "https", host: "g" }, route: { family: "ipv4" } },
    ]);
    expect(host.files.size).toBe(0);
  });

  test("asks for what -G makes of a URL", async () => {
    const { targets } = await ran({}, ({ urls, request }) => {
      urls.push("http://h/");
      request.get = true;
      request.data.push({ kind: "data", text: "q=1" });
    });
    expect(targets?.[0]?.url.query).toBe("q=1");
  });

  test("writes the report, whatever was in the file", async () => {
    const { host } = await ran({ mptcpReport: "check.JSON" });
    expect(host.files.get("check.JSON")).toBe(checkAsJson(RESULT));
    expect(host.openFiles).toBe(0);
  });

  test("says why the report cannot be written, with exit code 23", async () => {
    const { host, exitCode } = await ran({ mptcpReport: "no/check.json" });
    expect(exitCode).toBe(23);
    expect(host.stderr.text).toContain("no/check.json: No such file or directory");
    expect(host.stdout.text).toBe(renderCheck(RESULT));
  });

  test.each(["report.html", "report", "-", "%", ".json"])(
    "refuses the report '%s' before it looks at anything",
    async (mptcpReport) => {
      const { host, exitCode, targets } = await ran({ mptcpReport });
      expect(exitCode).toBe(2);
      expect(targets).toBeNull();
      expect(host.stderr.text).toContain(`'${mptcpReport}' cannot hold the findings`);
      expect(host.stderr.text).toContain("ends in .json");
      expect(host.stdout.text).toBe("");
      expect(host.files.size).toBe(0);
    },
  );

  test("refuses a URL that is none, with its own exit code", async () => {
    const { host, exitCode, targets } = await ran({}, ({ urls }) => urls.push("http://[/"));
    expect(exitCode).toBe(3);
    expect(targets).toBeNull();
    expect(host.stderr.text).toContain("mpcurl: (3)");
  });
});
