// The one error class of mpcurl and its exit codes.
//
// Here: CurlError and EXIT. Not here: the text "mpcurl: (6) …" around a message (cli/output/messages) and the
// decision to exit (cli/main). Names are libcurl's without "CURLE_", so that whoever knows curl knows them; numbers
// from 120 on are our own. A bug is any other Error: it is never caught below cli/main, which prints its stack.

/** Exit code by name. Source: curl(1) "EXIT CODES", libcurl-errors(3); 120 and up are mpcurl's. */
export const EXIT = {
  UNSUPPORTED_PROTOCOL: 1,
  FAILED_INIT: 2,
  URL_MALFORMAT: 3,
  COULDNT_RESOLVE_PROXY: 5,
  COULDNT_RESOLVE_HOST: 6,
  COULDNT_CONNECT: 7,
  WEIRD_SERVER_REPLY: 8,
  PARTIAL_FILE: 18,
  HTTP_RETURNED_ERROR: 22,
  WRITE_ERROR: 23,
  UPLOAD_FAILED: 25,
  READ_ERROR: 26,
  OUT_OF_MEMORY: 27,
  OPERATION_TIMEDOUT: 28,
  RANGE_ERROR: 33,
  SSL_CONNECT_ERROR: 35,
  BAD_FUNCTION_ARGUMENT: 43,
  TOO_MANY_REDIRECTS: 47,
  SETOPT_OPTION_SYNTAX: 49,
  GOT_NOTHING: 52,
  SEND_ERROR: 55,
  RECV_ERROR: 56,
  SSL_CERTPROBLEM: 58,
  PEER_FAILED_VERIFICATION: 60,
  BAD_CONTENT_ENCODING: 61,
  FILESIZE_EXCEEDED: 63,
  SEND_FAIL_REWIND: 65,
  SSL_CACERT_BADFILE: 77,
  TOO_LARGE: 100,
  /** --mptcp-require: the connection is not MPTCP. */
  MPTCP_REQUIRED: 120,
  /** mpcurl itself is wrong. */
  BUG: 125,
} as const;

export type ErrorCode = keyof typeof EXIT;

/** What went wrong with a transfer or a command line, in words that a user can act on. */
export class CurlError extends Error {
  override readonly name = "CurlError";
  readonly code: ErrorCode;

  /**
   * @param code why, by name; its number is the exit code
   * @param message one sentence without prefix or exit code; text from the wire is a byte string (see bytes.ts)
   */
  constructor(code: ErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.code = code;
  }

  get exitCode(): number {
    return EXIT[this.code];
  }
}
