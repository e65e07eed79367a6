// placeholder
/** TLS versions as BoringSSL numbers them. */
export type TlsVersion = 769 | 770 | 771 | 772;

export interface TlsSpec {
  /** false: -k. */
  readonly verify: boolean;
  /** Which roots are trusted; "system": what a Linux user expects (the distribution's bundle). */
  readonly trust: { readonly kind: "system" } | { readonly kind: "file"; readonly path: string } | { readonly kind: "pem"; readonly pem: readonly string[]; readonly from: string };
  readonly minVersion: TlsVersion;
  readonly maxVersion: TlsVersion;
  readonly clientCertificate: { readonly certFile: string; readonly keyFile: string; readonly passphrase: string | null } | null;
}
