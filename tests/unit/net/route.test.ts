import { describe, expect, test } from "bun:test";
import { parseConnectTo } from "../../../src/net/connect-to.ts";
import { parseResolveRule } from "../../../src/net/resolve-rule.ts";
import {
  planRoute,
  poolKey,
  type RouteSpec,
  type Target,
  targetOf,
} from "../../../src/net/route.ts";
import type { TlsSpec } from "../../../src/net/tls.ts";
import { parseUrl } from "../../../src/url.ts";
import { PLAIN_ROUTE } from "../../support/client/transfer-run.ts";

const HTTP: Target = { scheme: "http", host: "example.com", zoneId: null, port: 80 };
const HTTPS: Target = { scheme: "https", host: "example.com", zoneId: null, port: 443 };
const PLAIN: RouteSpec = PLAIN_ROUTE;
const REQUIRED: Partial<RouteSpec> = {
  protocol: "mptcp",
  mptcp: { ...PLAIN.mptcp, required: true },
};
const TLS: TlsSpec = {
  verify: true,
  trust: { kind: "system" },
  minVersion: 771,
  maxVersion: 772,
  clientCertificate: null,
  collectCertificates: false,
};

describe("planRoute", () => {
  test("of http is a socket", () => {
    expect(planRoute(HTTP, PLAIN, TLS)).toEqual([
      { kind: "socket", host: "example.com", zoneId: null, port: 80, protocol: "tcp" },
    ]);
  });

  test("of https is a socket with TLS on it", () => {
    expect(planRoute(HTTPS, PLAIN, TLS)).toEqual([
      { kind: "socket", host: "example.com", zoneId: null, port: 443, protocol: "tcp" },
      { kind: "tls", serverName: "example.com", spec: TLS },
    ]);
  });

  test("opens the socket as MPTCP where it is asked for", () => {
    const [socket] = planRoute(HTTPS, { ...PLAIN, protocol: "mptcp" }, TLS);
    expect(socket).toHaveProperty("protocol", "mptcp");
    const stripped = { cause: "stripped", certain: true, blackholeTimeoutSeconds: null } as const;
    const mptcp = { ...PLAIN.mptcp, fellBack: stripped };
    const [plain] = planRoute(HTTPS, { ...PLAIN, protocol: "mptcp", mptcp }, TLS);
    expect(plain).toHaveProperty("protocol", "tcp");
  });

  test("over a Unix socket has no name, port or MPTCP, and TLS as ever", () => {
    const spec: RouteSpec = {
      ...PLAIN,
      protocol: "mptcp",
      unixSocket: "/run/s",
      connectTo: [parseConnectTo("::elsewhere:1")],
    };
    expect(planRoute(HTTP, spec, TLS)).toEqual([{ kind: "unix", path: "/run/s" }]);
    expect(planRoute(HTTPS, spec, TLS)).toEqual([
      { kind: "unix", path: "/run/s" },
      { kind: "tls", serverName: "example.com", spec: TLS },
    ]);
  });

  test("--connect-to moves the socket; name and certificate stay the URL's", () => {
    const spec = { ...PLAIN, connectTo: [parseConnectTo("::other:8443")] };
    expect(planRoute(HTTPS, spec, TLS)).toEqual([
      { kind: "socket", host: "other", zoneId: null, port: 8443, protocol: "tcp" },
      { kind: "tls", serverName: "example.com", spec: TLS },
    ]);
  });

  test("a zone belongs to the URL's literal, not to where --connect-to leads", () => {
    const target: Target = { scheme: "http", host: "fe80::1", zoneId: "eth0", port: 80 };
    const moved = { ...PLAIN, connectTo: [parseConnectTo("::[fe80::2]:")] };
    const samePlace = { ...PLAIN, connectTo: [parseConnectTo(":::81")] };
    expect(planRoute(target, PLAIN, TLS)[0]).toHaveProperty("zoneId", "eth0");
    expect(planRoute(target, moved, TLS)[0]).toHaveProperty("zoneId", null);
    expect(planRoute(target, samePlace, TLS)[0]).toHaveProperty("zoneId", "eth0");
  });
});

describe("poolKey", () => {
  function key(
    target: Partial<Target> = {},
    spec: Partial<RouteSpec> = {},
    tls: Partial<TlsSpec> = {},
  ) {
    const to: Target = { ...HTTPS, ...target };
    const by: RouteSpec = { ...PLAIN, ...spec };
    return poolKey(to, by, planRoute(to, by, { ...TLS, ...tls }));
  }

  test("is equal for the same place and way, the host in any case", () => {
    expect(key()).toBe(key());
    expect(key({ scheme: "http", port: 80 })).toBe(key({ scheme: "http", port: 80 }));
  });

  const DIFFERENCES: readonly (readonly [string, string])[] = [
    ["host", key({ host: "example.org" })],
    ["port", key({ port: 444 })],
    ["scheme", key({ scheme: "http" })],
    ["zone", key({ zoneId: "eth0" })],
    ["--mptcp", key({}, { protocol: "mptcp" })],
    ["--mptcp-require", key({}, REQUIRED)],
    ["-4", key({}, { family: "ipv4" })],
    ["-6", key({}, { family: "ipv6" })],
    ["--unix-socket", key({}, { unixSocket: "/run/s" })],
    ["--connect-to", key({}, { connectTo: [parseConnectTo("::other:")] })],
    ["-k", key({}, {}, { verify: false })],
    ["--cacert", key({}, {}, { trust: { kind: "file", path: "ca.pem" } })],
    ["--tlsv1.3", key({}, {}, { minVersion: 772 })],
    ["--tls-max", key({}, {}, { maxVersion: 771 })],
    [
      "--cert",
      key({}, {}, { clientCertificate: { certFile: "c", keyFile: "c", passphrase: null } }),
    ],
  ];

  test("differs with all that a connection was made with, and each difference is its own", () => {
    const keys = DIFFERENCES.map(([, text]) => text);
    expect(keys).not.toContain(key());
    expect(new Set(keys).size).toBe(keys.length);
  });

  test("does not differ with --resolve, which curl's does not either", () => {
    expect(key({}, { resolve: [parseResolveRule("example.com:443:127.0.0.1")] })).toBe(key());
  });
});

test("targetOf takes the brackets off an IPv6 address and keeps its zone", () => {
  expect(targetOf(parseUrl("http://user@Name:81/path"))).toEqual({
    scheme: "http",
    host: "Name",
    zoneId: null,
    port: 81,
  });
  expect(targetOf(parseUrl("https://[fe80::1%25eth0]/"))).toEqual({
    scheme: "https",
    host: "fe80::1",
    zoneId: "eth0",
    port: 443,
  });
});
