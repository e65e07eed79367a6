// Numbers from a seed, the same ones on every machine: what tests by chance throw, so that a failure can be repeated
// from the seed that it names. The generator is mulberry32.

export class Dice {
  #state: number;

  constructor(seed: number) {
    this.#state = seed | 0;
  }

  /** A whole number from 0 to `limit` - 1. */
  below(limit: number): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % limit;
  }

  /** True once in `n`. */
  rare(n: number): boolean {
    return this.below(n) === 0;
  }

  one<T>(list: readonly T[]): T {
    return list[this.below(list.length)] as T;
  }

  /** Up to `most` of them, some perhaps more than once. */
  some<T>(list: readonly T[], most: number): T[] {
    return Array.from({ length: this.below(most + 1) }, () => this.one(list));
  }

  /** One of them mostly, else any number but none, each once. */
  subset<T>(list: readonly T[]): T[] {
    if (!this.rare(3)) return [this.one(list)];
    const taken = list.filter(() => this.rare(2));
    return taken.length > 0 ? taken : [this.one(list)];
  }
}
