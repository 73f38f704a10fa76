import { writeFileSync } from "node:fs";
import { CompactSign, SignJWT, UnsecuredJWT } from "jose";

// Makes vectors.json anew: node test/signed-contexts/make-vectors.ts

const secret = `bdj_${"0123456789abcdef".repeat(4)}`;
const kid = "sig_vectors";
const audience = "shop/production";
/** Seconds since 1970. */
const now = 1_800_000_000;

const bytes = (text: string) => new TextEncoder().encode(text);
const encoded = (text: string) => Buffer.from(text).toString("base64url");
const claims = { aud: audience, exp: now + 600, sub: "ann", context: { plan: "gold" } };
const sign = (payload: object, header: object = {}, key = secret) =>
  new SignJWT(payload as never).setProtectedHeader({ alg: "HS256", kid, ...header }).sign(bytes(key));
/** A payload or header that no JWT library makes. */
const raw = (payload: string, header: object = {}) =>
  new CompactSign(bytes(payload)).setProtectedHeader({ alg: "HS256", kid, ...header }).sign(bytes(secret));

const plain = await sign(claims);
const [head = "", body = "", signature = ""] = plain.split(".");
const without = (name: keyof typeof claims) => sign({ ...claims, [name]: undefined });
const gold = { userId: "ann", plan: "gold" };
/** The last character of 32 bytes in base64url has two bits that say nothing: another spelling of the same bytes. */
const respelled = signature.replace(/.$/, (last) => {
  const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  return alphabet[alphabet.indexOf(last) ^ 1] ?? "";
});

const taken: [what: string, token: string, context: object][] = [
  ["a user and an attribute", plain, gold],
  ["a header with typ", await sign(claims, { typ: "JWT" }), gold],
  ["header parameters that mean nothing here (RFC 7515, 4)", await sign(claims, { cty: "x", "x-trace": "1" }), gold],
  ["claims that mean nothing here (RFC 7519, 4)", await sign({ ...claims, iss: "shop", jti: "1", iat: now }), gold],
  ["an audience among several (RFC 7519, 4.1.3)", await sign({ ...claims, aud: ["other", audience] }), gold],
  ["no user", await without("sub"), { plan: "gold" }],
  ["no attributes", await without("context"), { userId: "ann" }],
  ["neither", await sign({ aud: audience, exp: now + 600 }), {}],
  ["a userId beside sub", await sign({ ...claims, context: { userId: "bob" } }), { userId: "bob" }],
  [
    "a signed context inside",
    await sign({ ...claims, context: { blastdoorContext: "x", a: 1 } }),
    { userId: "ann", a: 1 },
  ],
  ["an end with a fraction (RFC 7519, 2)", await sign({ ...claims, exp: now + 0.5 }), gold],
  ["an end one second ahead", await sign({ ...claims, exp: now + 1 }), gold],
  ["an end 31 days ahead", await sign({ ...claims, exp: now + 31 * 86_400 }), gold],
  ["a beginning by a clock that is a minute ahead", await sign({ ...claims, nbf: now + 60 }), gold],
  ["letters of other scripts", await sign({ ...claims, sub: "Łukasz 🚀" }), { ...gold, userId: "Łukasz 🚀" }],
  ["white space in the payload", await raw(JSON.stringify(claims, null, 2)), gold],
  [
    "objects and lists",
    await sign({ ...claims, context: { cart: { total: 12.5, items: ["a", "b"], gift: null } } }),
    { userId: "ann", cart: { total: 12.5, items: ["a", "b"], gift: null } },
  ],
];

const refused: [what: string, token: string, reason: string][] = [
  ["no signature (RFC 7519, 6)", new UnsecuredJWT(claims).encode(), "HS256"],
  ["alg none with a kid", `${encoded(JSON.stringify({ alg: "none", kid }))}.${body}.`, "HS256"],
  ["HS384", await sign(claims, { alg: "HS384" }), "HS256"],
  ["HS512", await sign(claims, { alg: "HS512" }), "HS256"],
  [
    "alg in small letters (RFC 7515, 4.1.1)",
    `${encoded(JSON.stringify({ alg: "hs256", kid }))}.${body}.${signature}`,
    "HS256",
  ],
  ["no kid", await sign(claims, { kid: undefined }), '"kid"'],
  ["an unknown kid", await sign(claims, { kid: "sig_other" }), "unknown or revoked"],
  ["another secret", await sign(claims, {}, `bdj_${"f".repeat(64)}`), "wrong signature"],
  ["the secret without its prefix", await sign(claims, {}, secret.slice(4)), "wrong signature"],
  [
    "crit (RFC 7515, 4.1.11)",
    await new CompactSign(bytes(JSON.stringify(claims)))
      .setProtectedHeader({ alg: "HS256", kid, crit: ["x-must"], "x-must": true })
      .sign(bytes(secret), { crit: { "x-must": true } }),
    '"crit"',
  ],
  ["an empty signature", `${head}.${body}.`, "wrong signature"],
  ["two parts", `${head}.${body}`, "no compact JWS"],
  ["five parts, as of a JWE (RFC 7516, 7.1)", `${plain}.a.b`, "no compact JWS"],
  [
    "the JSON serialization (RFC 7515, 7.2)",
    JSON.stringify({ protected: head, payload: body, signature }),
    "no compact JWS",
  ],
  ["padding (RFC 7515, 2)", `${plain}=`, "wrong signature"],
  ["a line break", `${plain}\n`, "wrong signature"],
  [
    "Base64 instead of base64url",
    `${head}.${body}.${Buffer.alloc(32, 255).toString("base64").replace("=", "")}`,
    "wrong signature",
  ],
  ["another spelling of the signature (RFC 4648, 3.5)", `${head}.${body}.${respelled}`, "wrong signature"],
  ["another payload", `${head}.${encoded(JSON.stringify({ ...claims, sub: "bob" }))}.${signature}`, "wrong signature"],
  ["a payload that is a list", await raw("[]"), "payload"],
  ["a payload that is no JSON", await raw("ann"), "payload"],
  ["no audience", await without("aud"), '"aud"'],
  ["the audience of another environment", await sign({ ...claims, aud: "shop/staging" }), '"aud"'],
  ["the audience in other letters", await sign({ ...claims, aud: "Shop/production" }), '"aud"'],
  ["no end", await without("exp"), '"exp"'],
  ["an end that is text", await raw(JSON.stringify({ ...claims, exp: String(now + 600) })), '"exp"'],
  ["an end in milliseconds", await sign({ ...claims, exp: (now + 600) * 1_000 }), "lasts too long"],
  ["an end this second (RFC 7519, 4.1.4)", await sign({ ...claims, exp: now }), "has expired"],
  ["an end a second over 31 days ahead", await sign({ ...claims, exp: now + 31 * 86_400 + 1 }), "lasts too long"],
  ["a beginning in two minutes (RFC 7519, 4.1.5)", await sign({ ...claims, nbf: now + 120 }), '"nbf"'],
  ["a beginning that is text", await raw(JSON.stringify({ ...claims, nbf: "now" })), '"nbf"'],
  ["an empty user", await sign({ ...claims, sub: "" }), '"sub"'],
  ["a user that is a number", await raw(JSON.stringify({ ...claims, sub: 1 })), '"sub"'],
  ["attributes in a list", await sign({ ...claims, context: [] }), '"context"'],
  ["attributes that are null", await sign({ ...claims, context: null }), '"context"'],
  ["an attribute named __proto__", await raw(JSON.stringify(claims).replace('"plan"', '"__proto__"')), '"context"'],
];

const vectors = [
  ...taken.map(([what, token, context]) => ({ what, token, context })),
  ...refused.map(([what, token, reason]) => ({ what, token, refused: reason })),
];
const file = new URL("./vectors.json", import.meta.url);
writeFileSync(file, `${JSON.stringify({ secret, kid, audience, now, vectors }, null, 2)}\n`);
