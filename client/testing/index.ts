export {
  type Combinations,
  combinationsOf,
  reachableVariants,
  type VariantOptions,
  type Variants,
} from "./combinations.ts";
export { forEachVariant, type VariantRun, variantRuns } from "./for-each-variant.ts";
export { PinnedProvider, PinnedWebProvider } from "./pinned-provider.ts";
export type { Pinned } from "./pinned-values.ts";
export type { FlagDocument, FlagSource, FlagState, Json, ProjectExport } from "./project.ts";
