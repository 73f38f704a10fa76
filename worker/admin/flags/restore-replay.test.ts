import { expect, test } from "vitest";
import { storedSlug } from "../../../shared/schema/names.ts";
import { addBreakGlassKill, readBreakGlass } from "../../kv/break-glass.ts";
import { env } from "../../testing/bindings.ts";
import { api, newShop } from "../../testing/http.ts";
import { PRODUCTION } from "../../testing/names.ts";

/** Above every ordinary kill, as the break-glass route writes it. */
const pressed = (id: string) => ({ id, flag: "public", serve: "off", revision: Number.MAX_SAFE_INTEGER });
const inForce = async (project: string) => {
  const { environments } = await readBreakGlass(env.SNAPSHOTS, storedSlug(project));
  return (environments.production ?? []).map(({ id }) => id);
};

test("a restore that is sent again gets the first answer and lifts no break-glass kill pressed since", async () => {
  const shop = await newShop();
  const project = storedSlug(shop.project);
  const restore = () => api("POST", `${shop.state}/public/restore`, {}, { headers: { "Idempotency-Key": "once" } });
  await addBreakGlassKill(env.SNAPSHOTS, project, PRODUCTION, pressed("bg_first"));
  const first = await restore();
  expect(first.status).toBe(200);
  await expect.poll(() => inForce(project)).toEqual([]);
  await addBreakGlassKill(env.SNAPSHOTS, project, PRODUCTION, pressed("bg_second"));
  const again = await restore();
  expect([again.status, again.json.version]).toEqual([200, first.json.version]);
  // A clean-up would run after the answer.
  await scheduler.wait(200);
  expect(await inForce(project)).toEqual(["bg_second"]);
});
