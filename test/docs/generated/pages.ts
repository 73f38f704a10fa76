import { limits } from "./limits.ts";
import { operators } from "./operators.ts";
import type { GeneratedPage } from "./page.ts";

export const PAGES: readonly GeneratedPage[] = [limits, operators];
