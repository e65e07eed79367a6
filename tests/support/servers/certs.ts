// A small certificate authority for the tests: every kind of certificate that a client must accept
// or refuse, made by openssl once a process, in a temporary directory.

import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { tempDir } from "../temp-dir.ts";

/** The passphrase of the client's encrypted key. */
export const KEY_PASSPHRASE = "open sesame";

export interface KeyPair {
  readonly certFile: string;
  readonly keyFile: string;
  readonly cert: string;
  readonly key: string;
}

export type ServerKind =
  | "good"
  | "expired"
  | "notYetValid"
  | "wrongName"
  | "selfSigned"
  | "unknownIssuer"
  | "ipAddress"
  | "wildcard"
  | "partialWildcard";

export interface Certificates extends Readonly<Record<ServerKind, KeyPair>> {
  readonly directory: string;
  /** The authority that signed all but selfSigned and unknownIssuer. */
  readonly caFile: string;
  /** The same authority in a directory by hash. */
  readonly caPath: string;
  readonly client: KeyPair;
  /** The client's key under KEY_PASSPHRASE. */
  readonly clientEncryptedKeyFile: string;
  /** The client's certificate and key in one file. */
  readonly clientCombinedFile: string;
}

/** subjectAltName of each server certificate; null for the one without a chain. */
const NAMES: Readonly<Record<ServerKind, string>> = {
  good: "DNS:localhost,DNS:good.example,IP:127.0.0.1,IP:::1",
  expired: "DNS:localhost,IP:127.0.0.1",
  notYetValid: "DNS:localhost,IP:127.0.0.1",
  wrongName: "DNS:other.example,DNS:third.example",
  selfSigned: "DNS:localhost,IP:127.0.0.1",
  unknownIssuer: "DNS:localhost,IP:127.0.0.1",
  ipAddress: "IP:127.0.0.1",
  wildcard: "DNS:*.wild.example",
  partialWildcard: "DNS:f*.wild.example,DNS:plain.example,DNS:*.whole.example",
};

let made: Certificates | undefined;

function openssl(cwd: string, ...argv: readonly string[]): void {
  const result = Bun.spawnSync(["openssl", ...argv], { cwd, env: { PATH: "/usr/bin:/bin" } });
  if (result.exitCode !== 0) throw new Error(`openssl ${argv[0]}: ${result.stderr.toString()}`);
}

function newAuthority(root: string, name: string): void {
  mkdirSync(join(root, name));
  writeFileSync(join(root, name, "index.txt"), "");
  writeFileSync(join(root, name, "serial"), "1000\n");
  writeFileSync(
    join(root, name, "ca.cnf"),
    [
      "[ca]",
      "default_ca = us",
      "[us]",
      `dir = ${join(root, name)}`,
      "database = $dir/index.txt",
      "serial = $dir/serial",
      "new_certs_dir = $dir",
      "default_md = sha256",
      "policy = any",
      "unique_subject = no",
      "copy_extensions = copy",
      "[any]",
      "commonName = supplied",
      "",
    ].join("\n"),
  );
  openssl(
    root,
    "req",
    "-x509",
    "-newkey",
    "ec",
    "-pkeyopt",
    "ec_paramgen_curve:P-256",
    "-nodes",
    "-subj",
    `/CN=mpcurl test ${name}`,
    "-days",
    "30",
    "-keyout",
    `${name}/key.pem`,
    "-out",
    `${name}/ca.pem`,
    "-addext",
    "basicConstraints=critical,CA:TRUE",
    "-addext",
    "keyUsage=critical,keyCertSign,cRLSign",
  );
}

function pair(root: string, name: string): KeyPair {
  const certFile = join(root, `${name}.pem`);
  const keyFile = join(root, `${name}.key`);
  return {
    certFile,
    keyFile,
    cert: readFileSync(certFile, "utf8"),
    key: readFileSync(keyFile, "utf8"),
  };
}

interface Validity {
  readonly from: string;
  readonly until: string;
}

function signed(
  root: string,
  name: string,
  authority: string,
  names: string,
  validity?: Validity,
): KeyPair {
  openssl(
    root,
    "req",
    "-newkey",
    "ec",
    "-pkeyopt",
    "ec_paramgen_curve:P-256",
    "-nodes",
    "-subj",
    `/CN=${name}`,
    "-keyout",
    `${name}.key`,
    "-out",
    `${name}.csr`,
    ...(names === "" ? [] : ["-addext", `subjectAltName=${names}`]),
  );
  const dates = validity
    ? ["-startdate", validity.from, "-enddate", validity.until]
    : ["-days", "20"];
  openssl(
    root,
    "ca",
    "-batch",
    "-notext",
    "-config",
    `${authority}/ca.cnf`,
    "-cert",
    `${authority}/ca.pem`,
    "-keyfile",
    `${authority}/key.pem`,
    "-in",
    `${name}.csr`,
    "-out",
    `${name}.pem`,
    ...dates,
  );
  return pair(root, name);
}

/** The certificates; made on first use. */
export function certificates(): Certificates {
  if (made !== undefined) return made;
  const root = tempDir("certs");
  newAuthority(root, "authority");
  newAuthority(root, "stranger");
  openssl(
    root,
    "req",
    "-x509",
    "-newkey",
    "ec",
    "-pkeyopt",
    "ec_paramgen_curve:P-256",
    "-nodes",
    "-subj",
    "/CN=localhost",
    "-days",
    "20",
    "-keyout",
    "selfSigned.key",
    "-out",
    "selfSigned.pem",
    "-addext",
    `subjectAltName=${NAMES.selfSigned}`,
  );
  const client = signed(root, "client", "authority", "");
  openssl(
    root,
    "pkcs8",
    "-topk8",
    "-in",
    "client.key",
    "-out",
    "client-encrypted.key",
    "-passout",
    `pass:${KEY_PASSPHRASE}`,
  );
  writeFileSync(join(root, "client-combined.pem"), client.cert + client.key);
  const caPath = join(root, "hashed");
  mkdirSync(caPath);
  writeFileSync(join(caPath, "authority.pem"), readFileSync(join(root, "authority/ca.pem")));
  openssl(root, "rehash", caPath);
  made = {
    directory: root,
    caFile: join(root, "authority/ca.pem"),
    caPath,
    good: signed(root, "good", "authority", NAMES.good),
    expired: signed(root, "expired", "authority", NAMES.expired, {
      from: "20200101000000Z",
      until: "20200201000000Z",
    }),
    notYetValid: signed(root, "notYetValid", "authority", NAMES.notYetValid, {
      from: "20900101000000Z",
      until: "20910101000000Z",
    }),
    wrongName: signed(root, "wrongName", "authority", NAMES.wrongName),
    selfSigned: pair(root, "selfSigned"),
    unknownIssuer: signed(root, "unknownIssuer", "stranger", NAMES.unknownIssuer),
    ipAddress: signed(root, "ipAddress", "authority", NAMES.ipAddress),
    wildcard: signed(root, "wildcard", "authority", NAMES.wildcard),
    partialWildcard: signed(root, "partialWildcard", "authority", NAMES.partialWildcard),
    client,
    clientEncryptedKeyFile: join(root, "client-encrypted.key"),
    clientCombinedFile: join(root, "client-combined.pem"),
  };
  return made;
}
