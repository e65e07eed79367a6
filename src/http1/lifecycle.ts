// The life of one response, and whether its connection has another one.
//
// Here: the transition table that decoder.ts follows, and the persistence rules (RFC 9112 §9.3). Not here: reading bytes.
// The request's half (waiting for 100, an early answer) is client/exchange's; it sees 100 as an informational event.

import type { HeaderList } from "../headers.ts";
import { type BodyLength, isUpgrade } from "./framing.ts";
import { listMembers } from "./grammar.ts";

export type ResponseState = keyof typeof TRANSITIONS;

export type Trigger =
  | "status-line"
  | "not-http"
  | "informational"
  | "no-body"
  | "cut"
  | "sized"
  | "chunked"
  | "to-close"
  | "whole"
  | "closed"
  | "told"
  | "broken";

//                   ┌────────────── informational (1xx but 101) ──────────────┐
//                   ▼                                                         │
//   status-line (first) ──status-line──► fields ──────────────────────────────┴──► status-line (again)
//        │                                 │ no-body, cut ───────────────────────────► finishing
//        │                                 ├ sized ────► sized-body ──── whole ──────► finishing
//        │                                 ├ chunked ──► chunked-body ── whole ──────► finishing ── told ──► ended
//        └ not-http (HTTP/0.9) ──┐         │                                               ▲
//                                └─────────┴ to-close ► to-close-body ── closed ───────────┘
//
//   every state but ended ── broken (malformed, or closed too early) ──► failed
//
// "first" and "again" are two states: only the first line may be missing (HTTP/0.9).

const TRANSITIONS = {
  "status-line-first": { "status-line": "fields", "not-http": "to-close-body", broken: "failed" },
  "status-line-again": { "status-line": "fields", broken: "failed" },
  fields: {
    informational: "status-line-again",
    "no-body": "finishing",
    cut: "finishing",
    sized: "sized-body",
    chunked: "chunked-body",
    "to-close": "to-close-body",
    broken: "failed",
  },
  "sized-body": { whole: "finishing", broken: "failed" },
  "chunked-body": { whole: "finishing", broken: "failed" },
  "to-close-body": { closed: "finishing", broken: "failed" },
  finishing: { told: "ended", broken: "failed" },
  ended: {},
  failed: {},
} as const;

/** The state after a trigger. A pair that the table does not have is a bug, hence a plain Error. */
export function nextState(state: ResponseState, trigger: Trigger): ResponseState {
  const row: Partial<Record<Trigger, ResponseState>> = TRANSITIONS[state];
  const next = row[trigger];
  if (!next) throw new Error(`response in state "${state}" cannot take "${trigger}"`);
  return next;
}

/** The trigger that a whole head is, by how its body ends. */
export const BODY_TRIGGER: Readonly<Record<BodyLength["kind"], Trigger>> = {
  none: "no-body",
  "content-length": "sized",
  chunked: "chunked",
  close: "to-close",
};

/**
 * Why a connection cannot be used again:
 * - server-asked: the server said `Connection: close`
 * - client-asked: we did
 * - http-1.0: the server speaks HTTP/1.0 and did not say keep-alive
 * - close-delimited: the end of the connection was the end of the response
 * - ambiguous-length: Transfer-Encoding beside Content-Length or on HTTP/1.0: somebody on the way may have seen another end
 * - excess-bytes: bytes came after the response (told by the decoder's excessBytes, decided by the caller)
 * - early-response: the final response came before the request was out (decided by the caller)
 * - upgraded: after 101 or 2xx to CONNECT it is no HTTP connection any more
 */
export type CloseReason =
  | "server-asked"
  | "client-asked"
  | "http-1.0"
  | "close-delimited"
  | "ambiguous-length"
  | "excess-bytes"
  | "early-response"
  | "upgraded";

/** What a response says about its connection. */
export interface ConnectionFacts {
  readonly method: string;
  readonly version: "0.9" | "1.0" | "1.1";
  readonly status: number;
  readonly fields: HeaderList;
  readonly body: BodyLength;
  /** The request said `Connection: close`. */
  readonly clientCloses: boolean;
}

/**
 * Why no other exchange can follow this one, or null: it can (RFC 9112 §9.3). The strongest reason comes first.
 *
 * Two places leave curl for the RFC, each costing a reconnection at most: `close` counts anywhere in the Connection
 * list (curl looks at the start of the value), and a length that two parties may read differently ends the connection
 * (RFC 9112 §6.1: on HTTP/1.0 a client MUST "close the connection after processing the message"; §6.3 for both fields).
 */
export function closeReasonOf(facts: ConnectionFacts): CloseReason | null {
  const { version, fields, body } = facts;
  if (isUpgrade(facts.method, facts.status)) return "upgraded";
  if (body.kind === "close") return "close-delimited";
  if (facts.clientCloses) return "client-asked";
  if (asksToClose(fields)) return "server-asked";
  if (version !== "1.1" && !hasOption(fields, "keep-alive")) return "http-1.0";
  const isAmbiguous =
    fields.has("transfer-encoding") && (version !== "1.1" || fields.has("content-length"));
  return isAmbiguous ? "ambiguous-length" : null;
}

/** True where the fields say `Connection: close`. */
export function asksToClose(fields: HeaderList): boolean {
  return hasOption(fields, "close");
}

function hasOption(fields: HeaderList, option: string): boolean {
  for (const member of listMembers(fields.getAll("connection"))) {
    if (member.toLowerCase() === option) return true;
  }
  return false;
}
