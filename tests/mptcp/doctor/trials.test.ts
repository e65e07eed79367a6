// --mptcp-check of connections: in networks that are well, through middleboxes that no command on either end mends,
// behind a black hole, to servers of all kinds, and without any privilege. Paths that it promises or claims are counted
// by the server's kernel.
//
//     client c1 10.9.1.1 ── r1 ── server 10.9.100.1      (uplinks() of tests/support/mptcp/paths.ts)
//            c2 10.9.2.1 ── r2 ──┘
import { expect, test } from "bun:test";
import { middlebox, ruleTable } from "../../support/mptcp/middlebox.ts";
import type { Topology } from "../../support/mptcp/netns.ts";
import { type Family, startServer, uplinks } from "../../support/mptcp/paths.ts";
import { programPath } from "../../support/program-path.ts";
import { certificateFor, inNamespaces } from "../lab.ts";
import { check, mend, urlOf } from "./checked.ts";

async function joined(topology: Topology): Promise<number> {
  return (await topology.counters("server"))("MPJoinAckRx");
}

for (const family of ["IPv4", "IPv6"] satisfies Family[]) {
  inNamespaces()(`two good paths over ${family}: 0, promised and made`, async () => {
    const network = await uplinks({ family, rateMbit: 500 });
    await using topology = network.topology;
    await startServer(topology);
    const promised = await check(topology, []);
    expect(promised).toMatchObject({ exitCode: 0, problems: [] });
    expect(promised.stdout).toContain("MPTCP would work over 2 paths");
    expect(await joined(topology)).toBe(0);
    const made = await check(topology, [urlOf(network)]);
    expect(made).toMatchObject({ exitCode: 0, problems: [] });
    expect(made.stdout).toMatch(/ok +endpoint 2 \(\S+ on c2\) made a path by c2/);
    expect(await joined(topology)).toBe(1);
  });
}

/** What stands between, where no command on either end mends it. */
const MIDDLEBOXES = [
  {
    name: "r2 drops MP_JOIN",
    router: "r2",
    rule: "tcp option mptcp subtype 1 drop",
    exitCode: 1,
    says: /its join to 10\.9\.100\.1 was not answered/,
  },
  {
    name: "r2 takes MP_JOIN out",
    router: "r2",
    rule: "tcp option mptcp subtype 1 reset tcp option mptcp",
    exitCode: 1,
    says: /its join was answered without MPTCP/,
  },
  {
    name: "r1 takes MPTCP out",
    router: "r1",
    rule: "reset tcp option mptcp",
    exitCode: 2,
    says: /is not MPTCP, it fell back to TCP: .*without MPTCP/,
  },
  {
    name: "r1 takes MPTCP out of all but the handshake",
    router: "r1",
    rule: "tcp flags & syn == 0 reset tcp option mptcp",
    exitCode: 2,
    says: /is not MPTCP, it fell back to TCP: .*after the handshake/,
  },
  {
    name: "r1 drops SYNs with MPTCP",
    router: "r1",
    rule: "tcp flags & (syn|ack) == syn tcp option mptcp exists drop",
    exitCode: 2,
    says: /is not MPTCP, it fell back to TCP: /,
  },
];

for (const { name, router, rule, exitCode, says } of MIDDLEBOXES) {
  inNamespaces("nft")(`${name}: ${exitCode}, and the reason`, async () => {
    // Without the second interface's endpoint a first path that is dead is raced from there, and wins.
    const endpoints = router === "r1" ? null : "subflow";
    const network = await uplinks({ family: "IPv4", rateMbit: 500, endpoints });
    await using topology = network.topology;
    await startServer(topology);
    await middlebox(topology, rule, { router });
    const seen = await check(topology, [urlOf(network)]);
    expect(seen.exitCode).toBe(exitCode);
    const told = seen.problems.filter(({ text }) => says.test(text));
    expect(told).toMatchObject([{ url: urlOf(network), remedy: null }]);
  });
}

inNamespaces("nft")("an earlier black hole: 2, and the remedy ends it", async () => {
  const network = await uplinks({ family: "IPv4", rateMbit: 500 });
  await using topology = network.topology;
  await startServer(topology);
  // One unanswered SYN is enough here, before plain TCP joins the race.
  await topology.sysctl("client", "net.mptcp.syn_retrans_before_tcp_fallback", 0);
  const drops = "tcp flags & (syn|ack) == syn tcp option mptcp exists drop";
  await topology.nft("server", ruleTable(drops, "prerouting"));
  const fetched = await topology.run("client", [programPath(), "-sS", "--mptcp", urlOf(network)]);
  expect(fetched.exitCode).toBe(0);
  expect((await topology.counters("client"))("Blackhole")).toBe(1);
  await topology.sysctl("client", "net.mptcp.syn_retrans_before_tcp_fallback", 2);
  await topology.nft("server", "flush ruleset");

  for (const argv of [[], [urlOf(network)]]) {
    const seen = await check(topology, argv);
    expect(seen.exitCode).toBe(2);
    expect(seen.problems[0]).toMatchObject({ topic: "black-hole", url: null });
    expect(seen.problems[0]?.text).toContain("the kernel has switched MPTCP off");
  }
  const remedy = await mend(topology, await check(topology, []), "");
  expect(remedy).toBe("sysctl -w net.mptcp.blackhole_timeout=3600");
  const mended = await check(topology, [urlOf(network)]);
  expect(mended).toMatchObject({ exitCode: 0, problems: [] });
  expect(mended.stdout).toContain("but it was: once a connect met a network that drops MPTCP");
});

inNamespaces()("a server of plain TCP: 2, and the reason", async () => {
  const network = await uplinks({ family: "IPv4", rateMbit: 500 });
  await using topology = network.topology;
  await startServer(topology, { plain: true });
  const { exitCode, problems } = await check(topology, [urlOf(network)]);
  expect(exitCode).toBe(2);
  expect(problems[0]?.text).toContain("it fell back to TCP");
});

inNamespaces()("nobody listens: 2, and the connect's own words", async () => {
  const network = await uplinks({ family: "IPv4", rateMbit: 500 });
  await using topology = network.topology;
  const { exitCode, problems } = await check(topology, [urlOf(network)]);
  expect(exitCode).toBe(2);
  expect(problems[0]?.text).toMatch(/Failed to connect to 10\.9\.100\.1:8080 .*Connection refused/);
});

inNamespaces()("of two URLs the worse one counts", async () => {
  const network = await uplinks({ family: "IPv4", rateMbit: 500 });
  await using topology = network.topology;
  await startServer(topology);
  await startServer(topology, { plain: true, port: 8081 });
  const other = urlOf(network).replace("8080", "8081");
  const { exitCode, stdout } = await check(topology, [urlOf(network), "--next", other]);
  expect(exitCode).toBe(2);
  expect(stdout).toContain(`${urlOf(network)}: over MPTCP, on 2 paths\n${other}: not over MPTCP`);
});

inNamespaces("openssl")("two paths under TLS: 0", async () => {
  const network = await uplinks({ family: "IPv4", rateMbit: 500 });
  await using topology = network.topology;
  const tls = await certificateFor(network.host);
  await startServer(topology, { tls });
  const url = urlOf(network).replace("http:", "https:");
  expect(await check(topology, ["--cacert", tls.certificate, url])).toMatchObject({ exitCode: 0 });
  const distrusted = await check(topology, [url]);
  expect(distrusted.exitCode).toBe(2);
  expect(distrusted.problems[0]?.text).toContain("certificate");
});

inNamespaces()("a server that closes with its answer: 0, the paths were seen before", async () => {
  const network = await uplinks({ family: "IPv4", rateMbit: 500 });
  await using topology = network.topology;
  const server = await startServer(topology);
  const { exitCode, findings } = await check(topology, [`${urlOf(network)}?close=0`]);
  expect(exitCode).toBe(0);
  expect(findings.every(({ level }) => level === "ok")).toBe(true);
  expect(server.events().at(-1)).toMatchObject({ event: "request", method: "HEAD" });
});

inNamespaces()("without any capability: the same findings", async () => {
  const network = await uplinks({ family: "IPv4", rateMbit: 500 });
  await using topology = network.topology;
  await startServer(topology);
  const powerless = ["setpriv", "--bounding-set=-all", "--inh-caps=-all"];
  const status = await topology.run("client", [...powerless, "cat", "/proc/self/status"]);
  expect(status.stdout).toMatch(/CapEff:\s+0+\n/);
  for (const argv of [[], [urlOf(network)]]) {
    const seen = await check(topology, argv, powerless);
    expect(seen).toMatchObject({ exitCode: 0, problems: [] });
    expect(seen.findings).toEqual((await check(topology, argv)).findings);
  }
});

test("reports of other kinds are refused, and nothing is looked at", async () => {
  const words = [programPath(), "--mptcp-check", "--mptcp-report", "check.html"];
  const child = Bun.spawn(words, { stdout: "pipe", stderr: "pipe" });
  expect(await child.exited).toBe(2);
  expect(await child.stdout.text()).toBe("");
  expect(await child.stderr.text()).toContain("ends in .json");
});

inNamespaces()("--mptcp-endpoint holds for the check too, and goes with it", async () => {
  const network = await uplinks({ family: "IPv4", rateMbit: 500, endpoints: null });
  await using topology = network.topology;
  await startServer(topology);
  const words = ["--mptcp", "--mptcp-endpoint", "c2", urlOf(network)];
  expect(await check(topology, words)).toMatchObject({ exitCode: 0, problems: [] });
  expect(await topology.ip("client", "mptcp endpoint show")).toBe("");
});
