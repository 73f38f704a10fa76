export type { Blastdoor } from "./api.ts";
export { type FirstFlag, type FirstValues, firstValue } from "./first-values.ts";
export { type LoadOptions, loadBlastdoor } from "./load.ts";
export { inlinedValues, startFrom } from "./start-from.ts";
