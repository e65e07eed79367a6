// Which roots are trusted: --cacert, --capath, and the environment's words where neither is given (curl(1), "ENVIRONMENT").
//
// A file goes to Bun by its path; a directory is read here, for Bun knows none. As in OpenSSL only names made by
// `openssl rehash` count (8 hex digits of the subject's hash, a dot, a number): such directories hold other files too.

import { byteString } from "../bytes.ts";
import { CurlError } from "../error.ts";
import type { Trust } from "../net/tls.ts";
import type { Host } from "./host.ts";
import { isSystemError, reasonOf } from "./system-error.ts";

const HASHED_NAME = /^[0-9a-f]{8}\.\d+$/;

const PEM_CERTIFICATE = "-----BEGIN CERTIFICATE-----";

/** @throws CurlError SSL_CACERT_BADFILE for a directory or file that cannot be read or holds no certificate */
export async function planTrust(
  { cacert, capath }: { readonly cacert: string | null; readonly capath: string | null },
  host: Host,
): Promise<Trust> {
  if (cacert !== null || capath !== null) return trustIn(cacert, capath, host);
  const set = (name: string): string | null => host.env(name) || null;
  const bundle = set("CURL_CA_BUNDLE");
  if (bundle !== null) return trustIn(bundle, null, host);
  const file = set("SSL_CERT_FILE");
  const directory = set("SSL_CERT_DIR");
  return file === null && directory === null ? { kind: "system" } : trustIn(file, directory, host);
}

async function trustIn(file: string | null, directory: string | null, host: Host): Promise<Trust> {
  if (directory === null) return { kind: "file", path: file ?? "" };
  const pem: string[] = [];
  if (file !== null) pem.push(readPem(host, file));
  // Several directories may stand behind one another, as in OpenSSL's SSL_CERT_DIR and curl's --capath.
  for (const part of directory.split(":")) {
    for (const name of await listed(host, part)) {
      const text = HASHED_NAME.test(name) ? pemIn(host, `${part}/${name}`) : null;
      if (text !== null) pem.push(text);
    }
  }
  const from = file === null ? directory : `${file} and ${directory}`;
  if (pem.length === 0) {
    throw unusable(
      from,
      "there is no certificate in it under a hashed name (openssl rehash DIRECTORY makes them)",
    );
  }
  return { kind: "pem", pem, from };
}

async function listed(host: Host, directory: string): Promise<string[]> {
  try {
    return (await host.listDirectory(directory)).sort();
  } catch (cause) {
    throw unusable(directory, reasonOf(cause), cause);
  }
}

function readPem(host: Host, path: string): string {
  let text: string;
  try {
    text = byteString(host.readAll(path));
  } catch (cause) {
    throw unusable(path, reasonOf(cause), cause);
  }
  if (text.includes(PEM_CERTIFICATE)) return text;
  throw unusable(path, "it holds no certificate in PEM form");
}

function unusable(from: string, why: string, cause?: unknown): CurlError {
  return new CurlError("SSL_CACERT_BADFILE", `error adding trust anchors from ${from}: ${why}`, {
    cause,
  });
}

/** Null for what cannot be read or is something else; directories hold more than certificates. */
function pemIn(host: Host, path: string): string | null {
  try {
    const text = byteString(host.readAll(path));
    return text.includes(PEM_CERTIFICATE) ? text : null;
  } catch (error) {
    if (isSystemError(error)) return null;
    throw error;
  }
}
