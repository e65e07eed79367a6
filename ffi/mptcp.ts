// What the kernel says of MPTCP on a socket. Probe the feature, never the kernel's version.
//
// Three questions, three functions, and what their answers do not prove:
//   isMptcp(fd)       does this socket speak MPTCP now? Before and during a connect the answer is "yes" and means
//                     nothing; after the connect a "yes" may still turn into "no" with any bytes received.
//   readInfo(fd)      the connection's own facts. The call fails on a socket that fell back, so success is a "yes" too.
//   readFullInfo(fd)  the same, and each subflow's. That a subflow is listed does not say that it carries anything.
// isMptcp is asked after every chunk received and readFullInfo ten times a second, so their buffers are made once and
// used again; what they return holds none of them. Not here: what a struct's bytes mean (structs.ts).

import { ptr } from "bun:ffi";
import {
  IPPROTO_TCP,
  MPTCP_FULL_INFO,
  MPTCP_INFO,
  MPTCP_SUBFLOW_ADDRS,
  MPTCP_TCPINFO,
  SOL_MPTCP,
  TCP_INFO,
  TCP_IS_MPTCP,
} from "./constants.ts";
import { check, ERRNO, lastErrno } from "./errno.ts";
import { libc } from "./libc.ts";
import {
  decodeFullInfo,
  decodeMptcpInfo,
  decodeSubflowAddrs,
  decodeSubflowArray,
  type FullInfo,
  MPTCP_FULL_INFO_SIZE,
  MPTCP_INFO_SIZE,
  type MptcpInfo,
  SUBFLOW_ADDRS_SIZE,
  SUBFLOW_DATA_SIZE,
  SUBFLOW_INFO_SIZE,
  type SubflowArray,
  type SubflowInfo,
} from "./structs.ts";
import { decodeTcpInfo, TCP_INFO_SIZE, type TcpInfo } from "./tcp-info.ts";

const answer = new Int32Array(1);
const answerLength = new Uint32Array(1);

/**
 * Whether the socket speaks MPTCP; null where this kernel cannot tell (before Linux 5.16).
 * Asks TCP_IS_MPTCP (Linux 6.10), else MPTCP_INFO (Linux 5.16). Allocates nothing; 0.67 µs, of which the kernel takes
 * 0.63 (it locks the socket).
 */
export function isMptcp(fd: number): boolean | null {
  answerLength[0] = 4;
  if (libc.getsockopt(fd, IPPROTO_TCP, TCP_IS_MPTCP, answer, answerLength) === 0)
    return answer[0] === 1;
  // Before 6.10 a TCP socket answers ENOPROTOOPT (one that fell back passes the call on to TCP), an MPTCP one EOPNOTSUPP.
  if (lastErrno() === ERRNO.ENOPROTOOPT) return false;
  // A length of 0 asks only whether the option is there: 0.7 µs, and nothing is copied.
  answerLength[0] = 0;
  return libc.getsockopt(fd, SOL_MPTCP, MPTCP_INFO, null, answerLength) === 0 ? true : null;
}

/** struct mptcp_info of a connected socket; null where it is not MPTCP or the kernel has none (before 5.16). */
export function readInfo(fd: number): MptcpInfo | null {
  const bytes = new Uint8Array(MPTCP_INFO_SIZE);
  const length = Uint32Array.of(MPTCP_INFO_SIZE);
  if (libc.getsockopt(fd, SOL_MPTCP, MPTCP_INFO, bytes, length) < 0) return null;
  return decodeMptcpInfo(bytes.subarray(0, length[0]));
}

/** struct tcp_info of a TCP socket, or of an MPTCP one that fell back. @throws SyscallError */
export function readTcpInfo(fd: number): TcpInfo {
  const bytes = new Uint8Array(TCP_INFO_SIZE);
  const length = Uint32Array.of(TCP_INFO_SIZE);
  check("getsockopt", libc.getsockopt(fd, IPPROTO_TCP, TCP_INFO, bytes, length));
  return decodeTcpInfo(bytes.subarray(0, length[0]));
}

/**
 * Subflows that there is room for at first. Linux 6.18 allows 8 beside the first one, and SYN_SENT ones count; where
 * more are allowed (7.2: 64), the room grows.
 */
const USUAL_SUBFLOWS = 16;
/** A subflow may come between the count and the next look; this many in a row do not. */
const TRIES = 4;

/** What MPTCP_FULL_INFO writes to: struct mptcp_full_info and the two arrays that it points to. */
export class FullInfoRoom {
  readonly #full: Uint8Array;
  readonly #words: Uint32Array;
  readonly #length = new Uint32Array(1);
  #subflowInfos: Uint8Array;
  #tcpInfos: Uint8Array;
  #capacity: number;

  /** @param capacity how many subflows there is room for at first, at least 1 */
  constructor(capacity: number) {
    // Memory of an ArrayBuffer stays where it is, as the pointers in the struct need. That of a small typed array
    // moves when somebody asks for its buffer.
    const full = new ArrayBuffer(MPTCP_FULL_INFO_SIZE);
    this.#full = new Uint8Array(full);
    this.#words = new Uint32Array(full);
    this.#capacity = capacity;
    this.#subflowInfos = new Uint8Array(new ArrayBuffer(capacity * SUBFLOW_INFO_SIZE));
    this.#tcpInfos = new Uint8Array(new ArrayBuffer(capacity * TCP_INFO_SIZE));
    this.#point();
  }

  /** Has the kernel fill it; makes more room where that did not do. null: the kernel refused, errno says why. */
  read(fd: number): FullInfo | null {
    for (let tries = 1; ; tries++) {
      const words = this.#words;
      // struct mptcp_full_info: the kernel takes 0 only for what it will write, and writes over all of these.
      words[0] = 0;
      words[1] = TCP_INFO_SIZE;
      words[2] = 0;
      words[3] = SUBFLOW_INFO_SIZE;
      words[4] = 0;
      words[5] = this.#capacity;
      this.#length[0] = MPTCP_FULL_INFO_SIZE;
      if (libc.getsockopt(fd, SOL_MPTCP, MPTCP_FULL_INFO, this.#full, this.#length) < 0)
        return null;
      const count = words[4] ?? 0;
      if (count <= this.#capacity || tries === TRIES) break;
      this.#grow(count);
    }
    return decodeFullInfo({
      full: this.#full.subarray(0, this.#length[0]),
      subflowInfos: this.#subflowInfos,
      tcpInfos: this.#tcpInfos,
    });
  }

  #grow(count: number): void {
    this.#capacity = count + USUAL_SUBFLOWS;
    this.#subflowInfos = new Uint8Array(new ArrayBuffer(this.#capacity * SUBFLOW_INFO_SIZE));
    this.#tcpInfos = new Uint8Array(new ArrayBuffer(this.#capacity * TCP_INFO_SIZE));
    this.#point();
  }

  #point(): void {
    const view = new DataView(this.#full.buffer);
    view.setBigUint64(24, BigInt(ptr(this.#subflowInfos)), true);
    view.setBigUint64(32, BigInt(ptr(this.#tcpInfos)), true);
  }
}

let sharedRoom: FullInfoRoom | undefined;
/** Whether this kernel has MPTCP_FULL_INFO; undefined: not known yet. */
let hasFullInfo: boolean | undefined;

/**
 * A look at the connection and its subflows, SYN_SENT and dead ones included; null where the socket is not MPTCP now
 * (fell back, closed) or the kernel tells nothing (before 5.16). MPTCP_FULL_INFO (6.5), else the older options. 6 µs
 * and 1.1 KB for two subflows.
 */
export function readFullInfo(fd: number): FullInfo | null {
  if (hasFullInfo !== false) {
    sharedRoom ??= new FullInfoRoom(USUAL_SUBFLOWS);
    const info = sharedRoom.read(fd);
    if (info !== null) hasFullInfo = true;
    // EOPNOTSUPP is what a kernel without the option says, and an IPv4 socket that fell back.
    if (info !== null || hasFullInfo || lastErrno() !== ERRNO.EOPNOTSUPP) return info;
  }
  const info = readByOlderOptions(fd);
  if (info !== null) hasFullInfo = false;
  return info;
}

/**
 * The same by the options of Linux 5.16: MPTCP_INFO, MPTCP_SUBFLOW_ADDRS and MPTCP_TCPINFO, one after the other. The
 * kernel's ids are in none of them: subflows are counted as they are first seen.
 */
export function readByOlderOptions(fd: number): FullInfo | null {
  const info = readInfo(fd);
  if (info === null) return null;
  for (let tries = 1; ; tries++) {
    const addrs = readSubflowArray(fd, { option: MPTCP_SUBFLOW_ADDRS, size: SUBFLOW_ADDRS_SIZE });
    const tcpInfos = readSubflowArray(fd, { option: MPTCP_TCPINFO, size: TCP_INFO_SIZE });
    if (addrs === null || tcpInfos === null) return null;
    // Both list the subflows in the same order; one that came or went in between shows in the count.
    if (addrs.subflowCount !== tcpInfos.subflowCount && tries < TRIES) continue;
    const numbers = numbersOf(info.token);
    const subflows: SubflowInfo[] = [];
    for (const [i, element] of addrs.elements.entries()) {
      const tcpInfo = tcpInfos.elements[i];
      if (tcpInfo === undefined) break;
      const { local, remote } = decodeSubflowAddrs(element);
      const id = local === null ? 0 : numberOf(numbers, element);
      subflows.push({ id, local, remote, tcp: decodeTcpInfo(tcpInfo) });
    }
    return { info, subflows };
  }
}

function readSubflowArray(
  fd: number,
  { option, size }: { option: number; size: number },
): SubflowArray | null {
  for (let capacity = USUAL_SUBFLOWS, tries = 1; ; tries++) {
    const words = new Uint32Array((SUBFLOW_DATA_SIZE + capacity * size) / 4);
    // struct mptcp_subflow_data: its own size, and that of an element of ours; the rest the kernel writes.
    words[0] = SUBFLOW_DATA_SIZE;
    words[3] = size;
    const length = Uint32Array.of(words.byteLength);
    if (libc.getsockopt(fd, SOL_MPTCP, option, words, length) < 0) return null;
    const array = decodeSubflowArray(new Uint8Array(words.buffer, 0, length[0]));
    if (array.subflowCount <= capacity || tries === TRIES) return array;
    capacity = array.subflowCount + USUAL_SUBFLOWS;
  }
}

/** Subflows of a connection as they were first seen: the bytes of both addresses → number, from 1. */
type Numbers = Map<string, number>;

/** By the connection's token, which no other has at the same time in this namespace; the oldest go first. */
const numberings = new Map<number, Numbers>();
/** More connections than one run looks at together, so that what is dropped is over. */
const NUMBERINGS_MAX = 1024;

function numbersOf(token: number): Numbers {
  let numbers = numberings.get(token);
  if (numbers === undefined) {
    const [oldest] = numberings.keys();
    if (numberings.size >= NUMBERINGS_MAX && oldest !== undefined) numberings.delete(oldest);
    numbers = new Map();
    numberings.set(token, numbers);
  }
  return numbers;
}

function numberOf(numbers: Numbers, addrs: Uint8Array): number {
  const key = Buffer.from(addrs.buffer, addrs.byteOffset, addrs.byteLength).toString("latin1");
  const number = numbers.get(key) ?? numbers.size + 1;
  numbers.set(key, number);
  return number;
}
