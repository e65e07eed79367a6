// placeholder
export interface RedirectPolicy {
  readonly follow: boolean;
  /** --max-redirs; Infinity for -1. */
  readonly maxRedirects: number;
}
