// Why a connection is not MPTCP: what is said of each thing that a server, a middlebox or our own kernel can do to it,
// and whether it is said for certain. In a namespace in which nothing else speaks MPTCP the kernel's counters decide;
// beside another connection they do not, and people read "probably". What becomes of the transfer is looked at only as
// far as the cause decides it; late fall backs at large: failures/late-fallback.test.ts, races: connecting.test.ts.
import { expect } from "bun:test";
import { hashOfGenerated } from "../support/mptcp/generated-file.ts";
import { middlebox } from "../support/mptcp/middlebox.ts";
import { type Network, startServer, throughRouter, uplinks } from "../support/mptcp/paths.ts";
import { connectionOf, isTruePrefix, pathFrom, sideBySide, transferIn, untilMoved } from "./lab.ts";

const SIZE = 1_000_000;
const LONG_SIZE = 8_000_000;
const RATE_MBIT = 40;

/** What a router does to packets with MPTCP that it forwards; nobody else's are touched. */
const DROP_SYNS = "tcp flags & (syn|ack) == syn tcp option mptcp exists drop";
const DROP_SYNACKS = "tcp flags & (syn|ack) == (syn|ack) tcp option mptcp exists drop";
const STRIP_AFTER_SYN = "tcp flags & syn == 0 reset tcp option mptcp";
/** Bytes that come at the start of what a packet carries, with a TCP checksum that fits again. */
const REWRITE =
  "tcp sport 8080 tcp flags & syn == 0 tcp option mptcp exists @ih,0,32 set 0x58585858";

interface Case {
  readonly name: string;
  /** For nft, in the router. */
  readonly rule?: string;
  readonly plain?: boolean;
  readonly cause: string;
  /** What a person must find in the sentence. */
  readonly words: RegExp;
}

const AT_THE_START: readonly Case[] = [
  {
    name: "a server of plain TCP",
    plain: true,
    cause: "not-answered",
    words: /^the server answer/,
  },
  {
    name: "stripped from all packets",
    rule: "reset tcp option mptcp",
    cause: "not-answered",
    words: /took the option out$/,
  },
  {
    name: "stripped from SYNs",
    rule: "tcp flags & (syn|ack) == syn reset tcp option mptcp",
    cause: "not-answered",
    words: /^the server answer/,
  },
  {
    name: "stripped from SYN/ACKs",
    rule: "tcp flags & (syn|ack) == (syn|ack) reset tcp option mptcp",
    cause: "not-answered",
    words: /^the server answer/,
  },
  {
    name: "stripped from the client's packets after the SYN",
    rule: `tcp dport 8080 ${STRIP_AFTER_SYN}`,
    cause: "stripped",
    words: /after the handshake$/,
  },
  {
    name: "stripped from the server's packets after the SYN/ACK",
    rule: `tcp sport 8080 ${STRIP_AFTER_SYN}`,
    cause: "stripped",
    words: /after the handshake$/,
  },
  {
    name: "SYNs dropped",
    rule: DROP_SYNS,
    cause: "raced",
    words: /^SYNs with MPTCP went unanswered while plain TCP was answered/,
  },
  {
    name: "SYN/ACKs dropped",
    rule: DROP_SYNACKS,
    cause: "raced",
    words: /^SYNs with MPTCP went unanswered while plain TCP was answered/,
  },
];

for (const { name, rule, plain = false, cause, words } of AT_THE_START) {
  sideBySide("nft")(`${name}: ${cause}`, async () => {
    const network = await throughRouter({ family: "IPv4", rateMbit: 500 });
    await using topology = network.topology;
    await startServer(topology, { plain });
    if (rule !== undefined) await middlebox(topology, rule);
    const done = await transferIn(network, [url(network, SIZE)]);
    expect(done).toMatchObject({ exitCode: 0, hash: hashOfGenerated(SIZE) });
    const said = saidBy(done.stderr);
    expect(said).toMatch(words);
    const reason = { cause, certain: true, text: said };
    for (const connection of done.transfer.connections)
      expect(connection).toMatchObject({ verdict: "fallback", reason });
  });
}

sideBySide("nft")(
  "a kernel that gives MPTCP up by itself: unanswered, then switched-off",
  async () => {
    const network = await throughRouter({ family: "IPv4", rateMbit: 500 });
    await using topology = network.topology;
    await startServer(topology);
    // After the first SYN, at 1.0 s: before plain TCP would join the race.
    await topology.sysctl("client", "net.mptcp.syn_retrans_before_tcp_fallback", 0);
    await topology.sysctl("client", "net.mptcp.blackhole_timeout", 1800);
    await middlebox(topology, DROP_SYNS);
    const first = await transferIn(network, [url(network, SIZE)]);
    expect(first).toMatchObject({ exitCode: 0, hash: hashOfGenerated(SIZE) });
    const gaveUp = saidBy(first.stderr);
    expect(gaveUp).toMatch(/^SYNs with MPTCP went unanswered, and the kernel went on with TCP/);
    expect(gaveUp).toMatch(
      /MPTCP is now switched off in this network namespace, for up to 1800 s /,
    );
    expect(connectionOf(first).reason).toEqual({
      cause: "unanswered",
      certain: true,
      text: gaveUp,
    });

    await topology.nft("router", "flush ruleset");
    const second = await transferIn(network, [url(network, SIZE)]);
    expect(second).toMatchObject({ exitCode: 0, hash: hashOfGenerated(SIZE) });
    const isOff = saidBy(second.stderr);
    expect(isOff).toMatch(/^the kernel has MPTCP switched off .* for up to 1800 s /);
    expect(connectionOf(second).reason).toEqual({
      cause: "switched-off",
      certain: true,
      text: isOff,
    });

    const remedy = /"(sysctl -w [^"]+)"/.exec(isOff)?.[1] ?? "";
    await topology.run("client", remedy.split(" "));
    const third = await transferIn(network, [url(network, SIZE)]);
    expect(connectionOf(third).verdict).toBe("mptcp");
  },
);

sideBySide("nft")("the first reply rewritten, with checksums: checksum, and repeated", async () => {
  const network = await checksummed(await throughRouter({ family: "IPv4", rateMbit: 500 }));
  await using topology = network.topology;
  await startServer(topology);
  await middlebox(topology, REWRITE);
  const done = await transferIn(network, [url(network, SIZE)]);
  expect(done).toMatchObject({ exitCode: 0, hash: hashOfGenerated(SIZE) });
  expect(done.transfer.connections[0]).toMatchObject({
    verdict: "fallback",
    reason: { cause: "checksum", certain: true },
  });
});

/** What begins in mid-transfer, over one path. */
const LATER = [
  { name: "stripped from all packets", rule: STRIP_AFTER_SYN, cause: "late" },
  { name: "stripped from the server's", rule: `tcp sport 8080 ${STRIP_AFTER_SYN}`, cause: "late" },
  // Of what is rewritten the kernel hands out some before it gives up, as TCP would all of it: no true prefix here.
  { name: "rewritten, with checksums", rule: REWRITE, cause: "checksum" },
];

for (const { name, rule, cause } of LATER) {
  sideBySide("nft")(`${name} in mid-transfer: ${cause}, and exit 56`, async () => {
    const network = await throughRouter({ family: "IPv4", rateMbit: RATE_MBIT });
    await using topology = network.topology;
    if (cause === "checksum") await checksummed(network);
    await startServer(topology);
    const transfer = transferIn(network, ["-m", "20", url(network, LONG_SIZE)]);
    await untilMoved(network, { bytes: LONG_SIZE / 8, devices: ["c1"], during: transfer });
    await middlebox(topology, rule);
    const done = await transfer;
    expect({ exitCode: done.exitCode, stderr: done.stderr }).toMatchObject({ exitCode: 56 });
    if (cause === "late") expect(isTruePrefix(done)).toBe(true);
    expect(connectionOf(done)).toMatchObject({
      verdict: "fallback",
      reason: { cause, certain: true },
      events: expect.arrayContaining([expect.objectContaining({ kind: "fallback" })]),
    });
  });
}

sideBySide("nft")(
  "rewritten on one of two paths, with checksums: it is reset, MPTCP and the file whole",
  async () => {
    const network = await uplinks({ family: "IPv4", rateMbit: RATE_MBIT });
    await using topology = network.topology;
    await checksummed(network);
    await startServer(topology);
    const transfer = transferIn(network, [url(network, LONG_SIZE)]);
    await untilMoved(network, { bytes: LONG_SIZE / 8, devices: ["c1", "c2"], during: transfer });
    await middlebox(topology, REWRITE, { router: "r2" });
    const done = await transfer;
    expect(done).toMatchObject({ exitCode: 0, hash: hashOfGenerated(LONG_SIZE) });
    expect(connectionOf(done)).toMatchObject({ verdict: "mptcp", reason: null });
    expect(pathFrom(done, "10.9.2.1")).toMatchObject({ state: "closed", end_cause: "reset" });
    expect(pathFrom(done, "10.9.1.1").state).toBe("up");
  },
);

sideBySide("nft")(
  "stripped from all packets of both paths in mid-transfer: an honest end",
  async () => {
    const network = await uplinks({ family: "IPv4", rateMbit: RATE_MBIT });
    await using topology = network.topology;
    await startServer(topology);
    const transfer = transferIn(network, ["-m", "8", url(network, LONG_SIZE)]);
    await untilMoved(network, { bytes: LONG_SIZE / 8, devices: ["c1", "c2"], during: transfer });
    for (const router of ["r1", "r2"]) await middlebox(topology, STRIP_AFTER_SYN, { router });
    const done = await transfer;
    // The kernel resets both subflows (56), or keeps both without a byte, which only a limit of time sees (28).
    expect([28, 56]).toContain(done.exitCode);
    expect(isTruePrefix(done)).toBe(true);
    expect(connectionOf(done).verdict).toBe("mptcp");
  },
);

sideBySide("nft")("beside another MPTCP connection: probably", async () => {
  const network = await throughRouter({ family: "IPv4", rateMbit: 500 });
  await using topology = network.topology;
  const waiting = await startServer(topology);
  await startServer(topology, { port: 8081 });
  await middlebox(topology, `tcp dport 8081 ${STRIP_AFTER_SYN}`);
  const other = transferIn(network, [`${url(network, SIZE)}?wait=3`]);
  await waiting.service.line((line) => line.includes('"waiting"'));
  const done = await transferIn(network, [url(network, SIZE).replace("8080", "8081")]);
  expect(done).toMatchObject({ exitCode: 0, hash: hashOfGenerated(SIZE) });
  expect(done.transfer.connections[0]?.reason).toMatchObject({ cause: "stripped", certain: false });
  expect(saidBy(done.stderr)).toMatch(/^probably something on the way takes MPTCP out/);
  expect(connectionOf(await other).verdict).toBe("mptcp");
});

function url({ host }: Network, sizeBytes: number): string {
  return `http://${host}:8080/${sizeBytes}`;
}

async function checksummed<T extends Network>(network: T): Promise<T> {
  for (const end of ["client", "server"])
    await network.topology.sysctl(end, "net.mptcp.checksum_enabled", 1);
  return network;
}

/** The words behind -v's first "fell back to TCP: ". */
function saidBy(stderr: string): string {
  return /^\* .*fell back to TCP: (.*)$/m.exec(stderr)?.[1] ?? stderr;
}
