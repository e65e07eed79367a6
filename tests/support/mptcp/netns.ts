// Network namespaces for tests, the demo and the benchmark: built, looked into, and gone again whatever happens.
//
// A Topology lives in an `unshare`d mount and network namespace (and, without root, user namespace) with a tmpfs of
// its own on /run, held by one `cat` that reads our pipe. So nothing outside can see or collide with its names, and
// when we end, even by SIGKILL, the pipe closes, `cat` goes, and the kernel takes down the namespaces, veths, queues
// and rules. What runs in it dies with us by PDEATHSIG. Each test makes a fresh one: a kernel that met a black hole
// keeps MPTCP off in that namespace for an hour. Links are always shaped: over bare veths MPTCP stalls, 200 ms at a
// time. Needs iproute2 and util-linux; nft only where a test calls nft(). Not here: which paths there are (paths.ts).
import { type Counters, parseCounters } from "./counters.ts";

/** One end of a link. */
export interface Side {
  readonly namespace: string;
  readonly device: string;
  /** With prefix length, IPv4 or IPv6. */
  readonly addresses: readonly string[];
}

/** A veth pair, both ends shaped by tbf. */
export interface Link {
  readonly ends: readonly [Side, Side];
  readonly rateMbit: number;
}

export interface BuildOptions {
  /** Namespaces that forward between their links. */
  readonly routers?: readonly string[];
}

export interface Finished {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly stdin?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Absolute; entering the mount namespace leads to "/" otherwise. */
  readonly cwd?: string;
}

/** A deeper queue makes two paths end far apart, a shallower one drops whole segmentation offloads. */
const SHAPER = "burst 64kb latency 100ms";

/** Debian keeps ip and tc where only root looks. */
export const SYSTEM_PATH = `${process.env.PATH ?? ""}:/usr/sbin:/sbin`;

/** The environment may route or trust differently: a test starts from none of it. */
const FOREIGN_ENVIRONMENT =
  /^(SSL_CERT_(FILE|DIR)|CURL_CA_BUNDLE|CURL_HOME|NODE_EXTRA_CA_CERTS|NODE_USE_SYSTEM_CA|.*_proxy|.*_PROXY)$/;

/** Root may lack the right to unshare (a container): then, as without root, a user namespace is tried. */
const UNSHARE = process.getuid?.() === 0 ? ["-nm", "-rnm"] : ["-rnm"];

/** Some namespaces and the links between them. Use with `await using`. */
export class Topology {
  readonly #holder: Bun.Subprocess<"pipe", "pipe", "pipe">;
  readonly #enter: readonly string[];
  readonly #running = new Set<Bun.Subprocess>();
  readonly #home: string;

  /** For hold(), below: `holder` keeps the namespaces alive until its standard input ends. */
  constructor(holder: Bun.Subprocess<"pipe", "pipe", "pipe">, inUserNamespace: boolean) {
    this.#holder = holder;
    const user = inUserNamespace ? ["-U", "--preserve-credentials"] : [];
    this.#enter = ["nsenter", "-t", `${holder.pid}`, ...user, "-m", "-n", "--"];
    this.#home = process.cwd();
  }

  /**
   * Builds namespaces (those that `links` name) and links.
   * @throws Error with the reason where the machine does not let us
   */
  static async build(links: readonly Link[], options: BuildOptions = {}): Promise<Topology> {
    const topology = await hold();
    try {
      await topology.shell(layOut(links, options));
    } catch (error) {
      await topology[Symbol.asyncDispose]();
      throw error;
    }
    return topology;
  }

  /** Runs `ip` with the words of `command`, e.g. "mptcp limits set subflows 2", in a namespace. */
  async ip(namespace: string, command: string): Promise<string> {
    return (await this.#must(namespace, ["ip", ...command.split(" ")])).stdout;
  }

  /** Loads rules into a namespace, text as for `nft -f`. */
  async nft(namespace: string, rules: string): Promise<void> {
    const { exitCode, stderr } = await this.run(namespace, ["nft", "-f", "-"], { stdin: rules });
    if (exitCode !== 0) throw new Error(`nft: ${stderr}`);
  }

  /** Sets one kernel setting, e.g. "net.mptcp.enabled". */
  async sysctl(namespace: string, name: string, value: number): Promise<void> {
    const path = `/proc/sys/${name.replaceAll(".", "/")}`;
    await this.#must(namespace, ["sh", "-c", `echo ${value} > ${path}`]);
  }

  /** Runs a program in a namespace to its end. Never throws for what the program says. */
  async run(
    namespace: string,
    argv: readonly string[],
    options: RunOptions = {},
  ): Promise<Finished> {
    const stdin = options.stdin === undefined ? "ignore" : Buffer.from(options.stdin);
    const child = Bun.spawn(this.#argv(namespace, argv, options), {
      stdin,
      stdout: "pipe",
      stderr: "pipe",
      env: this.#environment(options),
    });
    this.#running.add(child);
    const [exitCode, stdout, stderr] = await Promise.all([
      child.exited,
      child.stdout.text(),
      child.stderr.text(),
    ]);
    this.#running.delete(child);
    return { exitCode, stdout, stderr };
  }

  /** Starts a server in a namespace; it is killed with the topology, or with us. */
  start(namespace: string, argv: readonly string[], options: RunOptions = {}): Service {
    const child = Bun.spawn(this.#argv(namespace, argv, options), {
      stdin: "ignore",
      stdout: "pipe",
      stderr: "inherit",
      env: this.#environment(options),
    });
    this.#running.add(child);
    return new Service(child);
  }

  /** The kernel's counters of a namespace, e.g. counters.MPCapableSYNTX, counters.TcpActiveOpens. */
  async counters(namespace: string): Promise<Counters> {
    const files = ["cat", "/proc/net/snmp", "/proc/net/netstat"];
    return parseCounters((await this.#must(namespace, files)).stdout);
  }

  /** Bytes that each device of a namespace has received and sent so far. */
  async traffic(namespace: string): Promise<Record<string, Traffic>> {
    const json = await this.ip(namespace, "-j -s link show");
    const links = JSON.parse(json) as { ifname: string; stats64: IpLinkStatistics }[];
    return Object.fromEntries(
      links.map(({ ifname, stats64 }) => [
        ifname,
        { receivedBytes: stats64.rx.bytes, sentBytes: stats64.tx.bytes },
      ]),
    );
  }

  /** What `ss -HMni` says of a namespace's MPTCP connections, a string each. */
  async mptcpSockets(namespace: string): Promise<string[]> {
    const { stdout } = await this.#must(namespace, ["ss", "-HMniO"]);
    return stdout.split("\n").filter((line) => line !== "");
  }

  /** Ends every program that runs in it, then the namespaces. */
  async [Symbol.asyncDispose](): Promise<void> {
    for (const child of this.#running) child.kill("SIGKILL");
    await Promise.all([...this.#running].map((child) => child.exited));
    this.#holder.stdin.end();
    await this.#holder.exited;
  }

  /**
   * Runs shell lines beside all namespaces: several changes at once, by `ip -n NAMESPACE` and `ip netns exec`.
   * @throws Error with what the first command that fails says
   */
  async shell(script: string): Promise<void> {
    const child = Bun.spawn([...this.#enter, "sh", "-eu"], {
      env: this.#environment({}),
      stdin: Buffer.from(script),
      stdout: "ignore",
      stderr: "pipe",
    });
    const [exitCode, stderr] = await Promise.all([child.exited, child.stderr.text()]);
    if (exitCode !== 0) throw new Error(`cannot set up the network: ${stderr.trim()}`);
  }

  async #must(namespace: string, argv: readonly string[]): Promise<Finished> {
    const finished = await this.run(namespace, argv);
    if (finished.exitCode !== 0) throw new Error(`${argv.join(" ")}: ${finished.stderr.trim()}`);
    return finished;
  }

  #argv(namespace: string, argv: readonly string[], { cwd }: RunOptions): string[] {
    const inNamespace = [...this.#enter, "ip", "netns", "exec", namespace];
    const mortal = ["setpriv", "--pdeathsig", "KILL"];
    return [...inNamespace, ...mortal, "env", "-C", cwd ?? this.#home, ...argv];
  }

  #environment({ env }: RunOptions): Record<string, string | undefined> {
    const own = Object.entries(process.env).filter(([name]) => !FOREIGN_ENVIRONMENT.test(name));
    return { ...Object.fromEntries(own), PATH: SYSTEM_PATH, ...env };
  }
}

type ServiceProcess = Bun.Subprocess<"ignore", "pipe", "inherit">;

/** A server that runs in a namespace; its standard output as lines. */
export class Service {
  readonly #child: ServiceProcess;
  readonly lines: string[] = [];
  readonly #waiting = new Set<() => void>();

  constructor(child: ServiceProcess) {
    this.#child = child;
    void this.#collect();
  }

  /** Resolves with the first line that `matches`, past ones included. @throws Error when the server ends before */
  async line(matches: (line: string) => boolean): Promise<string> {
    for (;;) {
      const found = this.lines.find(matches);
      if (found !== undefined) return found;
      if (this.#child.exitCode !== null)
        throw new Error(`the server ended: ${this.#child.exitCode}`);
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#waiting.add(resolve);
      await promise;
    }
  }

  /** Resolves when it has ended by itself. */
  get ended(): Promise<unknown> {
    return this.#child.exited;
  }

  async #collect(): Promise<void> {
    const decoder = new TextDecoder();
    let text = "";
    for await (const chunk of this.#child.stdout) {
      const pieces = (text + decoder.decode(chunk, { stream: true })).split("\n");
      text = pieces.pop() ?? "";
      this.lines.push(...pieces);
      this.#wake();
    }
    await this.#child.exited;
    this.#wake();
  }

  #wake(): void {
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const resolve of waiting) resolve();
  }
}

export interface Traffic {
  readonly receivedBytes: number;
  readonly sentBytes: number;
}

interface IpLinkStatistics {
  readonly rx: { readonly bytes: number };
  readonly tx: { readonly bytes: number };
}

/** Why no Topology can be built here, as a sentence; null where it can. */
export function whyNoNamespaces(): string | null {
  let reason = "";
  for (const flags of UNSHARE) {
    const script = "mount -t tmpfs tmpfs /run && ip netns add probe";
    const { exitCode, stderr } = Bun.spawnSync(["unshare", flags, "sh", "-c", script], {
      env: { PATH: SYSTEM_PATH },
    });
    if (exitCode === 0) return null;
    reason = stderr.toString().trim();
  }
  return `this machine allows no network namespaces: ${reason}`;
}

async function hold(): Promise<Topology> {
  let reason = "";
  for (const flags of UNSHARE) {
    const script = "mount -t tmpfs tmpfs /run && echo ready && exec cat > /dev/null";
    const holder = Bun.spawn(["unshare", flags, "sh", "-c", script], {
      stdin: "pipe",
      stdout: "pipe",
      stderr: "pipe",
    });
    const { value } = await holder.stdout.getReader().read();
    if (value !== undefined) return new Topology(holder, flags.includes("r"));
    reason = (await holder.stderr.text()).trim();
  }
  throw new Error(`this machine allows no network namespaces: ${reason}`);
}

function layOut(links: readonly Link[], { routers = [] }: BuildOptions): string {
  const names = new Set(links.flatMap(({ ends }) => ends.map((end) => end.namespace)));
  const script: string[] = [];
  for (const name of names) {
    // Loose reverse paths: replies of one path may leave by another. No duplicate address detection: it keeps IPv6
    // addresses, the link-local ones that routers ask for neighbours with included, from use for a second.
    script.push(
      `ip netns add ${name}`,
      `ip -n ${name} link set lo up`,
      `ip netns exec ${name} sh -c 'cd /proc/sys/net; for d in all default; do` +
        " echo 0 > ipv4/conf/$d/rp_filter; echo 0 > ipv6/conf/$d/dad_transmits; done'",
    );
  }
  // Before addresses: an IPv6 device that turns into a router's is deaf for a while.
  for (const name of routers) {
    const on = "echo 1 > ipv4/ip_forward; echo 1 > ipv6/conf/all/forwarding";
    script.push(`ip netns exec ${name} sh -c 'cd /proc/sys/net; ${on}'`);
  }
  // Addresses come when both ends are up: an IPv6 address that was there before its link is deaf for a second too. So
  // the kernel must not make link-local ones by itself, with which routers ask for neighbours.
  for (const { ends, rateMbit } of links) {
    const [left, right] = ends;
    script.push(
      `ip link add ${left.device} netns ${left.namespace} type veth ` +
        `peer name ${right.device} netns ${right.namespace}`,
    );
    for (const { namespace, device } of ends) {
      script.push(
        `tc -n ${namespace} qdisc add dev ${device} root tbf rate ${rateMbit}mbit ${SHAPER}`,
        `ip -n ${namespace} link set ${device} addrgenmode none up`,
      );
    }
    for (const [index, { namespace, device, addresses }] of ends.entries()) {
      for (const address of [`fe80::${index + 1}/64`, ...addresses]) {
        const flag = address.includes(":") ? " nodad" : "";
        script.push(`ip -n ${namespace} address add ${address} dev ${device}${flag}`);
      }
    }
  }
  return script.join("\n");
}
