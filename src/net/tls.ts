// TLS on a stream: what is offered, whom we trust, and the words for a refusal.
//
// Here: options for Bun's TLS (BoringSSL), the judgement of the server's certificate, errors mapped to curl's codes
// 35, 58, 60 and 77. Not here: the socket (stream.ts). The certificate is judged before a byte of ours leaves: Bun
// verifies chain and name, literal addresses are compared here, for Bun would send them as SNI (RFC 6066 §3 forbids).
//
// Trust is the distribution's bundle, as with curl: an administrator who took a root out of it meant it. Bun's own
// default would add the roots that are built into Bun. Only a system without any bundle gets those.

import type { Socket, TLSOptions } from "bun";
import { fileExists } from "#ffi/io.ts";
import { textOf } from "../bytes.ts";
import { CurlError } from "../error.ts";
import { isIpAddress } from "../ip-address.ts";
import type { CertificateFacts, Trace } from "../trace.ts";
import type { SocketError, SocketStream } from "./stream.ts";

/** TLS versions as BoringSSL numbers them: 1.0, 1.1, 1.2, 1.3. */
export type TlsVersion = 769 | 770 | 771 | 772;

export interface TlsSpec {
  /** false: -k. */
  readonly verify: boolean;
  readonly trust: Trust;
  readonly minVersion: TlsVersion;
  readonly maxVersion: TlsVersion;
  readonly clientCertificate: ClientCertificate | null;
  /** Whether Connection.certificates is wanted; it costs a walk over the chain. */
  readonly collectCertificates: boolean;
}

/** Whose signature makes a server's certificate good. "system": the distribution's bundle. */
export type Trust =
  | { readonly kind: "system" }
  | { readonly kind: "file"; readonly path: string }
  | { readonly kind: "pem"; readonly pem: readonly string[]; readonly from: string };

/** PEM files; `keyFile` may be the same as `certFile`. Byte strings. */
export interface ClientCertificate {
  readonly certFile: string;
  readonly keyFile: string;
  readonly passphrase: string | null;
}

/** Where distributions keep the bundle: Debian and Arch, Fedora and RHEL, openSUSE, Alpine and others. */
const SYSTEM_BUNDLES = [
  "/etc/ssl/certs/ca-certificates.crt",
  "/etc/pki/tls/certs/ca-bundle.crt",
  "/etc/ssl/ca-bundle.pem",
  "/etc/ssl/cert.pem",
];

/** One protocol name with its length before it, as RFC 7301 §3.1 has it on the wire. */
const ALPN_HTTP_1_1 = "\x08http/1.1";

/**
 * Speaks TLS on `stream`, verified.
 * @param serverName the URL's host, IPv6 without brackets
 * @throws CurlError SSL_CONNECT_ERROR, PEER_FAILED_VERIFICATION, SSL_CERTPROBLEM, SSL_CACERT_BADFILE
 */
export async function secure(
  stream: SocketStream,
  { serverName, spec, trace }: { serverName: string; spec: TlsSpec; trace: Trace | undefined },
): Promise<void> {
  const options = tlsOptions(spec, serverName);
  trace?.({ type: "tls-start", trust: trustName(spec), serverName });
  let handshake: Promise<void>;
  try {
    handshake = stream.startTls(options, (socket, error) => {
      const problem = judge(socket, { error, serverName });
      stream.connection.tlsVerifyResult = problem?.verifyResult ?? 0;
      if (problem && spec.verify) throw refusal(problem, socket);
      if (problem?.fatal) throw problem.fatal;
      if (spec.collectCertificates) stream.connection.certificates = chainOf(socket);
      trace?.({
        type: "tls",
        version: socket.getTLSVersion(),
        cipher: socket.getCipher().name,
        alpn: socket.alpnProtocol || null,
        certificate: factsOf(socket),
        problem: problem?.text ?? null,
      });
    });
  } catch (error) {
    throw optionError(error as SocketError, spec);
  }
  await handshake;
}

/** Bun takes paths as text. */
function tlsOptions(spec: TlsSpec, serverName: string): TLSOptions {
  const literal = isIpAddress(serverName);
  const client = spec.clientCertificate;
  return {
    ...trustOptions(spec),
    ...(literal ? {} : { serverName }),
    ...(client && { certFile: textOf(client.certFile), keyFile: textOf(client.keyFile) }),
    ...(client?.passphrase != null && { passphrase: client.passphrase }),
    // Explicit, or NODE_TLS_REJECT_UNAUTHORIZED of the environment would decide. Without a serverName Bun 1.4.5 compares
    // the certificate with "localhost", so for an address it must not refuse by itself: judge() does.
    rejectUnauthorized: spec.verify && !literal,
    // curl's default: a chain may end at an intermediate that the user trusts.
    allowPartialTrustChain: true,
    minVersion: spec.minVersion,
    maxVersion: spec.maxVersion,
    ALPNProtocols: ALPN_HTTP_1_1,
  };
}

function trustOptions(spec: TlsSpec): TLSOptions {
  if (!spec.verify) return {};
  switch (spec.trust.kind) {
    case "file":
      return { caFile: textOf(spec.trust.path) };
    case "pem":
      return { ca: [...spec.trust.pem] };
    case "system": {
      const bundle = SYSTEM_BUNDLES.find(fileExists);
      return bundle ? { caFile: bundle } : {};
    }
  }
}

function trustName(spec: TlsSpec): string {
  if (!spec.verify) return "none";
  if (spec.trust.kind === "file") return spec.trust.path;
  if (spec.trust.kind === "pem") return spec.trust.from;
  return SYSTEM_BUNDLES.find(fileExists) ?? "built-in roots";
}

interface Problem {
  readonly code: string;
  /** OpenSSL's X509_V_ERR number, 1 where it has none; what %{ssl_verify_result} prints. */
  readonly verifyResult: number;
  readonly text: string;
  /** The wrong-name message is curl's own; the others begin with OpenSSL's words. */
  readonly wrongName: boolean;
  /** Not a matter of trust: the handshake itself failed, -k or not. */
  readonly fatal: CurlError | null;
}

/** By Bun's code: OpenSSL's number and words (x509_vfy.h; `openssl errstr` and verify(1) print the same). */
const VERIFY_RESULTS: { readonly [code: string]: readonly [number, string] } = {
  UNABLE_TO_GET_ISSUER_CERT: [2, "unable to get issuer certificate"],
  CERT_SIGNATURE_FAILURE: [7, "certificate signature failure"],
  CERT_NOT_YET_VALID: [9, "certificate is not yet valid"],
  CERT_HAS_EXPIRED: [10, "certificate has expired"],
  DEPTH_ZERO_SELF_SIGNED_CERT: [18, "self-signed certificate"],
  SELF_SIGNED_CERT_IN_CHAIN: [19, "self-signed certificate in certificate chain"],
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: [20, "unable to get local issuer certificate"],
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: [21, "unable to verify the first certificate"],
  CERT_CHAIN_TOO_LONG: [22, "certificate chain too long"],
  CERT_REVOKED: [23, "certificate revoked"],
  INVALID_CA: [24, "invalid CA certificate"],
  PATH_LENGTH_EXCEEDED: [25, "path length constraint exceeded"],
  INVALID_PURPOSE: [26, "unsupported certificate purpose"],
  CERT_UNTRUSTED: [27, "certificate not trusted"],
  CERT_REJECTED: [28, "certificate rejected"],
};

function judge(
  socket: Socket<SocketStream>,
  { error, serverName }: { error: SocketError | null; serverName: string },
): Problem | null {
  const literal = isIpAddress(serverName);
  const code = error?.code ?? "";
  const known = VERIFY_RESULTS[code];
  if (error && known) {
    return { code, verifyResult: known[0], text: known[1], wrongName: false, fatal: null };
  }
  if (code === "ERR_TLS_CERT_ALTNAME_INVALID") {
    // Reported only where the chain is good. For an address the name that Bun compared is not the one that was asked for.
    if (!literal) return wrongName(socket, serverName);
  } else if (error) {
    return {
      code,
      verifyResult: 1,
      text: error.message,
      wrongName: false,
      fatal: handshakeError(error),
    };
  }
  const certificate = socket.getPeerX509Certificate();
  const fits = literal
    ? certificate.checkIP(serverName) !== undefined
    : fitsWithoutPartialWildcards(certificate, serverName);
  return fits ? null : wrongName(socket, serverName);
}

/**
 * RFC 9525 §6.3: a wildcard is a whole label. Bun 1.4.5 lets "f*.example" stand for "foo.example"; where a certificate
 * has such a name, one of its others must do.
 */
function fitsWithoutPartialWildcards(
  { subject, subjectAltName }: { subject: string; subjectAltName: string | undefined },
  serverName: string,
): boolean {
  const listed = [...(subjectAltName ?? "").matchAll(/DNS:([^,]*)/g)];
  const named = listed.length > 0 ? listed : [...subject.matchAll(/^CN=(.*)$/gm)];
  const names = named.map((match) => nameInLowerCase(match[1] ?? ""));
  if (!names.some((name) => name.replace(/^\*\./, "").includes("*"))) return true;
  const host = nameInLowerCase(serverName);
  return names.includes(host) || names.includes(host.replace(/^[^.]*/, "*"));
}

function nameInLowerCase(name: string): string {
  return name.toLowerCase().replace(/\.$/, "");
}

function wrongName(socket: Socket<SocketStream>, serverName: string): Problem {
  const target = isIpAddress(serverName) ? "ipv4 address" : "hostname";
  const kind = serverName.includes(":") ? "ipv6 address" : target;
  const text = `no alternative certificate subject name matches target ${kind} '${serverName}' (it has: ${namesOf(socket)})`;
  return { code: "WRONG_NAME", verifyResult: 0, text, wrongName: true, fatal: null };
}

function namesOf(socket: Socket<SocketStream>): string {
  const certificate = socket.getPeerX509Certificate();
  const names = certificate.subjectAltName?.replaceAll("DNS:", "").replaceAll("IP Address:", "");
  return names || certificate.subject.replaceAll("\n", ", ") || "no name";
}

function refusal(problem: Problem, socket: Socket<SocketStream>): CurlError {
  if (problem.fatal) return problem.fatal;
  if (problem.wrongName) return new CurlError("PEER_FAILED_VERIFICATION", `SSL: ${problem.text}`);
  const certificate = socket.getPeerX509Certificate();
  const dates =
    problem.code === "CERT_HAS_EXPIRED"
      ? ` It ended ${certificate.validTo}.`
      : problem.code === "CERT_NOT_YET_VALID"
        ? ` It begins ${certificate.validFrom}.`
        : "";
  const subject = certificate.subject.replaceAll("\n", ", ");
  return new CurlError(
    "PEER_FAILED_VERIFICATION",
    `SSL certificate OpenSSL verify result: ${problem.text} (${problem.verifyResult}). The certificate is for ${subject}.${dates}`,
  );
}

function handshakeError(error: SocketError): CurlError {
  // BoringSSL's text names its source file and line first; people need its last part.
  const text = error.message.replace(/^.*OPENSSL_internal:/, "").replace(/\s+/g, " ");
  const detail =
    error.code === "ECONNRESET"
      ? "the peer closed the connection during the handshake"
      : text === "WRONG_VERSION_NUMBER"
        ? "WRONG_VERSION_NUMBER (the peer does not speak TLS on this port; perhaps it is http://)"
        : text;
  return new CurlError("SSL_CONNECT_ERROR", `TLS connect error: ${detail}`, { cause: error });
}

/** Bun refuses options before the handshake: a bundle that is none, a client certificate that does not load. */
function optionError(error: SocketError, spec: TlsSpec): Error {
  const code = error.code ?? "";
  if (
    spec.clientCertificate &&
    /^ERR_OSSL|KEY|CERT|PEM|BAD_DECRYPT|keyFile|certFile/.test(`${code} ${error.message}`) &&
    !/CA/.test(error.message)
  ) {
    const { certFile, keyFile } = spec.clientCertificate;
    const files = certFile === keyFile ? `'${certFile}'` : `'${certFile}' with key '${keyFile}'`;
    return new CurlError(
      "SSL_CERTPROBLEM",
      `could not load the client certificate ${files}: ${error.message}`,
      {
        cause: error,
      },
    );
  }
  if (!code) return error;
  return new CurlError(
    "SSL_CACERT_BADFILE",
    `error adding trust anchors from ${trustName(spec)}: ${error.message}. It must hold certificates in PEM form`,
    { cause: error },
  );
}

function factsOf(socket: Socket<SocketStream>): CertificateFacts | null {
  const certificate = socket.getPeerX509Certificate();
  if (!certificate) return null;
  const line = (text: string): string => text.replaceAll("\n", "; ");
  return {
    subject: line(certificate.subject),
    issuer: line(certificate.issuer),
    validFrom: certificate.validFrom,
    validTo: certificate.validTo,
    names: certificate.subjectAltName ?? "",
  };
}

/** The chain that the server sent, leaf first, as PEM. */
function chainOf(socket: Socket<SocketStream>): string[] {
  interface Link {
    readonly raw?: Uint8Array;
    readonly issuerCertificate?: Link;
  }
  const chain: string[] = [];
  const seen = new Set<Link>();
  // `false` asks for the whole chain (Bun 1.4.5; bun-types gives the method no parameter).
  const peer = socket.getPeerCertificate as (abbreviated: boolean) => Link;
  for (
    let link: Link | undefined = peer.call(socket, false);
    link?.raw && !seen.has(link);
    link = link.issuerCertificate
  ) {
    seen.add(link);
    const base64 = link.raw.toBase64().replace(/.{1,64}/g, "$&\n");
    chain.push(`-----BEGIN CERTIFICATE-----\n${base64}-----END CERTIFICATE-----\n`);
  }
  return chain;
}
