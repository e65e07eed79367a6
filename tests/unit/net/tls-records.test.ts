import { describe, expect, test } from "bun:test";
import { TlsRecordWatch } from "../../../src/net/tls-records.ts";

const HANDSHAKE = 22;
const CIPHER_CHANGE = 20;
const ALERT = 21;
const DATA = 23;
/** Inner content type and tag (RFC 8446 §5.2). */
const TLS13_OVERHEAD = 17;
/** Explicit nonce and tag of AES-GCM (RFC 5288). */
const TLS12_OVERHEAD = 24;

/** A record on the wire, and how many bytes of plaintext come out of it. */
interface Sent {
  readonly bytes: Uint8Array;
  readonly plainSize: number;
}

function record(type: number, size: number, plainSize = 0): Sent {
  // The content is made of what looks like record headers, should anybody read it as such.
  const content = Uint8Array.from({ length: size }, (_, at) => [ALERT, 3, 3, 0, 2][at % 5] ?? 0);
  return { bytes: Uint8Array.of(type, 3, 3, size >> 8, size & 255, ...content), plainSize };
}

const data13 = (size: number): Sent => record(DATA, size + TLS13_OVERHEAD, size);
const data12 = (size: number): Sent => record(DATA, size + TLS12_OVERHEAD, size);
const ALERT_12 = record(ALERT, 26);
const ALERT_13 = record(DATA, 19);
const HANDSHAKE_12 = [record(HANDSHAKE, 300), record(CIPHER_CHANGE, 1), record(HANDSHAKE, 40)];
const HANDSHAKE_13 = [record(HANDSHAKE, 122), record(CIPHER_CHANGE, 1), record(DATA, 800)];

/** Hands the records over cut at `cuts`; what is whole after a piece comes out decrypted, as Bun reports it. */
function watch(records: readonly Sent[], cuts: readonly number[] = []): TlsRecordWatch {
  const watched = new TlsRecordWatch();
  const wire = Buffer.concat(records.map(({ bytes }) => bytes));
  let told = 0;
  let from = 0;
  for (const to of [...cuts, wire.length]) {
    watched.received(wire.subarray(from, to));
    let end = 0;
    let whole = 0;
    for (const { bytes, plainSize } of records) {
      end += bytes.length;
      if (end <= to) whole += plainSize;
    }
    if (whole > told) watched.decrypted(whole - told);
    told = whole;
    from = to;
  }
  return watched;
}

interface Case {
  readonly name: string;
  readonly records: readonly Sent[];
  readonly sawCloseNotify: boolean;
}

const CASES: readonly Case[] = [
  {
    name: "TLS 1.2, data and close_notify",
    records: [...HANDSHAKE_12, data12(100), data12(5), ALERT_12],
    sawCloseNotify: true,
  },
  {
    name: "TLS 1.2, data and no close_notify",
    records: [...HANDSHAKE_12, data12(100), data12(5)],
    sawCloseNotify: false,
  },
  {
    name: "TLS 1.3, data and close_notify",
    records: [...HANDSHAKE_13, data13(100), data13(5), ALERT_13],
    sawCloseNotify: true,
  },
  {
    name: "TLS 1.3, data and no close_notify",
    records: [...HANDSHAKE_13, data13(100), data13(5)],
    sawCloseNotify: false,
  },
  {
    name: "TLS 1.3, two bytes of data are as long as an alert and are none",
    records: [data13(2)],
    sawCloseNotify: false,
  },
  {
    name: "TLS 1.3, two bytes of data behind other data are no alert",
    records: [data13(400), data13(2)],
    sawCloseNotify: false,
  },
  {
    name: "TLS 1.3, an alert behind two bytes of data is one",
    records: [data13(2), ALERT_13],
    sawCloseNotify: true,
  },
  {
    name: "TLS 1.3, data in three records of two bytes",
    records: [data13(2), data13(2), data13(2)],
    sawCloseNotify: false,
  },
  {
    name: "TLS 1.3, records as long as they get",
    records: [data13(16_384), data13(16_384), ALERT_13],
    sawCloseNotify: true,
  },
];

describe("TlsRecordWatch", () => {
  test("has seen nothing before anything came", () => {
    expect(new TlsRecordWatch().sawCloseNotify).toBe(false);
  });

  for (const { name, records, sawCloseNotify } of CASES) {
    const size = records.reduce((sum, { bytes }) => sum + bytes.length, 0);

    test(`${name}: whole`, () => {
      expect(watch(records).sawCloseNotify).toBe(sawCloseNotify);
    });

    test(`${name}: cut at every byte`, () => {
      const step = size > 5000 ? 997 : 1;
      for (let cut = 1; cut < size; cut += step) {
        expect([cut, watch(records, [cut]).sawCloseNotify]).toEqual([cut, sawCloseNotify]);
      }
    });

    test(`${name}: a piece for each record`, () => {
      let end = 0;
      const cuts = records.slice(0, -1).map(({ bytes }) => {
        end += bytes.length;
        return end;
      });
      expect(watch(records, cuts).sawCloseNotify).toBe(sawCloseNotify);
    });
  }

  test("byte by byte the answer is the same", () => {
    const records = [...HANDSHAKE_13, data13(7), ALERT_13];
    const size = records.reduce((sum, { bytes }) => sum + bytes.length, 0);
    const everywhere = Array.from({ length: size - 1 }, (_, at) => at + 1);
    expect(watch(records, everywhere).sawCloseNotify).toBe(true);
    const cutShort = [...HANDSHAKE_13, data13(7), data13(2)];
    expect(watch(cutShort, everywhere).sawCloseNotify).toBe(false);
  });

  test("an alert that did not come whole is none, wherever it was cut", () => {
    for (const alert of [ALERT_12, ALERT_13]) {
      for (let length = 0; length < alert.bytes.length; length++) {
        const watched = new TlsRecordWatch();
        watched.received(data13(50).bytes);
        watched.decrypted(50);
        watched.received(alert.bytes.subarray(0, length));
        expect([length, watched.sawCloseNotify]).toEqual([length, false]);
      }
    }
  });

  test("the beginning of another record behind the alert takes it back", () => {
    for (const length of [1, 2, 3, 4, 5, 6]) {
      const watched = watch([ALERT_12]);
      watched.received(data12(10).bytes.subarray(0, length));
      expect([length, watched.sawCloseNotify]).toEqual([length, false]);
    }
  });

  test("a record behind the alert takes it back", () => {
    expect(watch([ALERT_12, data12(10)]).sawCloseNotify).toBe(false);
  });
});
