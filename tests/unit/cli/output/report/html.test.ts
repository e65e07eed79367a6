import { describe, expect, test } from "bun:test";
import { htmlReport } from "../../../../../src/cli/output/report/html.ts";
import {
  type ReportEntry,
  SCHEMA,
  SCHEMA_VERSION,
  transferAsJson,
} from "../../../../../src/cli/output/report/json.ts";
import { newCounters, newTimings } from "../../../../../src/client/outcome.ts";
import { CurlError } from "../../../../../src/error.ts";
import type { MptcpRecord, PathSample } from "../../../../../src/net/mptcp/paths.ts";
import { mptcpRecord, outcomeOf, pathRecord } from "../../../../support/outcome.ts";

const HOSTILE = `</script><script>alert(1)</script><!--"'&\x1b]0;x\x07\xff`;
const SAMPLES: PathSample[] = [100, 200, 300, 400, 500].map((atMs) => ({
  atMs,
  paths: [1, 2].map((id) => ({ id, bytesIn: atMs * 1000, bytesOut: 0, rttMs: 1.5 })),
}));

function twoPaths(given: Partial<MptcpRecord> = {}): MptcpRecord {
  return mptcpRecord({
    endedMs: 500,
    paths: [pathRecord({ bytesIn: 500_000 }), pathRecord({ id: 2, bytesIn: 500_000 })],
    events: [{ atMs: 5, kind: "path-up", pathId: 1, text: "" }],
    samples: SAMPLES,
    ...given,
  });
}

function entryOf(records: readonly MptcpRecord[], given: Partial<ReportEntry> = {}): ReportEntry {
  const outcome = outcomeOf("http://10.9.1.2/file", {
    timings: { ...newTimings(0), totalMs: 500 },
    counters: { ...newCounters(), downloaded: 1_000_000 },
    mptcp: { records, warnings: [] },
  });
  return { outcome, given: "http://10.9.1.2/file", ...given };
}

function pageOf(...entries: ReportEntry[]): string {
  const transfers = entries.map((entry) => transferAsJson(entry, { originMs: 0, epochMs: 0 }));
  const program = "mpcurl 1.2.3";
  return new TextDecoder("utf-8", { fatal: true }).decode(
    htmlReport({ schema: SCHEMA, version: SCHEMA_VERSION, program, transfers }),
  );
}

/** What the parser of a browser finds: the scripts' texts, the other text, and every attribute. */
async function parsed(page: string) {
  const scripts: { type: string | null; text: string }[] = [];
  const attributes: [name: string, value: string][] = [];
  let text = "";
  let inRaw = false;
  const rewriter = new HTMLRewriter().on("*", {
    element(element) {
      attributes.push(...(element.attributes as Iterable<[string, string]>));
      inRaw = element.tagName === "script" || element.tagName === "style";
      if (element.tagName === "script") {
        scripts.push({ type: element.getAttribute("type"), text: "" });
      }
      if (inRaw) {
        element.onEndTag(() => {
          inRaw = false;
        });
      }
    },
    text(chunk) {
      const script = scripts.at(-1);
      if (!inRaw) text += chunk.text;
      else if (script) script.text += chunk.text;
    },
  });
  await rewriter.transform(new Response(page)).text();
  return { scripts, attributes, text };
}

describe("htmlReport()", () => {
  test("loads nothing: no address in any attribute or style, and a policy that forbids it", async () => {
    const page = pageOf(entryOf([twoPaths()]));
    const { attributes } = await parsed(page);
    const names = attributes.map(([name]) => name);
    for (const name of ["src", "srcset", "action", "ping", "poster", "background"]) {
      expect(names).not.toContain(name);
    }
    const links = attributes.filter(([name]) => name === "href").map(([, value]) => value);
    expect(links.filter((link) => !link.startsWith("#"))).toEqual([]);
    const styles = [...page.matchAll(/<style>([\s\S]*?)<\/style>/g)].map(([, css = ""]) => css);
    expect(styles.length).toBe(1);
    expect(styles.join()).not.toMatch(/url\(|@import|image-set/);
    const policy = attributes.find(([, value]) => value.startsWith("default-src"))?.[1] ?? "";
    expect(policy).toStartWith("default-src 'none';");
  });

  test("allows itself its own two scripts, by their hashes, and no other", async () => {
    const page = pageOf(entryOf([twoPaths()]));
    const { scripts, attributes } = await parsed(page);
    const hashes = scripts
      .filter(({ type }) => type === null)
      .map(
        ({ text }) => `'sha256-${new Bun.CryptoHasher("sha256").update(text).digest("base64")}'`,
      );
    expect(hashes.length).toBe(2);
    const policy = attributes.find(([, value]) => value.startsWith("default-src"))?.[1] ?? "";
    expect(/script-src ([^;]*);/.exec(policy)?.[1]).toBe(hashes.join(" "));
  });

  test("carries the lines of each connection as JSON", async () => {
    const page = pageOf(entryOf([twoPaths(), twoPaths({ samples: [] })]), entryOf([twoPaths()]));
    const { scripts } = await parsed(page);
    const data = scripts.find(({ type }) => type === "application/json");
    const charts = JSON.parse(data?.text ?? "") as ({ times: number[] } | null)[];
    expect(charts.map((chart) => chart?.times.length ?? null)).toEqual([6, null, 6]);
    const figures = [...page.matchAll(/data-connection="(\d+)" data-kind="(\w+)"/g)];
    expect(figures.map(([, index, kind]) => `${index} ${kind}`)).toEqual([
      "0 throughput",
      "0 rtt",
      "2 throughput",
      "2 rtt",
    ]);
  });

  test("without anything to draw it has no scripts, and says so", async () => {
    const page = pageOf(entryOf([twoPaths({ samples: [] })]));
    expect((await parsed(page)).scripts.filter(({ type }) => type === null)).toEqual([]);
    expect(page).toContain("Too short for a chart.");
    expect(page).toContain("script-src 'none'");
  });

  test("hostile names are text wherever they stand", async () => {
    const record = twoPaths({
      host: HOSTILE,
      paths: [pathRecord({ interfaceName: HOSTILE }), pathRecord({ id: 2 })],
      events: [{ atMs: 5, kind: "fallback", pathId: null, text: HOSTILE }],
      state: {
        verdict: "fallback",
        reason: { cause: "late", certain: true, blackholeTimeoutSeconds: null },
        token: null,
      },
    });
    const error = new CurlError("RECV_ERROR", HOSTILE);
    const entry = entryOf([record, record], { given: `http://h/${HOSTILE}`, error });
    const page = pageOf(entry, entry);
    const { scripts, attributes, text } = await parsed(page);
    // Two of our own and the data.
    expect(scripts.length).toBe(3);
    expect(scripts.map(({ text: script }) => script).join()).not.toContain("alert(1)</script>");
    expect(attributes.filter(([name]) => name.startsWith("on"))).toEqual([]);
    expect(text).not.toContain("\x1b");
    expect(text).toContain("&lt;/script&gt;&lt;script&gt;alert(1)&lt;/script&gt;&lt;!--");
    expect(text).toContain("\\x1b]0;x\\x07\uFFFD");
    const data = scripts.find(({ type }) => type === "application/json")?.text ?? "";
    expect(data).not.toContain("<");
    expect(JSON.parse(data)[0].paths[0].name).toStartWith("1 · </script>");
  });

  test("says at the top what became of MPTCP", async () => {
    const page = pageOf(entryOf([twoPaths()]));
    expect(page).toContain("<title>MPTCP used over 2 paths · 1 MB in 500 ms · 16 Mbit/s</title>");
    const heading = /<h1>(.*?)<\/h1>/.exec(page)?.[1]?.replace(/<[^>]*>/g, "");
    expect(heading).toBe("MPTCP used over 2 paths · 1 MB in 500 ms · 16 Mbit/s");
  });

  test("a fall back shows its reason before anything else", () => {
    const record = twoPaths({
      paths: [pathRecord({ id: 0 })],
      state: {
        verdict: "fallback",
        reason: { cause: "not-answered", certain: true, blackholeTimeoutSeconds: null },
        token: null,
      },
      events: [{ atMs: 1, kind: "fallback", pathId: null, text: "the server speaks none" }],
    });
    const page = pageOf(entryOf([record]));
    const at = page.indexOf("<strong>Fell back to TCP:</strong> the server speaks none");
    expect(at).toBeGreaterThan(0);
    expect(at).toBeLessThan(page.indexOf("<figure"));
    expect(page).toContain("TCP · c1");
  });

  test("has a section for each transfer and links to them where there are several", () => {
    const plain = outcomeOf("http://b/", { mptcp: null });
    const page = pageOf(entryOf([twoPaths()]), { outcome: plain, given: "http://u:secret@b/" });
    expect([...page.matchAll(/<section id="(.*?)">/g)].map(([, id]) => id)).toEqual([
      "transfer-1",
      "transfer-2",
    ]);
    expect(page).toContain('<a href="#transfer-2">http://b/</a>');
    expect(page).toContain("ran without --mptcp");
    expect(page).not.toContain("secret");
    expect(pageOf(entryOf([twoPaths()]))).not.toContain("<nav>");
  });

  test("without any transfer it says that", () => {
    expect(pageOf()).toContain("No transfer was made");
  });
});
