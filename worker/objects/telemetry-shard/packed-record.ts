import { EXCLUSION_MARKS } from "../../../shared/schema/telemetry.ts";
import type { Fold, UnitRecord } from "../../../shared/telemetry/tally.ts";

/** As a row holds it: arm, at, arrivedAt, revision, marks as bits, conflict 0/1, country, device, folds, shift if any. */
export type Packed = [number, number, number, number, number, 0 | 1, string | 0, string | 0, (Fold | null)[], number?];

export function pack(record: UnitRecord): Packed {
  const { arm, at, arrivedAt, revision, marks, conflict, country, device, folds, shift } = record;
  const bits = marks.reduce((sum, mark) => sum | (1 << EXCLUSION_MARKS.indexOf(mark)), 0);
  const packed: Packed = [arm, at, arrivedAt, revision, bits, conflict ? 1 : 0, country ?? 0, device ?? 0, folds];
  if (shift) packed.push(shift);
  return packed;
}

export function unpack([
  arm,
  at,
  arrivedAt,
  revision,
  bits,
  conflict,
  country,
  device,
  folds,
  shift,
]: Packed): UnitRecord {
  const marks = EXCLUSION_MARKS.filter((_, index) => bits & (1 << index));
  const record: UnitRecord = { arm, at, arrivedAt, revision, marks, folds };
  if (conflict) record.conflict = true;
  if (country) record.country = country;
  if (device) record.device = device;
  if (shift) record.shift = shift;
  return record;
}
