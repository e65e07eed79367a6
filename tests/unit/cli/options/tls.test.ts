import { expect, test } from "bun:test";
import { splitCertificate } from "../../../../src/cli/options/tls.ts";

test.each<[string, string, string | null]>([
  ["client.pem", "client.pem", null],
  ["client.pem:secret", "client.pem", "secret"],
  ["client.pem:", "client.pem", ""],
  ["client.pem:a:b\\c", "client.pem", "a:b\\c"],
  ["a\\:b:c", "a:b", "c"],
  ["a\\\\:c", "a\\", "c"],
  ["a\\b:c", "a\\b", "c"],
  ["a\\", "a\\", null],
  ["", "", null],
  ["pkcs11:object=x;type=cert", "pkcs11:object=x;type=cert", null],
])("splitCertificate %j", (value, file, passphrase) => {
  expect(splitCertificate(value)).toEqual({ file, passphrase });
});
