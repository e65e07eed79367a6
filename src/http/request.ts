// placeholder
export interface RequestSpec {
  /** The method that the options imply: GET, HEAD, POST or PUT. */
  readonly method: string;
  /** -X: replaces the word on the wire and nothing else. */
  readonly customMethod: string | null;
  readonly httpVersion: "1.0" | "1.1";
  /** -H in order, parsed. */
  readonly headers: readonly HeaderRule[];
  /** null or "": none. */
  readonly userAgent: string | null;
  readonly referer: string | null;
  /** `;auto` behind -e: previous URL on each redirect. */
  readonly refererAuto: boolean;
  /** -r, the text after "bytes=". */
  readonly range: string | null;
  readonly compressed: boolean;
  /** --json: Content-Type and Accept of JSON unless the user set them. */
  readonly json: boolean;
}
/** What one -H says: replace or add, remove, or send empty. */
export type HeaderRule =
  | { readonly kind: "set"; readonly name: string; readonly value: string }
  | { readonly kind: "remove"; readonly name: string }
  | { readonly kind: "empty"; readonly name: string };
