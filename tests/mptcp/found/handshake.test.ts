// A connection is looked after from the moment it stands, and not only once TLS is up: a path that goes while TLS
// shakes hands ends the transfer, and where the handshake fails, what the kernel said of MPTCP is told all the same.
import { expect } from "bun:test";
import { resetByServer } from "../../support/mptcp/cuts.ts";
import { startServer, uplinks } from "../../support/mptcp/paths.ts";
import { certificateFor, connectionOf, sideBySide, transferIn, until } from "../lab.ts";

const inNamespaces = sideBySide("openssl");

inNamespaces("the only path is reset while TLS shakes hands: 56 after a second", async () => {
  const network = await uplinks({ family: "IPv4", rateMbit: 100, paths: 1 });
  await using topology = network.topology;
  // It takes a ClientHello for the beginning of a request, and waits for more.
  const server = await startServer(topology);
  const transfer = transferIn(network, ["-k", "--max-time", "20", `https://${network.host}:8080/`]);
  await until({
    read: async () => server.events().some(({ event }) => event === "connection"),
    holds: (isThere) => isThere,
    during: transfer,
  });
  await resetByServer(network, 1);
  const done = await transfer;
  expect(done.stderr).toMatch(/No MPTCP path to .* is left: path 1 /);
  expect(done.exitCode).toBe(56);
  expect(connectionOf(done)).toMatchObject({ verdict: "mptcp" });
});

inNamespaces("a certificate that is not trusted: the verdict is told", async () => {
  const network = await uplinks({ family: "IPv4", rateMbit: 100, paths: 1 });
  await using topology = network.topology;
  await startServer(topology, { plain: true, tls: await certificateFor(network.host) });
  const words = ["-w", "%{mptcp} %{mptcp_reason}", `https://${network.host}:8080/1`];
  const done = await transferIn(network, words);
  expect(done.exitCode).toBe(60);
  expect(done.stdout).toStartWith("fallback the server answered without MPTCP");
  expect(connectionOf(done)).toMatchObject({ verdict: "fallback" });
});
