import { describe, expect, test } from "bun:test";
import { decodeMptcpInfo, MPTCP_INFO_SIZE } from "../../../ffi/structs.ts";

/** struct mptcp_info of a connection with every field set; what is not read is 0xee. */
function info(): Uint8Array {
  const bytes = new Uint8Array(MPTCP_INFO_SIZE).fill(0xee);
  const view = new DataView(bytes.buffer);
  view.setUint8(0, 2);
  view.setUint32(8, 0b10, true);
  view.setUint32(12, 0xfeed_beef, true);
  view.setBigUint64(48, 5_000_000_000n, true);
  view.setUint8(80, 3);
  return bytes;
}

const WHOLE = {
  token: 0xfeed_beef,
  remoteKeyReceived: true,
  extraSubflows: 2,
  totalSubflows: 3,
  retransmittedBytes: 5_000_000_000,
};
const NOTHING = {
  token: 0,
  remoteKeyReceived: false,
  extraSubflows: 0,
  totalSubflows: null,
  retransmittedBytes: null,
};

/** Lengths that the kernel returns, by release or by the buffer given. */
const TABLE = [
  [96, WHOLE],
  [81, WHOLE],
  [80, { ...WHOLE, totalSubflows: null }],
  [56, { ...WHOLE, totalSubflows: null }],
  [55, { ...WHOLE, totalSubflows: null, retransmittedBytes: null }],
  [48, { ...WHOLE, totalSubflows: null, retransmittedBytes: null }],
  [40, { ...WHOLE, totalSubflows: null, retransmittedBytes: null }],
  [15, { ...NOTHING, remoteKeyReceived: true, extraSubflows: 2 }],
  [11, { ...NOTHING, extraSubflows: 2 }],
  [0, NOTHING],
] as const;

describe("decodeMptcpInfo", () => {
  for (const [length, decoded] of TABLE) {
    test(`of ${length} bytes reads what ends within them`, () => {
      expect(decodeMptcpInfo(info().subarray(0, length))).toEqual(decoded);
    });
  }

  test("reads more than it knows of", () => {
    expect(decodeMptcpInfo(new Uint8Array([...info(), 1, 2, 3, 4]))).toEqual(WHOLE);
  });

  test("tells the key's flag from the others", () => {
    const bytes = info();
    new DataView(bytes.buffer).setUint32(8, 0b1101, true);
    expect(decodeMptcpInfo(bytes).remoteKeyReceived).toBe(false);
  });

  test("reads a view into a larger buffer", () => {
    const whole = new Uint8Array(200);
    whole.set(info(), 3);
    expect(decodeMptcpInfo(whole.subarray(3, 3 + MPTCP_INFO_SIZE))).toEqual(WHOLE);
  });
});
