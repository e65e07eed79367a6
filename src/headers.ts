// Fields of an HTTP message (RFC 9110 §5): ordered, repeatable, with the case of their names kept as written.
//
// Here: the list and case-blind look-up. Not here: syntax (http1/grammar) and the meaning of any field. Names and
// values are byte strings (bytes.ts). Few fields, few look-ups: a plain array beats a map, and keeps order for free.

export type Field = readonly [name: string, value: string];

export class HeaderList {
  readonly #fields: Field[];

  constructor(fields: Iterable<Field> = []) {
    this.#fields = [...fields];
  }

  get size(): number {
    return this.#fields.length;
  }

  append(name: string, value: string): void {
    this.#fields.push([name, value]);
  }

  has(name: string): boolean {
    return this.get(name) !== undefined;
  }

  /** First value of that name. */
  get(name: string): string | undefined {
    const wanted = name.toLowerCase();
    return this.#fields.find(
      ([n]) => n.length === wanted.length && n.toLowerCase() === wanted,
    )?.[1];
  }

  /** Every value of that name in order, one element a field line. */
  getAll(name: string): string[] {
    const wanted = name.toLowerCase();
    return this.#fields.filter(([n]) => n.toLowerCase() === wanted).map(([, v]) => v);
  }

  delete(name: string): void {
    const wanted = name.toLowerCase();
    for (let i = this.#fields.length - 1; i >= 0; i--) {
      if (this.#fields[i]?.[0].toLowerCase() === wanted) this.#fields.splice(i, 1);
    }
  }

  [Symbol.iterator](): IterableIterator<Field> {
    return this.#fields[Symbol.iterator]();
  }
}
