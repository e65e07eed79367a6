// The networks that the MPTCP tests, the demo and the benchmark use, drawn, and the server that runs in them.
//
// Each function builds a fresh Topology with the namespaces "client" and "server" (and "router"), IPv4 or IPv6, and
// has the client's kernel open a second subflow where there is a second path. Not here: how namespaces are made and
// unmade (netns.ts), what the server says (server.ts).

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
export async function twoPaths({ family, rateMbit }: PathOptions): Promise<Network> {
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
  await topology.ip("client", `mptcp endpoint add ${at(2, 1)} dev c2 subflow`);
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
