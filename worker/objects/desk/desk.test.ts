import { runInDurableObject } from "cloudflare:test";
import { describe, expect, test } from "vitest";
import { LIMITS } from "../../../shared/limits.ts";
import { env } from "../../testing/bindings.ts";
import { newName } from "../../testing/names.ts";
import { migrate } from "../kernel/migrations.ts";
import { Desk } from "./desk.ts";
import type { Asker, Question } from "./methods.ts";
import { DESK_MIGRATIONS } from "./migrations.ts";

/** Works on a desk of its own, inside its object. */
function atDesk(work: (desk: Desk, sql: SqlStorage, again: () => Desk) => void | Promise<void>) {
  const stub = env.DESK.get(env.DESK.idFromName(newName()));
  return runInDurableObject(stub, async (_instance: DurableObject, state) => {
    const again = () => new Desk(state, env);
    await work(again(), state.storage.sql, again);
    await state.storage.deleteAlarm();
  });
}

const client = (network: string, key = "key_page"): Asker => ({ key, network, ofServer: false });
const server = (key = "key_server"): Asker => ({ key, network: "", ofServer: true });
let made = 0;
const question = (from: Asker | undefined, over: Partial<Question> = {}): Question => ({
  id: crypto.randomUUID(),
  flag: "advice",
  unit: `unit ${made++}`,
  input: { question: "Which tent?" },
  deadlineSeconds: 3_600,
  fallback: { text: "later" },
  ...(from ? { from } : {}),
  ...over,
});
/** How many of so many questions wait. */
const waits = (desk: Desk, count: number, from: (index: number) => Asker | undefined) => {
  let waiting = 0;
  for (let n = 0; n < count; n++) if (desk.ask(question(from(n))).status === "waiting") waiting++;
  return waiting;
};
const stored = (sql: SqlStorage, status = "%") =>
  sql.exec<{ n: number }>("SELECT count(*) AS n FROM request WHERE status LIKE ?", status).one().n;

test("a cleared desk knows nothing of the flag, or of any, and tells those who wait", () =>
  atDesk(async (desk) => {
    const [advice, other] = [question(client("a")), question(client("b"), { flag: "other" })];
    desk.ask(advice);
    desk.ask(other);
    const asking = desk.wait(advice.id, 20_000);
    desk.clear("advice");
    expect(await asking).toBeNull();
    expect(desk.figures().map(({ flag }) => flag)).toEqual(["other"]);
    waits(desk, 100, () => client("c"));
    desk.clear();
    expect(desk.figures()).toEqual([]);
    expect(await desk.wait(other.id, 0)).toBeNull();
    expect(waits(desk, 1, () => client("c"))).toBe(1);
  }));

describe("a client key's flood of questions", () => {
  test("from one network takes that network's share and stores nothing beyond it", () =>
    atDesk((desk, sql) => {
      expect(waits(desk, 1_000, () => client("attacker"))).toBe(LIMITS.deskWaitingPerNetwork);
      expect(stored(sql)).toBe(LIMITS.deskWaitingPerNetwork);
      expect(waits(desk, 1, () => client("visitor"))).toBe(1);
      expect(desk.figures()[0]).toMatchObject({ waiting: 21, fallbacks: 1_000 - LIMITS.deskWaitingPerNetwork });
    }));

  test("from many networks takes the key's share; another key, and then servers, still find room", () =>
    atDesk((desk, sql) => {
      expect(waits(desk, 1_000, (n) => client(`network ${n}`))).toBe(LIMITS.deskWaitingPerKey);
      expect(waits(desk, 1_000, (n) => client(`network ${n}`, "key_other"))).toBe(LIMITS.deskWaitingPerKey);
      expect(waits(desk, 100, (n) => client(`network ${n}`, "key_third"))).toBe(0);
      expect(waits(desk, 1_000, () => server())).toBe(LIMITS.deskWaiting - LIMITS.deskWaitingOfClients);
      expect(stored(sql)).toBe(LIMITS.deskWaiting);
    }));

  test("in the name of somebody else leaves them their own questions", () =>
    atDesk((desk) => {
      const asVictim = (network: string) => desk.ask(question(client(network), { unit: "victim" })).status;
      const flood = Array.from({ length: 10 }, () => asVictim("attacker"));
      expect(flood.filter((status) => status === "waiting")).toHaveLength(LIMITS.deskWaitingPerUnit);
      expect(asVictim("home")).toBe("waiting");
    }));

  test("by an edge of the version before is a client's", () =>
    atDesk((desk) => {
      expect(waits(desk, 1_000, () => undefined)).toBe(LIMITS.deskWaitingOfClients);
      expect(waits(desk, 1, () => server())).toBe(1);
    }));
});

test("what is refused is answered alike however often it is asked, and waits once there is room", () =>
  atDesk(async (desk, sql) => {
    waits(desk, LIMITS.deskWaitingPerNetwork, () => client("office"));
    const late = question(client("office"));
    for (let n = 0; n < 3; n++)
      expect(desk.ask(late)).toMatchObject({ id: late.id, status: "fallback", answer: late.fallback });
    expect(await desk.wait(late.id, 0)).toBeNull();
    sql.exec("UPDATE request SET status = 'answered', answer = '1', finished_at = 1");
    expect(desk.ask(late).status).toBe("waiting");
    expect(desk.ask(late).status).toBe("waiting");
  }));

test("finished questions are bounded: unanswered ones by themselves, so that they push no answer out", () =>
  atDesk(async (desk, sql) => {
    const row = (status: string, from: number, count: number) =>
      sql.exec(
        `WITH RECURSIVE n(i) AS (SELECT ?2 UNION ALL SELECT i + 1 FROM n WHERE i < ?2 + ?3 - 1)
         INSERT INTO request (id, flag, unit, input, status, created_at, deadline_at, fallback, answer, finished_at)
           SELECT ?1 || i, 'advice', 'u', '1', ?1, i, i, '1', '1', i FROM n`,
        status,
        from,
        count,
      );
    desk.ask(question(server(), { deadlineSeconds: 0 }));
    row("fallback", 1, LIMITS.deskFallbacksKept + 500);
    row("answered", 1, LIMITS.deskAnsweredKept);
    await desk.wait("x", 0);
    expect([stored(sql, "fallback"), stored(sql, "answered")]).toEqual([
      LIMITS.deskFallbacksKept,
      LIMITS.deskAnsweredKept,
    ]);
    // The oldest went.
    expect(sql.exec("SELECT 1 FROM request WHERE id = 'fallback1'").toArray()).toEqual([]);
    const { id } = desk.ask(question(server()));
    const ada = { id: "ada", name: "Ada" };
    desk.claim(id, ada);
    expect(desk.answer(id, ada, "yes").ok).toBe(true);
    expect(stored(sql, "answered")).toBe(LIMITS.deskAnsweredKept);
    expect((await desk.wait(id, 0))?.status).toBe("answered");
  }));

test("a desk of the version before goes on: what waits there is answered, and counts as clients'", () =>
  atDesk(async (_none, sql, again) => {
    const storage = { sql, transactionSync: (work: () => void) => work() } as unknown as DurableObjectStorage;
    migrate(storage, DESK_MIGRATIONS.slice(0, 1));
    const at = Date.now();
    sql.exec(
      `INSERT INTO request (id, flag, unit, input, status, created_at, deadline_at, fallback)
         VALUES ('old', 'advice', 'u', '1', 'waiting', ?, ?, '2')`,
      at,
      at + 60_000,
    );
    const desk = again();
    const ada = { id: "ada", name: "Ada" };
    expect((await desk.live(ada, -1, 0)).requests.map(({ id }) => id)).toEqual(["old"]);
    expect(waits(desk, LIMITS.deskWaitingOfClients + 5, () => undefined)).toBe(LIMITS.deskWaitingOfClients - 1);
    desk.claim("old", ada);
    expect(desk.answer("old", ada, "yes").ok).toBe(true);
  }));
