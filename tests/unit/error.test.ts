import { describe, expect, test } from "bun:test";
import { CurlError, EXIT } from "../../src/error.ts";

describe("CurlError", () => {
  test("has the exit code of its name, its sentence and its cause", () => {
    const cause = new Error("below");
    const error = new CurlError("GOT_NOTHING", "Empty reply from server", { cause });
    expect(error).toBeInstanceOf(Error);
    expect([error.name, error.code, error.exitCode, error.message, error.cause]).toEqual([
      "CurlError",
      "GOT_NOTHING",
      52,
      "Empty reply from server",
      cause,
    ]);
  });
});

describe("EXIT", () => {
  test("has libcurl's numbers (libcurl-errors(3))", () => {
    const { MPTCP_REQUIRED, BUG, ...ofCurl } = EXIT;
    expect(MPTCP_REQUIRED).toBe(120);
    expect(BUG).toBeGreaterThan(120);
    expect(Object.values(ofCurl)).toEqual([
      1, 2, 3, 5, 6, 7, 8, 18, 22, 23, 25, 26, 27, 28, 33, 35, 43, 47, 49, 52, 55, 56, 58, 60, 61,
      63, 65, 77, 100,
    ]);
    expect([EXIT.PARTIAL_FILE, EXIT.WRITE_ERROR, EXIT.OPERATION_TIMEDOUT, EXIT.RECV_ERROR]).toEqual(
      [18, 23, 28, 56],
    );
  });

  test("gives no number twice, and each fits into an exit status", () => {
    const numbers = Object.values(EXIT);
    expect(new Set<number>(numbers).size).toBe(numbers.length);
    expect(Math.max(...numbers)).toBeLessThan(126);
  });
});
