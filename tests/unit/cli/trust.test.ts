import { describe, expect, test } from "bun:test";
import { planTrust } from "../../../src/cli/trust.ts";
import { MemoryHost, type MemoryHostOptions } from "../../support/memory-host.ts";

const PEM = "-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----\n";
const FILES = {
  "bundle.pem": PEM,
  "dir/ffffffff.1": `${PEM}b`,
  "dir/00c0ffee.0": `${PEM}a`,
  "dir/11111111.0": "no certificate",
  "dir/notes.txt": "no certificate",
  "dir/unhashed.pem": PEM,
  "dir/00c0ffee.r0": PEM,
  "empty/unhashed.pem": PEM,
  "other/22222222.0": `${PEM}c`,
};

function trust(
  given: { cacert?: string; capath?: string },
  env: MemoryHostOptions["env"] = {},
): ReturnType<typeof planTrust> {
  const { cacert = null, capath = null } = given;
  return planTrust({ cacert, capath }, new MemoryHost({ files: FILES, env }));
}

describe("planTrust", () => {
  test("without a word is the system's", async () => {
    expect(await trust({})).toEqual({ kind: "system" });
  });

  test("--cacert is a file, --capath the certificates with hashed names of a directory", async () => {
    expect(await trust({ cacert: "my.pem" })).toEqual({ kind: "file", path: "my.pem" });
    expect(await trust({ capath: "dir" })).toEqual({
      kind: "pem",
      pem: [`${PEM}a`, `${PEM}b`],
      from: "dir",
    });
    expect(await trust({ cacert: "bundle.pem", capath: "dir" })).toEqual({
      kind: "pem",
      pem: [PEM, `${PEM}a`, `${PEM}b`],
      from: "bundle.pem and dir",
    });
  });

  test("several directories count together, as in OpenSSL", async () => {
    expect(await trust({}, { SSL_CERT_DIR: "dir:other" })).toMatchObject({
      pem: [`${PEM}a`, `${PEM}b`, `${PEM}c`],
      from: "dir:other",
    });
  });

  test("CURL_CA_BUNDLE beats SSL_CERT_FILE and SSL_CERT_DIR, which count together", async () => {
    const all = { CURL_CA_BUNDLE: "curl.pem", SSL_CERT_FILE: "bundle.pem", SSL_CERT_DIR: "dir" };
    expect(await trust({}, all)).toEqual({ kind: "file", path: "curl.pem" });
    expect(await trust({}, { ...all, CURL_CA_BUNDLE: "" })).toMatchObject({
      kind: "pem",
      from: "bundle.pem and dir",
    });
    expect(await trust({}, { SSL_CERT_FILE: "ssl.pem" })).toEqual({
      kind: "file",
      path: "ssl.pem",
    });
    expect(await trust({}, { SSL_CERT_DIR: "dir" })).toMatchObject({ kind: "pem", from: "dir" });
  });

  test("options beat the environment, all of it", async () => {
    const env = { CURL_CA_BUNDLE: "curl.pem", SSL_CERT_FILE: "ssl.pem", SSL_CERT_DIR: "nowhere" };
    expect(await trust({ cacert: "my.pem" }, env)).toEqual({ kind: "file", path: "my.pem" });
    expect(await trust({ capath: "dir" }, env)).toMatchObject({ from: "dir" });
  });

  test("an empty variable is none", async () => {
    const env = { CURL_CA_BUNDLE: "", SSL_CERT_FILE: "", SSL_CERT_DIR: "" };
    expect(await trust({}, env)).toEqual({ kind: "system" });
  });

  test("what holds no certificate is 77 and named", async () => {
    for (const [given, named] of [
      [{ capath: "empty" }, "empty"],
      [{ capath: "nowhere" }, "nowhere: No such file or directory"],
      [{ cacert: "dir/notes.txt", capath: "dir" }, "dir/notes.txt"],
      [{ cacert: "missing.pem", capath: "dir" }, "missing.pem: No such file or directory"],
    ] as const) {
      await expect(trust(given)).rejects.toMatchObject({
        exitCode: 77,
        message: expect.stringContaining(named),
      });
    }
  });
});
