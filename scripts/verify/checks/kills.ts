import type { Check } from "../check.ts";
import { CHANGE_MS, judgeChanges, type Turned, untilServed, watch } from "../staleness.ts";
import { flagName } from "../throw-away.ts";

export const check: Check = {
  name: "kills",
  promised: `30 kills under load: no evaluation that begins ${CHANGE_MS} ms later serves what was before`,
  shortened: "2 kills instead of 30",
  async run(site) {
    const { server, production } = await site.main();
    const flags = Array.from({ length: site.quick ? 2 : 30 }, (_, index) => flagName(index));
    await untilServed(site, server, flags[0] as string);
    const kills: Turned[] = [];
    const watched = await watch(site, server, flags, async () => {
      for (const flag of flags) {
        // At random, so that no kill meets the same age of what edges know.
        await site.wait(500 + Math.random() * 1_000);
        const sentAt = Date.now();
        const comment = "verify:deployment";
        await site.admin("POST", `${production}/flags/${flag}/kill`, { comment });
        const { kills: its } = await site.admin<{ kills: { at: string }[] }>("GET", `${production}/flags/${flag}`);
        kills.push({ flag, sentAt, committedAt: Date.parse(its[0]?.at ?? "") || sentAt });
      }
    });
    return judgeChanges(kills, watched, site.outside.slackMs);
  },
};
