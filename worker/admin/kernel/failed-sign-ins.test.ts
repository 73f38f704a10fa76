import { runInDurableObject } from "cloudflare:test";
import { expect, test } from "vitest";
import { LIMITS } from "../../../shared/limits.ts";
import { sha256 } from "../../crypto/sha256.ts";
import { newApiToken, newId, newSession } from "../../crypto/tokens.ts";
import type { Directory } from "../../objects/directory/directory.ts";
import { directory } from "../../objects/stubs.ts";
import { env } from "../../testing/bindings.ts";
import { api, done } from "../../testing/http.ts";
import { failures } from "./failed-sign-ins.ts";

/** A token that this isolate has not seen made, as if another one had made it. */
async function strangeToken(): Promise<string> {
  const token = newApiToken();
  const made = { id: newId("tok"), hash: sha256(token), name: "made elsewhere", role: "viewer" as const };
  expect((await directory(env).createToken(made, "test")).ok).toBe(true);
  return token;
}
const from = (address: string, token: string) =>
  api("GET", "/session", undefined, { token, headers: { "CF-Connecting-IP": address } });

/** How often the directory is asked for the bearer of a token while `work` runs. */
async function questions(work: () => Promise<unknown>): Promise<number> {
  let asked = 0;
  const inDirectory = (patch: (directory: Directory) => void) =>
    runInDurableObject(env.DIRECTORY.get(env.DIRECTORY.idFromName("directory")), (object: DurableObject) =>
      patch(object as unknown as Directory),
    );
  await inDirectory((object) => {
    const answer = object.principalOfToken.bind(object);
    object.principalOfToken = (hash) => {
      asked++;
      return answer(hash);
    };
  });
  await work();
  await inDirectory((object) => Reflect.deleteProperty(object, "principalOfToken"));
  return asked;
}
/** Makes a network fail more often than it may. */
const flood = (address: string, tries = 2 * LIMITS.failuresAtOnce) =>
  Promise.all(Array.from({ length: tries }, () => from(address, newApiToken())));

test("a token that this isolate has never seen passes from a network that floods", async () => {
  const address = "192.0.2.9";
  const token = await strangeToken();
  const answers = await flood(address);
  expect(answers.at(-1)?.status).toBe(429);
  const [passed] = await Promise.all([from(address, token), flood(address)]);
  expect(passed.status).toBe(200);
});

test("a secret that was not in the list yet is not remembered to be bad", async () => {
  const address = "192.0.3.9";
  const token = newApiToken();
  await flood(address);
  expect((await from(address, token)).status).toBe(429);
  expect(failures.isBad(sha256(token))).toBe(false);
  const made = { id: newId("tok"), hash: sha256(token), name: "made just now", role: "viewer" as const };
  await directory(env).createToken(made, "test");
  await expect.poll(async () => (await from(address, token)).status).toBe(200);
});

test("a flood of made-up secrets asks the directory a bounded number of times", async () => {
  const asked = await questions(() => flood("192.0.4.9", 10 * LIMITS.failuresAtOnce));
  // Those that it may fail at once; beyond, as many seconds as the flood lasts.
  expect(asked).toBeGreaterThanOrEqual(1);
  expect(asked).toBeLessThan(3 * LIMITS.failuresAtOnce);
});

test("one made-up secret sent again and again is asked about once", async () => {
  const token = newApiToken();
  const asked = await questions(async () => {
    for (let at = 0; at < 5; at++) expect((await from("192.0.5.9", token)).status).toBe(401);
  });
  expect(asked).toBe(1);
});

test("a cookie that is none is answered 401 even from a network that floods", async () => {
  const address = "192.0.6.9";
  await flood(address);
  const headers = { Cookie: `blastdoor=${newSession()}`, "CF-Connecting-IP": address };
  await expect.poll(async () => (await api("GET", "/session", undefined, { token: null, headers })).status).toBe(401);
});

test("counts reach the directory, by network and without the address", async () => {
  await from("192.0.7.77", newApiToken());
  await from("2001:db8:7:1::77", newApiToken());
  const { failures: listed } = await done("GET", "/sign-in-failures");
  const networks = listed.map(({ network }: { network: string }) => network);
  expect(networks).toEqual(expect.arrayContaining(["192.0.7.0/24", "2001:db8:7::/48"]));
  expect(JSON.stringify(networks)).not.toContain("77");
});
