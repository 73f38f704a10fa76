import type { Condition } from "../../../shared/schema/condition.ts";

/** As it stands in the form: shares in per cent. */
export interface DoorDraft {
  label: string;
  message: string;
  thanks: string;
  audience: Condition;
  share: number;
  bar: number;
  hoped: number;
  visitors: number;
  /** Null: as the calculator says. */
  targetPeople: number | null;
  weeks: number;
  stopWhenDecided: boolean;
}

export const newDoor = (): DoorDraft => ({
  label: "",
  message: "",
  thanks: "",
  audience: { all: [] },
  share: 20,
  bar: 3,
  hoped: 6,
  visitors: 1_000,
  targetPeople: null,
  weeks: 4,
  stopWhenDecided: true,
});
