// Fields of a struct that grows at its end from kernel to kernel.
//
// The kernel says how much of it it wrote: a field exists only if it ends within that length. Numbers are little-endian,
// as both architectures are that mpcurl is built for.

/** Reads what ends within `end`; the caller says what stands for the rest. */
export class Fields {
  readonly #view: DataView;
  readonly #start: number;
  readonly #end: number;

  constructor(view: DataView, start: number, end: number) {
    this.#view = view;
    this.#start = start;
    this.#end = Math.min(end, view.byteLength);
  }

  u8<T>(offset: number, absent: T): number | T {
    const at = this.#start + offset;
    return at + 1 <= this.#end ? this.#view.getUint8(at) : absent;
  }

  u32<T>(offset: number, absent: T): number | T {
    const at = this.#start + offset;
    return at + 4 <= this.#end ? this.#view.getUint32(at, true) : absent;
  }

  /** As a number: exact up to 8 PiB, which no byte counter of a connection reaches. */
  u64<T>(offset: number, absent: T): number | T {
    const at = this.#start + offset;
    if (at + 8 > this.#end) return absent;
    return this.#view.getUint32(at + 4, true) * 0x1_0000_0000 + this.#view.getUint32(at, true);
  }
}

export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
