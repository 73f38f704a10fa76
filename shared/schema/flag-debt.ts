import { z } from "zod";
import { PURPOSES } from "./flag.ts";
import { key } from "./primitives.ts";

/**
 * Why a flag is debt. `expired`: past the day it was meant to be gone. `rolled-out`: everybody gets one variant, for
 * long. `off`: nobody gets anything but the off variant, for long. `killed`: nobody has restored it. `never-asked`: no
 * app has asked for it.
 */
export const DEBT_REASONS = ["expired", "rolled-out", "off", "killed", "never-asked"] as const;
export const debtReason = z.enum(DEBT_REASONS);
export type DebtReason = z.infer<typeof debtReason>;

export const flagDebt = z.object({
  flag: key,
  purpose: z.enum(PURPOSES),
  owner: z.string(),
  reasons: z.array(
    z.object({
      reason: debtReason,
      /** Since when it has been so. */
      since: z.string(),
    }),
  ),
  /** What code that asks for it may be replaced with: everybody gets this. */
  keep: key.nullable().optional(),
  /** Flags that depend on it: they come first. */
  dependants: z.array(key),
});
export type FlagDebt = z.infer<typeof flagDebt>;

export const debtView = z
  .object({
    days: z.int(),
    /** The environment that was looked at. */
    environment: z.string(),
    /** The most pressing first. */
    flags: z.array(flagDebt),
  })
  .meta({ id: "FlagDebt", description: "Flags that code could do without, and why" });
export type DebtView = z.infer<typeof debtView>;
