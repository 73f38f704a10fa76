import { describe, expect, test } from "vitest";
import { ProjectTables } from "../../objects/flag-store/project-tables.ts";
import { resilienceOf } from "../../objects/flag-store/resilience/resilience.ts";
import { api, done, fetched, newShop, newToken } from "../../testing/http.ts";
import { countingSql } from "../../testing/rows.ts";
import { inTables } from "../../testing/store.ts";

type Found = { id: string; title: string; evidence: unknown[]; action: { path: string; request: { path: string } } };
const idsOf = ({ findings }: { findings: Found[] }): string[] => findings.map(({ id }) => id);

describe("a resilience review", () => {
  test("finds what the shop's own changes show, and no longer finds it once it is mended", async () => {
    const shop = await newShop();
    const review = () => done("GET", `${shop.at}/resilience?environment=production`);
    await done("PATCH", `${shop.state}/public`, { fallthrough: { variant: "on" }, rules: [] });
    const before = await review();
    expect(idsOf(before)).toEqual(
      expect.arrayContaining(["one-step/public", "unguarded/public", "no-drill", "no-owner", "no-freeze", "no-budget"]),
    );
    const radii = before.findings.map(({ blastRadius }: { blastRadius: number }) => blastRadius);
    expect(radii).toEqual([...radii].sort((a: number, b: number) => b - a));
    const [release] = before.findings.find(({ id }: Found) => id === "one-step/public").evidence;
    const { revision } = await done("GET", shop.at);
    expect(release).toMatchObject({ text: "Reach changed from 0% to 100%", by: "Administrator", revision });

    await done("PUT", `${shop.state}/public/plan`, {
      variant: "on",
      baseline: "off",
      stages: [{ audience: { share: 1_000 } }],
    });
    await done("POST", `${shop.state}/public/triggers`, { name: "Pager" });
    await done("PATCH", `${shop.at}/flags/public`, { owner: "payments" });
    await done("POST", `${shop.at}/environments/production/drill/run`);
    await done("PUT", `${shop.at}/budget`, { evaluationsPerMonth: 1_000_000, warnAt: 0.8 });
    await done("PUT", `${shop.at}/environments/production/freezes/weekend`, {
      name: "Weekend",
      weekly: { days: ["saturday"], from: "00:00", until: "23:59", timeZone: "Europe/Berlin" },
    });
    const after = idsOf(await review());
    for (const id of ["one-step/public", "unguarded/public", "no-drill", "no-freeze", "no-budget"])
      expect(after).not.toContain(id);
    expect(after).toContain("no-owner");
  });

  test("does as a request what its actions say", async () => {
    const shop = await newShop();
    await done("PATCH", `${shop.state}/public`, { fallthrough: { variant: "on" }, rules: [] });
    const { findings } = await done("GET", `${shop.at}/resilience`);
    for (const { id, action } of findings) {
      const { method, path, body } = action.request;
      const { status, text } = await api(method, path.replace("/api/v1", ""), body);
      expect([id, status < 300, text]).toEqual([id, true, text]);
    }
    expect(findings.length).toBeGreaterThan(5);
  });

  test("is Markdown for who asks for it, by header or by address", async () => {
    const shop = await newShop();
    const at = `${shop.at}/resilience`;
    for (const answer of [
      await api("GET", at, undefined, { headers: { Accept: "text/markdown" } }),
      await api("GET", `${at}?format=markdown`),
    ]) {
      expect(answer.headers.get("Content-Type")).toBe("text/markdown; charset=utf-8");
      expect(answer.text).toMatch(/^# Resilience review: /);
    }
    const browsers = await api("GET", at, undefined, { headers: { Accept: "text/html,application/json,*/*" } });
    expect(browsers.headers.get("Content-Type")).toBe("application/json");
    expect((await api("GET", `${at}?format=pdf`)).status).toBe(422);
  });

  test("is for every viewer of the project, of an environment that is there", async () => {
    const shop = await newShop();
    const { token } = await newToken("viewer", shop.project);
    expect((await api("GET", `${shop.at}/resilience`, undefined, { token })).status).toBe(200);
    expect((await api("GET", `${shop.at}/resilience`, undefined, { token: null })).status).toBe(401);
    expect((await api("GET", `${shop.at}/resilience?environment=moon`)).json.code).toBe("environment-not-found");
    expect((await done("GET", `${shop.at}/resilience`)).environment).toBe("production");
  });

  test("reads each flag once and a bounded number of changes, whatever their number, and writes nothing", async () => {
    const shop = await newShop();
    const FLAGS = 2_000;
    const CHANGES = 5_000;
    await inTables(shop.project, (sql) => {
      const state = JSON.stringify({
        enabled: true,
        prerequisites: [],
        rules: [],
        fallthrough: { variant: "on" },
      });
      const { body: flag } = sql
        .exec<{ body: string }>("SELECT body FROM document WHERE entity = 'flag' AND key = 'public'")
        .one();
      const numbers = (n: number) => `WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${n})`;
      for (const [entity, environment, body] of [
        ["flag", "", flag],
        ["state", "production", state],
      ] as const)
        sql.exec(
          `${numbers(FLAGS)} INSERT INTO document (entity, environment, key, version, body, created_at, updated_at, revision)
           SELECT ?, ?, 'flag-' || i, 1, ?, 0, 0, 1 FROM n`,
          entity,
          environment,
          body,
        );
      const now = Date.now();
      const actor = JSON.stringify({ type: "token", id: "tok", name: "Ada", role: "engineer" });
      const changes = JSON.stringify([
        { entity: "state", environment: "production", key: "flag-1", before: null, after: JSON.parse(state) },
      ]);
      sql.exec(
        `${numbers(CHANGES)} INSERT INTO audit (revision, at, actor, action, comment, changes, previous_hash, hash)
         SELECT 1000 + i, ?, ?, 'patchState', '', ?, '', '' FROM n`,
        now,
        actor,
        changes,
      );
      sql.exec(
        `${numbers(CHANGES)} INSERT INTO delivery_event (environment, flag, revision, kind, cause, at)
         SELECT 'production', 'flag-1', 1000 + i, 'release', 'person', ? FROM n`,
        now,
      );
    });
    const { review, read, written } = await inTables(shop.project, (sql) => {
      const counted = countingSql(sql);
      const tables = new ProjectTables(counted.sql);
      const answered = resilienceOf(tables, "production", [], Date.now());
      return { review: answered, read: counted.read(), written: counted.rows() };
    });
    expect(review.changes).toEqual({ read: 1_000, complete: false });
    expect(review.findings.length).toBeLessThanOrEqual(100);
    expect(written).toBe(0);
    // Three rows for a flag, six for each of the thousand changes: indexes count, too. All 5,000 would be 30,000.
    expect(read).toBeLessThan(3 * FLAGS + 6 * 1_001 + 500);
  });
});

describe("an incident", () => {
  const incidentOf = (shop: { at: string }, revision: number, query = "") =>
    `${shop.at}/environments/production/incidents/${revision}${query}`;

  test("tells a kill from the release before it to the release after it, with whom it hit", async () => {
    const shop = await newShop();
    await done("PATCH", `${shop.state}/public`, {
      rules: [],
      fallthrough: {
        split: [
          { variant: "on", weight: 25_000 },
          { variant: "off", weight: 75_000 },
        ],
      },
      comment: "a quarter",
    });
    const onsetAt = new Date(Date.now() - 90_000).toISOString();
    await done("POST", `${shop.state}/public/kill`, { comment: "errors", onsetAt });
    const { revision } = await done("GET", shop.at);
    await done("POST", `${shop.state}/public/restore`, {});
    await done("PATCH", `${shop.state}/public`, { fallthrough: { variant: "on" } });
    const page = await done("GET", incidentOf(shop, revision));
    expect(page).toMatchObject({
      flag: "public",
      kind: "kill",
      variant: null,
      cause: "person",
      by: "Administrator",
      comment: "errors",
      onsetAt,
      people: { exposed: null, harmed: null, share: 0.25 },
      followUps: [],
    });
    const what = page.timeline.map((one: { what: string }) => one.what);
    expect(what.filter((one: string) => !["published", "served", "confirmed"].includes(one))).toEqual([
      "onset",
      "released",
      "taken-back",
      "restored",
      "released-again",
    ]);
    const times = page.timeline.map((one: { at: string }) => one.at);
    expect(times).toEqual([...times].sort());
  });

  test("is no other change, and none of another environment", async () => {
    const shop = await newShop();
    await done("POST", `${shop.state}/public/kill`, {});
    const { revision } = await done("GET", shop.at);
    expect((await api("GET", incidentOf(shop, revision - 1))).json.code).toBe("incident-not-found");
    expect((await api("GET", incidentOf(shop, revision, "?flag=targeted"))).status).toBe(404);
    expect((await api("GET", `${shop.at}/environments/staging/incidents/${revision}`)).status).toBe(404);
    expect((await api("GET", incidentOf(shop, 0))).status).toBe(422);
  });

  test("has follow-ups in the audit; an overdue one is a finding until it is done", async () => {
    const shop = await newShop();
    await done("POST", `${shop.state}/public/kill`, {});
    const { revision } = await done("GET", shop.at);
    const at = `${incidentOf(shop, revision)}/follow-ups`;
    const body = { title: "Alert on errors", owner: "Grace", due: "2026-01-02" };
    const made = await done("POST", at, body);
    expect(made).toMatchObject({ incident: revision, flag: "public", ...body, done: null, overdue: true });
    expect((await done("GET", incidentOf(shop, revision))).followUps).toEqual([made]);
    const isFound = async () =>
      idsOf(await done("GET", `${shop.at}/resilience`)).includes(`overdue-follow-up/${made.id}`);
    expect(await isFound()).toBe(true);
    const one = `${shop.at}/environments/production/follow-ups/${made.id}`;
    expect(await done("PATCH", one, { done: true })).toMatchObject({ doneBy: "Administrator", overdue: false });
    expect(await isFound()).toBe(false);
    const { rows } = await done("GET", `${shop.at}/audit/search?flag=public&limit=2`);
    expect(rows.map(({ action }: { action: string }) => action)).toEqual(["patchFollowUp", "createFollowUp"]);
    await done("DELETE", one);
    expect((await done("GET", `${shop.at}/environments/production/follow-ups`)).followUps).toEqual([]);
  });

  test("takes follow-ups from engineers alone, and says which field is wrong", async () => {
    const shop = await newShop();
    await done("POST", `${shop.state}/public/kill`, {});
    const { revision } = await done("GET", shop.at);
    const at = `${incidentOf(shop, revision)}/follow-ups`;
    const body = { title: "Alert", owner: "Grace", due: "2026-12-02" };
    const { token } = await newToken("marketer");
    expect((await api("POST", at, body, { token })).status).toBe(403);
    for (const [field, value] of [
      ["title", " "],
      ["owner", ""],
      ["due", "tomorrow"],
    ] as const) {
      const { status, json } = await api("POST", at, { ...body, [field]: value });
      expect([status, json.errors[0].field]).toEqual([422, field]);
    }
    expect((await api("POST", at.replace(String(revision), "1"), body)).json.code).toBe("incident-not-found");
    expect((await fetched(`/api/v1${at}`, { method: "POST" })).status).toBe(401);
  });
});
