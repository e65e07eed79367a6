// What looks after an MPTCP connection must not keep the library's process alive: a body that nobody reads does not.
import { expect } from "bun:test";
import { startServer, uplinks } from "../../support/mptcp/paths.ts";
import { sideBySide } from "../lab.ts";

const inNamespaces = sideBySide();

const LIBRARY = Bun.fileURLToPath(new URL("../../../src/index.ts", import.meta.url));

inNamespaces("a process ends although a body of its fetch() was not read", async () => {
  const network = await uplinks({ family: "IPv4", rateMbit: 100 });
  await using topology = network.topology;
  await startServer(topology);
  const url = `http://${network.host}:8080/50000000`;
  const program =
    `import { fetch } from ${JSON.stringify(LIBRARY)};` +
    `const { status } = await fetch(${JSON.stringify(url)}, { mptcp: true }); console.log(status);`;
  const words = ["timeout", "-s", "KILL", "15", process.execPath, "-e", program];
  expect(await topology.run("client", words)).toEqual({ exitCode: 0, stdout: "200\n", stderr: "" });
});
