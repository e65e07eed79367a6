// --mptcp where somebody does not speak it: the server, or a middlebox on the way. The transfer goes on as TCP, the
// file is right, the exit code is 0, and -v says that it fell back. Which counter of the client's kernel grows tells
// each case from the others. Our own kernel without MPTCP is no fallback: switched-off.test.ts.
import { expect } from "bun:test";
import { hashOfGenerated } from "../support/mptcp/generated-file.ts";
import { middlebox } from "../support/mptcp/middlebox.ts";
import { type Family, startServer, throughRouter } from "../support/mptcp/paths.ts";
import { certificateFor, fetchIn, inNamespaces } from "./lab.ts";

const SIZE = 1_000_000;

/** Nothing but what the client sends after its SYN. */
const STRIP_FROM_CLIENT = "tcp dport 8080 tcp flags & syn == 0 reset tcp option mptcp";

/** What a router does to the packets that it forwards, and what the client's kernel counts. */
const MIDDLEBOXES = [
  {
    name: "strips the option from every packet",
    rule: "reset tcp option mptcp",
    counted: "MPCapableFallbackSYNACK",
  },
  {
    name: "strips the option from SYNs",
    rule: "tcp flags & (syn|ack) == syn reset tcp option mptcp",
    counted: "MPCapableFallbackSYNACK",
  },
  {
    name: "strips the option from SYN/ACKs",
    rule: "tcp flags & (syn|ack) == (syn|ack) reset tcp option mptcp",
    counted: "MPCapableFallbackSYNACK",
  },
  {
    name: "strips the option from the client's packets after the SYN",
    rule: STRIP_FROM_CLIENT,
    counted: "MPCapableDataFallback",
  },
  {
    name: "drops SYNs that carry the option",
    rule: "tcp flags & (syn|ack) == syn tcp option mptcp exists drop",
    // Plain TCP wins the race before the kernel notices the black hole, and switches MPTCP off (connecting.test.ts).
    counted: null,
  },
] as const;

for (const family of ["IPv4", "IPv6"] satisfies Family[]) {
  inNamespaces()(
    `a TCP server over ${family}: falls back, says so, and the file is right`,
    async () => {
      const network = await throughRouter({ family, rateMbit: 500 });
      await using topology = network.topology;
      const server = await startServer(topology, { plain: true });
      const url = `http://${network.host}:8080/${SIZE}`;
      const { exitCode, stderr, hash, counters } = await fetchIn(network, ["--mptcp", url]);
      expect(exitCode).toBe(0);
      expect(hash).toBe(hashOfGenerated(SIZE));
      expect(counters("MPCapableSYNTX")).toBe(1);
      expect(counters("MPCapableFallbackSYNACK")).toBe(1);
      expect(server.events().filter(({ event }) => event === "connection")).toHaveLength(1);
      expect(stderr).toMatch(FELL_BACK);
    },
  );
}

inNamespaces("nft", "openssl")(
  "a fall back within a TLS handshake that is refused: told all the same",
  async () => {
    const network = await throughRouter({ family: "IPv4", rateMbit: 500 });
    await using topology = network.topology;
    await startServer(topology, { tls: await certificateFor(network.host) });
    await middlebox(topology, STRIP_FROM_CLIENT);
    const url = `https://${network.host}:8080/${SIZE}`;
    const { exitCode, stderr } = await fetchIn(network, ["--mptcp", url]);
    expect(exitCode).toBe(60);
    expect(stderr).toMatch(FELL_BACK);
  },
);

for (const { name, rule, counted } of MIDDLEBOXES) {
  inNamespaces("nft")(`a router that ${name}: falls back and says so`, async () => {
    const network = await throughRouter({ family: "IPv4", rateMbit: 500 });
    await using topology = network.topology;
    await startServer(topology);
    await middlebox(topology, rule);
    const url = `http://${network.host}:8080/${SIZE}`;
    const { exitCode, stderr, hash, counters } = await fetchIn(network, ["--mptcp", url]);
    expect(exitCode).toBe(0);
    expect(hash).toBe(hashOfGenerated(SIZE));
    if (counted !== null) expect(counters(counted)).toBe(1);
    expect(counters("Blackhole")).toBe(0);
    expect(counters("MPJoinSynAckRx")).toBe(0);
    expect(stderr).toMatch(FELL_BACK);
  });
}

/** The line of -v, by its one word that matters to a reader. */
const FELL_BACK = /^\* .*fell back/im;
