import { useSignal } from "@preact/signals";
import type { Rule } from "../../../shared/schema/flag.ts";
import type { FlagView } from "../../domain/api.ts";
import { GROUP_WORDS } from "../../domain/words/cause-words.ts";
import type { Context } from "./crowd.ts";

interface Got {
  variant: string | null;
  cause: string;
  ruleId: string | null;
}
export interface Sample {
  contexts: readonly Context[];
  before: readonly Got[];
  after: readonly Got[] | null;
}
const SHOWN_PEOPLE = 50;

interface SampleChartProps {
  sample: Sample;
  flag: FlagView;
  rules: readonly Rule[];
}

/** Shares of a crowd by variant, why, and the people themselves. */
export function SampleChart({ sample, flag, rules }: SampleChartProps) {
  const { before, after, contexts } = sample;
  const then = after ?? before;
  const variants = [...Object.keys(flag.variants), ...(then.some(({ variant }) => variant === null) ? [null] : [])];
  const moved = after ? before.filter(({ variant }, person) => variant !== after[person]?.variant).length : 0;
  return (
    <>
      <div class="bars" role="img" aria-label={sentence(variants, then)}>
        {variants.map((variant) => {
          const share = shareOf(then, variant);
          const was = shareOf(before, variant);
          return (
            <div key={variant} class="bar-row">
              <span class="split-name clip" title={variant ?? "no value"}>
                {variant ?? "no value"}
              </span>
              <span class={`bar ${variant === flag.offVariant ? "tone-off" : "tone-on"}`}>
                <span style={{ width: `${share * 100}%` }} />
                {after && <i style={{ left: `${was * 100}%` }} title={`Now ${people(was, before.length)}`} />}
              </span>
              <span class="bar-figure">
                {people(share, then.length)}
                {after && round(was) !== round(share) && (
                  <span class="muted">{` was ${people(was, before.length)}`}</span>
                )}
              </span>
            </div>
          );
        })}
      </div>
      {after && (
        <p class={moved > 0 ? "note" : "muted"}>
          {moved === 0
            ? "Nobody of them would get anything else than now."
            : `${moved} of ${before.length} would get something else than now.`}
        </p>
      )}
      <ul class="plain-list causes">
        {reasons(then, rules).map(({ words, people }) => (
          <li key={words}>
            <span>{words}</span>
            <span class="bar-figure">{people}</span>
          </li>
        ))}
      </ul>
      <People contexts={contexts} before={before} after={after} />
    </>
  );
}

function People({ contexts, before, after }: Sample) {
  const onlyMoved = useSignal(false);
  const all = contexts.map((context, person) => ({ context, was: before[person], gets: (after ?? before)[person] }));
  const shown = onlyMoved.value ? all.filter(({ was, gets }) => was?.variant !== gets?.variant) : all;
  return (
    <details>
      <summary class="muted">The people</summary>
      {after && (
        <label class="check">
          <input
            type="checkbox"
            checked={onlyMoved.value}
            onChange={(event) => {
              onlyMoved.value = event.currentTarget.checked;
            }}
          />
          Only those for whom something changes
        </label>
      )}
      <ul class="plain-list people">
        {shown.slice(0, SHOWN_PEOPLE).map(({ context, was, gets }) => (
          <li key={JSON.stringify(context)}>
            <code>{JSON.stringify(context)}</code>
            <span>
              {was?.variant !== gets?.variant && <span class="muted">{`${was?.variant ?? "no value"} → `}</span>}
              <b>{gets?.variant ?? "no value"}</b>
            </span>
          </li>
        ))}
      </ul>
      {shown.length > SHOWN_PEOPLE && <p class="muted">{`and ${shown.length - SHOWN_PEOPLE} more`}</p>}
    </details>
  );
}

const shareOf = (got: readonly Got[], variant: string | null): number =>
  got.length === 0 ? 0 : got.filter((one) => one.variant === variant).length / got.length;
/** Of those tried: a share would read as one of the app's users. */
const people = (share: number, all: number): string =>
  `${Math.round(share * all).toLocaleString("en")} of ${all.toLocaleString("en")}`;
const round = (share: number): number => Math.round(share * 1_000) / 10;

const sentence = (variants: readonly (string | null)[], got: readonly Got[]): string =>
  variants.map((variant) => `${variant ?? "no value"} ${people(shareOf(got, variant), got.length)}`).join(", ");

/** How many people each rule decides for, in the order of the rules, then the rest. */
function reasons(got: readonly Got[], rules: readonly Rule[]): { words: string; people: number }[] {
  const names = new Map(rules.map(({ id, name }) => [id, `Rule “${name ?? id}”`]));
  const counts = new Map<string, number>([...names.values()].map((words) => [words, 0]));
  for (const { cause, ruleId } of got) {
    const words = ruleId !== null ? (names.get(ruleId) ?? `Rule ${ruleId}`) : (GROUP_WORDS[cause] ?? cause);
    counts.set(words, (counts.get(words) ?? 0) + 1);
  }
  return [...counts].map(([words, people]) => ({ words, people }));
}
