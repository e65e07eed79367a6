// Fields of an HTTP message (RFC 9110 §5): ordered, repeatable, with the case of their names kept as written.
//
// Here: the list and case-blind look-up. Not here: syntax (http1/grammar) and the meaning of any field. Names and
// values are byte strings (bytes.ts). Few fields, few look-ups: a plain array beats a map, and keeps order for free.
// Plain loops too, here and in http1: the engine compiles find, filter and their like anew at each start.

export type Field = readonly [name: string, value: string];

export class HeaderList {
  readonly #fields: Field[];

  constructor(fields: readonly Field[] = []) {
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
    for (const [own, value] of this.#fields) {
      if (own.length === wanted.length && own.toLowerCase() === wanted) return value;
    }
    return undefined;
  }

  /** Every value of that name in order, one element a field line. */
  getAll(name: string): string[] {
    const wanted = name.toLowerCase();
    const values: string[] = [];
    for (const [own, value] of this.#fields) {
      if (own.length === wanted.length && own.toLowerCase() === wanted) values.push(value);
    }
    return values;
  }

  /** All of them, in order. */
  get lines(): readonly Field[] {
    return this.#fields;
  }
}
