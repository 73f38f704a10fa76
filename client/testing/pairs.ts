/** What one group of flags can serve together: a variant of each. */
type Level = readonly (string | null)[];

/**
 * Few rows that show each two variants which users can be served together, at least once. Greedily: each row begins with
 * a pair that is still missing, and takes of every other group what shows most of the others.
 *
 * @returns per row, the number of a level of each group
 */
export function rowsForPairs(groups: readonly (readonly Level[])[]): number[][] {
  const cells = cellsOf(groups);
  const open = new Set(pairsIn(cells));
  const rows: number[][] = [];
  for (const wanted of open) {
    const row = cells.map(() => -1);
    const chosen: number[] = [];
    const take = (group: number, level: number): void => {
      row[group] = level;
      chosen.push(...(cells[group]?.[level] ?? []));
    };
    for (const cell of cellsOfPair(wanted)) {
      const group = cells.findIndex((levels) => levels.some((level) => level.includes(cell)));
      if (row[group] !== -1) continue;
      const [one, other] = cellsOfPair(wanted);
      const levels = cells[group] ?? [];
      const both = levels.findIndex((level) => level.includes(one) && level.includes(other));
      take(group, both < 0 ? levels.findIndex((level) => level.includes(cell)) : both);
    }
    for (const [group, levels] of cells.entries()) {
      if (row[group] !== -1) continue;
      const gains = levels.map((level) => count(level, [...chosen, ...level], open));
      const most = Math.max(...gains);
      const best = [...levels.keys()].filter((level) => gains[level] === most);
      // Equals in turn, each group in a rhythm of its own: always the first would show the same pairs again.
      take(group, best[mixed(rows.length, group) % best.length] as number);
    }
    for (const one of chosen) for (const other of chosen) open.delete(pairOf(one, other));
    rows.push(row);
  }
  return rows;
}

/** The same groups with a number for each variant of each flag. */
function cellsOf(groups: readonly (readonly Level[])[]): number[][][] {
  const numbers = new Map<string, number>();
  return groups.map((levels, group) =>
    levels.map((level) =>
      level.map((variant, flag) => {
        const name = JSON.stringify([group, flag, variant]);
        const number = numbers.get(name) ?? numbers.size;
        numbers.set(name, number);
        return number;
      }),
    ),
  );
}

/** What can be served together: within a group by its levels, of different groups in every way. A variant is a pair with itself. */
function* pairsIn(cells: readonly (readonly (readonly number[])[])[]): Generator<number> {
  for (const levels of cells)
    for (const level of levels) for (const one of level) for (const other of level) yield pairOf(one, other);
  const own = cells.map((levels) => new Set(levels.flat()));
  for (const [at, ones] of own.entries())
    for (const others of own.slice(at + 1))
      for (const one of ones) for (const other of others) yield pairOf(one, other);
}

const MOST_CELLS = 2 ** 20;
const pairOf = (one: number, other: number): number => Math.min(one, other) * MOST_CELLS + Math.max(one, other);
const cellsOfPair = (pair: number): [number, number] => [Math.floor(pair / MOST_CELLS), pair % MOST_CELLS];

/** The same two numbers always come out as the same one, and neighbours as different ones. */
function mixed(row: number, group: number): number {
  let hash = Math.imul(row + 1, 0x9e3779b1) ^ Math.imul(group + 1, 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
  return (hash ^ (hash >>> 13)) >>> 0;
}

/** How many pairs of the one and the other cells are still missing. */
function count(ones: readonly number[], others: readonly number[], open: ReadonlySet<number>): number {
  let found = 0;
  for (const one of ones) for (const other of others) if (open.has(pairOf(one, other))) found++;
  return found;
}
