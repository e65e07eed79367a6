// Reads one request body for the MPTCP test server, by Content-Length or chunked, and keeps its length and hash only.
//
// Well-formed requests are assumed. Not here: the socket and the answer (server.ts).

/** A body under way; `fields` are the request's, names in lower case. */
export class Upload {
  readonly method: string;
  readonly path: string;
  uploadedBytes = 0;
  done = false;
  readonly #chunked: boolean;
  #leftBytes: number;
  #line = "";
  #state: "size" | "data" | "trailer";
  readonly #hasher = new Bun.CryptoHasher("sha256");

  constructor(method: string, path: string, fields: Map<string, string>) {
    this.method = method;
    this.path = path;
    this.#chunked = fields.get("transfer-encoding") === "chunked";
    this.#leftBytes = this.#chunked ? 0 : Number(fields.get("content-length") ?? 0);
    this.#state = this.#chunked ? "size" : "data";
    this.done = !this.#chunked && this.#leftBytes === 0;
  }

  digest(): string {
    return this.#hasher.digest("hex");
  }

  /** @returns what lies behind the body's end */
  take(bytes: Uint8Array): Uint8Array {
    let offset = 0;
    while (offset < bytes.length && !this.done) {
      if (this.#state === "data") offset += this.#takeData(bytes.subarray(offset));
      else this.#takeByte(bytes[offset++] ?? 0);
    }
    return bytes.subarray(offset);
  }

  #takeData(bytes: Uint8Array): number {
    const data = bytes.subarray(0, this.#leftBytes);
    this.#hasher.update(data);
    this.uploadedBytes += data.length;
    this.#leftBytes -= data.length;
    if (this.#leftBytes === 0) {
      if (this.#chunked) this.#state = "size";
      else this.done = true;
    }
    return data.length;
  }

  #takeByte(byte: number): void {
    if (byte !== 10) {
      this.#line += String.fromCharCode(byte);
      return;
    }
    const line = this.#line.trim();
    this.#line = "";
    if (this.#state === "trailer") this.done = line === "";
    else if (line !== "") {
      this.#leftBytes = Number.parseInt(line, 16);
      this.#state = this.#leftBytes === 0 ? "trailer" : "data";
    }
  }
}
