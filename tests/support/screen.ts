// A terminal's screen in memory: text with cursor moves in, what a person sees out.
//
// It knows what a VT100 and its descendants do with CR, LF (with ONLCR, as a terminal line has it), the moves up and
// down and the two kinds of erasing; anything else is an error, so that a test cannot pass on a sequence that nobody
// interprets. Rows are broken when they are full, at the next character and not before. What happens to rows that are
// longer than a terminal that was just made narrower is the terminal's choice: most break them again ("reflows"),
// xterm and the Linux console cut them off.

interface Row {
  text: string;
  /** Goes on in the next row: broken by the terminal, not by a line end. */
  isBroken: boolean;
}

const CONTROL = /\r|\n|\u001b\[(\d*)([ABJK])|\u001b|[^\r\n\u001b]+/g;

export class Screen {
  columns: number;
  readonly #reflows: boolean;
  #rows: Row[] = [{ text: "", isBroken: false }];
  #row = 0;
  #column = 0;

  constructor(columns: number, options: { readonly reflows?: boolean } = {}) {
    this.columns = columns;
    this.#reflows = options.reflows ?? true;
  }

  /** Rows from the top to the last one that has something, blanks at their ends left out. */
  get rows(): string[] {
    const texts = this.#rows.map(({ text }) => text.trimEnd());
    while (texts.at(-1) === "") texts.pop();
    return texts;
  }

  get cursor(): { row: number; column: number } {
    return { row: this.#row, column: this.#column };
  }

  write(text: string): void {
    for (const [token, count, move] of text.matchAll(CONTROL)) {
      if (token === "\r") this.#column = 0;
      else if (token === "\n") {
        this.#column = 0;
        this.#down();
      } else if (move !== undefined) this.#control(move, count === "" ? null : Number(count));
      else if (token === "\u001b") throw new Error(`no such sequence: ${JSON.stringify(text)}`);
      else for (const char of token) this.#print(char);
    }
  }

  resize(columns: number): void {
    this.columns = columns;
    if (this.#reflows) this.#reflow();
    else for (const row of this.#rows) row.text = row.text.slice(0, columns);
    this.#column = Math.min(this.#column, columns - 1);
  }

  #print(char: string): void {
    if (this.#column === this.columns) {
      this.#current().isBroken = true;
      this.#column = 0;
      this.#down();
    }
    const row = this.#current();
    const before = row.text.padEnd(this.#column).slice(0, this.#column);
    row.text = before + char + row.text.slice(this.#column + 1);
    this.#column++;
  }

  #control(move: string, count: number | null): void {
    if (move === "A") this.#row = Math.max(0, this.#row - (count ?? 1));
    else if (move === "B") this.#row = Math.min(this.#rows.length - 1, this.#row + (count ?? 1));
    else {
      if (count !== null) throw new Error(`no such erasing: ${count}${move}`);
      const row = this.#current();
      row.text = row.text.slice(0, this.#column);
      row.isBroken = false;
      if (move === "J") this.#rows.length = this.#row + 1;
    }
  }

  #down(): void {
    this.#row++;
    if (this.#row === this.#rows.length) this.#rows.push({ text: "", isBroken: false });
  }

  #current(): Row {
    const row = this.#rows[this.#row];
    if (!row) throw new Error("the cursor is outside of the screen");
    return row;
  }

  /** Joins what was broken and breaks it anew; the cursor stays at its character. */
  #reflow(): void {
    const rows: Row[] = [];
    let cursor: { row: number; column: number } | undefined;
    let line = "";
    let cursorAt: number | null = null;
    for (const [index, { text, isBroken }] of this.#rows.entries()) {
      if (index === this.#row) cursorAt = line.length + this.#column;
      line += text;
      if (isBroken) continue;
      const start = rows.length;
      for (let from = 0; from === 0 || from < line.length; from += this.columns) {
        const part = line.slice(from, from + this.columns);
        rows.push({ text: part, isBroken: from + this.columns < line.length });
      }
      if (cursorAt !== null) {
        const down = Math.min(Math.floor(cursorAt / this.columns), rows.length - 1 - start);
        cursor = { row: start + down, column: cursorAt - down * this.columns };
        cursorAt = null;
      }
      line = "";
    }
    this.#rows = rows;
    this.#row = cursor?.row ?? 0;
    this.#column = cursor?.column ?? 0;
  }
}
