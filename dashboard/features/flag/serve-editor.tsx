import { SPLIT_TOTAL } from "../../../shared/limits.ts";
import type { Serve, Split } from "../../../shared/schema/flag.ts";
import { percent } from "../../domain/words/state-words.ts";
import { ATTRIBUTE_LIST } from "../../editors/attribute-list.tsx";
import { ShareSlider } from "../../editors/share-slider.tsx";

interface ServeEditorProps {
  serve: Serve;
  variants: readonly string[];
  offVariant: string | null;
  label: string;
  set: (serve: Serve) => void;
}

/** What a rule serves: one variant, or shares of several. */
export function ServeEditor({ serve, variants, offVariant, label, set }: ServeEditorProps) {
  const isSplit = "split" in serve;
  return (
    <div class="serve">
      <select
        aria-label={label}
        value={isSplit ? "*split" : (serve.variant ?? "*none")}
        onChange={(event) => {
          const { value } = event.currentTarget;
          if (value === "*split") set(evenStart(variants, offVariant));
          else set({ variant: value === "*none" ? null : value });
        }}
      >
        {variants.map((variant) => (
          <option key={variant} value={variant} selected={!isSplit && serve.variant === variant}>
            {variant}
          </option>
        ))}
        <option value="*none" selected={!isSplit && serve.variant === null}>
          no value (the code's default)
        </option>
        <option value="*split" selected={isSplit}>
          a share of people each…
        </option>
      </select>
      {isSplit && <SplitEditor split={serve} variants={variants} offVariant={offVariant} set={set} />}
    </div>
  );
}

function evenStart(variants: readonly string[], offVariant: string | null): Split {
  const rest = offVariant ?? variants.at(-1);
  const weights = variants.map((variant) => ({ variant, weight: variant === rest ? SPLIT_TOTAL : 0 }));
  return { split: weights, by: "targetingKey", algorithm: "blastdoor-1" };
}

interface SplitEditorProps {
  split: Split;
  variants: readonly string[];
  offVariant: string | null;
  set: (split: Split) => void;
}

/** Shares always add up to 100 %: what one variant gains, the resting variant gives, then the others. */
function SplitEditor({ split, variants, offVariant, set }: SplitEditorProps) {
  const weightOf = (variant: string) => split.split.find((part) => part.variant === variant)?.weight ?? 0;
  const resting = offVariant !== null && variants.includes(offVariant) ? offVariant : (variants.at(-1) ?? "");
  const sliders = variants.filter((variant) => variant !== resting);
  const change = (variant: string, share: number) => {
    const weights = new Map(variants.map((one) => [one, weightOf(one)]));
    weights.set(variant, Math.round(share * (SPLIT_TOTAL / 100)));
    let over = [...weights.values()].reduce((sum, weight) => sum + weight, 0) - SPLIT_TOTAL;
    for (const giver of [resting, ...sliders.toReversed()].filter((one) => one !== variant)) {
      const has = weights.get(giver) ?? 0;
      const given = Math.min(has, over);
      weights.set(giver, has - given);
      over -= given;
      if (over === 0) break;
    }
    set({ ...split, split: [...weights].map(([one, weight]) => ({ variant: one, weight })) });
  };
  return (
    <div class="split">
      {sliders.map((variant) => (
        <div key={variant} class="split-row">
          <span class="split-name">{variant}</span>
          <ShareSlider
            share={weightOf(variant) / 1_000}
            label={`Share of ${variant}`}
            set={(share) => change(variant, share)}
          />
        </div>
      ))}
      <div class="split-row muted">
        <span class="split-name">{resting}</span>
        <span>{`the rest: ${percent(weightOf(resting) / 1_000)}`}</span>
      </div>
      <label class="split-by muted">
        People keep their variant by
        <input
          list={ATTRIBUTE_LIST}
          value={split.by}
          onInput={(event) => set({ ...split, by: event.currentTarget.value || "targetingKey" })}
        />
      </label>
    </div>
  );
}
