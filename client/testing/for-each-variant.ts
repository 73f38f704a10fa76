import { combinationsOf, type VariantOptions, type Variants } from "./combinations.ts";
import { PinnedProvider, PinnedWebProvider } from "./pinned-provider.ts";
import type { Pinned } from "./pinned-values.ts";
import { type FlagSource, type Json, readProject } from "./project.ts";

/** One run of a suite: a variant of each flag. */
export interface VariantRun {
  /** For the test's name: `new-checkout=on, banner=(code default)`. */
  readonly name: string;
  readonly variants: Variants;
  /** By flag; undefined: the code's default applies. */
  readonly values: Readonly<Record<string, Pinned>>;
  /** A new provider that serves them, for `@openfeature/server-sdk`. */
  provider(): PinnedProvider;
  /** The same for `@openfeature/web-sdk`. */
  webProvider(): PinnedWebProvider;
}

/** The runs that a suite needs, for `describe.each` of Vitest and Jest: `describe.each(variantRuns(…))("$name", …)`. */
export function variantRuns(source: FlagSource, options: VariantOptions = {}): VariantRun[] {
  const { flags } = readProject(source, options.environment);
  const valueIn = (flag: string, variant: string | null) =>
    variant === null ? undefined : (flags.get(flag)?.variants[variant] as Json);
  return combinationsOf(source, options).combinations.map((variants) => {
    const chosen = Object.entries(variants);
    const values = Object.fromEntries(chosen.map(([flag, variant]) => [flag, valueIn(flag, variant)]));
    const pinned = <P extends PinnedProvider | PinnedWebProvider>(provider: P): P => {
      for (const [flag, variant] of chosen) provider.pin(flag, values[flag], variant ?? undefined);
      return provider;
    };
    return {
      name: chosen.map(([flag, variant]) => `${flag}=${variant ?? "(code default)"}`).join(", "),
      variants,
      values,
      provider: () => pinned(new PinnedProvider()),
      webProvider: () => pinned(new PinnedWebProvider()),
    };
  });
}

/**
 * Calls `run` once for each combination of variants that users can be served, one after the other. In any framework:
 *
 * ```ts
 * forEachVariant(flags, ({ name, provider }) => {
 *   describe(name, () => {
 *     beforeEach(() => OpenFeature.setProviderAndWait(provider()));
 *     test("an order can be placed", placeAnOrder);
 *   });
 * });
 * ```
 *
 * @returns a promise if `run` does: await it
 */
export function forEachVariant<R extends void | Promise<void>>(
  source: FlagSource,
  run: (combination: VariantRun) => R,
  options: VariantOptions = {},
): R {
  const runs = variantRuns(source, options);
  let pending: Promise<void> | undefined;
  for (const one of runs) {
    if (pending !== undefined) {
      pending = pending.then(() => run(one));
      continue;
    }
    const result = run(one);
    if (result instanceof Promise) pending = result;
  }
  return pending as R;
}
