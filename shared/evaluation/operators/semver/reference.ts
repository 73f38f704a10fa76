import { eachText, type Reference } from "../family.ts";
import type { Operator } from "./schema.ts";
import { compareVersions, parseVersion } from "./semver.ts";

const compares = (holds: (order: number) => boolean): Reference => ({
  holds: eachText((text, value) => {
    const left = parseVersion(text);
    const right = parseVersion(value);
    return left && right ? holds(compareVersions(left, right)) : undefined;
  }),
  triesEach: () => true,
});

export const reference: Record<Operator, Reference> = {
  semver_eq: compares((order) => order === 0),
  semver_gt: compares((order) => order > 0),
  semver_gte: compares((order) => order >= 0),
  semver_lt: compares((order) => order < 0),
  semver_lte: compares((order) => order <= 0),
};
