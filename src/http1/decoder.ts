// placeholder: the contract of the response decoder
import type { HeaderList } from "../headers.ts";
import type { CloseReason } from "./lifecycle.ts";

export interface ResponseHead {
  readonly version: "0.9" | "1.0" | "1.1";
  readonly status: number;
  readonly reason: string;
  readonly fields: HeaderList;
  /** Status line and field lines as received, folded ones joined by one space, with their line ends and the empty line. */
  readonly raw: string;
  /** Bytes that the block took on the wire. */
  readonly sizeBytes: number;
}

/** How the end of the body is known (RFC 9112 §6.3). */
export type BodyLength =
  | { readonly kind: "none" }
  | { readonly kind: "content-length"; readonly sizeBytes: number }
  | { readonly kind: "chunked" }
  | { readonly kind: "close" };

export type ResponseEvent =
  | { readonly type: "informational"; readonly head: ResponseHead }
  | { readonly type: "head"; readonly head: ResponseHead; readonly body: BodyLength }
  | { readonly type: "data"; readonly bytes: Uint8Array }
  | { readonly type: "trailers"; readonly fields: HeaderList; readonly raw: string }
  /** The response is whole. `closeReason` says why the connection cannot carry another one; null: it can. */
  | { readonly type: "end"; readonly closeReason: CloseReason | null };
