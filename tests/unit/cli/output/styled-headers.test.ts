import { describe, expect, test } from "bun:test";
import { headersForTerminal } from "../../../../src/cli/output/styled-headers.ts";
import { parseUrl } from "../../../../src/url.ts";

const BASE = parseUrl("http://user:secret@h:8080/dir/page");

function shown(raw: string, styled = true): string {
  return new TextDecoder().decode(headersForTerminal(raw, styled, BASE));
}

describe("headersForTerminal", () => {
  test("names are bold, the status line is not, also with a colon in it", () => {
    expect(shown("HTTP/1.1 200 OK: fine\r\nA-B: c: d\r\n\r\n")).toBe(
      "HTTP/1.1 200 OK: fine\r\n\x1b[1mA-B\x1b[0m: c: d\r\n\r\n",
    );
  });

  test.each([
    ["/x?y", "http://h:8080/x?y"],
    ["z", "http://h:8080/dir/z"],
    ["https://other.example/a", "https://other.example/a"],
    ["//other.example", "http://other.example/"],
  ])("Location %s links to %s, without credentials", (location, target) => {
    expect(shown(`Location: ${location}\r\n`)).toBe(
      `\x1b[1mLocation\x1b[0m: \x1b]8;;${target}\x1b\\${location}\x1b]8;;\x1b\\\r\n`,
    );
  });

  test.each(["javascript:alert(1)", "mailto:x@example", "http://"])(
    "Location %s is no link",
    (location) => {
      expect(shown(`Location: ${location}\r\n`)).toBe(`\x1b[1mLocation\x1b[0m: ${location}\r\n`);
    },
  );

  test("a Location cannot end its link's escape sequence", () => {
    const text = shown("Location: /a\x1b\\\x1b]0;t\x07\r\n");
    expect(text.match(/\x1b(?!\[1m|\[0m|\]8;;|\\)/g)).toBeNull();
    expect(text).not.toContain("\x07");
    expect(text.split("\x1b\\")).toHaveLength(3);
  });

  test("without style it is plain, and harmless all the same", () => {
    expect(shown("Location: /x\x1b[1m\r\n", false)).toBe("Location: /x\\x1b[1m\r\n");
  });
});
