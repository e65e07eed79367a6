// placeholder
/** Why a connection cannot be used again. */
export type CloseReason =
  | "server-asked" | "client-asked" | "http-1.0" | "close-delimited" | "excess-bytes" | "early-response" | "upgraded";
