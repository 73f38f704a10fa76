/**
 * The state of an object that counts the rows it writes: those of its statements, and one for each alarm that it sets.
 * Alarms are kept for the test to ring.
 */
export function counting(state: DurableObjectState) {
  let rows = 0;
  let alarm: number | null = null;
  const { sql } = state.storage;
  const exec = sql.exec.bind(sql);
  const counted = Object.create(sql, {
    databaseSize: { get: () => sql.databaseSize },
    exec: {
      value: (query: string, ...bindings: unknown[]) => {
        const cursor = exec(query, ...(bindings as never[]));
        const all = cursor.toArray();
        rows += cursor.rowsWritten;
        return Object.assign(all, { toArray: () => all, one: () => all[0], rowsWritten: cursor.rowsWritten });
      },
    },
  });
  const storage = new Proxy(state.storage, {
    get: (target, name) => {
      if (name === "sql") return counted;
      if (name === "setAlarm")
        return async (at: number) => {
          rows++;
          alarm = at;
        };
      if (name === "deleteAlarm")
        return async () => {
          alarm = null;
        };
      if (name === "getAlarm") return async () => alarm;
      const value = Reflect.get(target, name);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
  const counter = new Proxy(state, {
    get: (target, name) => {
      if (name === "storage") return storage;
      const value = Reflect.get(target, name);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
  return { state: counter, rows: () => rows, alarm: () => alarm };
}
