// Streams are made by node:zlib, so that encoder and decoder do not share a mistake.

import { describe, expect, test } from "bun:test";
import {
  brotliCompressSync,
  constants,
  createGzip,
  deflateRawSync,
  deflateSync,
  gzipSync,
  zstdCompressSync,
} from "node:zlib";
import { CurlError } from "../../../src/error.ts";
import { HeaderList } from "../../../src/headers.ts";
import { contentDecoder, type Decoder, type Deliver } from "../../../src/http/coding.ts";

// Compresses to some 90 KB and back to some 400 KB: several outputs of the engine's.
const TEXT = Buffer.from(
  Array.from({ length: 40_000 }, (_, i) => `line ${(i * 7919) % 10_007}\n`).join(""),
);
const ENCODED: Readonly<Record<string, Buffer>> = {
  gzip: gzipSync(TEXT),
  "x-gzip": gzipSync(TEXT),
  deflate: deflateSync(TEXT),
  "raw deflate": deflateRawSync(TEXT),
  br: brotliCompressSync(TEXT, { params: { [constants.BROTLI_PARAM_QUALITY]: 3 } }),
  zstd: zstdCompressSync(TEXT),
};

function encoded(name: string): Buffer {
  const bytes = ENCODED[name];
  if (!bytes) throw new Error(name);
  return bytes;
}

function decoderFor(coding: string | readonly string[], deliver: Deliver): Decoder {
  const values = typeof coding === "string" ? [coding] : coding;
  const decoder = contentDecoder(
    new HeaderList(values.map((value) => ["content-encoding", value])),
    deliver,
  );
  if (!decoder) throw new Error("nothing to decode");
  return decoder;
}

interface Decoded {
  readonly output: Buffer;
  /** "61 text"; null: none. */
  readonly error: string | null;
}

/** `slow`: every delivery takes a turn of the event loop, so that outputs queue up. */
async function decode(
  coding: string | readonly string[],
  input: Uint8Array,
  { step = input.length || 1, slow = false } = {},
): Promise<Decoded> {
  const outputs: Uint8Array[] = [];
  const decoder = decoderFor(coding, async (bytes) => {
    if (slow) await new Promise((resolve) => setImmediate(resolve));
    outputs.push(bytes);
  });
  let error: string | null = null;
  try {
    for (let at = 0; at < input.length; at += step)
      await decoder.write(input.subarray(at, at + step));
    await decoder.end();
  } catch (thrown) {
    if (!(thrown instanceof CurlError)) throw thrown;
    error = `${thrown.exitCode} ${thrown.message}`;
  }
  return { output: Buffer.concat(outputs), error };
}

function fieldOf(name: string): string {
  return name === "raw deflate" ? "deflate" : name;
}

const NAMES = Object.keys(ENCODED);
const JUNK = "23 Failed writing received data to disk/application";

describe("contentDecoder", () => {
  test.each(NAMES)("decodes %s whole, in pieces and bytewise", async (name) => {
    const whole = { output: TEXT, error: null };
    expect(await decode(fieldOf(name), encoded(name))).toEqual(whole);
    expect(await decode(fieldOf(name), encoded(name), { step: 1000, slow: true })).toEqual(whole);
    const small = Buffer.from("hello");
    const smallCoded = {
      gzip: gzipSync(small),
      "x-gzip": gzipSync(small),
      deflate: deflateSync(small),
      "raw deflate": deflateRawSync(small),
      br: brotliCompressSync(small),
      zstd: zstdCompressSync(small),
    }[name];
    expect(await decode(fieldOf(name), smallCoded ?? small, { step: 1 })).toEqual({
      output: small,
      error: null,
    });
  });

  test("delivers what was flushed before more arrives", async () => {
    const gzip = createGzip();
    const parts: Buffer[] = [];
    gzip.on("data", (part: Buffer) => parts.push(part));
    await new Promise<void>((resolve) => gzip.write("first", () => gzip.flush(() => resolve())));
    const delivered = Promise.withResolvers<string>();
    const decoder = decoderFor("gzip", (bytes) => delivered.resolve(Buffer.from(bytes).toString()));
    for (const part of parts) await decoder.write(part);
    expect(await delivered.promise).toBe("first");
    await decoder.end();
  });

  test("takes stacked codings apart, the last one first", async () => {
    const twice = gzipSync(deflateSync(TEXT));
    for (const field of [
      "deflate, gzip",
      "DEFLATE ,X-GZIP",
      ["deflate", "gzip"],
      "identity, deflate,, gzip",
    ]) {
      expect(await decode(field, twice, { step: 4096 })).toEqual({ output: TEXT, error: null });
    }
    let five: Buffer = TEXT;
    for (let i = 0; i < 5; i++) five = gzipSync(five);
    expect(await decode("gzip, gzip, gzip, gzip, gzip", five, { slow: true })).toEqual({
      output: TEXT,
      error: null,
    });
  });

  test("is null where nothing is coded", () => {
    for (const field of [undefined, "", "identity", "none", " , identity"]) {
      const fields = new HeaderList(field === undefined ? [] : [["Content-Encoding", field]]);
      expect(contentDecoder(fields, () => {})).toBeNull();
    }
  });

  test.each([
    [
      "foo",
      /^Unrecognized content encoding type\. .* deflate, gzip, br, zstd content encodings\.$/,
    ],
    ["gzip, foo", /^Unrecognized content encoding type/],
    ["compress", /^Unrecognized content encoding type/],
    ["gzip;q=1", /^Unrecognized content encoding type/],
    [Array(6).fill("gzip").join(), /^Reject response due to more than 5 content encodings$/],
  ])("refuses %s", (field, message) => {
    const run = () => contentDecoder(new HeaderList([["Content-Encoding", field]]), () => {});
    expect(run).toThrow(CurlError);
    expect(run).toThrow(message);
  });

  test.each(NAMES)("%s that is empty or cut short passes with what there is", async (name) => {
    expect(await decode(fieldOf(name), new Uint8Array())).toEqual({
      output: Buffer.alloc(0),
      error: null,
    });
    expect(await decode(fieldOf(name), encoded(name).subarray(0, 1))).toEqual({
      output: Buffer.alloc(0),
      error: null,
    });
    const half = encoded(name).subarray(0, encoded(name).length >> 1);
    const quick = await decode(fieldOf(name), half);
    const slow = await decode(fieldOf(name), half, { slow: true });
    expect(quick.error).toBeNull();
    expect(quick.output.equals(TEXT.subarray(0, quick.output.length))).toBe(true);
    // A slow reader loses nothing that a quick one got.
    expect(slow.output.length).toBe(quick.output.length);
    if (name !== "zstd") expect(quick.output.length).toBeGreaterThan(TEXT.length / 10);
  });

  test.each(["gzip", "deflate", "br"])(
    "%s with bytes behind its end: all of it is delivered, then 23",
    async (name) => {
      for (const tail of ["junkjunk", "\0".repeat(9)]) {
        const input = Buffer.concat([encoded(name), Buffer.from(tail)]);
        for (const options of [{}, { slow: true }, { step: 1000 }]) {
          expect(await decode(name, input, options)).toEqual({ output: TEXT, error: JUNK });
        }
      }
    },
  );

  test("raw deflate does not mind bytes behind its end, zstd does", async () => {
    const raw = Buffer.concat([encoded("raw deflate"), Buffer.from("junk")]);
    expect(await decode("deflate", raw, { slow: true })).toEqual({ output: TEXT, error: null });
    const zstd = await decode("zstd", Buffer.concat([encoded("zstd"), Buffer.from("junk")]));
    expect(zstd.output.equals(TEXT)).toBe(true);
    expect(zstd.error).toStartWith("61 Error while processing content unencoding: ");
  });

  test.each(["gzip", "zstd"])("%s goes on with the next member", async (name) => {
    const input = Buffer.concat([encoded(name), encoded(name)]);
    expect(await decode(name, input, { step: 5000 })).toEqual({
      output: Buffer.concat([TEXT, TEXT]),
      error: null,
    });
  });

  test.each(["gzip", "deflate"])("%s with a wrong check sum: all data, then 61", async (name) => {
    const input = Buffer.from(encoded(name));
    input.fill(0x11, input.length - 4);
    for (const options of [{}, { slow: true }]) {
      const { output, error } = await decode(name, input, options);
      expect(output.equals(TEXT)).toBe(true);
      expect(error).toStartWith("61 Error while processing content unencoding: ");
    }
  });

  test.each(["gzip", "deflate", "br", "zstd"])("%s that is none of it: 61", async (name) => {
    const { output, error } = await decode(name, Buffer.from("not compressed at all"));
    expect(output.length).toBe(0);
    expect(error).toStartWith("61 Error while processing content unencoding: ");
  });

  test("an inner stage delivers what an outer one passed on before it failed", async () => {
    const outer = Buffer.from(gzipSync(deflateSync(TEXT)));
    outer.fill(0x11, outer.length - 4);
    const { output, error } = await decode("deflate, gzip", outer, { slow: true });
    expect(output.equals(TEXT)).toBe(true);
    expect(error).toStartWith("61 ");
  });

  test("what deliver throws comes out of write or end, once", async () => {
    const refusal = new CurlError("WRITE_ERROR", "disk full");
    for (const coding of ["gzip", "gzip, gzip"]) {
      let calls = 0;
      const decoder = decoderFor(coding, () => {
        calls++;
        throw refusal;
      });
      const input = coding === "gzip" ? encoded("gzip") : gzipSync(encoded("gzip"));
      const run = async () => {
        for (let at = 0; at < input.length; at += 1000)
          await decoder.write(input.subarray(at, at + 1000));
        await decoder.end();
      };
      expect(await run().catch((error: unknown) => error)).toBe(refusal);
      expect(calls).toBe(1);
    }
  });

  test("a bomb waits for its reader, piece by piece", async () => {
    const size = 64 * 2 ** 20;
    const bomb = gzipSync(Buffer.alloc(size), { level: 9 });
    let total = 0;
    let pending = 0;
    let mostPending = 0;
    let largest = 0;
    const decoder = decoderFor("gzip", async (bytes) => {
      mostPending = Math.max(mostPending, ++pending);
      largest = Math.max(largest, bytes.length);
      await new Promise((resolve) => setImmediate(resolve));
      total += bytes.length;
      pending--;
    });
    // One write holds the whole bomb: what holds the engine back must work within a write.
    await decoder.write(bomb);
    await decoder.end();
    expect(total).toBe(size);
    expect(mostPending).toBe(1);
    expect(largest).toBeLessThan(2 ** 20);
  });
});
