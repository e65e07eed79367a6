import { describe, expect, test } from "bun:test";
import { type Field, HeaderList } from "../../../src/headers.ts";
import {
  type CloseReason,
  type ConnectionFacts,
  closeReasonOf,
  nextState,
  type ResponseState,
  type Trigger,
} from "../../../src/http1/lifecycle.ts";

describe("nextState", () => {
  test.each([
    [["status-line", "informational", "status-line", "sized", "whole", "told"], "ended"],
    [["status-line", "chunked", "whole", "told"], "ended"],
    [["status-line", "no-body", "told"], "ended"],
    [["status-line", "to-close", "closed", "told"], "ended"],
    [["not-http", "closed", "told"], "ended"],
    [["status-line", "cut", "told"], "ended"],
    [["status-line", "chunked", "broken"], "failed"],
  ] as [Trigger[], ResponseState][])("%p lead to %s", (triggers, last) => {
    expect(triggers.reduce<ResponseState>(nextState, "status-line-first")).toBe(last);
  });

  test("a pair outside the table is a bug", () => {
    expect(() => nextState("ended", "told")).toThrow("ended");
    expect(() => nextState("status-line-again", "not-http")).toThrow("not-http");
  });
});

describe("closeReasonOf", () => {
  const CONNECTION = "Connection";
  const ROWS: [
    name: string,
    facts: Partial<ConnectionFacts>,
    fields: Field[],
    expected: CloseReason | null,
  ][] = [
    ["1.1", {}, [], null],
    ["close", {}, [[CONNECTION, "close"]], "server-asked"],
    [
      "CLOSE in a list on the second line",
      {},
      [
        [CONNECTION, "a"],
        [CONNECTION, "b , CLOSE"],
      ],
      "server-asked",
    ],
    ["another option that begins so", {}, [[CONNECTION, "closed"]], null],
    ["1.0", { version: "1.0" }, [], "http-1.0"],
    ["1.0 keep-alive", { version: "1.0" }, [[CONNECTION, "keep-alive"]], null],
    [
      "close beats keep-alive",
      { version: "1.0" },
      [[CONNECTION, "keep-alive, close"]],
      "server-asked",
    ],
    ["we asked", { clientCloses: true }, [[CONNECTION, "keep-alive"]], "client-asked"],
    ["to the close", { body: { kind: "close" } }, [[CONNECTION, "close"]], "close-delimited"],
    ["101", { status: 101, body: { kind: "close" } }, [], "upgraded"],
    ["2xx to CONNECT", { method: "CONNECT", body: { kind: "none" } }, [], "upgraded"],
    ["chunked", { body: { kind: "chunked" } }, [["Transfer-Encoding", "chunked"]], null],
    [
      "both lengths",
      { body: { kind: "chunked" } },
      [
        ["Transfer-Encoding", "chunked"],
        ["Content-Length", "1"],
      ],
      "ambiguous-length",
    ],
    [
      "chunked on 1.0",
      { version: "1.0", body: { kind: "chunked" } },
      [
        [CONNECTION, "keep-alive"],
        ["Transfer-Encoding", "chunked"],
      ],
      "ambiguous-length",
    ],
  ];
  for (const [name, facts, fields, expected] of ROWS) {
    test(`${name} → ${expected}`, () => {
      const usual = {
        method: "GET",
        version: "1.1",
        status: 200,
        body: { kind: "content-length", sizeBytes: 0 },
        clientCloses: false,
      } as const;
      expect(closeReasonOf({ ...usual, ...facts, fields: new HeaderList(fields) })).toBe(expected);
    });
  }
});
