/** A database that counts the rows which its statements write, and those that they read. */
export function countingSql(sql: SqlStorage): { sql: SqlStorage; rows: () => number; read: () => number } {
  let rows = 0;
  let read = 0;
  const exec = sql.exec.bind(sql);
  const counted = Object.create(sql, {
    databaseSize: { get: () => sql.databaseSize },
    exec: {
      value: (query: string, ...bindings: never[]) => {
        const cursor = exec(query, ...bindings);
        const all = cursor.toArray();
        rows += cursor.rowsWritten;
        read += cursor.rowsRead;
        return Object.assign(all, { toArray: () => all, one: () => all[0], rowsWritten: cursor.rowsWritten });
      },
    },
  });
  return { sql: counted, rows: () => rows, read: () => read };
}

/**
 * The state of an object that counts the rows it writes: those of its statements, and one for each alarm that it sets.
 * Alarms are kept for the test to ring.
 */
export function counting(state: DurableObjectState) {
  let alarms = 0;
  let alarm: number | null = null;
  const counted = countingSql(state.storage.sql);
  const storage = new Proxy(state.storage, {
    get: (target, name) => {
      if (name === "sql") return counted.sql;
      if (name === "setAlarm")
        return async (at: number) => {
          alarms++;
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
  return { state: counter, rows: () => counted.rows() + alarms, alarm: () => alarm };
}
