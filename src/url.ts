// placeholder: contract of the URL module
export interface Url {
  /** Lower case. */
  readonly scheme: string;
  /** Percent-decoded byte strings; null: not given. */
  readonly user: string | null;
  readonly password: string | null;
  /** As it goes into the Host field: name, IPv4, or IPv6 in brackets without zone id. */
  readonly host: string;
  /** Of an IPv6 literal; null: none. */
  readonly zoneId: string | null;
  /** Given or the scheme's default. */
  readonly port: number;
  /** Whether the port is not the scheme's default, so that Host must carry it. */
  readonly path: string;
  /** Without "?"; null: none. */
  readonly query: string | null;
  /** Without "#"; null: none. */
  readonly fragment: string | null;
}
