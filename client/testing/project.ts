/** JSON as flags hold it. */
export type Json = string | number | boolean | null | Json[] | { [name: string]: Json };

export type Condition =
  | { all: readonly Condition[] }
  | { any: readonly Condition[] }
  | { not: Condition }
  | { unless: Condition }
  | { bucket: object }
  | { now: object }
  | { some: object }
  | { segment: string }
  | { flag: string; variants: readonly string[] }
  | {
      attribute: string;
      op: string;
      values?: readonly (string | number | boolean)[] | undefined;
      negate?: boolean | undefined;
      ignoreCase?: boolean | undefined;
    };

type Opaque = Extract<Condition, { bucket: object } | { now: object } | { some: object }>;

/** A condition that says nothing of single attributes, so that it may hold or not for any user. */
export const isOpaque = (condition: Condition): condition is Opaque =>
  "bucket" in condition || "now" in condition || "some" in condition;

export type Serve =
  | { variant: string | null }
  | {
      split: readonly { variant: string; weight: number }[];
      by?: string | undefined;
      ranges?: readonly { variant: string; from: number; to: number }[] | undefined;
    };

export interface Rule {
  id: string;
  when: Condition;
  serve: Serve;
  paused?: boolean | undefined;
  expiresAt?: string | undefined;
}

/** A flag as one environment runs it, as the API and an export write it. */
export interface FlagState {
  enabled?: boolean | undefined;
  killVariant?: string | null | undefined;
  prerequisites?: readonly { flag: string; variants: readonly string[] }[] | undefined;
  holdout?: string | undefined;
  layer?: { layer: string; from: number; to: number } | undefined;
  rules?: readonly Rule[] | undefined;
  fallthrough: Serve;
}

export interface FlagDefinition {
  variants: Readonly<Record<string, unknown>>;
  offVariant: string | null;
  seed?: string | undefined;
}

/** One flag: its definition, its key and its state in the environment that is tested. */
export interface FlagDocument extends FlagDefinition {
  key: string;
  state: FlagState;
}

export interface Segment {
  description?: string | undefined;
  by?: string | undefined;
  included?: readonly string[] | undefined;
  excluded?: readonly string[] | undefined;
  when?: Condition | undefined;
}

interface Bucketed {
  description?: string | undefined;
  by?: string | undefined;
  seed?: string | undefined;
}

/** What `GET /api/v1/projects/{project}/export` answers. */
export interface ProjectExport {
  format: string;
  flags: Readonly<Record<string, FlagDefinition>>;
  states: Readonly<Record<string, Readonly<Record<string, FlagState>>>>;
  segments?: Readonly<Record<string, Segment>> | undefined;
  layers?: Readonly<Record<string, Bucketed>> | undefined;
  holdouts?: Readonly<Record<string, Bucketed & { share: number }>> | undefined;
}

export type FlagSource = ProjectExport | FlagDocument | readonly FlagDocument[];

/** Where a bucket is taken: an attribute under a seed. */
export interface Dimension {
  readonly by: string;
  readonly seed: string;
}

/** A flag with everything filled in that a document may leave out. */
export interface ProjectFlag extends FlagDefinition {
  key: string;
  seed: string;
  state: FlagState & Required<Pick<FlagState, "enabled" | "prerequisites" | "rules">>;
}

/** One environment's documents, each found by its own key only. */
export interface Project {
  readonly flags: ReadonlyMap<string, ProjectFlag>;
  readonly segments: ReadonlyMap<string, Segment>;
  readonly layers: ReadonlyMap<string, Dimension>;
  readonly holdouts: ReadonlyMap<string, Dimension & { readonly share: number }>;
}

const FORMAT = "blastdoor-export-1";
const DEFAULT_UNIT = "targetingKey";

/** @param environment of an export; may be left out where it has one */
export function readProject(source: FlagSource, environment?: string): Project {
  if (isExport(source)) return readExport(source, environment);
  const documents: readonly FlagDocument[] = Array.isArray(source) ? source : [source as FlagDocument];
  for (const document of documents) checkDocument(document);
  return {
    flags: new Map(documents.map((one) => [one.key, filledIn(one)])),
    segments: new Map(),
    layers: new Map(),
    holdouts: new Map(),
  };
}

const isExport = (source: FlagSource): source is ProjectExport =>
  typeof source === "object" && source !== null && "format" in source;

function readExport(source: ProjectExport, environment: string | undefined): Project {
  if (source.format !== FORMAT) throw new Error(`"format" must be "${FORMAT}", not ${JSON.stringify(source.format)}`);
  const names = Object.keys(source.states);
  const name = environment ?? (names.length === 1 ? names[0] : undefined);
  const states = name !== undefined && Object.hasOwn(source.states, name) ? source.states[name] : undefined;
  if (states === undefined)
    throw new Error(`set "environment" to one of the export's environments: ${names.join(", ") || "it has none"}`);
  const bucketed = <T extends Bucketed>(all: Readonly<Record<string, T>> | undefined) =>
    new Map(
      Object.entries(all ?? {}).map(([key, one]) => [
        key,
        { ...one, by: one.by ?? DEFAULT_UNIT, seed: one.seed ?? key },
      ]),
    );
  const flags = Object.entries(source.flags).flatMap(([key, definition]) => {
    const state = Object.hasOwn(states, key) ? states[key] : undefined;
    return state ? [[key, filledIn({ ...definition, key, state })] as const] : [];
  });
  return {
    flags: new Map(flags),
    segments: new Map(Object.entries(source.segments ?? {})),
    layers: bucketed(source.layers),
    holdouts: bucketed(source.holdouts),
  };
}

const filledIn = (document: FlagDocument): ProjectFlag => ({
  ...document,
  seed: document.seed ?? document.key,
  state: { enabled: false, prerequisites: [], rules: [], ...document.state } as ProjectFlag["state"],
});

function checkDocument(document: FlagDocument): void {
  const { key, variants, state } = (document ?? {}) as Partial<FlagDocument>;
  if (typeof key !== "string") throw new Error('a flag document needs its "key"');
  if (typeof variants !== "object" || variants === null) throw new Error(`flag "${key}" needs "variants"`);
  if (typeof state !== "object" || state === null || typeof state.fallthrough !== "object")
    throw new Error(`flag "${key}" needs "state", as GET …/environments/{environment}/flags/${key} answers it`);
}

/** The bucketing attribute of a split. */
export const unitOf = ({ by }: { by?: string | undefined }): string => by ?? DEFAULT_UNIT;
