// --compressed: what is asked for, what is decoded, what is refused.

import {
  brotliCompressSync,
  deflateRawSync,
  deflateSync,
  gzipSync,
  zstdCompressSync,
} from "node:zlib";
import { latin1 } from "../support/program.ts";
import type { ParityCase } from "./parity-case.ts";

const TEXT = "squeeze me, ".repeat(50);

function coded(coding: string, bytes: Uint8Array): string {
  const head = `HTTP/1.1 200 OK\r\nContent-Encoding: ${coding}\r\nContent-Length: ${bytes.length}\r\n\r\n`;
  return head + latin1(bytes);
}

function decodes(coding: string, bytes: Uint8Array, more: Partial<ParityCase> = {}): ParityCase {
  return {
    name: `--compressed decodes ${coding}`,
    argv: ["--compressed", "<base>/"],
    replies: [coded(coding, bytes)],
    expect: { exit: 0, stdout: TEXT },
    ...more,
  };
}

function chunk(bytes: Uint8Array): string {
  return `${bytes.length.toString(16)}\r\n${latin1(bytes)}\r\n`;
}

const GZIP = gzipSync(TEXT);

export const CODING_CASES: readonly ParityCase[] = [
  {
    name: "--compressed asks for what it can decode",
    argv: ["--compressed", "<base>/"],
    expect: {
      exit: 0,
      wire: ["GET / HTTP/1.1|STD|Accept-Encoding: deflate, gzip, br, zstd||"],
      stdout: "hello\n",
    },
  },
  {
    name: "--compressed with an Accept-Encoding of one's own",
    argv: ["--compressed", "-H", "Accept-Encoding: gzip", "<base>/"],
    replies: [coded("gzip", GZIP)],
    expect: { exit: 0, wire: ["GET / HTTP/1.1|STD|Accept-Encoding: gzip||"], stdout: TEXT },
  },
  decodes("gzip", GZIP, { bytewise: true, mptcp: true }),
  decodes("x-gzip", GZIP),
  decodes("deflate", deflateSync(TEXT), { bytewise: true }),
  decodes("deflate", deflateRawSync(TEXT), { name: "--compressed decodes raw deflate" }),
  decodes("br", brotliCompressSync(TEXT), { bytewise: true }),
  decodes("zstd", zstdCompressSync(TEXT), { bytewise: true }),
  decodes("gzip, br", brotliCompressSync(GZIP)),
  decodes("deflate, gzip", gzipSync(deflateSync(TEXT))),
  decodes("identity", Buffer.from(TEXT)),
  decodes("gzip", Buffer.concat([gzipSync(TEXT.slice(0, 300)), gzipSync(TEXT.slice(300))]), {
    name: "--compressed of two gzip members",
    differs: {
      because: "RFC 1952 2.2: a gzip file is a series of members; curl takes the first only",
      since: null,
      older: { exit: 23, stdout: TEXT.slice(0, 300) },
    },
  }),
  {
    name: "--compressed in chunks",
    argv: ["--compressed", "<base>/"],
    replies: [
      "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n" +
        `${chunk(GZIP.subarray(0, 7))}${chunk(GZIP.subarray(7))}0\r\n\r\n`,
    ],
    expect: { exit: 0, stdout: TEXT },
    bytewise: true,
  },
  {
    name: "--compressed to the end of the connection",
    argv: ["--compressed", "<base>/"],
    replies: [
      {
        send: `HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n${latin1(GZIP)}`,
        after: "close",
      },
    ],
    expect: { exit: 0, stdout: TEXT },
  },
  {
    name: "--compressed of an empty body",
    argv: ["--compressed", "<base>/"],
    replies: [coded("gzip", new Uint8Array())],
    expect: { exit: 0, stdout: "" },
  },
  {
    name: "--compressed -I",
    argv: ["--compressed", "-I", "<base>/"],
    replies: ["HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 99\r\n\r\n"],
    expect: { exit: 0 },
  },
  {
    name: "without --compressed the bytes stay as sent",
    argv: ["<base>/"],
    replies: [coded("gzip", GZIP)],
    expect: { exit: 0, stdout: latin1(GZIP) },
  },
  {
    name: "--compressed of an unknown coding",
    argv: ["--compressed", "<base>/"],
    replies: [coded("snappy", Buffer.from("x"))],
    expect: { exit: 61, stdout: "", message: /\(61\) / },
  },
  {
    name: "--compressed of what is not gzip",
    argv: ["--compressed", "<base>/"],
    replies: [coded("gzip", Buffer.from("this is not gzip at all"))],
    expect: { exit: 61, stdout: "", message: /\(61\) / },
  },
  {
    name: "--compressed of corrupt deflate",
    argv: ["--compressed", "<base>/"],
    replies: [coded("deflate", Buffer.from("\x78\x9c\xff\xff\xff\xff\xff", "latin1"))],
    expect: { exit: 61, message: /\(61\) / },
  },
  {
    name: "--compressed -i shows the header as sent",
    argv: ["--compressed", "-i", "<base>/"],
    replies: [coded("gzip", GZIP)],
    expect: {
      exit: 0,
      stdout: `HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: ${GZIP.length}\r\n\r\n${TEXT}`,
    },
  },
  {
    name: "--compressed cut short",
    argv: ["--compressed", "<base>/"],
    replies: [
      {
        send: `HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 9999\r\n\r\n${latin1(GZIP)}`,
        after: "close",
      },
    ],
    expect: { exit: 18, stdout: TEXT, message: /\(18\) / },
  },
];
