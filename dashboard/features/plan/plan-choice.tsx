import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { blueGreenPlan, canaryPlan } from "../../../shared/release/presets.ts";
import type { PlanDefinition } from "../../../shared/schema/plan.ts";
import type { FlagView } from "../../domain/api.ts";
import { segmentKeys } from "../../domain/segment-store.ts";
import { loadTemplates, type TemplateView, templates } from "./plan-store.ts";
import { stageName } from "./plan-words.ts";

interface PlanChoiceProps {
  project: string;
  flag: FlagView;
  locked: boolean;
  choose: (plan: PlanDefinition) => void;
}

/** A flag without a plan: what one does, and ways to begin. */
export function PlanChoice({ project, flag, locked, choose }: PlanChoiceProps) {
  const failed = useSignal(false);
  useEffect(() => {
    loadTemplates(project).catch(() => {
      failed.value = true;
    });
  }, [project]);
  const arms = armsOf(flag);
  if (!arms)
    return (
      <p class="muted">A release plan needs two variants: one to bring to people, and one that they have until then.</p>
    );
  const staff = segmentKeys.value.find((key) => /^(staff|employees|internal|team)$/i.test(key));
  const presets: [title: string, text: string, plan: PlanDefinition][] = [
    [
      "Canary",
      "A few people first, then more: each step only after the one before has proved itself.",
      canaryPlan({ ...arms, staff }),
    ],
    ["Blue-green", "Everybody at once, and back at once if something is wrong.", blueGreenPlan(arms)],
    [
      "Blue-green with a holdback",
      "Everybody but 5 %, who show what would have happened without the release.",
      blueGreenPlan(arms, 5_000),
    ],
  ];
  return (
    <>
      <p class="muted">
        Brings a variant to everybody in stages, by itself, and takes it back when errors, delays or conversion say so.
      </p>
      <ul class="plan-presets">
        {presets.map(([title, text, plan]) => (
          <Preset key={title} title={title} text={text} plan={plan} locked={locked} choose={choose} />
        ))}
        {templates.value.map((template) => (
          <Preset
            key={template.key}
            title={template.name}
            text={template.description || "A template of this project."}
            plan={fromTemplate(template, arms)}
            locked={locked}
            choose={choose}
          />
        ))}
      </ul>
      {failed.value && <p class="bad">The project's own templates could not be read.</p>}
    </>
  );
}

interface PresetProps {
  title: string;
  text: string;
  plan: PlanDefinition;
  locked: boolean;
  choose: (plan: PlanDefinition) => void;
}

function Preset({ title, text, plan, locked, choose }: PresetProps) {
  return (
    <li>
      <button type="button" class="plan-preset" disabled={locked} onClick={() => choose(plan)}>
        <strong>{title}</strong>
        <span class="muted">{text}</span>
        <span class="plan-preset-stages">{plan.stages.map((_, index) => stageName(plan, index)).join(" → ")}</span>
      </button>
    </li>
  );
}

/** What would be released and what stands until then: the first variant that is not the off one, and that. */
function armsOf({ variants, offVariant }: FlagView): { variant: string; baseline: string } | null {
  const names = Object.keys(variants);
  const baseline = offVariant ?? names[0];
  const variant = names.find((name) => name !== baseline);
  return baseline !== undefined && variant !== undefined ? { variant, baseline } : null;
}

function fromTemplate(template: TemplateView, arms: { variant: string; baseline: string }): PlanDefinition {
  const { stages, by, holdback, onBreach, alpha, windowSeconds, outcomes, name } = template;
  return { stages, by, holdback, onBreach, alpha, windowSeconds, outcomes, name, ...arms };
}
