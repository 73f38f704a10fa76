import { isRegion, REGIONS, type Region } from "./regions.ts";

/** What Cloudflare offers as jurisdictions of Durable Objects. */
export const JURISDICTIONS = ["eu", "us", "fedramp"] as const;
export type Jurisdiction = (typeof JURISDICTIONS)[number];

/** Where an installation's Durable Objects are. */
export interface Placement {
  /** Objects of another jurisdiction are other objects: it is chosen before the first use. */
  readonly jurisdiction: Jurisdiction | null;
  /** Where objects are made that are not there yet; null: near the first asker. */
  readonly locationHint: Region | null;
}

/** As it stands in wrangler.toml; empty means not set. */
export interface PlacementSettings {
  readonly JURISDICTION?: string;
  readonly LOCATION_HINT?: string;
}

/** A setting that means nothing, in words that name it and what it may be. */
export type PlacementProblem = { readonly problem: string };

/** Relays of an installation in a jurisdiction may stand in these regions alone. */
const REGIONS_OF: Readonly<Record<Jurisdiction, readonly Region[]>> = {
  eu: ["weur", "eeur"],
  us: ["enam", "wnam"],
  fedramp: ["enam", "wnam"],
};
/** The region of what stands nowhere else. */
const ANY_REGION: Region = "enam";

const isJurisdiction = (name: string): name is Jurisdiction => (JURISDICTIONS as readonly string[]).includes(name);

export function placementOf(settings: PlacementSettings): Placement | PlacementProblem {
  const jurisdiction = settings.JURISDICTION || null;
  const locationHint = settings.LOCATION_HINT || null;
  if (jurisdiction !== null && !isJurisdiction(jurisdiction))
    return { problem: `JURISDICTION is "${jurisdiction}": set it to ${listed(JURISDICTIONS)}, or leave it out.` };
  if (locationHint !== null && !isRegion(locationHint))
    return { problem: `LOCATION_HINT is "${locationHint}": set it to ${listed(REGIONS)}, or leave it out.` };
  if (jurisdiction !== null && locationHint !== null && !REGIONS_OF[jurisdiction].includes(locationHint))
    return {
      problem: `LOCATION_HINT "${locationHint}" lies outside of JURISDICTION "${jurisdiction}": set it to ${listed(REGIONS_OF[jurisdiction])}, or leave it out.`,
    };
  return { jurisdiction, locationHint };
}

const listed = (names: readonly string[]): string => `one of ${names.map((name) => `"${name}"`).join(", ")}`;

/** Whether a relay may stand in this region. */
export const mayStandIn = ({ jurisdiction }: Placement, region: Region): boolean =>
  jurisdiction === null || REGIONS_OF[jurisdiction].includes(region);

/** A region for what has to stand somewhere: the nearest one that is allowed, else the first. */
export function regionFor(placement: Placement, nearest: Region | null): Region {
  if (nearest !== null && mayStandIn(placement, nearest)) return nearest;
  if (placement.locationHint !== null) return placement.locationHint;
  return placement.jurisdiction === null ? ANY_REGION : (REGIONS_OF[placement.jurisdiction][0] ?? ANY_REGION);
}
