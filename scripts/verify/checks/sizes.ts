import { type Check, type Finding, unless } from "../check.ts";
import { CHANGE_MS, judgeChanges, untilServed, watch } from "../staleness.ts";
import { flagName } from "../throw-away.ts";

export interface SizeSeen {
  readonly flags: number;
  readonly finding: Finding;
}

export function judgeSizes(sizes: readonly SizeSeen[]): Finding {
  const misses = sizes.filter(({ finding }) => finding.verdict === "MISSED");
  const words = ({ flags, finding }: SizeSeen) => `${flags} flags: ${finding.seen}`;
  if (misses.length === 0 && sizes.some(({ finding }) => finding.verdict === "not reached"))
    return { seen: sizes.map(words).join("; "), verdict: "not reached" };
  return unless(misses.map(words), sizes.map(words).join("; "));
}

export const check: Check = {
  name: "sizes",
  promised: `projects of 20, 500 and 5,000 flags are changed while loaded: the change is served within ${CHANGE_MS} ms`,
  shortened: "20 and 300 flags",
  async run(site) {
    const sizes: SizeSeen[] = [];
    for (const flags of site.quick ? [20, 300] : [20, 500, 5_000]) {
      const { server, production } = await site.throwAways.make(flags);
      const flag = flagName(flags - 1);
      await untilServed(site, server, flag);
      const changes: { flag: string; sentAt: number; committedAt: number }[] = [];
      const watched = await watch(site, server, [flag], async () => {
        await site.wait(1_000);
        const sentAt = Date.now();
        const state = { enabled: true, fallthrough: { variant: "off" } };
        const { updatedAt } = await site.admin<{ updatedAt: string }>("PUT", `${production}/flags/${flag}`, state);
        changes.push({ flag, sentAt, committedAt: Date.parse(updatedAt) });
      });
      sizes.push({ flags, finding: judgeChanges(changes, watched, site.outside.slackMs) });
    }
    return judgeSizes(sizes);
  },
};
