import type { Signal } from "@preact/signals";
import type { Condition } from "../../../shared/schema/condition.ts";
import type { DarkLaunchSettings } from "../../../shared/schema/demand-test.ts";
import { ConditionBuilder } from "../../editors/condition-builder.tsx";
import { ShareSlider } from "../../editors/share-slider.tsx";
import { Icon } from "../../ui/icon.tsx";

export interface DarkDraft {
  by: "network" | "other";
  networks: string;
  segment: Condition;
  staff: string;
  percent: number;
}

export const newDark = (): DarkDraft => ({
  by: "network",
  networks: "203.0.113.0/24",
  segment: { all: [{ attribute: "", op: "equals", values: [] }] },
  staff: "@shop.example",
  percent: 1,
});

const linesOf = (text: string): string[] => [...new Set(text.split(/[\s,]+/))].filter(Boolean);

export function darkSettings({ by, networks, segment, staff, percent }: DarkDraft): DarkLaunchSettings {
  return {
    kind: "dark-launch",
    segment: by === "network" ? { attribute: "edge.ip", op: "in_cidr", values: linesOf(networks) } : segment,
    staff: { attribute: "email", op: "ends_with", values: linesOf(staff), ignoreCase: true },
    percent: Math.max(1, Math.round(percent * 1_000)),
  };
}

export function DarkForm({ draft }: { draft: Signal<DarkDraft> }) {
  const dark = draft.value;
  const change = (part: Partial<DarkDraft>) => {
    draft.value = { ...draft.value, ...part };
  };
  return (
    <>
      <section class="card stack" aria-labelledby="dark-group">
        <h2 id="dark-group">The first people to see it</h2>
        <p class="muted">
          After test traffic comes one small group. A network, such as that of your office, is the safest: a browser
          cannot claim to be in one.
        </p>
        <fieldset class="field">
          <legend class="label">They are</legend>
          <div class="segmented">
            <label>
              <input
                type="radio"
                name="by"
                checked={dark.by === "network"}
                onChange={() => change({ by: "network" })}
              />
              <span>In a network</span>
            </label>
            <label>
              <input type="radio" name="by" checked={dark.by === "other"} onChange={() => change({ by: "other" })} />
              <span>Something else</span>
            </label>
          </div>
        </fieldset>
        {dark.by === "network" ? (
          <label class="field">
            <span class="label">Networks, one a line</span>
            <textarea
              class="mono"
              rows={2}
              value={dark.networks}
              onInput={(event) => change({ networks: event.currentTarget.value })}
            />
          </label>
        ) : (
          <ConditionBuilder condition={dark.segment} set={(segment) => change({ segment })} withoutFlags />
        )}
      </section>
      <section class="card stack" aria-labelledby="dark-staff">
        <h2 id="dark-staff">Then your own people</h2>
        <label class="field">
          <span class="label">Their e-mail address ends with</span>
          <input value={dark.staff} onInput={(event) => change({ staff: event.currentTarget.value })} />
        </label>
        <p class="note">
          <Icon name="alert" />
          <span>
            A browser can claim any address. If nobody outside may see it at this stage, let your server ask for the
            flag, with a server key.
          </span>
        </p>
      </section>
      <section class="card stack" aria-labelledby="dark-share">
        <h2 id="dark-share">At last the first visitors</h2>
        <ShareSlider share={dark.percent} label="Share of visitors" set={(percent) => change({ percent })} />
      </section>
    </>
  );
}
