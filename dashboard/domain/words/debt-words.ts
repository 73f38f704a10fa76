import type { DebtReason } from "../../../shared/schema/flag-debt.ts";

export const DEBT_WORDS: Record<DebtReason, { words: string; tone: "killed" | "part" | "on" | "off" }> = {
  expired: { words: "Past its expiry", tone: "killed" },
  "rolled-out": { words: "Everybody has it", tone: "on" },
  off: { words: "Nobody has it", tone: "off" },
  killed: { words: "Killed and left", tone: "killed" },
  "never-asked": { words: "No app asks for it", tone: "part" },
};
