import type { Samples } from "../family.ts";
import type { Operator } from "./schema.ts";

const VERSIONS = ["1.2.3", "1.2.4-rc.1", "1.2.4", "2.0.0-alpha", "2.0.0-alpha.1", "2.0.0+x", "1.2", "999999.0.0"];

export const samples: Samples<Operator> = {
  attributes: { v: VERSIONS },
  values: {
    semver_eq: VERSIONS,
    semver_gt: VERSIONS,
    semver_gte: VERSIONS,
    semver_lt: VERSIONS,
    semver_lte: VERSIONS,
  },
};
