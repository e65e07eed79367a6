// Text as HTML, and the few marks that all of the report's page is made of.
//
// Here: escaping, a path's colour, a note. Not here: what is said (words.ts) and the page itself (html.ts).

import { printable } from "../terminal-text.ts";

/** How many colours page.css has. */
const PATH_COLOURS = 8;

/** A paragraph that stands out. @param tone a class of page.css: good, warn, bad, plain */
export function noteOf(tone: string, html: string): string {
  return `<p class="note ${tone}">${html}</p>`;
}

/** The square that gives a path its colour. @param index of the path in its connection */
export function swatch(index: number): string {
  return `<i class="swatch ${colourOf(index)}"></i>`;
}

/** The class of a path's colour. */
export function colourOf(index: number): string {
  return `path-${(index % PATH_COLOURS) + 1}`;
}

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** A byte string from outside, as text of an element. */
export function outside(bytes: string): string {
  return escapeHtml(printable(bytes));
}

/** Text as text of an element or a quoted attribute. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (char) => ENTITIES[char] ?? char);
}
