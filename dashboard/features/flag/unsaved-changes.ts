import { changesOf } from "../../domain/words/change-words.ts";
import { editing, type Place } from "../../editors/documents.ts";

/** A document of the flag that may have unsaved changes. */
export interface Part {
  place: Place;
  /** Where the change is seen: an environment's name, or everywhere. */
  where: string;
}

export const changesAt = (place: Place) => {
  const document = editing(place);
  const entity = place.environment === "" ? "flag" : "state";
  return document ? changesOf(entity, { ...document.base }, { ...document.value }) : [];
};
