export type { Blastdoor } from "./api.ts";
export { type LoadOptions, loadBlastdoor } from "./load.ts";
