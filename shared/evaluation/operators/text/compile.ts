import { strings } from "../by-function.ts";
import type { OperatorCompiler } from "../compiler.ts";
import { searchTest } from "../search-test.ts";
import { edgeTest } from "./prefix-suffix.ts";
import type { Operator } from "./schema.ts";
import { isTextSearch, textWeight } from "./search-cost.ts";
import { type Finds, textSearch } from "./text-search.ts";

const compares = (finds: Finds, atEnd = false): OperatorCompiler => ({
  compile: (test) => {
    if (!isTextSearch(test)) return edgeTest(atEnd, strings(test.values));
    const search = textSearch(test, finds);
    return searchTest(({ share }) => ({ steps: share * textWeight(test), search }));
  },
  search: (test) => (isTextSearch(test) ? textWeight(test) : null),
});

export const compile: Record<Operator, OperatorCompiler> = {
  contains: compares((text, part) => text.includes(part)),
  starts_with: compares((text, part) => text.startsWith(part)),
  ends_with: compares((text, part) => text.endsWith(part), true),
};
