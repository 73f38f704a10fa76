import type { OperatorCompiler } from "../compiler.ts";
import { searchTest } from "../search-test.ts";
import { regexSearch } from "./regex-search.ts";
import type { Operator } from "./schema.ts";
import { patternNames } from "./search-plan.ts";

export const compile: Record<Operator, OperatorCompiler> = {
  matches: {
    compile: (test, { pattern }) => {
      const all = patternNames(test).map((name) => ({ name, regex: name === null ? null : pattern(name) }));
      return searchTest(({ share, kept }) => {
        const running = all.flatMap(({ name, regex }) =>
          regex !== null && (kept === null || kept.has(name as string)) ? [regex] : [],
        );
        const weight = running.reduce((sum, { cost }) => sum + cost, 0);
        return { steps: share * weight, search: regexSearch(running, running.length < all.length) };
      });
    },
    search: () => "patterns",
  },
};
