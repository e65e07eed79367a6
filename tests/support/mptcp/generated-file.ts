// The bytes of the file that the MPTCP test server and the demo serve: deterministic, not compressible, not periodic.
//
// Each 32-bit word is a hash of its index, so that a block can be made at any offset without keeping the file, and
// bytes that arrive twice, late or in the wrong order never look like the right ones (trap 1 of MPTCP: a stream that
// a half-fallen-back peer repeats). Not here: serving it (server.ts).

/** Blocks are made whole; a length that divides every offset asked for keeps fillBlock free of edge cases. */
export const BLOCK_BYTES = 65536;

function wordAt(index: number): number {
  let x = Math.imul(index + 1, 0x9e3779b1);
  x = Math.imul(x ^ (x >>> 15), 0x85ebca77);
  x = Math.imul(x ^ (x >>> 13), 0xc2b2ae3d);
  return (x ^ (x >>> 16)) >>> 0;
}

/** Writes block number `block` of the file into `words` (BLOCK_BYTES long). */
export function fillBlock(words: Uint32Array, block: number): void {
  const first = block * words.length;
  for (let i = 0; i < words.length; i++) words[i] = wordAt(first + i);
}

/** SHA-256, in hex, of the first `sizeBytes` bytes of the file. */
export function hashOfGenerated(sizeBytes: number): string {
  const words = new Uint32Array(BLOCK_BYTES / 4);
  const bytes = new Uint8Array(words.buffer);
  const hasher = new Bun.CryptoHasher("sha256");
  for (let offset = 0; offset < sizeBytes; offset += BLOCK_BYTES) {
    fillBlock(words, offset / BLOCK_BYTES);
    hasher.update(bytes.subarray(0, Math.min(BLOCK_BYTES, sizeBytes - offset)));
  }
  return hasher.digest("hex");
}

/** SHA-256, in hex, of a file on disk. */
export async function hashOfFile(path: string): Promise<string> {
  const hasher = new Bun.CryptoHasher("sha256");
  for await (const chunk of Bun.file(path).stream()) hasher.update(chunk);
  return hasher.digest("hex");
}
