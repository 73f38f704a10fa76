import { type Check, type Finding, notReached, unless } from "../check.ts";
import type { RegionSeen } from "../site.ts";

export function judgeRegions(regions: readonly RegionSeen[]): Finding {
  const ran = regions.flatMap(({ region, report }) => (report ? [{ region, sample: report.samples[0] }] : []));
  const absent = regions.filter(({ report }) => report === null);
  const apart = absent.length > 0 ? `; no probe ran in ${absent.map(({ region }) => region).join(", ")}` : "";
  if (ran.length === 0) return notReached(`no probe ran (${absent[0]?.why ?? "none was asked"})`);
  const misses = ran
    .filter(({ sample }) => !sample?.answer)
    .map(({ region, sample }) => `${region}: an evaluation from there was answered ${sample?.status || "not at all"}`);
  const seen = ran.flatMap(({ region, sample }) =>
    sample?.answer ? [`${region} by ${sample.answer.colo} in ${sample.ms} ms`] : [],
  );
  return unless(misses, seen.join(", ") + apart);
}

export const check: Check = {
  name: "regions",
  promised: "apps in nine regions are answered; where Cloudflare makes a probe is up to it",
  run: async (site) => judgeRegions(await site.regions()),
};
