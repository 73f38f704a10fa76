/** The place of the first that does not come before what is looked for. */
export function firstFrom<T>(sorted: readonly T[], comesBefore: (one: T) => boolean): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (comesBefore(sorted[middle] as T)) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Whether two sets share anything; costs as much as the smaller one is large. */
export function meet(one: ReadonlySet<unknown>, other: ReadonlySet<unknown>): boolean {
  const [few, many] = one.size <= other.size ? [one, other] : [other, one];
  for (const value of few) if (many.has(value)) return true;
  return false;
}

/** Compares code units from the last to the first. */
export function compareEnds(one: string, other: string): number {
  const length = Math.min(one.length, other.length);
  for (let back = 1; back <= length; back++) {
    const order = one.charCodeAt(one.length - back) - other.charCodeAt(other.length - back);
    if (order !== 0) return order;
  }
  return one.length - other.length;
}
