// The system calls themselves, on real files, pipes and devices.
import { afterEach, describe, expect, test } from "bun:test";
import { mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import {
  closeFile,
  fileExists,
  isSeekable,
  isTerminal,
  makeDirectory,
  openForReading,
  openForWriting,
  readAt,
  readSome,
  regularFileSize,
  truncateFile,
  waitWritable,
  windowSize,
  writeSome,
} from "../../../ffi/io.ts";
import { closeSocket, openPair } from "../../../ffi/socket.ts";
import { byteString, bytesOf } from "../../../src/bytes.ts";
import { tempDir } from "../../support/temp-dir.ts";

const directory = tempDir("io");
const opened: number[] = [];
let holdings = 0;

afterEach(() => {
  for (const fd of opened.splice(0)) closeFile(fd);
});

function kept(fd: number): number {
  opened.push(fd);
  return fd;
}

function pair(): [number, number] {
  const [one, other] = openPair();
  opened.push(one, other);
  return [one, other];
}

function holding(text: string): string {
  const path = `${directory}/holding-${holdings++}`;
  writeFileSync(path, text);
  return path;
}

function reading(fd: number, size: number): string {
  const buffer = new Uint8Array(size);
  return byteString(buffer.subarray(0, readSome(fd, buffer)));
}

describe("openForWriting", () => {
  test("truncate makes a file, and empties one that is there", () => {
    const path = `${directory}/truncate`;
    for (const text of ["longer text", "short"]) {
      const fd = openForWriting(path, "truncate");
      writeSome(fd, bytesOf(text), 0);
      closeFile(fd);
    }
    expect(readFileSync(path, "latin1")).toBe("short");
  });

  test("append adds to what is there, wherever it was read or cut meanwhile", () => {
    const path = `${directory}/append`;
    for (const text of ["one", "two"]) {
      const fd = openForWriting(path, "append");
      writeSome(fd, bytesOf(text), 0);
      closeFile(fd);
    }
    expect(readFileSync(path, "latin1")).toBe("onetwo");
  });

  test("exclusive makes a file, and refuses one that is there", () => {
    const path = `${directory}/exclusive`;
    kept(openForWriting(path, "exclusive"));
    expect(() => openForWriting(path, "exclusive")).toThrow(
      expect.objectContaining({ code: "EEXIST", message: "open: File exists" }),
    );
  });

  test("gives mode 0666 less the umask", () => {
    const path = `${directory}/mode`;
    const umask = process.umask(0o027);
    try {
      kept(openForWriting(path, "truncate"));
    } finally {
      process.umask(umask);
    }
    expect(statSync(path).mode & 0o777).toBe(0o640);
  });

  test("says what the system says", () => {
    expect(() => openForWriting(`${directory}/none/f`, "truncate")).toThrow(
      expect.objectContaining({ code: "ENOENT" }),
    );
    expect(() => openForWriting(directory, "truncate")).toThrow(
      expect.objectContaining({ code: "EISDIR" }),
    );
  });

  test("does not take a name with NUL for its beginning", () => {
    const cut = () => openForWriting(`${directory}/seen\0unseen`, "truncate");
    expect(cut).toThrow(expect.objectContaining({ code: "EINVAL" }));
    expect(fileExists(`${directory}/seen`)).toBe(false);
    expect(fileExists(`${directory}\0`)).toBe(false);
    expect(() => makeDirectory(`${directory}/seen\0unseen`, 0o750)).toThrow("Invalid argument");
    expect(() => openForReading(`${directory}/seen\0unseen`)).toThrow("Invalid argument");
  });

  test("names are bytes", () => {
    const path = `${directory}/caf\xe9`;
    kept(openForWriting(path, "truncate"));
    expect([fileExists(path), fileExists(`${directory}/café`.normalize("NFD"))]).toEqual([
      true,
      false,
    ]);
  });

  test("files are not left open to programs that are started", () => {
    const fd = kept(openForWriting(`${directory}/cloexec`, "truncate"));
    const info = readFileSync(`/proc/self/fdinfo/${fd}`, "latin1");
    expect(Number.parseInt(/^flags:\s*(\d+)/m.exec(info)?.[1] ?? "0", 8) & 0o2000000).not.toBe(0);
  });
});

describe("reading", () => {
  test("readSome goes on where it was, to the end", () => {
    const fd = kept(openForReading(holding("abcdef")));
    expect([reading(fd, 4), reading(fd, 4), reading(fd, 4)]).toEqual(["abcd", "ef", ""]);
  });

  test("readAt reads anywhere, and leaves the place alone", () => {
    const fd = kept(openForReading(holding("abcdefg")));
    const buffer = new Uint8Array(3);
    expect([readAt(fd, buffer, 4), byteString(buffer)]).toEqual([3, "efg"]);
    expect([readAt(fd, buffer, 6), readAt(fd, buffer, 99)]).toEqual([1, 0]);
    expect(reading(fd, 2)).toBe("ab");
  });

  test("says what the system says", () => {
    expect(() => openForReading(`${directory}/none`)).toThrow("open: No such file or directory");
    const fd = kept(openForReading(directory));
    expect(() => readSome(fd, new Uint8Array(1))).toThrow("read: Is a directory");
    const [pipe] = pair();
    expect(() => readAt(pipe, new Uint8Array(1), 0)).toThrow("read: Illegal seek");
  });
});

describe("writeSome", () => {
  test("writes from the index given, and gives the one behind the last", () => {
    const [one, other] = pair();
    expect(writeSome(one, bytesOf("abcdef"), 2)).toBe(6);
    expect(reading(other, 10)).toBe("cdef");
    expect(writeSome(one, bytesOf("abc"), 3)).toBe(3);
  });

  test("stops where the other end is full, and goes on when it is not", () => {
    const [one, other] = pair();
    const much = new Uint8Array(8 * 1024 * 1024);
    for (let at = 0; at < much.length; at++) much[at] = at % 251;
    let at = writeSome(one, much, 0);
    expect(at).toBeGreaterThan(0);
    expect(at).toBeLessThan(much.length);
    expect([writeSome(one, much, at), waitWritable(one, 0)]).toEqual([at, false]);
    let received = 0;
    let isSame = true;
    const buffer = new Uint8Array(256 * 1024);
    while (received < much.length) {
      const count = readSome(other, buffer);
      for (let i = 0; i < count; i++) isSame &&= buffer[i] === (received + i) % 251;
      received += count;
      at = writeSome(one, much, at);
    }
    expect([at, received, isSame]).toEqual([much.length, much.length, true]);
    expect(waitWritable(one, 0)).toBe(true);
  });

  test("to nobody is EPIPE, and the process lives", () => {
    const [one, other] = openPair();
    opened.push(one);
    closeSocket(other);
    expect(() => writeSome(one, bytesOf("x"), 0)).toThrow("write: Broken pipe");
    expect(waitWritable(one, 0)).toBe(true);
  });

  test("on a full disk says so", () => {
    const fd = kept(openForWriting("/dev/full", "append"));
    expect(() => writeSome(fd, bytesOf("x"), 0)).toThrow(
      expect.objectContaining({ code: "ENOSPC", message: "write: No space left on device" }),
    );
  });
});

describe("what a descriptor is", () => {
  test("regularFileSize is that of a file, and null of anything else", () => {
    expect(regularFileSize(kept(openForReading(holding("12345"))))).toBe(5);
    expect(regularFileSize(kept(openForReading(holding(""))))).toBe(0);
    expect(regularFileSize(kept(openForReading("/dev/zero")))).toBeNull();
    expect(regularFileSize(kept(openForReading(directory)))).toBeNull();
    expect(regularFileSize(pair()[0])).toBeNull();
    expect(regularFileSize(-1)).toBeNull();
  });

  test("isSeekable of a file, not of a pipe", () => {
    expect(isSeekable(kept(openForReading(holding("x"))))).toBe(true);
    expect(isSeekable(pair()[0])).toBe(false);
  });

  test("isTerminal and windowSize of what is none", () => {
    const fd = kept(openForReading("/dev/null"));
    expect([isTerminal(fd), windowSize(fd), isTerminal(-1)]).toEqual([false, null, false]);
  });

  test("a FIFO is opened without waiting for its reader, if there is one", () => {
    const path = `${directory}/fifo`;
    Bun.spawnSync(["mkfifo", path]);
    expect(() => openForWriting(path, "non-blocking")).toThrow(
      expect.objectContaining({ code: "ENXIO" }),
    );
  });
});

test("truncateFile empties, and goes to the start", () => {
  const path = `${directory}/cut`;
  const fd = kept(openForWriting(path, "truncate"));
  writeSome(fd, bytesOf("first and longer"), 0);
  truncateFile(fd);
  writeSome(fd, bytesOf("second"), 0);
  expect(readFileSync(path, "latin1")).toBe("second");
  expect(() => truncateFile(pair()[0])).toThrow("ftruncate: Invalid argument");
});

test("makeDirectory has the mode, and refuses what is there", () => {
  const path = `${directory}/made`;
  makeDirectory(path, 0o750);
  expect(statSync(path).mode & 0o777).toBe(0o750);
  expect(() => makeDirectory(path, 0o750)).toThrow(expect.objectContaining({ code: "EEXIST" }));
});

test("fileExists sees files and directories", () => {
  mkdirSync(`${directory}/there`);
  expect([fileExists(`${directory}/there`), fileExists(`${directory}/not`)]).toEqual([true, false]);
});

test("closeFile tells a number that is no descriptor", () => {
  const fd = openForReading("/dev/null");
  closeFile(fd);
  expect(() => closeFile(fd)).toThrow("close: Bad file descriptor");
});
