// The networks that the MPTCP tests, the demo and the benchmark use, drawn, and the server that runs in them.
//
// Each function builds a fresh Topology with the namespaces "client" and "server" (and routers), IPv4 or IPv6, and has
// the client's kernel open a second subflow where there is a second path. Not here: how namespaces are made and unmade
// (netns.ts), how paths are cut in mid-transfer (cuts.ts), what the server says (server.ts).

import { type Service, Topology } from "./netns.ts";
import type { ServerEvent } from "./server.ts";

export type Family = "IPv4" | "IPv6";

export interface PathOptions {
  readonly family: Family;
  readonly rateMbit: number;
}

/** A network and the server's address in it, as a URL has it. */
export interface Network {
  readonly topology: Topology;
  readonly host: string;
}

export interface TwoPathOptions extends PathOptions {
  /** false: the client's path manager is told of nothing. */
  readonly endpoint?: boolean;
}

/**
 * Two paths.
 *
 *     client                      server
 *     c1 10.9.1.1  ── rateMbit ── s1 10.9.1.2   (fd09:1::1, fd09:1::2)
 *     c2 10.9.2.1  ── rateMbit ── s2 10.9.2.2   (fd09:2::1, fd09:2::2)
 *
 * The client's path manager has c2's address as a "subflow" endpoint: it joins 10.9.2.1 → 10.9.1.2. The second route
 * to the first network, of a worse metric, is what sends that join out of c2; the kernel consults it because the
 * endpoint names its device.
 */
export async function twoPaths(options: TwoPathOptions): Promise<Network> {
  const { family, rateMbit, endpoint = true } = options;
  const v4 = family === "IPv4";
  const at = (path: number, end: number) => (v4 ? `10.9.${path}.${end}` : `fd09:${path}::${end}`);
  const prefix = v4 ? 24 : 64;
  const topology = await Topology.build(
    [1, 2].map((path) => ({
      ends: [
        { namespace: "client", device: `c${path}`, addresses: [`${at(path, 1)}/${prefix}`] },
        { namespace: "server", device: `s${path}`, addresses: [`${at(path, 2)}/${prefix}`] },
      ],
      rateMbit,
    })),
  );
  const network = v4 ? "10.9.1.0/24" : "fd09:1::/64";
  await topology.ip("client", `route add ${network} via ${at(2, 2)} dev c2 metric 2000`);
  await topology.ip("client", "mptcp limits set subflows 8 add_addr_accepted 8");
  await topology.ip("server", "mptcp limits set subflows 8 add_addr_accepted 8");
  if (endpoint) await topology.ip("client", `mptcp endpoint add ${at(2, 1)} dev c2 subflow`);
  return { topology, host: urlHost(at(1, 2)) };
}

/**
 * One path, with room for a middlebox.
 *
 *     client                   router                     server
 *     c1 10.9.1.1 ──────────── r1 10.9.1.2
 *                              r2 10.9.3.1 ────────────── s1 10.9.3.2
 *     (fd09:1::1)              (fd09:1::2, fd09:3::1)     (fd09:3::2)
 */
export async function throughRouter({ family, rateMbit }: PathOptions): Promise<Network> {
  const v4 = family === "IPv4";
  const at = (path: number, end: number) => (v4 ? `10.9.${path}.${end}` : `fd09:${path}::${end}`);
  const prefix = v4 ? 24 : 64;
  const side = (namespace: string, device: string, address: string) => {
    return { namespace, device, addresses: [`${address}/${prefix}`] };
  };
  const topology = await Topology.build(
    [
      { ends: [side("client", "c1", at(1, 1)), side("router", "r1", at(1, 2))], rateMbit },
      { ends: [side("router", "r2", at(3, 1)), side("server", "s1", at(3, 2))], rateMbit },
    ],
    { routers: ["router"] },
  );
  await topology.ip("client", `route add default via ${at(1, 2)}`);
  await topology.ip("server", `route add default via ${at(3, 1)}`);
  return { topology, host: urlHost(at(3, 2)) };
}

export interface UplinkOptions extends PathOptions {
  /** From 1 to 4; 2 when left out. */
  readonly paths?: number;
  /** Flags of the endpoints of all paths but the first; null: no endpoints. "subflow" when left out. */
  readonly endpoints?: "subflow" | "subflow backup" | null;
}

/** One path of a client that has an uplink for each. */
export interface Uplink {
  /** From 1. */
  readonly number: number;
  /** In "client". */
  readonly device: string;
  /** The client's, and with its prefix length. */
  readonly address: string;
  readonly prefixed: string;
  /** The namespace on the way. */
  readonly router: string;
  /** The router's device towards the client, and the one towards the server. */
  readonly near: string;
  readonly far: string;
  /** `ip` lines that set up addresses and routes of this path at all three places; they may be run again. */
  readonly layout: readonly string[];
  /** `ip` words that add the client's endpoint; null where it has none. */
  readonly endpoint: string | null;
}

export interface UplinkNetwork extends Network {
  readonly uplinks: readonly Uplink[];
}

/**
 * A path for each uplink, each through a router of its own, so that one can be cut in the middle.
 *
 *     client                     r1                          server
 *     c1 10.9.1.1 ── rateMbit ── a1 10.9.1.2                 lo 10.9.100.1
 *                                b1 10.9.11.1 ── 1 Gbit ──── s1 10.9.11.2
 *                                r2
 *     c2 10.9.2.1 ── rateMbit ── a2 10.9.2.2
 *                                b2 10.9.12.1 ── 1 Gbit ──── s2 10.9.12.2      (… c3, c4; fd09:1::1, fd09:11::2)
 *
 * One server address, reached over every uplink; the first is where the default route leads.
 */
export async function uplinks(options: UplinkOptions): Promise<UplinkNetwork> {
  const { family, rateMbit, paths = 2, endpoints = "subflow" } = options;
  const numbers = Array.from({ length: paths }, (_, index) => index + 1);
  const list = numbers.map((number) => uplink(family, number, endpoints));
  const bare = (namespace: string, device: string) => ({ namespace, device, addresses: [] });
  const topology = await Topology.build(
    list.flatMap(({ number, device, router, near, far }) => [
      { ends: [bare("client", device), bare(router, near)], rateMbit },
      { ends: [bare(router, far), bare("server", `s${number}`)], rateMbit: 1000 },
    ]),
    { routers: list.map(({ router }) => router) },
  );
  const server = family === "IPv4" ? "10.9.100.1" : "fd09:100::1";
  await topology.shell(
    [
      `ip -n server address add ${server} dev lo`,
      ...list.flatMap(({ layout }) => layout),
      "ip -n client mptcp limits set subflows 8 add_addr_accepted 8",
      "ip -n server mptcp limits set subflows 8 add_addr_accepted 8",
      ...list.map(({ endpoint }) => (endpoint === null ? "" : `ip -n client ${endpoint}`)),
    ].join("\n"),
  );
  return { topology, host: urlHost(server), uplinks: list };
}

function uplink(family: Family, number: number, flags: string | null): Uplink {
  const v4 = family === "IPv4";
  const at = (net: number, end: number) => (v4 ? `10.9.${net}.${end}` : `fd09:${net}::${end}`);
  const prefix = v4 ? 24 : 64;
  const [address, near, far] = [at(number, 1), at(number, 2), at(number + 10, 1)];
  const server = v4 ? "10.9.100.1" : "fd09:100::1";
  const place = (where: string, words: string) =>
    `ip -n ${where} address replace ${words}${v4 ? "" : " nodad"}`;
  const metric = number === 1 ? "" : ` metric ${2000 + number}`;
  return {
    number,
    device: `c${number}`,
    address,
    prefixed: `${address}/${prefix}`,
    router: `r${number}`,
    near: `a${number}`,
    far: `b${number}`,
    layout: [
      ...(v4 ? [] : linkLocals(number)).map(([where, words]) => place(where, words)),
      place("client", `${address}/${prefix} dev c${number}`),
      place(`r${number}`, `${near}/${prefix} dev a${number}`),
      place(`r${number}`, `${far}/${prefix} dev b${number}`),
      place("server", `${at(number + 10, 2)}/${prefix} dev s${number}`),
      `ip -n client route replace default via ${near} dev c${number}${metric}`,
      `ip -n r${number} route replace ${server} via ${at(number + 10, 2)} dev b${number}`,
      `ip -n server route replace ${at(number, 0)}/${prefix} via ${far} dev s${number}`,
    ],
    endpoint:
      number === 1 || flags === null
        ? null
        : `mptcp endpoint add ${address} dev c${number} id ${number} ${flags}`,
  };
}

/** As netns.ts gave them: they go with a link that goes down, and come back by nobody else. */
function linkLocals(number: number): [string, string][] {
  return [
    ["client", `fe80::1/64 dev c${number}`],
    [`r${number}`, `fe80::2/64 dev a${number}`],
    [`r${number}`, `fe80::1/64 dev b${number}`],
    ["server", `fe80::2/64 dev s${number}`],
  ];
}

function urlHost(address: string): string {
  return address.includes(":") ? `[${address}]` : address;
}

export interface ServerOptions {
  /** A TCP listener instead of an MPTCP one. */
  readonly plain?: boolean;
  readonly port?: number;
  /** PEM files; given, the server speaks TLS. */
  readonly tls?: { readonly certificate: string; readonly key: string };
}

/** The test server, running. */
export interface RunningServer {
  readonly service: Service;
  /** What it has told so far; complete for a request once its answer has been read. */
  events(): ServerEvent[];
}

/** Starts server.ts in the namespace "server" and waits until it listens. */
export async function startServer(
  topology: Topology,
  options: ServerOptions = {},
): Promise<RunningServer> {
  const argv = [process.execPath, Bun.fileURLToPath(new URL("server.ts", import.meta.url))];
  argv.push("--port", `${options.port ?? 8080}`);
  if (options.plain) argv.push("--plain");
  if (options.tls) argv.push("--cert", options.tls.certificate, "--key", options.tls.key);
  const service = topology.start("server", argv);
  await service.line((line) => line.includes('"listening"'));
  return { service, events: () => service.lines.map((line) => JSON.parse(line) as ServerEvent) };
}
