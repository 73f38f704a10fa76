import { createHmac } from "node:crypto";
import { expect, test } from "vitest";
import { jws } from "../testing/jws.ts";
import { toBase64Url } from "./base64.ts";
import { openJws } from "./jws.ts";

const secretOf = (kid: string) => (kid === "k1" ? "the secret" : null);
const good = jws({ a: 1 }, "the secret", { kid: "k1" });
const [head = "", body = "", signature = ""] = good.split(".");
const encoded = (text: string) => toBase64Url(new TextEncoder().encode(text));

test("a token signed with the key that it names opens", () => {
  expect(openJws(good, secretOf)).toEqual({ kid: "k1", payload: { a: 1 } });
});

test("the payload of RFC 7515 A.1 opens: CRLF and spaces in its JSON are signed as they stand", () => {
  // The example's own key is binary and its header names none, so the payload is signed anew.
  const payload = "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";
  const signed = `${head}.${payload}`;
  const proof = toBase64Url(new Uint8Array(createHmac("sha256", "the secret").update(signed).digest()));
  const opened = { kid: "k1", payload: { iss: "joe", exp: 1300819380, "http://example.com/is_root": true } };
  expect(openJws(`${signed}.${proof}`, secretOf)).toEqual(opened);
});

test.each([
  ["no token", "", "compact JWS"],
  ["two parts", `${head}.${body}`, "compact JWS"],
  ["four parts", `${good}.x`, "compact JWS"],
  ["an encrypted token's five parts", "a.b.c.d.e", "compact JWS"],
  ["a header that is no JSON", `${encoded("{")}.${body}.${signature}`, "header"],
  ["a header that is an array", `${encoded("[]")}.${body}.${signature}`, "header"],
  ["no algorithm", jws({}, "the secret", { kid: "k1", alg: "none" }), "HS256"],
  ["another algorithm", jws({}, "the secret", { kid: "k1", alg: "HS512" }), "HS256"],
  ["an algorithm in other letters", jws({}, "the secret", { kid: "k1", alg: "hs256" }), "HS256"],
  ["a public-key algorithm", jws({}, "the secret", { kid: "k1", alg: "RS256" }), "HS256"],
  ["an extension", jws({}, "the secret", { kid: "k1", crit: ["b64"], b64: false }), "crit"],
  ["no kid", jws({}, "the secret", {}), "kid"],
  ["a kid that is no text", jws({}, "the secret", { kid: 1 }), "kid"],
  ["a kid of all objects", jws({}, "the secret", { kid: "constructor" }), "unknown or revoked"],
  ["an unknown kid", jws({}, "the secret", { kid: "k2" }), "unknown or revoked"],
  ["another secret", jws({ a: 1 }, "other", { kid: "k1" }), "wrong signature"],
  ["no signature", `${head}.${body}.`, "wrong signature"],
  ["a shortened signature", good.slice(0, -4), "wrong signature"],
  ["another payload", `${head}.${encoded('{"a":2}')}.${signature}`, "wrong signature"],
  ["another header", `${encoded('{"alg":"HS256","kid":"k1","x":1}')}.${body}.${signature}`, "wrong signature"],
  ["padding", `${good}=`, "wrong signature"],
  ["white space", `${good} `, "wrong signature"],
  ["a payload that is no object", jws([1], "the secret", { kid: "k1" }), "payload"],
])("%s is refused", (_what, token, why) => {
  expect(openJws(token, secretOf)).toEqual({ refused: expect.stringContaining(why) });
});
