import type { ComponentType } from "preact";
import type { FlagView } from "../../domain/api.ts";
import type { SectionProps } from "../../domain/section-props.ts";
import { Lazily } from "../../ui/lazily.tsx";

interface Section {
  /** Also its anchor in the address. */
  id: string;
  /** `tiles`: a row of figures above the rules. `panels`: beneath them, a card each that the section draws itself. */
  place: "tiles" | "panels";
  load: () => Promise<ComponentType<SectionProps>>;
  isShown?: (flag: FlagView) => boolean;
}

/** Parts of the flag page beside its rules, in their order. Each loads its code by itself, and may draw nothing. */
const SECTIONS: readonly Section[] = [
  { id: "guard", place: "tiles", load: () => import("../guard/guard-tiles.tsx").then((module) => module.GuardTiles) },
  {
    id: "plan",
    place: "panels",
    load: () => import("../plan/plan-panel.tsx").then((module) => module.PlanPanel),
  },
  { id: "who", place: "panels", load: () => import("../try/who-panel.tsx").then((module) => module.WhoPanel) },
  {
    id: "schedules",
    place: "panels",
    load: () => import("../schedule/schedule-panel.tsx").then((module) => module.SchedulePanel),
  },
  {
    id: "preview",
    place: "panels",
    load: () => import("../try/preview-panel.tsx").then((module) => module.PreviewPanel),
  },
  {
    id: "guard-setup",
    place: "panels",
    load: () => import("../guard/setup-panel.tsx").then((module) => module.GuardSetup),
  },
  {
    id: "triggers",
    place: "panels",
    load: () => import("../trigger/trigger-panel.tsx").then((module) => module.TriggerPanel),
  },
];

export function Sections({ place, ...props }: SectionProps & { place: Section["place"] }) {
  const shown = SECTIONS.filter((section) => section.place === place && (section.isShown?.(props.flag) ?? true));
  if (shown.length === 0) return null;
  return (
    <div class={place === "tiles" ? "tiles" : "stack"}>
      {shown.map(({ id, load }) => (
        // Another flag or environment is another section: nothing typed or read is carried over.
        <Lazily key={`${id} ${props.flag.key} ${props.environment.key}`} load={load} props={props} />
      ))}
    </div>
  );
}
