import { expect, test } from "bun:test";
import { basicAuthorization } from "../../../../src/http/auth/basic.ts";

test.each([
  // RFC 7617 §2 and §2.1
  ["Aladdin", "open sesame", "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="],
  ["test", "123\xc2\xa3", "Basic dGVzdDoxMjPCow=="],
  ["", "", "Basic Og=="],
  ["u\xfcx", "p\xe9", "Basic dfx4OnDp"],
])("basicAuthorization of %j and %j", (user, password, expected) => {
  expect(basicAuthorization(user, password)).toBe(expected);
});
