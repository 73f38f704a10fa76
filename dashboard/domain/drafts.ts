/** Where a flag's state is edited. */
interface DraftPlace {
  project: string;
  flag: string;
  environment: string;
}

/** What pages that edit nothing need of unsaved changes. */
interface Drafts {
  /** Turns the switch of an unsaved state over and says where it then is; null: nothing is unsaved there. */
  turnSwitch(place: DraftPlace): "on" | "off" | null;
}

let drafts: Drafts | null = null;

/** Told by the code that edits, which most visits never load. Until then nothing can be unsaved. */
export const keepDrafts = (kept: Drafts): void => {
  drafts = kept;
};

export const turnUnsavedSwitch = (place: DraftPlace): "on" | "off" | null => drafts?.turnSwitch(place) ?? null;
