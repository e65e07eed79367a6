// The response decoder under random cuts and random damage.
//
// Promises: the only thing thrown is CurlError; what is told does not depend on where the bytes were cut; a closed
// connection always brings an end or an error. A failure prints its seed; MPCURL_FUZZ_SEED repeats it and
// MPCURL_FUZZ_ROUNDS runs longer.

import { expect, test } from "bun:test";
import type { DecoderOptions } from "../../src/http1/decoder.ts";
import { drive } from "../support/codec-cases.ts";
import { Dice } from "../support/dice.ts";

const SEED = Number(process.env.MPCURL_FUZZ_SEED ?? Date.now() % 2 ** 31);
const ROUNDS = Number(process.env.MPCURL_FUZZ_ROUNDS ?? 3000);

const REPLIES = [
  "HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\nhello there",
  "HTTP/1.1 200 OK\r\nContent-Length: 2, 2\r\nConnection: close\r\n\r\nhi",
  "HTTP/1.0 200\nServer: x\n\nto the close",
  "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n",
  'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;a="b"\r\nhello\r\n00A\r\n0123456789\r\n0\r\nTrailer: x\r\n y\r\n\r\n',
  "HTTP/1.1 301 Moved\r\nLocation: /x\r\nSet-Cookie: a\r\n  b\r\n\tc\r\nTransfer-Encoding: identity, chunked\r\nContent-Length: 3\r\n\r\n1\nx\n0\n\n",
  "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n\x81\x05hello",
  "hello, I am HTTP/0.9\r\n",
];
/** What damage puts in: the bytes and words that grammars turn on. */
const INSERTS = [
  "\r",
  "\n",
  "\r\n",
  "\r\n\r\n",
  "\0",
  " ",
  "\t",
  ":",
  ",",
  ";",
  "0",
  "f",
  "\xff",
  "-",
  "x".repeat(300),
  "HTTP/1.1 200 OK\r\n",
  "HTTP/2 200\r\n",
  "Content-Length: 1\r\n",
  "Transfer-Encoding: chunked\r\n",
  "99999999999999999999",
  "0\r\n\r\n",
];

test("ResponseDecoder: cuts do not show and damage gives CurlError only", () => {
  for (let round = 0; round < ROUNDS; round++) {
    const seed = (SEED + round) % 2 ** 31;
    try {
      checkRound(new Dice(seed));
    } catch (error) {
      throw new Error(`MPCURL_FUZZ_SEED=${seed} MPCURL_FUZZ_ROUNDS=1 repeats this`, {
        cause: error,
      });
    }
  }
});

function checkRound(dice: Dice): void {
  let wire = dice.one(REPLIES);
  for (let damages = dice.below(4); damages > 0; damages--) {
    const at = dice.below(wire.length + 1);
    wire =
      wire.slice(0, at) +
      (dice.rare(3) ? "" : dice.one(INSERTS)) +
      wire.slice(at + dice.below(3) * dice.below(4));
  }
  const options: DecoderOptions = {
    method: dice.one(["GET", "GET", "HEAD", "CONNECT"]),
    allowHttp09: dice.rare(2),
    ignoreContentLength: dice.rare(4),
    clientCloses: dice.rare(4),
  };
  const closes = !dice.rare(3);
  const whole = drive([wire], { options, closes });
  if (closes) expect(whole.error !== undefined || whole.closeReason !== undefined).toBe(true);
  expect(drive(cut(wire, dice), { options, closes })).toEqual(whole);
  expect(drive(wire, { options, closes })).toEqual(whole);
}

function cut(wire: string, dice: Dice): string[] {
  const pieces: string[] = [];
  for (let at = 0; at < wire.length; ) {
    const size = dice.below(dice.rare(2) ? 4 : 40);
    pieces.push(wire.slice(at, at + size));
    at += size;
  }
  return pieces;
}
