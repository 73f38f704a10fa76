import { useLayoutEffect, useState } from "preact/hooks";

/** Below 5 %, where a release begins, steps are a tenth; above, a whole per cent. */
const FINE_UNTIL = 5;
const FINE_STEPS = 50;
const LAST = FINE_STEPS + (100 - FINE_UNTIL);

const positionOf = (share: number): number =>
  share <= FINE_UNTIL ? Math.round(share * 10) : FINE_STEPS + Math.round(share - FINE_UNTIL);
const shareAt = (position: number): number =>
  position <= FINE_STEPS ? position / 10 : FINE_UNTIL + position - FINE_STEPS;

interface ShareSliderProps {
  /** 0–100, to the thousandth. */
  share: number;
  label: string;
  set: (share: number) => void;
}

/** A share of people: dragged roughly, or typed to the thousandth of a per cent. */
export function ShareSlider({ share, label, set }: ShareSliderProps) {
  const [typed, setTyped] = useState(`${share}`);
  useLayoutEffect(() => {
    if (Number(typed.replace(",", ".")) !== share) setTyped(`${share}`);
  }, [share]);
  return (
    <div class="share-slider">
      <input
        type="range"
        min={0}
        max={LAST}
        value={positionOf(share)}
        aria-label={label}
        aria-valuetext={`${share} %`}
        style={{ "--filled": `${(positionOf(share) / LAST) * 100}%` }}
        onInput={(event) => {
          const share = shareAt(Number(event.currentTarget.value));
          setTyped(`${share}`);
          set(share);
        }}
      />
      <label class="share-box">
        <input
          inputMode="decimal"
          aria-label={`${label}, in per cent`}
          value={typed}
          onInput={(event) => {
            setTyped(event.currentTarget.value);
            const share = Number(event.currentTarget.value.replace(",", "."));
            if (event.currentTarget.value.trim() !== "" && share >= 0 && share <= 100) set(Number(share.toFixed(3)));
          }}
          onBlur={() => setTyped(`${share}`)}
        />
        %
      </label>
    </div>
  );
}
