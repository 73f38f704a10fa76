import type { Environment, FlagView } from "./api.ts";

/** What every section of the flag page knows. */
export interface SectionProps {
  project: string;
  environment: Environment;
  flag: FlagView;
  /** This person may not change this flag. */
  locked: boolean;
}

export interface SectionsProps extends SectionProps {
  /** `tiles`: above everything else of a tab. `panels`: beneath them, a card each that the section draws itself. */
  place: "tiles" | "panels";
  /** The tab of the flag page that is shown. */
  tab: string;
}
