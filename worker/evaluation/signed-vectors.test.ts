import { expect, test } from "vitest";
import file from "../../test/signed-contexts/vectors.json" with { type: "json" };
import { openSignature } from "./signed-context.ts";

// Tokens of a JOSE library, and what has to come of them. Any signer or checker in any language can replay the file.

interface Vectors {
  secret: string;
  kid: string;
  audience: string;
  /** Seconds since 1970. */
  now: number;
  /** `context`: the attributes that the token vouches for. `refused`: what the reason has to name. */
  vectors: { what: string; token: string; context?: object; refused?: string }[];
}

const { secret, kid, audience, now, vectors } = file as Vectors;
const [project = "", environment = ""] = audience.split("/");
const place = { project, environment, sealKey: "0".repeat(64), signingKeys: new Map([[kid, secret]]) };
const opened = (token: string) => openSignature(place as never, token, now * 1_000);

const believed = vectors.filter((one) => one.context !== undefined);
const refused = vectors.filter((one) => one.refused !== undefined);

test.each(believed)("$what: is believed", ({ token, context }) => {
  expect(opened(token)).toMatchObject({ kid, attributes: context });
  expect((opened(token) as { attributes: object }).attributes).toEqual(context);
});

test.each(refused)("$what: is refused", ({ token, refused: reason }) => {
  expect(opened(token)).toEqual({ refused: expect.stringContaining(reason ?? "") });
});

test("each vector is of one kind, and both kinds are there", () => {
  expect(believed.length + refused.length).toBe(vectors.length);
  expect([believed.length > 10, refused.length > 20]).toEqual([true, true]);
});
