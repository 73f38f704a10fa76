import { authorityOf } from "../../shared/role-in.ts";
import type { Actor, Role } from "../../shared/schema/admin.ts";
import { type Command, command as commandSchema } from "../objects/flag-store/commands.ts";
import { decide } from "../objects/flag-store/decide/decide.ts";
import type { Decision } from "../objects/flag-store/decide/decision.ts";
import type { ListDraft } from "../objects/flag-store/decide/list-draft.ts";
import {
  type Body,
  type Change,
  ENTITIES,
  type Entity,
  type ProjectView,
  type Row,
} from "../objects/flag-store/entities.ts";
import type { Result } from "../result.ts";

type CommandInput = (typeof commandSchema)["_input"];

interface Surroundings {
  role?: Role;
  /** Other roles, in single environments. */
  environments?: Record<string, Role>;
  /** Instead of a person with the role. */
  actor?: Actor;
  /** For commands on a long list. */
  list?: ListDraft;
  ifVersion?: number;
  comment?: string;
}

const place = (entity: Entity, environment: string, key: string) => `${entity}\n${environment}\n${key}`;

/** A project in memory, decided upon as the store does it: parsed commands, rows parsed when read, JSON in between. */
export class FakeProject implements ProjectView {
  revision = 0;
  now = Date.parse("2026-11-22T12:00:00Z");
  readonly #rows = new Map<string, { row: Omit<Row<Entity>, "body">; body: string }>();
  readonly #history: { revision: number; changes: Change[] }[] = [];

  /** Changes of the history that commands have asked for. */
  changesRead = 0;

  /** A project "shop" with the environments named. */
  static with(...environments: string[]): FakeProject {
    const project = new FakeProject();
    project.must({ type: "putProject", environments });
    return project;
  }

  run(
    input: CommandInput,
    { role = "admin", environments, actor: given, ifVersion, comment = "", list }: Surroundings = {},
  ): Result<Decision> {
    const command: Command = commandSchema.parse(input);
    const revision = this.revision + 1;
    const authority = authorityOf(role, environments);
    const actor = given ?? { type: "token" as const, id: "tok", name: "Ada", role: authority.role };
    const past = (isMeant: (revision: number) => boolean) => {
      const found = this.#history.filter((one) => isMeant(one.revision)).flatMap(({ changes }) => changes);
      this.changesRead += found.length;
      return found;
    };
    const historySince = (since: number) => (since < revision ? past((one) => one > since) : null);
    const historyOf = (wanted: number) => (wanted < revision ? past((one) => one === wanted) : null);
    const asked = {
      view: this,
      actor,
      grants: authority.grants,
      comment,
      revision,
      now: ++this.now,
      ifVersion,
      list: list ?? null,
    };
    const decided = decide(command, { ...asked, project: "shop", historySince, historyOf });
    if (decided.ok && decided.value.changes.length > 0) this.#apply(decided.value.changes, revision);
    return decided;
  }

  /** Runs a command that has to be accepted. */
  must(input: CommandInput, surroundings?: Surroundings): Decision {
    const decided = this.run(input, surroundings);
    if (!decided.ok) throw new Error(`${input.type} was refused: ${JSON.stringify(decided.rejection)}`);
    return decided.value;
  }

  /** The code of the refusal; null when the command was accepted. */
  refusal(input: CommandInput, surroundings?: Surroundings): string | null {
    const decided = this.run(input, surroundings);
    return decided.ok ? null : decided.rejection.code;
  }

  get<E extends Entity>(entity: E, environment: string, key: string): Row<E> | null {
    const stored = this.#rows.get(place(entity, environment, key));
    if (!stored) return null;
    return { ...stored.row, body: ENTITIES[entity].parse(JSON.parse(stored.body)) as Body<E> } as Row<E>;
  }

  list<E extends Entity>(entity: E, environment?: string): Row<E>[] {
    return [...this.#rows.values()]
      .map(({ row }) => row)
      .filter((row) => row.entity === entity && (environment === undefined || row.environment === environment))
      .sort((a, b) => (place(entity, a.environment, a.key) < place(entity, b.environment, b.key) ? -1 : 1))
      .map((row) => this.get(entity, row.environment, row.key) as Row<E>);
  }

  mentioning<E extends Entity>(entity: E, text: string): Row<E>[] {
    return this.list(entity).filter((row) =>
      this.#rows.get(place(entity, row.environment, row.key))?.body.includes(text),
    );
  }

  count(entity: Entity, environment?: string): number {
    return this.list(entity, environment).length;
  }

  /** Stores a document as it is, as an earlier version of the code has left it. */
  put<E extends Entity>(entity: E, environment: string, key: string, body: Body<E>): void {
    this.#apply([{ entity, environment, key, before: null, after: body } as Change], this.revision);
  }

  /** All bodies of these kinds, in one comparable value. */
  documents(...entities: Entity[]): Record<string, unknown> {
    const rows = entities.flatMap((entity) => this.list(entity));
    return Object.fromEntries(rows.map((row) => [place(row.entity, row.environment, row.key), row.body]));
  }

  /** Puts a document there as an earlier version may have stored it, whatever commands would say today. */
  store<E extends Entity>(entity: E, environment: string, key: string, body: Body<E>): void {
    const before = this.get(entity, environment, key)?.body ?? null;
    this.#apply([{ entity, environment, key, before, after: body } as Change], this.revision + 1);
  }

  #apply(changes: Change[], revision: number): void {
    for (const { entity, environment, key, after } of changes) {
      const at = place(entity, environment, key);
      if (after === null) {
        this.#rows.delete(at);
        continue;
      }
      const known = this.#rows.get(at)?.row;
      const version = (known?.version ?? 0) + 1;
      const createdAt = known?.createdAt ?? this.now;
      const row = { entity, environment, key, version, createdAt, updatedAt: this.now, revision };
      this.#rows.set(at, { row, body: JSON.stringify(after) });
    }
    this.#history.push({ revision, changes: JSON.parse(JSON.stringify(changes)) as Change[] });
    this.revision = revision;
  }
}

/** A release flag with the variants on, off and blue; off serves when it is off. */
export const aFlag = (over: Partial<Extract<CommandInput, { type: "putFlag" }>["definition"]> = {}) => ({
  type: "string" as const,
  variants: { on: "on", off: "off", blue: "blue" },
  offVariant: "off",
  ...over,
});

/** A rule for everybody that splits evenly on the unit's key, in parts of 100,000. */
export const aSplit = (...weights: [string, number][]) => ({
  split: weights.map(([variant, weight]) => ({ variant, weight })),
});
export const everybody = { all: [] };
