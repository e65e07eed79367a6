// Captures what this kernel writes for the options of SOL_MPTCP, as vectors for the unit tests of ffi/structs.ts:
//
//   bun tests/mptcp/capture-structs.ts > tests/vectors/mptcp-structs.json
//
// For each kind of connection it builds a network of two paths, runs itself in the namespace "client" to connect, read
// an answer of 200,000 bytes and wait for the second subflow, and asks with several lengths. Buffers are filled with
// 0xee before, so that what the kernel left alone shows; the two pointers in struct mptcp_full_info are zeroed after.
// A kernel whose structs have grown is worth a second file.
import { ptr } from "bun:ffi";
import { MPTCP_FULL_INFO, MPTCP_INFO, SOL_MPTCP } from "../../ffi/constants.ts";
import { libc } from "../../ffi/libc.ts";
import { readFullInfo } from "../../ffi/mptcp.ts";
import { type Network, startServer, twoPaths } from "../support/mptcp/paths.ts";
import { drain, request } from "./subflow-looks.ts";

const UNTOUCHED = 0xee;
const ANSWER_BYTES = 200_000;

/** What MPTCP_FULL_INFO is asked with; the arrays have room for `capacity` elements. */
interface FullInfoRequest {
  readonly optlen: number;
  readonly capacity: number;
  readonly subflowInfoSize: number;
  readonly tcpInfoSize: number;
}

const USUAL = { optlen: 136, capacity: 3, subflowInfoSize: 264, tcpInfoSize: 280 };

const FULL_INFO_REQUESTS: Readonly<Record<string, FullInfoRequest>> = {
  usual: USUAL,
  "we know more": { optlen: 200, capacity: 3, subflowInfoSize: 300, tcpInfoSize: 400 },
  "we know less": { optlen: 88, capacity: 3, subflowInfoSize: 136, tcpInfoSize: 160 },
  "header only": { ...USUAL, optlen: 40 },
  "room for one": { ...USUAL, capacity: 1 },
  "room for none": { ...USUAL, capacity: 0 },
};

/** Options 2 and 3: the size of an element, and for how many there is room. */
const ARRAY_REQUESTS = [
  { option: 2, size: 280, capacity: 3 },
  { option: 2, size: 400, capacity: 3 },
  { option: 2, size: 160, capacity: 3 },
  { option: 2, size: 280, capacity: 1 },
  { option: 2, size: 280, capacity: 0 },
  { option: 3, size: 256, capacity: 3 },
  { option: 3, size: 300, capacity: 3 },
  { option: 3, size: 128, capacity: 3 },
  { option: 3, size: 256, capacity: 1 },
  { option: 3, size: 256, capacity: 0 },
];

const INFO_LENGTHS = [500, 96, 95, 81, 80, 56, 40, 16, 1, 0];

function untouched(sizeBytes: number): Uint8Array {
  return new Uint8Array(new ArrayBuffer(sizeBytes)).fill(UNTOUCHED);
}

/** @returns the length that the kernel returned */
function ask(fd: number, option: number, { value, optlen }: { value: Uint8Array; optlen: number }) {
  const length = Uint32Array.of(optlen);
  if (libc.getsockopt(fd, SOL_MPTCP, option, value, length) < 0)
    throw new Error(`option ${option} with ${optlen} bytes was refused`);
  return length[0] ?? 0;
}

function captureFullInfo(fd: number, asked: FullInfoRequest) {
  const full = untouched(Math.max(asked.optlen, 40));
  const subflowInfos = untouched(Math.max(1, asked.capacity * asked.subflowInfoSize));
  const tcpInfos = untouched(Math.max(1, asked.capacity * asked.tcpInfoSize));
  const view = new DataView(full.buffer);
  const { capacity, subflowInfoSize, tcpInfoSize } = asked;
  for (const [i, word] of [0, tcpInfoSize, 0, subflowInfoSize, 0, capacity].entries())
    view.setUint32(4 * i, word, true);
  view.setBigUint64(24, BigInt(ptr(subflowInfos)), true);
  view.setBigUint64(32, BigInt(ptr(tcpInfos)), true);
  const returned = ask(fd, MPTCP_FULL_INFO, { value: full, optlen: asked.optlen });
  full.fill(0, 24, 40);
  return {
    asked,
    returned,
    full: full.toHex(),
    subflowInfos: subflowInfos.subarray(0, capacity * subflowInfoSize).toHex(),
    tcpInfos: tcpInfos.subarray(0, capacity * tcpInfoSize).toHex(),
  };
}

function captureArray(fd: number, asked: (typeof ARRAY_REQUESTS)[number]) {
  const value = untouched(16 + asked.capacity * asked.size);
  for (const [i, word] of [16, 0, 0, asked.size].entries())
    new DataView(value.buffer).setUint32(4 * i, word, true);
  const returned = ask(fd, asked.option, { value, optlen: value.length });
  return { asked, returned, bytes: value.toHex() };
}

function captureInfo(fd: number, optlen: number) {
  const value = untouched(Math.max(optlen, 1));
  const returned = ask(fd, MPTCP_INFO, { value, optlen });
  return { optlen, returned, bytes: value.toHex() };
}

/** Ends the first subflow, which leaves an entry that no address is in (`ss -K` needs CONFIG_INET_DIAG_DESTROY). */
async function killFirst(fd: number): Promise<void> {
  await Bun.$`ss -tK src 10.9.1.1`.quiet();
  while (readFullInfo(fd)?.subflows[0]?.local !== null) await Bun.sleep(5);
}

/** In the namespace, as JSON: "everything" about one connection, or only the usual requests. */
async function capture(address: string, extent: string | undefined): Promise<void> {
  const fd = await request(address, 8080, ANSWER_BYTES);
  let received = 0;
  while (received < ANSWER_BYTES || (readFullInfo(fd)?.subflows.length ?? 0) < 2) {
    received += drain(fd);
    await Bun.sleep(5);
  }
  if (extent === "first dead") await killFirst(fd);
  const everything = extent === "everything";
  const requests = Object.entries(FULL_INFO_REQUESTS).filter(
    ([name]) => everything || name === "usual",
  );
  const arrays = ARRAY_REQUESTS.filter(
    ({ option, size, capacity }) =>
      everything || (capacity === 3 && size === (option === 2 ? 280 : 256)),
  );
  const captured = {
    receivedBytes: received,
    fullInfo: Object.fromEntries(
      requests.map(([name, asked]) => [name, captureFullInfo(fd, asked)]),
    ),
    arrays: arrays.map((asked) => captureArray(fd, asked)),
    info: everything ? INFO_LENGTHS.map((optlen) => captureInfo(fd, optlen)) : [],
  };
  process.stdout.write(JSON.stringify(captured));
}

/** IPv6 to the server, which announces an IPv4 address: the socket comes to own a subflow of the other family. */
async function mixedFamilies(): Promise<Network> {
  const network = await twoPaths({ family: "IPv6", rateMbit: 100 });
  const { topology } = network;
  await topology.ip("client", "mptcp endpoint flush");
  await topology.ip("client", "address add 10.9.2.1/24 dev c2");
  await topology.ip("server", "address add 10.9.2.2/24 dev s2");
  await topology.ip("server", "mptcp endpoint add 10.9.2.2 signal");
  return network;
}

const overIpv4 = () => twoPaths({ family: "IPv4", rateMbit: 100 });
const overIpv6 = () => twoPaths({ family: "IPv6", rateMbit: 100 });

const CONNECTIONS = [
  { name: "IPv4", address: "10.9.1.2", extent: "everything", paths: overIpv4 },
  { name: "IPv6", address: "fd09:1::2", extent: "usual", paths: overIpv6 },
  { name: "IPv4 by an IPv6 socket", address: "::ffff:10.9.1.2", extent: "usual", paths: overIpv4 },
  {
    name: "IPv6, and IPv4 that the server announced",
    address: "fd09:1::2",
    extent: "usual",
    paths: mixedFamilies,
  },
  {
    name: "IPv4, its first subflow dead",
    address: "10.9.1.2",
    extent: "first dead",
    paths: overIpv4,
  },
];

async function captureAll(): Promise<void> {
  const connections: Record<string, unknown> = {};
  for (const { name, address, extent, paths } of CONNECTIONS) {
    const network = await paths();
    await using topology = network.topology;
    await startServer(topology);
    const script = Bun.fileURLToPath(import.meta.url);
    const argv = [process.execPath, script, address, extent];
    const { exitCode, stdout, stderr } = await topology.run("client", argv);
    if (exitCode !== 0) throw new Error(stderr);
    connections[name] = JSON.parse(stdout);
  }
  const [kernel = ""] = (await Bun.$`uname -sr`.text()).trim().split("-");
  const how =
    "tests/mptcp/capture-structs.ts; hexadecimal, 0xee is what the kernel left alone, the pointers of struct mptcp_full_info (bytes 24 to 40) are zeroed";
  process.stdout.write(`${JSON.stringify({ kernel, how, connections }, null, 2)}\n`);
}

const [address, extent] = process.argv.slice(2);
await (address === undefined ? captureAll() : capture(address, extent));
