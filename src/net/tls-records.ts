// Did a TLS stream end in order? Pure.
//
// Bun reports the end of a TLS connection alike whether the peer said close_notify or was cut off (Bun 1.4.5), and a
// body that ends with the connection would then pass for whole (RFC 9112 §9.8). Here the record headers (RFC 8446
// §5.1: type, version, length) are read off the ciphertext instead, from the first byte on.
//
// TLS 1.2 shows an alert by its type, 21. TLS 1.3 hides it in application data (23) of length 19: two bytes of alert,
// one of inner type, 16 of tag. Two bytes of real data look the same, so the decrypted bytes are counted as well: the
// last record was an alert only if nothing came out of it. What that cannot see: session tickets are application data
// of which nothing comes out either, so a stream cut right behind two bytes that came in one piece with them looks whole.

const HEADER_SIZE = 5;
const TYPE_ALERT = 21;
const TYPE_APPLICATION_DATA = 23;
const ALERT_1_3_SIZE = 19;
/** Inner content type and the tag of every TLS 1.3 suite that BoringSSL offers. */
const OVERHEAD_1_3 = 17;

export class TlsRecordWatch {
  readonly #header = new Uint8Array(HEADER_SIZE);
  #headerFill = 0;
  /** Bytes of the current record still to come. */
  #left = 0;
  #lastType = 0;
  #lastSize = 0;
  /** Plaintext that the last record holds at most; 0 once it has come out. */
  #lastPlain = 0;
  /** Plaintext that is due for the current piece, its last record left out, at most. */
  #expected = 0;
  #decrypted = 0;

  /** Ciphertext arrived, in wire order, before what it decrypts to is reported. */
  received(bytes: Uint8Array): void {
    this.#expected = 0;
    this.#decrypted = 0;
    // A record that ended with the piece before has been decrypted with it.
    if (this.#left === 0) this.#lastPlain = 0;
    let at = 0;
    while (at < bytes.length) {
      if (this.#left > 0) {
        const step = Math.min(this.#left, bytes.length - at);
        this.#left -= step;
        at += step;
        continue;
      }
      const step = Math.min(HEADER_SIZE - this.#headerFill, bytes.length - at);
      this.#header.set(bytes.subarray(at, at + step), this.#headerFill);
      this.#headerFill += step;
      at += step;
      if (this.#headerFill === HEADER_SIZE) this.#beginRecord();
    }
  }

  #beginRecord(): void {
    this.#expected += this.#lastPlain;
    this.#lastType = this.#header[0] ?? 0;
    this.#lastSize = ((this.#header[3] ?? 0) << 8) | (this.#header[4] ?? 0);
    this.#left = this.#lastSize;
    const isData = this.#lastType === TYPE_APPLICATION_DATA;
    this.#lastPlain = isData ? Math.max(0, this.#lastSize - OVERHEAD_1_3) : 0;
    this.#headerFill = 0;
  }

  /** `sizeBytes` of plaintext came out of what was received last. */
  decrypted(sizeBytes: number): void {
    this.#decrypted += sizeBytes;
  }

  /** Whether the last record is whole and is an alert; an orderly peer sends nothing behind close_notify. */
  get sawCloseNotify(): boolean {
    if (this.#left > 0 || this.#headerFill > 0) return false;
    if (this.#lastType === TYPE_ALERT) return true;
    const looksLikeAlert =
      this.#lastType === TYPE_APPLICATION_DATA && this.#lastSize === ALERT_1_3_SIZE;
    return looksLikeAlert && this.#decrypted <= this.#expected;
  }
}
