// TLS ends of the tests: `openssl s_server`, which nobody here wrote, for versions, ciphers and
// client certificates; and a cutter that stands before a TLS server and withholds close_notify,
// which no well-behaved server can be asked to do.

import type { Socket } from "bun";
import { type Certificates, certificates, type KeyPair } from "./certs.ts";
import { type Daemon, retried, startDaemon } from "./daemon.ts";
import { freePort, openListener } from "./loopback.ts";
import { type RawServer, type Reply, startRawServer } from "./raw-server.ts";

export interface OpensslServer {
  readonly port: number;
  complaints(): string;
  stop(): Promise<void>;
}

/**
 * `openssl s_server -www`: answers every GET with a page that tells the connection's parameters.
 * `extra` are further arguments, such as -tls1_2 or -Verify.
 */
export function startOpensslServer(
  pair: KeyPair,
  extra: readonly string[] = [],
): Promise<OpensslServer> {
  return retried(async () => {
    const port = freePort();
    const daemon: Daemon = await startDaemon(
      [
        "mptcpize",
        "run",
        "openssl",
        "s_server",
        "-quiet",
        "-www",
        "-accept",
        `127.0.0.1:${port}`,
        "-cert",
        pair.certFile,
        "-key",
        pair.keyFile,
        ...extra,
      ],
      { ports: [port], cwd: certificates().directory },
    );
    return { port, complaints: daemon.complaints, stop: daemon.stop };
  });
}

/** The scripted server of raw-server.ts over TLS. */
export function startRawTlsServer(
  replies: readonly Reply[],
  options: {
    readonly pair?: KeyPair;
    readonly mptcp?: boolean;
    readonly more?: Bun.TLSOptions;
  } = {},
): RawServer {
  const all: Certificates = certificates();
  const pair = options.pair ?? all.good;
  return startRawServer(replies, {
    mptcp: options.mptcp ?? false,
    tls: { cert: pair.cert, key: pair.key, ...options.more },
  });
}

const ALERT = 21;
const APPLICATION_DATA = 23;

/** Splits what is whole of TLS records off the front: 5 bytes of head, then the length they tell. */
function takeRecords(bytes: Buffer): { records: Buffer[]; rest: Buffer } {
  const records: Buffer[] = [];
  let at = 0;
  while (at + 5 <= bytes.length) {
    const end = at + 5 + bytes.readUInt16BE(at + 3);
    if (end > bytes.length) break;
    records.push(bytes.subarray(at, end));
    at = end;
  }
  return { records, rest: bytes.subarray(at) };
}

/** An alert: plain in TLS 1.2; in 1.3 it looks like data, and only its size (2 + 1 + 16) tells. */
function isAlert(record: Buffer): boolean {
  if (record[0] === ALERT) return true;
  return record[0] === APPLICATION_DATA && record.length === 5 + 19;
}

interface Leg {
  peer: Socket<Leg> | null;
  early: Buffer[];
  pending: Buffer;
}

export interface Cutter {
  readonly port: number;
  stop(): void;
}

/**
 * Forwards to a TLS server on loopback, but never its alerts: the client sees the connection end
 * with a FIN and no close_notify. For small answers: it does not know back-pressure.
 */
export function startCutter(serverPort: number): Cutter {
  const bound = openListener();
  const towardsServer: Bun.SocketHandler<Leg> = {
    data({ data: leg }, bytes) {
      const { records, rest } = takeRecords(Buffer.concat([leg.pending, bytes]));
      leg.pending = Buffer.from(rest);
      for (const record of records) {
        if (isAlert(record)) leg.peer?.end();
        else leg.peer?.write(record);
      }
    },
    close({ data: leg }) {
      leg.peer?.end();
    },
    error() {},
  };
  const listener = Bun.listen<Leg>({
    fd: bound.fd,
    socket: {
      open(client: Socket<Leg>) {
        client.data = { peer: null, early: [], pending: Buffer.alloc(0) };
        const leg: Leg = { peer: client, early: [], pending: Buffer.alloc(0) };
        Bun.connect<Leg>({
          hostname: "127.0.0.1",
          port: serverPort,
          socket: towardsServer,
          data: leg,
        })
          .then((server) => {
            client.data.peer = server;
            for (const bytes of client.data.early) server.write(bytes);
          })
          .catch(() => client.end());
      },
      data({ data: leg }: Socket<Leg>, bytes: Buffer) {
        if (leg.peer === null) leg.early.push(Buffer.from(bytes));
        else leg.peer.write(bytes);
      },
      close({ data: leg }: Socket<Leg>) {
        leg.peer?.end();
      },
      error() {},
    },
  } as never);
  return { port: bound.port, stop: () => listener.stop(true) };
}
