import { signal } from "@preact/signals";
import type { FlagDefinition, FlagState } from "../../shared/schema/flag.ts";
import { answer, api, type FlagView, ifMatch, type KillView, type StateView, stateAnswer } from "../domain/api.ts";
import { keepDrafts } from "../domain/drafts.ts";
import { showFlag, showState } from "../domain/project.ts";
import { same } from "../domain/words/change-words.ts";
import type { Acknowledgement } from "./exposure.ts";
import { type Conflict, type Kind, merge } from "./merge.ts";

/** Where a document lives. Without an environment: the definition that all environments share. */
export interface Place {
  project: string;
  flag: string;
  environment: string;
}

/** A document being edited: what the server had, and what it is to become. */
interface Editing<T> {
  base: T;
  version: number;
  value: T;
  kills: KillView[];
}
type Body = FlagDefinition | FlagState;

/** Outlives the page: who looks something up elsewhere finds the edits again. */
const open = signal<Readonly<Record<string, Editing<Body>>>>({});
const nameOf = ({ project, flag, environment }: Place): string => `${project}\n${flag}\n${environment}`;
const kindOf = ({ environment }: Place): Kind => (environment === "" ? "definition" : "state");

export const editing = <T extends Body>(place: Place): Editing<T> | undefined =>
  open.value[nameOf(place)] as Editing<T> | undefined;
export const isEdited = (place: Place): boolean => {
  const document = editing(place);
  return document !== undefined && !same(document.base, document.value);
};

function put(place: Place, document: Editing<Body>): void {
  open.value = { ...open.value, [nameOf(place)]: document };
}

export function edit<T extends Body>(place: Place, change: (value: T) => T): void {
  const document = editing<T>(place);
  if (document) put(place, { ...document, value: change(document.value) });
}

export function discard(place: Place): void {
  const document = editing(place);
  if (document) put(place, { ...document, value: document.base });
}

const STATE_FIELDS = [
  "enabled",
  "killVariant",
  "prerequisites",
  "holdout",
  "layer",
  "rules",
  "onStale",
  "fallthrough",
] as const;
const DEFINITION_FIELDS = [
  "type",
  "purpose",
  "variants",
  "offVariant",
  "visibility",
  "seed",
  "description",
  "owner",
  "expiresAt",
  "tags",
] as const;

function pick(view: object, fields: readonly string[]): Body {
  const all = view as Record<string, unknown>;
  return Object.fromEntries(
    fields.filter((field) => field in all).map((field) => [field, all[field]]),
  ) as unknown as Body;
}
const bodyOf = (place: Place, view: StateView | FlagView): Body =>
  pick(view, kindOf(place) === "state" ? STATE_FIELDS : DEFINITION_FIELDS);

async function read(place: Place): Promise<StateView | FlagView> {
  const { project, flag, environment } = place;
  if (environment === "") {
    const view = await answer(api.projects[":project"].flags[":flag"].$get({ param: { project, flag } }));
    showFlag(view);
    return view;
  }
  const param = { project, flag, environment };
  const view = await stateAnswer(api.projects[":project"].environments[":environment"].flags[":flag"].$get({ param }));
  showState(view);
  return view;
}

/**
 * Takes in how a document stands on the server. Edits under way are kept; where somebody else changed the very same
 * thing, the document stays on its old version, and saving it shows both sides.
 */
function takeIn(place: Place, view: StateView | FlagView): "fresh" | "merged" | "conflict" {
  const theirs = bodyOf(place, view);
  const kills = "kills" in view ? view.kills : [];
  const document = editing(place);
  if (!document || same(document.base, document.value)) {
    put(place, { base: theirs, version: view.version, value: theirs, kills });
    return "fresh";
  }
  const { merged, conflicts } = merge(kindOf(place), document.base, document.value, theirs);
  if (conflicts.length > 0) {
    put(place, { ...document, kills });
    return "conflict";
  }
  put(place, { base: theirs, version: view.version, value: merged, kills });
  return "merged";
}

export const load = async (place: Place) => takeIn(place, await read(place));

/** What two people changed at once, and the way out once each choice is made. */
export interface LostRace {
  place: Place;
  conflicts: Conflict[];
  resolve: (mine: ReadonlySet<string>) => void;
}

export async function lostRace(place: Place): Promise<LostRace> {
  const view = await read(place);
  const theirs = bodyOf(place, view);
  const document = editing(place);
  if (!document) return { place, conflicts: [], resolve: () => {} };
  const { conflicts } = merge(kindOf(place), document.base, document.value, theirs);
  const resolve = (mine: ReadonlySet<string>) => {
    const { merged } = merge(kindOf(place), document.base, document.value, theirs, mine);
    put(place, { base: theirs, version: view.version, value: merged, kills: document.kills });
  };
  return { place, conflicts, resolve };
}

/** @returns the revision that this made; 0: there was nothing to save */
export async function save(place: Place, comment: string, query: Acknowledgement): Promise<number> {
  const document = editing(place);
  if (!document) return 0;
  const { project, flag, environment } = place;
  const header = ifMatch(document.version);
  const json = { ...document.value, comment };
  if (environment === "") {
    const param = { project, flag };
    const view = await answer(
      api.projects[":project"].flags[":flag"].$put({ param, query, header, json: json as FlagDefinition }),
    );
    showFlag(view);
    settle(place, view);
    return view.revision;
  }
  const param = { project, flag, environment };
  const view = await stateAnswer(
    api.projects[":project"].environments[":environment"].flags[":flag"].$put({
      param,
      query,
      header,
      json: json as FlagState,
    }),
  );
  showState(view);
  settle(place, view);
  return view.revision;
}

function settle(place: Place, view: StateView | FlagView): void {
  const body = bodyOf(place, view);
  put(place, { base: body, version: view.version, value: body, kills: "kills" in view ? view.kills : [] });
}

keepDrafts({
  turnSwitch(place) {
    if (!isEdited(place)) return null;
    edit<FlagState>(place, (state) => ({ ...state, enabled: !state.enabled }));
    return editing<FlagState>(place)?.value.enabled ? "on" : "off";
  },
});
