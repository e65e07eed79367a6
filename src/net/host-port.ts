// "HOST:PORT" as --resolve and --connect-to write it. Pure.
//
// IPv6 addresses stand in brackets, either part may be empty. URLs have an authority of their own (src/url.ts).

export interface HostPort {
  /** Without brackets; null: empty. */
  readonly host: string | null;
  /** null: empty. */
  readonly port: number | null;
  /** What stands behind the colon that ends the port. */
  readonly rest: string;
}

const FIRST = /^(?:\[([^\]]*)\]|([^:[]*)):(\d*):([\s\S]*)$/;
const LAST = /^(?:\[([^\]]*)\]|([^:[]*))(?::(\d*))?$/;

/**
 * Cuts "HOST:PORT:rest"; null where it does not have that form.
 * @param lastPort the port ends the text, and may be missing together with its colon
 */
export function splitHostPort(text: string, { lastPort = false } = {}): HostPort | null {
  const match = (lastPort ? LAST : FIRST).exec(text);
  if (!match) return null;
  const [, bracketed, plain, digits, rest] = match;
  const port = digits ? Number(digits) : null;
  if (port !== null && port > 65535) return null;
  return { host: bracketed || plain || null, port, rest: rest ?? "" };
}
