// From what the user typed to what will be done: an Operation's URLs as transfers, each with its sink.
//
// Here: pairing URLs with -o, -O and -T, reading the files that options name, and composing Transfer's records. Not
// here: what options mean (cli/options) and running anything (run.ts). A transfer and its sink are made when its turn
// comes, so that what a URL gets wrong fails that URL alone, and a run over many holds one.

import { byteString } from "../bytes.ts";
import type { Transfer } from "../client/transfer.ts";
import { CurlError } from "../error.ts";
import { memoryBody, type RequestBody } from "../http/body/request-body.ts";
import { FORM_TYPE, joinData, stripCrLfNul } from "../http/body/urlencoded.ts";
import {
  type HeaderRule,
  parseHeaderFile,
  parseHeaderRule,
  type RequestSpec,
} from "../http/request.ts";
import { parseConnectTo } from "../net/connect-to.ts";
import { parseResolveRule } from "../net/resolve-rule.ts";
import type { RouteSpec } from "../net/route.ts";
import type { TlsSpec } from "../net/tls.ts";
import { percentEncoded } from "../percent.ts";
import { appendQuery, parseUrl, type Url } from "../url.ts";
import { USER_AGENT } from "../version.ts";
import type { Host } from "./host.ts";
import type { Operation } from "./operation.ts";
import { createFileSink, type FileSink } from "./output/file-sink.ts";
import type { Messages } from "./output/messages.ts";
import { reasonOf } from "./system-error.ts";
import { misuse } from "./usage-error.ts";

/** One URL of an operation, not yet looked at. */
export interface PlannedUrl {
  /** As typed. */
  readonly given: string;
  /** The method that the options imply, or -X's word. */
  readonly method: string;
  /** @throws CurlError for a URL that is none, a file that cannot be sent, an output that cannot be made */
  prepare(id: number): { transfer: Transfer; sink: FileSink };
}

export interface OperationPlan {
  /** -w's text, read from its file where it names one. */
  readonly writeOut: string | null;
  readonly urls: readonly PlannedUrl[];
}

interface Surroundings {
  readonly host: Host;
  readonly messages: Messages;
}

/** @throws CurlError for files that cannot be read (READ_ERROR, SSL_CACERT_BADFILE) and values that cannot be used */
export async function planOperation(
  operation: Operation,
  around: Surroundings,
): Promise<OperationPlan> {
  const { host, messages } = around;
  const writeOut = planWriteOut(operation, host);
  const request = await planRequest(operation, around);
  const data = planData(operation, host);
  const route = planRoutes(operation);
  const tls = await planTls(operation, { host, writeOut });
  if (operation.outputs.length > operation.urls.length) {
    await messages.warning("Got more output options than URLs");
  }
  const urls = operation.urls.map((given, index): PlannedUrl => {
    const upload = operation.uploads[index] || null;
    const spec = upload === null ? request : { ...request, method: "PUT" };
    return {
      given,
      method: spec.customMethod ?? spec.method,
      prepare(id) {
        const query = operation.request.get && data !== null ? byteString(data) : null;
        if (!operation.globOff) refusePattern(given);
        const url = planUrl(given, { upload, query });
        const body = upload === null ? bodyOfData(operation, data) : uploadBody(host, upload);
        const transfer: Transfer = {
          id,
          url,
          request: spec,
          body,
          credentials: planCredentials(operation),
          route,
          tls,
          redirects: {
            follow: operation.redirect.follow,
            maxRedirects: operation.redirect.maxRedirects,
          },
          limits: operation.limits,
          failOnStatus: operation.output.fail,
        };
        const sink = createFileSink({
          ...around,
          operation,
          slot: operation.outputs[index] ?? null,
          // -O takes its name from the URL as typed: what -T added is the name of the file that is being sent.
          url: upload === null ? url : parseUrl(given),
          isFirst: index === 0,
        });
        return { transfer, sink };
      },
    };
  });
  return { writeOut, urls };
}

async function planRequest(
  operation: Operation,
  { host, messages }: Surroundings,
): Promise<RequestSpec> {
  const { request } = operation;
  const headers: HeaderRule[] = [];
  for (const given of request.headers) {
    for (const text of given.startsWith("@") ? headerFile(host, given.slice(1)) : [given]) {
      const rule = parseHeaderRule(text);
      if (rule) headers.push(rule);
      else {
        await messages.warning(`The provided HTTP header '${text}' does not look like a header?`);
      }
    }
  }
  const refererAuto = request.referer?.endsWith(";auto") ?? false;
  const hasData = request.data.length > 0 && !request.get;
  return {
    method: request.head ? "HEAD" : hasData ? "POST" : "GET",
    customMethod: request.method,
    httpVersion: request.httpVersion,
    headers,
    userAgent: request.userAgent ?? USER_AGENT,
    referer: refererAuto ? (request.referer?.slice(0, -";auto".length) ?? null) : request.referer,
    refererAuto,
    range: request.range,
    compressed: request.compressed,
    json: request.data.some((piece) => piece.kind === "json"),
  };
}

function headerFile(host: Host, path: string): string[] {
  return parseHeaderFile(byteString(readFile(host, path, `Failed to open ${path}`)));
}

/** What the -d family comes to; null without any. */
function planData({ request }: Operation, host: Host): Uint8Array | null {
  if (request.data.length === 0) return null;
  return joinData(request.data, (path) => readFile(host, path, `Failed to open ${path}`));
}

function bodyOfData({ request }: Operation, data: Uint8Array | null): RequestBody | null {
  if (data === null || request.get) return null;
  return memoryBody(data, FORM_TYPE);
}

/** -T: "-" and "." are standard input. A named file is opened now, so that its length is known. */
function uploadBody(host: Host, path: string): RequestBody {
  try {
    const input = host.openInput(path === "." ? "-" : path);
    return {
      type: null,
      sizeBytes: input.sizeBytes,
      replayable: input.sizeBytes !== null,
      open: (offset = 0) => input.read(offset),
    };
  } catch (error) {
    throw new CurlError("READ_ERROR", "Failed to open/read local data from file/application", {
      cause: misuse(`cannot open '${path}': ${reasonOf(error)}`),
    });
  }
}

function planWriteOut({ output }: Operation, host: Host): string | null {
  if (!output.writeOut?.startsWith("@")) return output.writeOut;
  const path = output.writeOut.slice(1);
  return stripCrLfNul(byteString(readFile(host, path, `Failed to open ${path}`)));
}

/** Reads what an option names. @throws a usage error with exit code 26, as curl's */
function readFile(host: Host, path: string, what: string): Uint8Array {
  try {
    return host.readAll(path);
  } catch (error) {
    throw misuse(`${what}: ${reasonOf(error)}`, "READ_ERROR");
  }
}

/** An IPv6 literal in the host's place, and "[]", which curl leaves alone. */
const BRACKETS_OF_NO_PATTERN = /^((?:[a-z]+:\/*)?(?:[^/?#@]*@)?)\[[0-9a-f:.%]+[^\]]*\]|\[\]/gi;

/** Sent as it stands, a pattern for many URLs would ask for something that nobody meant. */
function refusePattern(given: string): void {
  const mark = /(?<!\\)[{}[\]]/.exec(given.replace(BRACKETS_OF_NO_PATTERN, "$1"));
  if (!mark) return;
  throw new CurlError(
    "URL_MALFORMAT",
    `'${mark[0]}' in a URL begins or ends a pattern for many URLs, which mpcurl cannot expand yet: write each URL by itself, or use -g where the character is meant`,
  );
}

function planUrl(
  given: string,
  { upload, query }: { upload: string | null; query: string | null },
): Url {
  const url = parseUrl(given);
  if (upload === null) return query === null ? url : appendQuery(url, query);
  if (!url.path.endsWith("/") || url.query !== null || upload === "-" || upload === ".") return url;
  // curl completes a directory's URL with the name of the file that goes there.
  const name = upload.slice(upload.lastIndexOf("/") + 1);
  return { ...url, path: url.path + percentEncoded(name) };
}

function planCredentials({ auth }: Operation): Transfer["credentials"] {
  if (auth.user === null) return null;
  const colon = auth.user.indexOf(":");
  if (colon < 0) {
    throw misuse(
      "option -u: the password is missing: write 'name:password'; mpcurl does not ask for it on the terminal yet",
    );
  }
  return { user: auth.user.slice(0, colon), password: auth.user.slice(colon + 1) };
}

function planRoutes({ connection }: Operation): RouteSpec {
  return {
    protocol: connection.mptcp ? "mptcp" : "tcp",
    family: connection.family,
    resolve: connection.resolve.map(parseResolveRule),
    connectTo: connection.connectTo.map(parseConnectTo),
    unixSocket: connection.unixSocket,
    mptcp: {
      required: connection.mptcpRequired,
      pathTimeoutMs: connection.pathTimeoutMs,
      fellBack: null,
    },
    keepAlive: { ...connection.keepAlive },
  };
}

async function planTls(
  operation: Operation,
  { host, writeOut }: { host: Host; writeOut: string | null },
): Promise<TlsSpec> {
  const { tls, redirect, urls } = operation;
  if (tls.cert !== null && !host.exists(tls.cert)) {
    throw new CurlError(
      "SSL_CERTPROBLEM",
      `could not load PEM client certificate from ${tls.cert}: no such file`,
    );
  }
  // Reading a directory of roots takes longer than many a transfer.
  const mayNeedTrust =
    !tls.insecure && (redirect.follow || urls.some((url) => /^https:/i.test(url)));
  return {
    verify: !tls.insecure,
    trust: mayNeedTrust ? await plannedTrust(tls, host) : { kind: "system" },
    minVersion: tls.minVersion,
    maxVersion: tls.maxVersion,
    clientCertificate:
      tls.cert === null
        ? null
        : { certFile: tls.cert, keyFile: tls.key ?? tls.cert, passphrase: tls.passphrase },
    collectCertificates: /certs|json/.test(writeOut ?? ""),
  };
}

async function plannedTrust(tls: Operation["tls"], host: Host): Promise<TlsSpec["trust"]> {
  const { planTrust } = await import("./trust.ts");
  return planTrust(tls, host);
}
