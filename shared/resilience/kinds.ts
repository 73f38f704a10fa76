import type { FindingKind } from "./finding-kind.ts";
import { blindGuard } from "./kinds/blind-guard.ts";
import { noBudget } from "./kinds/no-budget.ts";
import { noDrill } from "./kinds/no-drill.ts";
import { noFreeze } from "./kinds/no-freeze.ts";
import { noOwner } from "./kinds/no-owner.ts";
import { onePerson } from "./kinds/one-person.ts";
import { oneStep } from "./kinds/one-step.ts";
import { overdueFollowUp } from "./kinds/overdue-follow-up.ts";
import { slowRestore } from "./kinds/slow-restore.ts";
import { staleFlags } from "./kinds/stale-flags.ts";
import { unguarded } from "./kinds/unguarded.ts";

/** Every kind of finding. Of equal blast radius, the one that stands first here comes first. */
export const KINDS: readonly FindingKind[] = [
  blindGuard,
  oneStep,
  unguarded,
  noDrill,
  overdueFollowUp,
  slowRestore,
  onePerson,
  noOwner,
  noFreeze,
  staleFlags,
  noBudget,
];
