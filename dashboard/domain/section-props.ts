import type { Environment, FlagView } from "./api.ts";

/** What every section of the flag page knows. */
export interface SectionProps {
  project: string;
  environment: Environment;
  flag: FlagView;
  /** This person may not change this flag. */
  locked: boolean;
}
