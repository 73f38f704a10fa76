import type { OperatorWords } from "../family.ts";
import type { Operator } from "./schema.ts";

export const words: Record<Operator, OperatorWords> = {
  semver_eq: ["is version", "is not version"],
  semver_gt: ["is newer than version", "is not newer than version"],
  semver_gte: ["is at least version", "is older than version"],
  semver_lt: ["is older than version", "is at least version"],
  semver_lte: ["is at most version", "is newer than version"],
};
