// Percent-encoding (RFC 3986 §2.1), on byte strings.
//
// Here: one byte, and a whole text with all but the unreserved characters encoded. Not here: which bytes of a URL are
// encoded (url.ts: few, what was typed goes out) and the "+" of forms (http/body/urlencoded).

// unreserved = ALPHA / DIGIT / "-" / "." / "_" / "~"                                        (RFC 3986 §2.3)
const NOT_UNRESERVED = /[^A-Za-z0-9._~-]/g;

/** One byte as %XX. */
export function percentEncodedByte(byte: string): string {
  return `%${byte.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0")}`;
}

/** Every byte but the unreserved ones as %XX. */
export function percentEncoded(text: string): string {
  return text.replaceAll(NOT_UNRESERVED, percentEncodedByte);
}

/** %XX as the byte it stands for; a "%" without two hex digits behind it stays. */
export function percentDecoded(text: string): string {
  if (!text.includes("%")) return text;
  return text.replaceAll(/%([0-9A-Fa-f]{2})/g, (_, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  );
}
