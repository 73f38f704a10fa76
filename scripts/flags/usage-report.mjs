/**
 * @typedef {{ key: string, archived: boolean }} Flag
 * @typedef {import("./find-uses.mjs").Use} Use
 * @typedef {{ flag: string, keep?: string | null, reasons: { reason: string, since: string }[] }} Debt
 */

/** @type {Record<string, string>} */
const REASONS = {
  expired: "past its expiry",
  "rolled-out": "everybody has got one variant",
  off: "off for everybody",
  killed: "killed",
  "never-asked": "not asked for",
};

/**
 * What is to be done about each flag, in three lists: code to remove, flags to archive, and the rest.
 *
 * @param {Flag[]} flags
 * @param {Debt[]} debts
 * @param {Map<string, Use[]>} uses
 * @returns {{ removable: string[], unused: string[], used: string[], broken: number }} lines for people; `broken`: uses
 *   of archived flags, which answer as unknown ones do
 */
export function usageReport(flags, debts, uses) {
  const debtOf = new Map(debts.map((debt) => [debt.flag, debt]));
  /** @type {string[]} */
  const removable = [];
  /** @type {string[]} */
  const unused = [];
  /** @type {string[]} */
  const used = [];
  let broken = 0;
  for (const { key, archived } of [...flags].sort((a, b) => (a.key < b.key ? -1 : 1))) {
    const places = uses.get(key) ?? [];
    const debt = debtOf.get(key);
    const where = places.map(({ file, line }) => `      ${file}:${line}`);
    if (archived) {
      if (places.length === 0) continue;
      broken += places.length;
      removable.push(`  ${key}: archived, so code gets its own default`, ...where);
    } else if (debt && debt.reasons.length > 0) {
      const why = debt.reasons.map(({ reason, since }) => `${REASONS[reason] ?? reason} since ${since.slice(0, 10)}`);
      const keep =
        debt.keep === undefined
          ? ""
          : `; keep what ${debt.keep === null ? "the code's default" : `"${debt.keep}"`} does`;
      if (places.length > 0) removable.push(`  ${key}: ${why.join(", ")}${keep}`, ...where);
      else unused.push(`  ${key}: ${why.join(", ")}`);
    } else if (places.length === 0) unused.push(`  ${key}: not found in this code`);
    else used.push(`  ${key}: ${places.length === 1 ? "1 use" : `${places.length} uses`}`);
  }
  return { removable, unused, used, broken };
}
