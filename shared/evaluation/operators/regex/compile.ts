import type { OperatorCompiler } from "../compiler.ts";
import { searchTest } from "../search-test.ts";
import { regexSearch } from "./regex-search.ts";
import type { Operator } from "./schema.ts";

export const compile: Record<Operator, OperatorCompiler> = {
  matches: {
    compile: (test, { searches }) => searchTest(searches().steps(test), regexSearch(test, searches())),
    search: () => "patterns",
  },
};
