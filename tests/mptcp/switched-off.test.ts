// --mptcp where our own kernel refuses MPTCP sockets. There must be an error that names the cause and the cure, exit
// code 7, and never a TCP connection in its place: both ends' kernels are asked whether there was one.
import { expect } from "bun:test";
import { type Family, startServer, throughRouter } from "../support/mptcp/paths.ts";
import { fetchIn, inNamespaces } from "./lab.ts";

for (const family of ["IPv4", "IPv6"] satisfies Family[]) {
  inNamespaces()(
    `net.mptcp.enabled=0 over ${family}: exit 7, cause and cure, nothing sent`,
    async () => {
      const network = await throughRouter({ family, rateMbit: 500 });
      await using topology = network.topology;
      const server = await startServer(topology);
      await topology.sysctl("client", "net.mptcp.enabled", 0);
      const url = `http://${network.host}:8080/1000`;
      const { exitCode, stderr, hash, counters } = await fetchIn(network, ["--mptcp", url]);
      expect(exitCode).toBe(7);
      expect(stderr).toContain("net.mptcp.enabled");
      expect(stderr).toMatch(/sysctl/);
      expect(hash).toBeNull();
      expect(counters("TcpActiveOpens")).toBe(0);
      expect((await topology.counters("server"))("TcpPassiveOpens")).toBe(0);
      expect(server.events().map(({ event }) => event)).toEqual(["listening"]);
    },
  );
}

inNamespaces()("net.mptcp.enabled=0 without --mptcp: an ordinary transfer", async () => {
  const network = await throughRouter({ family: "IPv4", rateMbit: 500 });
  await using topology = network.topology;
  await startServer(topology);
  await topology.sysctl("client", "net.mptcp.enabled", 0);
  const { exitCode } = await fetchIn(network, [`http://${network.host}:8080/1000`]);
  expect(exitCode).toBe(0);
});
