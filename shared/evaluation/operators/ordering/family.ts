export { reference } from "./reference.ts";
export { operators, rank } from "./schema.ts";
export { words } from "./words.ts";
