import type { Change } from "../entities.ts";
import type { ProjectTables } from "../project-tables.ts";
import { type Added, ENTRY_ENTITIES, entryTouched, mostAdded, RENDERING, renderEntry } from "./render-entry.ts";

/** Entries rendered within a command's transaction; those of larger changes wait for slices of their own. */
const AT_ONCE = 8;
/** Entries of one slice, and characters of documents read for them: a few milliseconds. */
const SLICE_ENTRIES = 16;
const SLICE_CHARS = 128 * 1024;

/** Entries that still have to be rendered, with what they can come to at most. */
type Owed = { name: string } & Added;
/** Among what is derived: how far the entries that an earlier version rendered have been weighed. */
const WEIGHED = "weights";
const ALL = "all";

/**
 * Keeps the rendered entries of every environment equal to what its documents make, a few at a time. What still has to
 * be rendered stands in tables: names that changes touched, and, where nothing was rendered before, how far a sweep
 * over all documents has come. Only inside a transaction.
 */
export class Renderer {
  readonly #tables: ProjectTables;

  constructor(tables: ProjectTables) {
    this.#tables = tables;
  }

  /** Renders everything anew where nothing is rendered, or where an earlier version of the code has rendered it. */
  begin(): void {
    const { derived, documents } = this.#tables;
    const rendering = derived.get("rendering");
    // What is rendered from now on is weighed with it.
    if (rendering === undefined) derived.set(WEIGHED, ALL);
    if (rendering === RENDERING) return;
    for (const { key } of documents.list("environment")) this.#sweep(key);
    derived.set("rendering", RENDERING);
  }

  /** After a command's changes: renders the entries that they touch, or notes that they have to be. */
  follow(changes: readonly Change[]): void {
    const { rendered, sql } = this.#tables;
    for (const { entity, key, before, after } of changes) {
      if (entity !== "environment") continue;
      if (after === null) this.#forget(key);
      else if (before === null) this.#sweep(key);
    }
    const touched = this.#touchedBy(changes);
    const inPlace = touched.length <= AT_ONCE;
    for (const { environment, name, bytes, tested, weight } of touched) {
      if (inPlace) this.#render(environment, name);
      else
        sql.exec(
          `INSERT INTO render_owed (environment, name, bytes, tested, weight) VALUES (?, ?, ?, ?, ?)
           ON CONFLICT (environment, name) DO UPDATE SET
             bytes = bytes + excluded.bytes, tested = tested + excluded.tested, weight = weight + excluded.weight`,
          environment,
          name,
          bytes,
          tested,
          weight,
        );
    }
    if (inPlace) for (const environment of new Set(touched.map((one) => one.environment))) rendered.settle(environment);
  }

  /** The entries that changes touch, with what they can add to each. Not those that a sweep has still to come to. */
  #touchedBy(changes: readonly Change[]): ({ environment: string } & Owed)[] {
    const { documents, sql } = this.#tables;
    const touched = new Map<string, { environment: string } & Owed>();
    const swept = new Map<string, string>();
    for (const { environment, after } of sql.exec<{ environment: string; after: string }>("SELECT * FROM render_sweep"))
      swept.set(environment, after);
    const names = changes.map(entryTouched);
    const everywhere = names.some((name) => name !== null) ? documents.list("environment").map(({ key }) => key) : [];
    for (const [index, change] of changes.entries()) {
      const name = names[index] ?? null;
      if (name === null) continue;
      const added = mostAdded(change);
      for (const environment of everywhere) {
        if (change.environment !== "" && change.environment !== environment) continue;
        if (name > (swept.get(environment) ?? name)) continue;
        const known = touched.get(`${environment}/${name}`);
        touched.set(`${environment}/${name}`, { environment, name, ...(known ? sumOf(added, known) : added) });
      }
    }
    return [...touched.values()];
  }

  /** Renders a slice of what an environment is owed. True: everything is rendered, as the documents stand now. */
  renderSlice(environment: string): boolean {
    if (this.isComplete(environment)) return true;
    const { documents, rendered, sql } = this.#tables;
    const until = documents.charsRead + SLICE_CHARS;
    const waiting = sql
      .exec<{ name: string }>("SELECT name FROM render_owed WHERE environment = ? LIMIT ?", environment, SLICE_ENTRIES)
      .toArray();
    for (const { name } of waiting) {
      if (documents.charsRead > until) break;
      this.#render(environment, name);
    }
    if (waiting.length === 0) this.#sweepOn(environment, until);
    rendered.settle(environment);
    return this.isComplete(environment);
  }

  /** Whether the rendered entries of an environment are those of its documents. */
  isComplete(environment: string): boolean {
    const [open] = this.#tables.sql.exec(
      `SELECT 1 FROM render_owed WHERE environment = ?1 UNION ALL
       SELECT 1 FROM render_sweep WHERE environment = ?1 LIMIT 1`,
      environment,
    );
    return open === undefined;
  }

  /** What an environment's snapshot holds, at most; null while that is unknown. */
  most(environment: string): Added | null {
    const { rendered, sql } = this.#tables;
    if (sql.exec("SELECT 1 FROM render_sweep WHERE environment = ?", environment).toArray().length > 0) return null;
    const known = rendered.sums(environment);
    const owed = sql
      .exec<{ bytes: number; tested: number; weight: number }>(
        `SELECT coalesce(sum(bytes), 0) AS bytes, coalesce(sum(tested), 0) AS tested,
           coalesce(sum(weight), 0) AS weight FROM render_owed WHERE environment = ?`,
        environment,
      )
      .one();
    return sumOf(owed, { ...known, weight: rendered.weight(environment) });
  }

  /** Whether every rendered entry has been weighed: those of earlier versions were not. */
  get isWeighed(): boolean {
    return this.#tables.derived.get(WEIGHED) === ALL;
  }

  /** Weighs some of them. True: all of them are. */
  weighSlice(): boolean {
    const { derived, rendered } = this.#tables;
    const known = derived.get(WEIGHED);
    if (known === ALL) return true;
    const last = rendered.weighSome(known === undefined ? ["", ""] : (JSON.parse(known) as [string, string]));
    derived.set(WEIGHED, last === null ? ALL : JSON.stringify(last));
    return last === null;
  }

  /** Environments that something is owed to. */
  unfinished(): string[] {
    const rows = this.#tables.sql.exec<{ environment: string }>(
      "SELECT environment FROM render_sweep UNION SELECT environment FROM render_owed",
    );
    return [...rows].map(({ environment }) => environment);
  }

  /** Everything of an environment has to be rendered, also what is there already. */
  #sweep(environment: string): void {
    this.#tables.sql.exec("INSERT OR REPLACE INTO render_sweep (environment, after) VALUES (?, '')", environment);
  }

  #sweepOn(environment: string, until: number): void {
    const { documents, sql } = this.#tables;
    const [sweep] = sql.exec<{ after: string }>("SELECT after FROM render_sweep WHERE environment = ?", environment);
    if (!sweep) return;
    let { after } = sweep;
    const { names, upTo } = this.#namesAfter(environment, after);
    for (const name of names) {
      if (documents.charsRead > until) break;
      this.#render(environment, name);
      after = name;
    }
    if (after === names.at(-1) || names.length === 0) after = upTo ?? after;
    if (names.length === 0 && upTo === null) sql.exec("DELETE FROM render_sweep WHERE environment = ?", environment);
    else sql.exec("UPDATE render_sweep SET after = ? WHERE environment = ?", after, environment);
  }

  /**
   * The next names of a sweep: of documents, and of entries whose documents are gone.
   *
   * @returns `upTo`: how far the sweep is once it has them; null: there are no more
   */
  #namesAfter(environment: string, after: string): { names: string[]; upTo: string | null } {
    const { documents, rendered } = this.#tables;
    for (const entity of ENTRY_ENTITIES) {
      const kindEnd = `${entity}/~`;
      if (kindEnd <= after) continue;
      const from = after > `${entity}/` ? after.slice(entity.length + 1) : "";
      const place = entity === "key" ? environment : "";
      const keys = documents.keysAfter(entity, place, from, SLICE_ENTRIES);
      const last = keys.length < SLICE_ENTRIES ? kindEnd : `${entity}/${keys.at(-1)}`;
      const begin = from === "" ? `${entity}/` : after;
      const stored = rendered.names(environment, begin, last, 2 * SLICE_ENTRIES);
      const names = [...new Set([...keys.map((key) => `${entity}/${key}`), ...stored])].sort();
      // Many entries without documents: as far as those that were read.
      const upTo = stored.length < 2 * SLICE_ENTRIES ? last : (stored.at(-1) as string);
      return { names: names.filter((name) => name <= upTo), upTo };
    }
    return { names: [], upTo: null };
  }

  #render(environment: string, name: string): void {
    const { documents, meta, rendered, sql } = this.#tables;
    rendered.put(
      environment,
      name,
      renderEntry(documents, environment, name, (salt) => meta.listKey(salt)),
    );
    sql.exec("DELETE FROM render_owed WHERE environment = ? AND name = ?", environment, name);
  }

  #forget(environment: string): void {
    const { rendered, sql } = this.#tables;
    rendered.forget(environment);
    sql.exec("DELETE FROM render_owed WHERE environment = ?", environment);
    sql.exec("DELETE FROM render_sweep WHERE environment = ?", environment);
  }
}

const sumOf = (a: Added, b: Added): Added => ({
  bytes: a.bytes + b.bytes,
  tested: a.tested + b.tested,
  weight: a.weight + b.weight,
});
