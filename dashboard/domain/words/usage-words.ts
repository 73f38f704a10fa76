import { ownOf } from "../../../shared/own.ts";
import type { UsageView } from "../../../shared/schema/usage.ts";
import { ago, agoBriefly } from "./time-words.ts";

/** When a flag was last asked for, as a sentence. */
export function askedWords(
  { flags, bulkAt }: Pick<UsageView, "flags" | "bulkAt">,
  flag: string,
  where: string,
): string {
  const at = ownOf(flags, flag);
  if (at) return `Apps in ${where} last asked for it ${ago(at)}.`;
  if (bulkAt)
    return `No app in ${where} has asked for it by name; apps that take all flags at once did ${ago(bulkAt)}.`;
  return `No app in ${where} has asked for it yet.`;
}

/** The same in the list, in a few words. */
export function askedBriefly({ flags, bulkAt }: Pick<UsageView, "flags" | "bulkAt">, flag: string): string {
  const at = ownOf(flags, flag);
  if (at) return agoBriefly(at);
  return bulkAt ? "in bulk only" : "never yet";
}
