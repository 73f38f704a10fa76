import { expect, test } from "vitest";
import { signedHeaders } from "./message.ts";

// Made with OpenSSL's HMAC: receivers hold these secrets, so the bytes never change.
const OLD = ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "v1,zeffUK+RgNcnEu+hwCyLz8wH4yBYsh0fi/vM8iOfitA="] as const;
const NEW = [
  "whsec_YSBzZWNyZXQgb2YgdGhpcnR5LXR3byBieXRlcywgb2s/",
  "v1,yv7zca/FdmixKbROuuNUl9OMwZFDiDyih0OLsGbXlGE=",
] as const;
const headersOf = (secrets: readonly string[]) =>
  signedHeaders("msg_p5jXN8AQM9LWM0D4loKWxJek", '{"test": "grüße ✓"}', secrets, 1_614_265_330_999);

test("a message is signed with the bytes that it was always signed with", () => {
  expect(headersOf([OLD[0]])).toEqual({
    "Content-Type": "application/json",
    "User-Agent": "Blastdoor-Webhooks/1",
    "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
    "webhook-timestamp": "1614265330",
    "webhook-signature": OLD[1],
  });
});

test("each secret in force signs, in its order", () => {
  expect(headersOf([NEW[0], OLD[0]])["webhook-signature"]).toBe(`${NEW[1]} ${OLD[1]}`);
});
