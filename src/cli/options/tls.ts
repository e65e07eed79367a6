// TLS: whom to trust, who we are, which versions.
//
// Rows only. Where trust comes from without them is cli/trust, what is refused and how is net/tls.

import type { Operation } from "../operation.ts";
import { choice, file, flag, type Option, text } from "./option.ts";

type Version = Operation["tls"]["minVersion"];

/** Protocol version numbers as they stand in a TLS record (RFC 8446 §4.2.1). */
const VERSIONS: readonly (readonly [string, Version])[] = [
  ["default", 772],
  ["1.0", 769],
  ["1.1", 770],
  ["1.2", 771],
  ["1.3", 772],
];

function atLeast(
  long: string,
  version: Version,
  row: { readonly short?: string; readonly help: string; readonly doc: string },
): Option {
  return flag(
    {
      long,
      ...row,
      negatable: false,
      group: "tls",
      examples: [`mpcurl --${long} https://example.com/`],
      seeAlso: ["tls-max"],
    },
    (operation) => {
      operation.tls.minVersion = version;
    },
  );
}

/**
 * FILE[:PASSPHRASE], the value of --cert. A backslash takes the meaning from a colon or a backslash behind it. A
 * PKCS#11 URI is full of colons and is taken whole.
 */
export function splitCertificate(value: string): { file: string; passphrase: string | null } {
  if (/^pkcs11:/i.test(value)) return { file: value, passphrase: null };
  let path = "";
  for (let i = 0; i < value.length; i++) {
    const char = value.charAt(i);
    const next = value.charAt(i + 1);
    if (char === ":") return { file: path, passphrase: value.slice(i + 1) };
    if (char === "\\" && (next === ":" || next === "\\")) {
      path += next;
      i++;
    } else path += char;
  }
  return { file: path, passphrase: null };
}

export const TLS_OPTIONS: readonly Option[] = [
  file(
    {
      long: "cacert",
      hint: "file",
      nonblank: true,
      mustExist: true,
      group: "tls",
      help: "CA certificates to verify the server with",
      doc: "Verifies the server against the certificates in this PEM file and no others. The file has to exist.",
      examples: ["mpcurl --cacert company-ca.pem https://intranet.example.com/"],
      seeAlso: ["capath", "insecure"],
    },
    (operation, value) => {
      operation.tls.cacert = value;
    },
  ),
  file(
    {
      long: "capath",
      hint: "dir",
      nonblank: true,
      group: "tls",
      help: "Directory of CA certificates",
      doc: "Verifies the server against the PEM files in this directory.",
      examples: ["mpcurl --capath /etc/company/certs https://intranet.example.com/"],
      seeAlso: ["cacert", "insecure"],
    },
    (operation, value) => {
      operation.tls.capath = value;
    },
  ),
  file(
    {
      long: "cert",
      short: "E",
      hint: "certificate[:password]",
      group: "tls",
      help: "Client certificate and its password",
      doc: "Shows this PEM certificate to a server that asks for one. The private key is taken from the same file unless --key names another. A colon in the file's name is written with a backslash before it, and so is a backslash.",
      examples: [
        "mpcurl -E client.pem:secret https://example.com/",
        "mpcurl --cert client.pem --key client.key https://example.com/",
      ],
      seeAlso: ["key", "pass"],
    },
    (operation, value) => {
      const { file: path, passphrase } = splitCertificate(value);
      operation.tls.cert = path;
      if (passphrase !== null) operation.tls.passphrase = passphrase;
    },
  ),
  flag(
    {
      long: "insecure",
      short: "k",
      group: "tls",
      help: "Do not verify the server's certificate",
      doc: "Goes on when the certificate is not trusted or names another host. Whoever sits on the network can then read and change everything.",
      examples: ["mpcurl -k https://localhost:8443/"],
      seeAlso: ["cacert"],
    },
    (operation, on) => {
      operation.tls.insecure = on;
    },
  ),
  file(
    {
      long: "key",
      hint: "file",
      nonblank: true,
      group: "tls",
      help: "Private key of the client certificate",
      doc: "The PEM file with the private key that belongs to --cert.",
      examples: ["mpcurl --cert client.pem --key client.key https://example.com/"],
      seeAlso: ["cert", "pass"],
    },
    (operation, value) => {
      operation.tls.key = value;
    },
  ),
  text(
    {
      long: "pass",
      hint: "phrase",
      nonblank: true,
      group: "tls",
      help: "Password of the private key",
      doc: "Opens the private key that --key or --cert names. A password behind the colon of a later --cert replaces it.",
      examples: ["mpcurl --cert client.pem --key client.key --pass secret https://example.com/"],
      seeAlso: ["cert", "key"],
    },
    (operation, value) => {
      operation.tls.passphrase = value;
    },
  ),
  choice(
    {
      long: "tls-max",
      hint: "version",
      group: "tls",
      help: "Highest TLS version to use",
      doc: "One of default, 1.0, 1.1, 1.2 and 1.3. The lowest version is 1.2 unless another option says otherwise; a highest below the lowest is an error.",
      examples: ["mpcurl --tls-max 1.2 https://example.com/"],
      seeAlso: ["tlsv1.2", "tlsv1.3"],
    },
    VERSIONS,
    (operation, version) => {
      operation.tls.maxVersion = version;
    },
  ),
  atLeast("tlsv1", 769, {
    short: "1",
    help: "Use TLS 1.0 or later",
    doc: "Allows TLS from version 1.0 on. These old versions have known weaknesses.",
  }),
  atLeast("tlsv1.0", 769, {
    help: "Use TLS 1.0 or later",
    doc: "Allows TLS from version 1.0 on. These old versions have known weaknesses.",
  }),
  atLeast("tlsv1.1", 770, {
    help: "Use TLS 1.1 or later",
    doc: "Allows TLS from version 1.1 on. These old versions have known weaknesses.",
  }),
  atLeast("tlsv1.2", 771, {
    help: "Use TLS 1.2 or later",
    doc: "Allows TLS from version 1.2 on, which is the default.",
  }),
  atLeast("tlsv1.3", 772, {
    help: "Use TLS 1.3 or later",
    doc: "Allows no TLS version before 1.3.",
  }),
];
