import { describe, expect, test } from "bun:test";
import { SyscallError } from "../../../ffi/errno.ts";
import {
  isSystemError,
  readFailure,
  reasonOf,
  writeFailure,
} from "../../../src/cli/system-error.ts";
import { CurlError } from "../../../src/error.ts";

const ENOENT = 2;
const EISDIR = 21;
const ENOSPC = 28;
const EPIPE = 32;

describe("isSystemError", () => {
  test("knows the kernel's refusals from ours and from bugs", () => {
    expect(isSystemError(new SyscallError("open", ENOENT))).toBe(true);
    for (const other of [new CurlError("WRITE_ERROR", "x"), new TypeError("x"), { code: "x" }]) {
      expect(isSystemError(other)).toBe(false);
    }
  });
});

test("reasonOf gives the words without the call, and throws what has none", () => {
  expect(reasonOf(new SyscallError("open", ENOENT))).toBe("No such file or directory");
  const bug = new TypeError("a bug");
  expect(() => reasonOf(bug)).toThrow(bug);
});

describe("writeFailure", () => {
  const text = (errno: number): string =>
    writeFailure(new SyscallError("write", errno), { givenBytes: 9, writtenBytes: 4 }).message;
  const counts = "Failure writing output to destination, passed 9 returned 4";

  test("says why, that a full disk is full, and of a reader that left nothing", () => {
    expect(text(EISDIR)).toBe(`${counts}: Is a directory`);
    expect(text(ENOSPC)).toBe(`${counts}: No space left on device, the disk is full`);
    expect(text(EPIPE)).toBe(counts);
  });

  test("is 23 and keeps its cause; a bug goes on", () => {
    const cause = new SyscallError("write", ENOSPC);
    const error = writeFailure(cause, { givenBytes: 1, writtenBytes: 0 });
    expect([error.exitCode, error.cause]).toEqual([23, cause]);
    const bug = new TypeError("a bug");
    expect(() => writeFailure(bug, { givenBytes: 1, writtenBytes: 0 })).toThrow(bug);
  });
});

test("readFailure is 26 and says why; a bug goes on", () => {
  const error = readFailure(new SyscallError("read", EISDIR));
  expect([error.exitCode, error.message]).toEqual([
    26,
    "Failed to read the data to send: Is a directory",
  ]);
  const bug = new TypeError("a bug");
  expect(() => readFailure(bug)).toThrow(bug);
});
