// How words are cut into occurrences: (option, value) in order, and how each was spelled.

import { describe, expect, test } from "bun:test";
import { cutArgv, type Occurrence, tokenOf } from "../../../src/cli/argv.ts";
import { newGlobalSettings, newOperation } from "../../../src/cli/operation.ts";
import { allOptions } from "../../../src/cli/options/table.ts";

function pairs(argv: readonly string[]): [string, string | boolean][] {
  return cutArgv(argv).map(({ option, value }) => [option.long, value]);
}

/** The reason of the last occurrence, and how the word was spelled. */
function refused(argv: readonly string[]): { spelled: string; reason: string } {
  const last: Occurrence | undefined = cutArgv(argv).at(-1);
  try {
    last?.option.apply(newOperation(newGlobalSettings()), last.value);
  } catch (error) {
    if (error instanceof Error) {
      return { spelled: last?.origin.spelled ?? "", reason: error.message };
    }
  }
  throw new Error("nothing was refused");
}

describe("cutArgv", () => {
  test.each<[string[], [string, string | boolean][]]>([
    [
      ["-sSLo", "out", "u"],
      [
        ["silent", true],
        ["show-error", true],
        ["location", true],
        ["output", "out"],
        ["url", "u"],
      ],
    ],
    [
      ["-fsSLoout"],
      [
        ["fail", true],
        ["silent", true],
        ["show-error", true],
        ["location", true],
        ["output", "out"],
      ],
    ],
    [["-ofile"], [["output", "file"]]],
    [["-o=x"], [["output", "=x"]]],
    [
      ["-XPOST", "-d@f"],
      [
        ["request", "POST"],
        ["data", "@f"],
      ],
    ],
    [
      ["-d", "-5", "-d", "--foo", "-d", "--"],
      [
        ["data", "-5"],
        ["data", "--foo"],
        ["data", "--"],
      ],
    ],
    [
      ["-d", "--no-silent", "u"],
      [
        ["data", "--no-silent"],
        ["url", "u"],
      ],
    ],
    [
      ["-d", "", "--data="],
      [
        ["data", ""],
        ["data", ""],
      ],
    ],
    [
      ["--data=a=b", "--data", "c=d"],
      [
        ["data", "a=b"],
        ["data", "c=d"],
      ],
    ],
    [["-o", "-"], [["output", "-"]]],
    [
      ["u", "--", "-x", "--data", "--"],
      [
        ["url", "u"],
        ["url", "-x"],
        ["url", "--data"],
        ["url", "--"],
      ],
    ],
    [
      ["-0:#46"],
      [
        ["http1.0", true],
        ["next", true],
        ["progress-bar", true],
        ["ipv4", true],
        ["ipv6", true],
      ],
    ],
    [
      ["-N", "--no-buffer", "--buffer"],
      [
        ["buffer", false],
        ["buffer", false],
        ["buffer", true],
      ],
    ],
    [
      ["-vvv", "--no-verbose"],
      [
        ["verbose", true],
        ["verbose", true],
        ["verbose", true],
        ["verbose", false],
      ],
    ],
    [
      ["--mptcp", "--no-mptcp"],
      [
        ["mptcp", true],
        ["mptcp", false],
      ],
    ],
    [
      ["--noproxy", "a,b", "--ssl-no-revoke", "--no-ssl-no-revoke"],
      [
        ["noproxy", "a,b"],
        ["ssl-no-revoke", true],
        ["ssl-no-revoke", false],
      ],
    ],
    [
      ["--tlsv1.3", "--tls-max", "1.3"],
      [
        ["tlsv1.3", true],
        ["tls-max", "1.3"],
      ],
    ],
    [[""], [["url", ""]]],
    [["-H", "a\nb\r=\u00ff"], [["header", "a\nb\r=\u00ff"]]],
  ])("%j", (argv, expected) => {
    expect(pairs(argv)).toEqual(expected);
  });

  test("keeps the order of URLs and outputs", () => {
    expect(pairs(["u1", "-o", "f1", "-O", "u2"])).toEqual([
      ["url", "u1"],
      ["output", "f1"],
      ["remote-name", true],
      ["url", "u2"],
    ]);
  });

  test.each<[string[], string, string]>([
    [["-"], "-", "is unknown"],
    [["--bogus"], "--bogus", "is unknown"],
    [["--locat"], "--locat", "is unknown"],
    [["--maxTime", "1"], "--maxTime", "is unknown"],
    [["--=x"], "--=x", "is unknown"],
    [["--no-"], "--no-", "is unknown"],
    [["--no-bogus"], "--no-bogus", "is unknown"],
    [["--no-no-silent"], "--no-no-silent", "is unknown"],
    [["-s=x"], "-s=x", "is unknown"],
    [["-sLo"], "-sLo", "requires parameter"],
    [["u", "--output"], "--output", "requires parameter"],
    [["--no-data", "x"], "--no-data", "the given option cannot be reversed with a --no- prefix"],
    [["--no-tlsv1.2"], "--no-tlsv1.2", "the given option cannot be reversed with a --no- prefix"],
    [["--no-next"], "--no-next", "the given option cannot be reversed with a --no- prefix"],
    [["--no-help"], "--no-help", "the given option cannot be reversed with a --no- prefix"],
    [["--silent=true"], "--silent=true", "had unsupported trailing garbage"],
    [["--expand-data", "x"], "--expand-data", "is not supported by this version of mpcurl"],
    [["--expand-silent"], "--expand-silent", "is unknown"],
  ])("%j is refused: %s %s", (argv, spelled, reason) => {
    expect(refused(argv)).toEqual({ spelled, reason });
  });

  test("looks at nothing behind a word that cannot be cut", () => {
    expect(pairs(["-s", "--bogus", "-L"]).map(([long]) => long)).toEqual(["silent", ""]);
  });

  test("looks at nothing behind -V and -h", () => {
    expect(pairs(["-V", "--bogus"])).toEqual([["version", true]]);
    expect(pairs(["-sV", "u"])).toEqual([
      ["silent", true],
      ["version", true],
    ]);
    expect(pairs(["-h", "tls", "--bogus"])).toEqual([["help", "tls"]]);
    expect(pairs(["--no-version", "u"])).toEqual([
      ["version", false],
      ["url", "u"],
    ]);
  });

  test.each<[string[], string]>([
    [["-h"], ""],
    [["--help"], ""],
    [["--help", "all"], "all"],
    [["--help=all"], "all"],
    [["-h", "--mptcp"], "--mptcp"],
    [["-Lh", "tls"], "tls"],
  ])("%j asks for help on %j", (argv, topic) => {
    expect(pairs(argv).at(-1)).toEqual(["help", topic]);
  });

  test("each value of each row comes through citty as it was", () => {
    const values = [
      "",
      "-",
      "--",
      "-x",
      "--no-silent",
      "--no-x=1",
      "a=b",
      "=",
      "true",
      "false",
      " ",
      "\u00e4\n",
      "__proto__",
    ];
    for (const option of allOptions()) {
      if (!option.value) continue;
      for (const value of values) {
        expect(pairs([`--${option.long}`, value])[0]).toEqual([option.long, value]);
        expect(pairs([`--${option.long}=${value}`])[0]).toEqual([option.long, value]);
      }
    }
  });

  test("each row without value is on, and off where it is negatable", () => {
    for (const { long, value, negatable } of allOptions()) {
      if (value) continue;
      expect(pairs([`--${long}`])).toEqual([[long, true]]);
      expect(pairs([`--no-${long}`])).toEqual(negatable ? [[long, false]] : [["", true]]);
    }
  });
});

test("tokenOf puts a value behind its option in one word", () => {
  const [data] = cutArgv(["-d", "--x y"]);
  const [silent] = cutArgv(["--no-silent"]);
  expect(data && tokenOf(data.option, data.value)).toBe("--data=--x y");
  expect(silent && tokenOf(silent.option, silent.value)).toBe("--no-silent");
});
