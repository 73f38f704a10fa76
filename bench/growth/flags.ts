import { type BenchFlag, FIVE, ourSnapshot } from "../workloads.ts";

/** Flags that one import brings: the body of a request has a limit. */
const FLAGS_AT_ONCE = 1_000;

/** Every flag has values of its own, so that nothing can be shared between flags: the worst case. */
export function distinctFiveRuleFlags(count: number): BenchFlag[] {
  return Array.from({ length: count }, (_, index) => ({
    key: `flag-${index}`,
    kind: "five",
    rules: {
      countries: FIVE.countries.map((country) => `${country}${index}`),
      plan: `plan-${index}`,
      major: index,
      suffix: `@shop${index}.example`,
      country: `US${index}`,
      orPlan: `other-${index}`,
      age: index,
    },
  }));
}

/** Documents of the import API that bring these flags into production. */
export function* importsOf(project: string, flags: readonly BenchFlag[]): Generator<object> {
  const entries = Object.entries(ourSnapshot(flags).flags);
  for (let from = 0; from < entries.length; from += FLAGS_AT_ONCE) {
    const part = entries.slice(from, from + FLAGS_AT_ONCE);
    yield {
      format: "blastdoor-export-1",
      project,
      environments: { production: {} },
      flags: Object.fromEntries(
        part.map(([key, { state: _, ...flag }]) => [key, { ...flag, type: "boolean", purpose: "release" }]),
      ),
      states: { production: Object.fromEntries(part.map(([key, { state }]) => [key, state])) },
    };
  }
}
