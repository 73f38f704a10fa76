import type { ComponentType } from "preact";
import type { FlagView } from "../domain/api.ts";
import type { SectionProps, SectionsProps } from "../domain/section-props.ts";
import { FlagPage } from "../features/flag/flag-page.tsx";
import type { FlagTab } from "../features/flag/flag-tabs.ts";
import { Lazily } from "../ui/lazily.tsx";

interface Section {
  /** Also its anchor in the address. */
  id: string;
  place: SectionsProps["place"];
  /** On which tab it stands; left out, on each. */
  tab?: FlagTab;
  load: () => Promise<ComponentType<SectionProps>>;
  isShown?: (flag: FlagView) => boolean;
}

/** Parts of the flag page beside its rules, in their order. Each loads its code by itself, and may draw nothing. */
const SECTIONS: readonly Section[] = [
  {
    id: "guard-banners",
    place: "tiles",
    load: () => import("../features/guard/guard-banners.tsx").then((module) => module.GuardBanners),
  },
  {
    id: "guard",
    place: "tiles",
    tab: "metrics",
    load: () => import("../features/guard/guard-tiles.tsx").then((module) => module.GuardTiles),
  },
  {
    id: "connect",
    place: "panels",
    tab: "targeting",
    load: () => import("../features/connect/connect-panel.tsx").then((module) => module.ConnectPanel),
  },
  {
    id: "plan",
    place: "panels",
    tab: "release",
    load: () => import("../features/plan/plan-panel.tsx").then((module) => module.PlanPanel),
  },
  {
    id: "who",
    place: "panels",
    tab: "targeting",
    load: () => import("../features/try/who-panel.tsx").then((module) => module.WhoPanel),
  },
  {
    id: "schedules",
    place: "panels",
    tab: "targeting",
    load: () => import("../features/schedule/schedule-panel.tsx").then((module) => module.SchedulePanel),
  },
  {
    id: "preview",
    place: "panels",
    tab: "targeting",
    load: () => import("../features/try/preview-panel.tsx").then((module) => module.PreviewPanel),
  },
  {
    id: "guard-setup",
    place: "panels",
    tab: "metrics",
    load: () => import("../features/guard/setup-panel.tsx").then((module) => module.GuardSetup),
  },
  {
    id: "triggers",
    place: "panels",
    tab: "settings",
    load: () => import("../features/trigger/trigger-panel.tsx").then((module) => module.TriggerPanel),
  },
  {
    id: "history",
    place: "panels",
    tab: "history",
    load: () => import("../features/history/flag-history.tsx").then((module) => module.FlagHistory),
  },
];

/** The flag page knows nothing of the features whose parts it shows: here they are put together. */
export const FlagWithSections = () => <FlagPage Sections={Sections} />;

function Sections({ place, tab, ...props }: SectionsProps) {
  const isHere = (section: Section) => section.place === place && (section.tab ?? tab) === tab;
  const shown = SECTIONS.filter((section) => isHere(section) && (section.isShown?.(props.flag) ?? true));
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
