// placeholder
/** --resolve: [+|-]host:port:addr[,addr] */
export interface ResolveRule {
  readonly host: string;
  readonly port: number;
  readonly addresses: readonly string[];
  readonly remove: boolean;
}
/** --connect-to; null parts match all, or keep. */
export interface ConnectToRule {
  readonly fromHost: string | null;
  readonly fromPort: number | null;
  readonly toHost: string | null;
  readonly toPort: number | null;
}
