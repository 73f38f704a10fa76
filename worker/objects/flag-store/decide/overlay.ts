import type { Change, Entity, ProjectView, Row } from "../entities.ts";

/** The project as it would stand with the changes made. */
export function overlay(view: ProjectView, changes: readonly Change[]): ProjectView {
  const place = (entity: Entity, environment: string, key: string) => `${entity}\n${environment}\n${key}`;
  const changed = new Map(changes.map((c) => [place(c.entity, c.environment, c.key), c]));
  const untouched = <E extends Entity>(rows: Row<E>[]): Row<E>[] =>
    rows.filter((row) => !changed.has(place(row.entity, row.environment, row.key)));
  const rowOf = <E extends Entity>(c: Change): Row<E> | null =>
    c.after === null
      ? null
      : {
          entity: c.entity as E,
          environment: c.environment,
          key: c.key,
          version: 0,
          body: c.after as Row<E>["body"],
          createdAt: 0,
          updatedAt: 0,
          revision: 0,
        };
  const changedRows = <E extends Entity>(entity: E, environment?: string): Row<E>[] =>
    changes
      .filter((c) => c.entity === entity && (environment === undefined || c.environment === environment))
      .flatMap((c) => rowOf<E>(c) ?? []);
  const list = <E extends Entity>(entity: E, environment?: string): Row<E>[] => [
    ...untouched(view.list(entity, environment)),
    ...changedRows(entity, environment),
  ];
  return {
    get: (entity, environment, key) => {
      const c = changed.get(place(entity, environment, key));
      return c ? rowOf(c) : view.get(entity, environment, key);
    },
    list,
    mentioning: (entity, text) => [
      ...untouched(view.mentioning(entity, text)),
      ...changedRows(entity).filter((row) => JSON.stringify(row.body).includes(text)),
    ],
    count: (entity, environment) => {
      let count = view.count(entity, environment);
      for (const { before, after, ...c } of changed.values())
        if (c.entity === entity && (environment === undefined || c.environment === environment))
          count += Number(after !== null) - Number(before !== null);
      return count;
    },
  };
}
