import type { Range } from "../../schema/flag.ts";

interface Arm {
  readonly variant: string;
  readonly weight: number;
}

/**
 * The ranges of a split. Without `previous`, contiguous in the split's order. With it, exactly the sum of the
 * increases moves, and only from shrinking arms (removed ones shrink to nothing) to growing ones, however many
 * arms there are. Growing arms prefer parts beside their own, so raising and lowering a share again tends to
 * restore the ranges it had. Normalised: ascending, adjacent ranges of one variant merged, none empty.
 *
 * @param split weights that add up to SPLIT_TOTAL, each variant once
 * @param previous ranges that tile 0..SPLIT_TOTAL
 */
export function allocate(split: readonly Arm[], previous?: readonly Range[]): Range[] {
  if (!previous || previous.length === 0) return contiguous(split);
  let ranges = normalise(previous);
  /** Parts each arm still has to give (negative) or get (positive). */
  const due = new Map<string, number>(split.map((arm) => [arm.variant, arm.weight]));
  for (const { variant, from, to } of ranges) due.set(variant, (due.get(variant) ?? 0) - (to - from));
  for (const { variant } of split) {
    for (let missing = due.get(variant) ?? 0; missing > 0; missing = due.get(variant) ?? 0) {
      const donor = chooseDonor(ranges, variant, due);
      if (!donor) return contiguous(split);
      const { range, fromEnd } = donor;
      const parts = Math.min(missing, range.to - range.from, -(due.get(range.variant) ?? 0));
      const taken = fromEnd
        ? { variant, from: range.to - parts, to: range.to }
        : { variant, from: range.from, to: range.from + parts };
      const kept = fromEnd ? { ...range, to: taken.from } : { ...range, from: taken.to };
      ranges = normalise([...ranges.filter((other) => other !== range), kept, taken]);
      due.set(variant, missing - parts);
      due.set(range.variant, (due.get(range.variant) ?? 0) + parts);
    }
  }
  return ranges;
}

/** Each arm's parts after those of the arms before it. */
export function contiguous(split: readonly Arm[]): Range[] {
  let next = 0;
  return normalise(
    split.map(({ variant, weight }) => {
      const from = next;
      next += weight;
      return { variant, from, to: next };
    }),
  );
}

/**
 * A shrinking arm's range beside one of the growing arm's. Without such a neighbour, the end of an arm that stands
 * before it in the split, else the start of another: where the contiguous ranges would have it.
 */
function chooseDonor(
  ranges: readonly Range[],
  variant: string,
  due: ReadonlyMap<string, number>,
): { range: Range; fromEnd: boolean } | undefined {
  const gives = (range: Range | undefined): range is Range => range !== undefined && (due.get(range.variant) ?? 0) < 0;
  for (const [index, own] of ranges.entries()) {
    if (own.variant !== variant) continue;
    const after = ranges[index + 1];
    if (gives(after)) return { range: after, fromEnd: false };
    const before = ranges[index - 1];
    if (gives(before)) return { range: before, fromEnd: true };
  }
  const order = [...due.keys()];
  const mine = order.indexOf(variant);
  const earlier = ranges.filter((range) => gives(range) && order.indexOf(range.variant) < mine).at(-1);
  if (earlier) return { range: earlier, fromEnd: true };
  const range = ranges.find(gives);
  return range && { range, fromEnd: false };
}

function normalise(ranges: readonly Range[]): Range[] {
  const merged: Range[] = [];
  for (const range of [...ranges].sort((a, b) => a.from - b.from)) {
    if (range.to <= range.from) continue;
    const last = merged.at(-1);
    if (last && last.variant === range.variant && last.to === range.from) last.to = range.to;
    else merged.push({ ...range });
  }
  return merged;
}
