/** Where Cloudflare can be asked to place a Durable Object (`locationHint`): one relay of a project stands in each. */
export const REGIONS = ["wnam", "enam", "sam", "weur", "eeur", "apac", "oc", "afr", "me"] as const;
export type Region = (typeof REGIONS)[number];

export const isRegion = (name: unknown): name is Region => (REGIONS as readonly unknown[]).includes(name);

/** The region of a continent as `request.cf.continent` names it, where its data centres say nothing more exact. */
const OF_CONTINENT: ReadonlyMap<string, Region> = new Map([
  ["AF", "afr"],
  ["AN", "sam"],
  ["AS", "apac"],
  ["EU", "weur"],
  ["NA", "enam"],
  ["OC", "oc"],
  ["SA", "sam"],
]);

/** Data centres that are nearer to another region of their continent. Missing ones cost milliseconds and no correctness. */
const OF_CENTRES: readonly (readonly [Region, string])[] = [
  ["wnam", "ABQ DEN HNL LAS LAX PDX PHX SAN SEA SFO SJC SLC SMF YVR YYC"],
  ["eeur", "ARN ATH BEG BTS BUD HEL IST KBP KIV KJA LED OTP PRG RIX SKP SOF SVX TLL VIE VNO WAW ZAG"],
  ["me", "AMM BAH BEY BGW BSR DMM DOH DXB EBL HFA ISU JED KWI MCT NJF RUH TLV XNH"],
];
const OF_CENTRE: ReadonlyMap<string, Region> = new Map(
  OF_CENTRES.flatMap(([region, colos]) => colos.split(" ").map((colo) => [colo, region] as const)),
);

/** The region of a data centre; null when nothing is known of it, as on a developer's machine. */
export function regionOf(colo: string | null, continent: string | null): Region | null {
  return OF_CENTRE.get(colo ?? "") ?? OF_CONTINENT.get(continent ?? "") ?? null;
}
