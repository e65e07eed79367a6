import { afterAll, afterEach, describe, expect, spyOn, test } from "bun:test";
import { CurlError } from "../../../src/error.ts";
import { type Query, Resolver } from "../../../src/net/resolve.ts";
import { parseResolveRule } from "../../../src/net/resolve-rule.ts";
import { VirtualClock } from "../../support/client/virtual-clock.ts";

/** The names that the system knows here, and how often each was asked for. */
const SYSTEM: { readonly [name: string]: readonly string[] } = {
  "both.example": ["192.0.2.1", "2001:db8::1", "192.0.2.2"],
  "four.example": ["192.0.2.4"],
};
const asked: string[] = [];

const lookup = spyOn(Bun.dns, "lookup").mockImplementation(async (name: string) => {
  asked.push(name);
  const answer = SYSTEM[name.toLowerCase()];
  if (!answer) throw new Error("ENOTFOUND");
  return answer.map((address) => ({ address, family: address.includes(":") ? 6 : 4, ttl: 0 }));
});

afterEach(() => {
  asked.length = 0;
});
afterAll(() => lookup.mockRestore());

interface Asked extends Partial<Omit<Query, "rules">> {
  readonly rules?: readonly string[];
}

function query(host: string, { rules = [], ...given }: Asked = {}): Query {
  return {
    host,
    zoneId: null,
    port: 80,
    family: "any",
    ...given,
    rules: rules.map(parseResolveRule),
  };
}

async function addresses(host: string, given: Asked = {}): Promise<string> {
  const candidates = await new Resolver(new VirtualClock()).resolve(query(host, given));
  return candidates.map(({ address, port }) => `${address} ${port}`).join(", ");
}

async function refusal(host: string, given: Asked = {}): Promise<string> {
  const error = await addresses(host, given).catch((thrown: unknown) => thrown);
  return error instanceof CurlError ? `${error.exitCode} ${error.message}` : `no error: ${error}`;
}

describe("Resolver.resolve", () => {
  test("asks the system, in its order, with the port of the question", async () => {
    expect(await addresses("both.example", { port: 8080 })).toBe(
      "192.0.2.1 8080, 2001:db8::1 8080, 192.0.2.2 8080",
    );
    expect(lookup.mock.lastCall?.[1]).toEqual({ backend: "system" });
  });

  test("of an unknown name is 6", async () => {
    expect(await refusal("none.example")).toBe("6 Could not resolve host: none.example");
  });

  test("never asks for .onion", async () => {
    expect(await refusal("x.onion")).toStartWith("6 Not resolving .onion address");
    expect(await refusal("x.ONION.")).toStartWith("6 ");
    expect(asked).toEqual([]);
  });

  test("answers localhost by itself, and what ends in it", async () => {
    for (const name of ["localhost", "LOCALHOST", "localhost.", "app.localhost"]) {
      expect(await addresses(name)).toBe("::1 80, 127.0.0.1 80");
    }
    expect(asked).toEqual([]);
    expect(await refusal("notlocalhost")).toStartWith("6 ");
  });

  test("keeps to one family", async () => {
    expect(await addresses("both.example", { family: "ipv4" })).toBe("192.0.2.1 80, 192.0.2.2 80");
    expect(await addresses("both.example", { family: "ipv6" })).toBe("2001:db8::1 80");
    expect(await addresses("localhost", { family: "ipv4" })).toBe("127.0.0.1 80");
    expect(await refusal("four.example", { family: "ipv6" })).toStartWith(
      "6 Could not resolve host: four.example",
    );
  });

  test("takes literals as they are, without the system", async () => {
    expect(await addresses("192.0.2.9")).toBe("192.0.2.9 80");
    expect(await addresses("2001:db8::9")).toBe("2001:db8::9 80");
    expect(asked).toEqual([]);
  });

  test("an IPv6 literal under -4 is 7, an IPv4 literal under -6 is taken", async () => {
    expect(await refusal("::1", { family: "ipv4" })).toStartWith("7 Failed to connect to ::1:80");
    expect(await addresses("192.0.2.9", { family: "ipv6" })).toBe("192.0.2.9 80");
  });

  test("puts the zone of a literal into its scope", async () => {
    const resolver = new Resolver(new VirtualClock());
    const [byIndex] = await resolver.resolve(query("fe80::1", { zoneId: "3" }));
    expect(byIndex).toHaveProperty("scopeId", 3);
    const [plain] = await resolver.resolve(query("fe80::1"));
    expect(plain).toHaveProperty("scopeId", 0);
    expect(await refusal("fe80::1", { zoneId: "no-such" })).toStartWith("7 ");
  });
});

describe("Resolver.resolve under --resolve", () => {
  test("takes the addresses given, in their order, for that host and port", async () => {
    const rules = ["both.example:80:198.51.100.1,[2001:db8::5]"];
    expect(await addresses("Both.Example", { rules })).toBe("198.51.100.1 80, 2001:db8::5 80");
    expect(asked).toEqual([]);
    expect(await addresses("both.example", { rules, port: 81 })).toStartWith("192.0.2.1 81");
  });

  test("beats literals and localhost", async () => {
    const rules = ["192.0.2.9:80:198.51.100.1", "localhost:80:198.51.100.2"];
    expect(await addresses("192.0.2.9", { rules })).toBe("198.51.100.1 80");
    expect(await addresses("localhost", { rules })).toBe("198.51.100.2 80");
  });

  test("of two entries the later one counts", async () => {
    const rules = ["h:80:198.51.100.1", "h:80:198.51.100.2"];
    expect(await addresses("h", { rules })).toBe("198.51.100.2 80");
  });

  test("'*' stands for every host that has no entry of its own", async () => {
    const rules = ["h:80:198.51.100.1", "*:80:198.51.100.9"];
    expect(await addresses("h", { rules })).toBe("198.51.100.1 80");
    expect(await addresses("any.example", { rules })).toBe("198.51.100.9 80");
  });

  test("'-' takes an entry away, and '*' is there again", async () => {
    const rules = ["four.example:80:198.51.100.1", "-four.example:80"];
    expect(await addresses("four.example", { rules })).toBe("192.0.2.4 80");
    expect(await addresses("four.example", { rules: [...rules, "*:80:198.51.100.9"] })).toBe(
      "198.51.100.9 80",
    );
    expect(await addresses("four.example", { rules: ["*:80:198.51.100.9", "-*:80"] })).toBe(
      "192.0.2.4 80",
    );
  });

  test("without an address of the wanted family is 6", async () => {
    const rules = ["h:80:[::1]"];
    expect(await refusal("h", { rules, family: "ipv4" })).toStartWith(
      "6 Could not resolve host: h",
    );
  });
});

describe("Resolver's cache", () => {
  test("asks once in 60 s for a name, in any case, for every port and family", async () => {
    const clock = new VirtualClock();
    const resolver = new Resolver(clock);
    await resolver.resolve(query("both.example"));
    await clock.advance(59_999);
    await resolver.resolve(query("BOTH.example", { port: 81, family: "ipv6" }));
    expect(asked).toEqual(["both.example"]);
    await clock.advance(1);
    await resolver.resolve(query("both.example"));
    expect(asked).toEqual(["both.example", "both.example"]);
  });

  test("two that ask at once share one question", async () => {
    const resolver = new Resolver(new VirtualClock());
    await Promise.all([
      resolver.resolve(query("both.example")),
      resolver.resolve(query("both.example")),
    ]);
    expect(asked).toHaveLength(1);
  });

  test("keeps no failure", async () => {
    const resolver = new Resolver(new VirtualClock());
    for (let time = 0; time < 2; time++) {
      expect(resolver.resolve(query("none.example"))).rejects.toThrow("Could not resolve");
      await Promise.allSettled([resolver.resolve(query("none.example"))]);
    }
    expect(asked.length).toBeGreaterThanOrEqual(2);
  });
});
