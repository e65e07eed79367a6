import { describe, expect, test } from "bun:test";
import {
  bytesOfU16,
  bytesOfU32,
  decodeAttributes,
  decodeMessages,
  encodeAttribute,
  encodeMessage,
  encodeNested,
  joinBytes,
  numberOf,
} from "../../../../ffi/netlink/netlink.ts";

const MESSAGE = { type: 0x1234, flags: 0x305, sequence: 0x0a0b0c0d, payload: Uint8Array.of(7) };

describe("encodeMessage", () => {
  test("writes struct nlmsghdr before the payload, the port left to the kernel", () => {
    expect([...encodeMessage(MESSAGE)]).toEqual([
      17, 0, 0, 0, 0x34, 0x12, 0x05, 0x03, 0x0d, 0x0c, 0x0b, 0x0a, 0, 0, 0, 0, 7,
    ]);
  });
});

describe("decodeMessages", () => {
  const one = encodeMessage(MESSAGE);
  const padded = joinBytes([one, new Uint8Array(3)]);
  const other = { type: 3, flags: 2, sequence: 9, payload: new Uint8Array() };

  test("finds each message of a datagram, padding between them", () => {
    expect(decodeMessages(joinBytes([padded, encodeMessage(other)]))).toEqual([MESSAGE, other]);
  });

  test("reads a view that begins in the middle of its buffer", () => {
    const buffer = joinBytes([Uint8Array.of(1, 2, 3), one]);
    expect(decodeMessages(buffer.subarray(3))).toEqual([MESSAGE]);
  });

  test("leaves out what is cut off, wherever it is", () => {
    for (let length = 0; length < one.length; length++) {
      expect(decodeMessages(one.subarray(0, length))).toEqual([]);
      const cut = joinBytes([padded, one.subarray(0, length)]);
      expect(decodeMessages(cut)).toEqual([MESSAGE]);
    }
  });

  test("ends at a length that is shorter than the header", () => {
    for (const length of [0, 15]) {
      const wrong = joinBytes([bytesOfU32(length), one.subarray(4)]);
      expect(decodeMessages(joinBytes([padded, wrong]))).toEqual([MESSAGE]);
    }
  });

  test("ends at a length that is beyond the datagram", () => {
    const wrong = joinBytes([bytesOfU32(0xffffffff), one.subarray(4)]);
    expect(decodeMessages(wrong)).toEqual([]);
  });
});

describe("encodeAttribute", () => {
  test("writes the length without the padding, and pads to four bytes", () => {
    expect([...encodeAttribute(2, Uint8Array.of(9))]).toEqual([5, 0, 2, 0, 9, 0, 0, 0]);
    expect([...encodeAttribute(2, new Uint8Array())]).toEqual([4, 0, 2, 0]);
  });
});

describe("encodeNested", () => {
  test("marks an attribute of attributes (NLA_F_NESTED)", () => {
    const inner = encodeAttribute(3, bytesOfU32(1));
    expect([...encodeNested(1, [inner, inner])]).toEqual([20, 0, 1, 0x80, ...inner, ...inner]);
  });
});

describe("decodeAttributes", () => {
  const first = encodeAttribute(1, Uint8Array.of(5));
  const second = encodeAttribute(0x8002, bytesOfU16(0x0102));

  test("gives values by type, without padding and without the type's flags", () => {
    expect([...decodeAttributes(joinBytes([first, second]))]).toEqual([
      [1, Uint8Array.of(5)],
      [2, Uint8Array.of(2, 1)],
    ]);
  });

  test("begins behind the protocol's header, aligned", () => {
    const bytes = joinBytes([new Uint8Array(4).fill(0xff), first]);
    expect(decodeAttributes(bytes, 2).get(1)).toEqual(Uint8Array.of(5));
    expect(decodeAttributes(bytes, 40).size).toBe(0);
  });

  test("leaves out what is cut off, wherever it is", () => {
    const whole = joinBytes([first, second]);
    // The last two bytes are padding.
    for (let length = first.length; length < whole.length - 2; length++) {
      expect([...decodeAttributes(whole.subarray(0, length)).keys()]).toEqual([1]);
    }
    expect(decodeAttributes(whole.subarray(0, whole.length - 2)).size).toBe(2);
  });

  test("ends at a length that is shorter than the header", () => {
    for (const length of [0, 3]) {
      const wrong = joinBytes([bytesOfU16(length), bytesOfU16(7), first]);
      expect([...decodeAttributes(joinBytes([first, wrong])).keys()]).toEqual([1]);
    }
  });
});

describe("numberOf", () => {
  test("reads what is there, lowest byte first", () => {
    expect(numberOf(Uint8Array.of(0xfe))).toBe(254);
    expect(numberOf(bytesOfU16(0xfedc))).toBe(0xfedc);
    expect(numberOf(bytesOfU32(0xfedcba98))).toBe(0xfedcba98);
  });

  test("takes four bytes at most, and nothing for nothing", () => {
    expect(numberOf(Uint8Array.of(1, 0, 0, 0, 9))).toBe(1);
    expect(numberOf(new Uint8Array())).toBeNull();
    expect(numberOf(undefined)).toBeNull();
  });
});
