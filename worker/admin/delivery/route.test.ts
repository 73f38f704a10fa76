import { describe, expect, test } from "vitest";
import { csv } from "../../http/csv.ts";
import { api, done, evaluate, fetched, newShop } from "../../testing/http.ts";
import { inTables } from "../../testing/store.ts";

const HOUR = 3_600_000;
const ago = (ms: number) => new Date(Date.now() - ms).toISOString();

describe("delivery figures", () => {
  test("of a shop in which a release was killed by monitoring, from the alert's start to off at the edge", async () => {
    const shop = await newShop();
    const dora = async () => done("GET", `${shop.at}/dora?environment=production&days=7`);
    const now = Date.now();
    await done("POST", `${shop.at}/deployments`, {
      id: "build-7",
      environment: "production",
      version: "7",
      committedAt: new Date(now - 5 * HOUR).toISOString(),
      finishedAt: new Date(now - HOUR).toISOString(),
    });
    await done("PATCH", `${shop.state}/server-only`, { fallthrough: { variant: "on" } });
    const onset = ago(90_000);
    const { url } = await done("POST", `${shop.state}/server-only/triggers`, { name: "Pager" });
    await evaluate(shop.server);
    await fetched(url, { method: "POST", body: JSON.stringify({ comment: "errors", startedAt: onset }) });

    let figures = await dora();
    for (let turn = 0; turn < 100 && figures.timeToRestore.count === 0; turn++) {
      await scheduler.wait(100);
      await evaluate(shop.server);
      figures = await dora();
    }
    // Three flags were made and released by newShop's PUT, then one of them more widely.
    expect(figures.deploymentFrequency).toMatchObject({ deployments: 1, releases: 4 });
    expect(figures.leadTime).toEqual({ value: 4 * HOUR, count: 1 });
    expect(figures.changeFailureRate).toEqual({ value: 1 / 5, count: 5, failed: 1 });
    const [incident] = figures.incidents;
    expect(incident).toMatchObject({ flag: "server-only", cause: "trigger", onsetAt: onset });
    const restored = Date.parse(incident.confirmedAt) - Date.parse(onset);
    expect(figures.timeToRestore).toEqual({ value: restored, count: 1, withoutOnset: 0, unconfirmed: 0 });
    expect(restored).toBeGreaterThanOrEqual(90_000);
    expect(Date.parse(incident.confirmedAt)).toBeGreaterThanOrEqual(Date.parse(incident.killedAt));
  });

  test("a person may say since when; who does not is counted apart", async () => {
    const shop = await newShop();
    await done("POST", `${shop.state}/public/kill`, { onsetAt: ago(60_000) });
    await done("POST", `${shop.state}/targeted/kill`, {});
    const { incidents, timeToRestore } = await done("GET", `${shop.at}/dora`);
    expect(
      incidents.map(({ flag, onsetAt }: { flag: string; onsetAt: string | null }) => [flag, onsetAt !== null]),
    ).toEqual([
      ["targeted", false],
      ["public", true],
    ]);
    expect(timeToRestore.withoutOnset).toBe(1);
  });

  test("are the same after the tables were lost and built anew from the audit", async () => {
    const shop = await newShop();
    await done("POST", `${shop.state}/public/kill`, { onsetAt: ago(60_000) });
    const read = () =>
      inTables(shop.project, (sql) => sql.exec("SELECT * FROM delivery_event ORDER BY revision, flag").toArray());
    const before = (await read()).map((row) => ({ ...row, confirmed_at: null }));
    await inTables(shop.project, (sql) => {
      sql.exec("DELETE FROM delivery_event");
      sql.exec("DELETE FROM meta WHERE name = 'delivery_built'");
    });
    const { inStore } = await import("../../testing/store.ts");
    await inStore(shop.project, {}, async () => {});
    expect(before.length).toBeGreaterThan(3);
    expect((await read()).map((row) => ({ ...row, confirmed_at: null }))).toEqual(before);
  });

  test("as CSV, one row a week, nothing of which is a formula", async () => {
    const shop = await newShop();
    const { status, headers, text } = await api("GET", `${shop.at}/dora/export?from=2026-11-02&to=2026-11-15`);
    expect([status, headers.get("Content-Type")]).toEqual([200, "text/csv; charset=utf-8"]);
    expect(text.split("\r\n")).toEqual([
      "week,environment,deployments,releases,failed,lead_time_hours,time_to_restore_hours",
      "2026-11-02,production,0,0,0,,",
      "2026-11-09,production,0,0,0,,",
      "",
    ]);
    expect(csv([['=HYPERLINK("x")', "a,b", 'say "hi"', -1]])).toBe('"\'=HYPERLINK(""x"")","a,b","say ""hi""",-1\r\n');
  });

  test.each([["days=0"], ["days=400"], ["from=yesterday"], ["from=2026-11-10&to=2026-11-01"], ["from=2020-01-01"]])(
    "of the window %s are refused",
    async (query) => {
      const shop = await newShop();
      expect((await api("GET", `${shop.at}/dora?${query}`)).status).toBe(422);
    },
  );

  test("of an environment that is not there: 404", async () => {
    const shop = await newShop();
    expect((await api("GET", `${shop.at}/dora?environment=moon`)).json.code).toBe("environment-not-found");
  });
});

test("a deployment is told twice by a CI that retries, and stands once", async () => {
  const shop = await newShop();
  const body = { id: "run-1", environment: "production", version: "1", url: "https://ci.example.com/1" };
  expect((await api("POST", `${shop.at}/deployments`, body)).status).toBe(201);
  expect((await api("POST", `${shop.at}/deployments`, { ...body, status: "rolled-back" })).json.status).toBe(
    "rolled-back",
  );
  const { deployments } = await done("GET", `${shop.at}/deployments?environment=production`);
  expect(deployments).toMatchObject([{ id: "run-1", status: "rolled-back", version: "1" }]);
  for (const wrong of [{ url: "javascript:alert(1)" }, { status: "fine" }, { id: "a b" }])
    expect((await api("POST", `${shop.at}/deployments`, { ...body, ...wrong })).status).toBe(422);
});
