import { type Check, type Finding, missed, notReached, unless } from "../check.ts";

/** @param edges versions that answered requests @param objects versions that Durable Objects ran; null: not known */
export function judgeVersions(edges: readonly (string | null)[], objects: readonly (string | null)[]): Finding {
  const known = (all: readonly (string | null)[]) => [...new Set(all.filter((one) => one !== null))];
  const [atEdges, inObjects] = [known(edges), known(objects)];
  if (edges.length === 0) return missed("nothing answered");
  if (atEdges.length === 0) return notReached("the Worker does not know its version (no version_metadata binding)");
  const misses: string[] = [];
  if (atEdges.length > 1) misses.push(`${atEdges.length} versions answer side by side: ${atEdges.join(", ")}`);
  const older = inObjects.filter((one) => !atEdges.includes(one));
  if (older.length > 0) misses.push(`Durable Objects run ${older.join(", ")}`);
  return unless(misses, `${edges.length} answers, ${objects.length} probes, version ${atEdges.join(", ")}`);
}

export const check: Check = {
  name: "versions",
  promised: "one version answers everywhere, at edges and in Durable Objects",
  shortened: "5 requests instead of 30",
  async run(site) {
    const edges: (string | null)[] = [];
    for (let index = 0; index < (site.quick ? 5 : 30); index++) {
      const response = await site.fetch("/healthz");
      const { version } = (await response.json()) as { version?: string | null };
      edges.push(version ?? null);
    }
    const reports = (await site.regions()).flatMap(({ report }) => (report ? [report] : []));
    edges.push(...reports.flatMap(({ samples }) => samples.flatMap(({ answer }) => (answer ? [answer.version] : []))));
    return judgeVersions(
      edges,
      reports.map(({ version }) => version),
    );
  },
};
