import { describe, expect, test } from "vitest";
import type { Result } from "../../result.ts";
import { newName } from "../../testing/names.ts";
import { accepted, aFlag, envelope, inStore, inTables, must, newProject, storeOf } from "../../testing/store.ts";
import type { Reply } from "./methods.ts";

const state = (flag = "checkout") => ({ type: "patchState", environment: "production", flag }) as const;
const codes = (results: Result<Reply>[]) => results.map((result) => (result.ok ? "accepted" : result.rejection.code));
const counts = (project: string) =>
  inTables(project, (sql) => {
    const of = (table: string) => sql.exec<{ n: number }>(`SELECT count(*) AS n FROM ${table}`).one().n;
    return { documents: of("document"), audit: of("audit"), outbox: of("outbox"), commands: of("command") };
  });

describe("one writer", () => {
  test("gives 50 commands at once 50 revisions without a gap", async () => {
    const project = await newProject();
    const { revision: before } = await must(project, { type: "putProject", name: "Shop" });
    const commands = Array.from({ length: 50 }, (_, index) =>
      must(project, { type: "putFlag", flag: `f${index}`, definition: aFlag }),
    );
    const revisions = (await Promise.all(commands)).map(({ revision }) => revision);
    expect(revisions.sort((a, b) => a - b)).toEqual(Array.from({ length: 50 }, (_, index) => before + 1 + index));
    const rows = await storeOf(project).audit(0, 200);
    expect(rows?.map(({ revision }) => revision)).toEqual(Array.from({ length: before + 50 }, (_, index) => index + 1));
  });

  test("lets one of 50 editors of one version win; 49 are told that it has moved on", async () => {
    const project = await newProject();
    const edits = Array.from({ length: 50 }, (_, index) =>
      storeOf(project).execute(
        envelope(
          project,
          { ...state(), patch: { enabled: true, onStale: { action: "keep", afterSeconds: 5 + index } } },
          { ifVersion: 1 },
        ),
      ),
    );
    const outcome = codes(await Promise.all(edits));
    expect(outcome.filter((code) => code === "accepted")).toHaveLength(1);
    expect(outcome.filter((code) => code === "version-conflict")).toHaveLength(49);
    expect(await storeOf(project).getState("production", "checkout")).toMatchObject({ version: 2 });
  });

  test("does not let edits of different flags conflict", async () => {
    const project = await newProject();
    const flags = Array.from({ length: 20 }, (_, index) => `f${index}`);
    for (const flag of flags) await must(project, { type: "putFlag", flag, definition: aFlag });
    const edits = flags.map((flag) =>
      storeOf(project).execute(envelope(project, { ...state(flag), patch: { enabled: true } }, { ifVersion: 1 })),
    );
    expect(codes(await Promise.all(edits))).toEqual(flags.map(() => "accepted"));
  });
});

describe("a command of one id", () => {
  test("is carried out once and answered alike, also when sent twice at the same time", async () => {
    const project = await newProject();
    const sent = envelope(project, { ...state(), patch: { enabled: true } }, { id: "once" });
    const replies = (await Promise.all([1, 2, 3].map(() => storeOf(project).execute(sent)))).map(accepted);
    replies.push(accepted(await storeOf(project).execute(sent)));
    expect(new Set(replies.map(({ revision }) => revision)).size).toBe(1);
    expect(new Set(replies.map(({ view }) => JSON.stringify(view))).size).toBe(1);
    expect(replies.map(({ replayed }) => replayed ?? false)).toEqual([false, true, true, true]);
  });

  test("is answered alike after the document has moved on", async () => {
    const project = await newProject();
    const sent = envelope(project, { ...state(), patch: { enabled: true } }, { id: "once" });
    const first = accepted(await storeOf(project).execute(sent));
    await must(project, { ...state(), patch: { enabled: false } });
    expect(accepted(await storeOf(project).execute(sent))).toMatchObject({
      revision: first.revision,
      view: first.view,
    });
    expect(await storeOf(project).getState("production", "checkout")).toMatchObject({ enabled: false });
  });

  test("cannot be another command, nor another person's", async () => {
    const project = await newProject();
    const sent = envelope(project, { ...state(), patch: { enabled: true } }, { id: "once" });
    await storeOf(project).execute(sent);
    const other = { ...sent, command: { ...state(), patch: { enabled: false } } };
    const somebody = { ...sent, actor: { ...sent.actor, id: "tok_2" } };
    expect(codes(await Promise.all([other, somebody].map((one) => storeOf(project).execute(one))))).toEqual([
      "idempotency-key-reused",
      "idempotency-key-reused",
    ]);
  });

  test("that changed nothing is not carried out later either", async () => {
    const project = await newProject();
    const kill = { type: "kill", environment: "production", flag: "checkout" } as const;
    await must(project, kill);
    const late = await must(project, kill, { id: "late" });
    expect(late).toMatchObject({ changed: false, view: { kills: [{ flag: "checkout" }] } });
    await must(project, { ...kill, type: "restore" });
    expect(await must(project, kill, { id: "late" })).toMatchObject({ ...late, changes: [], replayed: true });
    expect(await storeOf(project).getState("production", "checkout")).toMatchObject({ kills: [] });
  });

  test("that was refused can be sent again: refusals are not remembered", async () => {
    const project = await newProject();
    const sent = envelope(project, { ...state("late"), patch: { enabled: true } }, { id: "once" });
    expect(codes([await storeOf(project).execute(sent)])).toEqual(["flag-not-found"]);
    await must(project, { type: "putFlag", flag: "late", definition: aFlag });
    expect(codes([await storeOf(project).execute(sent)])).toEqual(["accepted"]);
  });

  test("with dryRun decides and answers, and changes nothing", async () => {
    const project = await newProject();
    const before = await counts(project);
    const dry = await must(project, { ...state(), patch: { enabled: true } }, { dryRun: true });
    expect(dry).toMatchObject({ changed: true, changes: [{ entity: "state", after: { enabled: true } }] });
    expect(await counts(project)).toEqual(before);
  });
});

describe.each(["document", "audit", "outbox", "command", "change_log"])("a fault while writing the %s", (table) => {
  test("keeps nothing of the command, and the same command succeeds afterwards", async () => {
    const project = await newProject();
    const before = await counts(project);
    const sent = envelope(project, { type: "putFlag", flag: "new", definition: aFlag }, { id: "retried" });
    await inTables(project, (sql) =>
      sql.exec(`CREATE TRIGGER fault BEFORE INSERT ON ${table} BEGIN SELECT RAISE(ABORT, 'injected'); END`),
    );
    const failed = inStore(project, {}, (store) => store.execute(sent).then(() => "kept", String));
    expect(await failed).toContain("injected");
    expect(await counts(project)).toEqual(before);
    await inTables(project, (sql) => sql.exec("DROP TRIGGER fault"));
    expect(await storeOf(project).getFlag("new")).toBeNull();
    expect(accepted(await storeOf(project).execute(sent)).revision).toBe(before.audit + 1);
  });
});

describe("asking for a project that was never made", () => {
  test("leaves no tables, whatever is asked", async () => {
    const project = newName();
    const store = storeOf(project);
    expect(
      await Promise.all([store.getProject(), store.pointer(), store.listFlags(false), store.exportProject()]),
    ).toEqual([null, null, null, null]);
    expect(
      await Promise.all([store.audit(0, 10), store.snapshot("production", "0"), store.draft("production")]),
    ).toEqual([null, null, null]);
    const refused = await store.execute(envelope(project, { type: "kill", environment: "production", flag: "f" }));
    expect(codes([refused])).toEqual(["project-not-found"]);
    const tables = await inTables(project, (sql) => sql.exec("SELECT name FROM sqlite_master").toArray());
    expect(tables.filter(({ name }) => !String(name).startsWith("_cf_"))).toEqual([]);
  });
});

test("a backup is put in place by administrators only, whatever route or program asks", async () => {
  const project = await newProject();
  const sent = { part: 0, rows: [], last: true, replace: true };
  for (const role of ["viewer", "marketer", "engineer"] as const) {
    const actor = { type: "token", id: "tok_1", name: "Ada", role } as const;
    const refused = await storeOf(project).restorePart(project, sent, actor);
    expect(refused).toEqual({ ok: false, rejection: { code: "forbidden", needs: "the role admin" } });
  }
});

test("a refused change leaves nothing behind, and its id free for who may make it", async () => {
  const project = await newProject();
  const before = await counts(project);
  const actor = { type: "token", id: "tok_1", name: "Ada", role: "engineer" } as const;
  const make = { type: "putEnvironment", environment: "qa" } as const;
  const refused = await storeOf(project).execute(envelope(project, make, { id: "once", actor }));
  expect(codes([refused])).toEqual(["forbidden"]);
  expect(await counts(project)).toEqual(before);
  const admin = { ...actor, role: "admin" } as const;
  expect(accepted(await storeOf(project).execute(envelope(project, make, { id: "once", actor: admin }))).created).toBe(
    true,
  );
});
