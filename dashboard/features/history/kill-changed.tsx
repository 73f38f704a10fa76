import { useSignal } from "@preact/signals";
import { environment, flagOf, project } from "../../domain/project.ts";
import { actorWords } from "../../domain/words/audit-words.ts";
import { ago } from "../../domain/words/time-words.ts";
import { EnvironmentChoice } from "../../editors/environment-choice.tsx";
import { KillManyDialog } from "../../editors/kill-many-dialog.tsx";
import type { AuditEntry } from "./history-row.tsx";

interface KillChangedProps {
  rows: readonly AuditEntry[];
  /** An environment's key, when the list is about one. */
  within: string;
  close: () => void;
}

/** Something hurts and nobody knows which change it was: all flags that were changed, to be killed together. */
export function KillChanged({ rows, within, close }: KillChangedProps) {
  const environments = project.value?.environments ?? [];
  const first = environments.find(({ key }) => key === within) ?? environment.value;
  const chosen = useSignal(first?.key);
  const target = environments.find(({ key }) => key === chosen.value) ?? first;
  if (!target) return null;
  const last = lastChanges(rows, target.key);
  const flags = [...last.keys()].flatMap((key) => flagOf(key) ?? []);
  const note = ({ key }: { key: string }) => {
    const row = last.get(key);
    return row && `${actorWords(row.actor)}, ${ago(row.at)}`;
  };
  const where = (
    <EnvironmentChoice
      environments={environments}
      chosen={target.key}
      choose={(key) => {
        chosen.value = key;
      }}
    />
  );
  return <KillManyDialog flags={flags} environment={target} where={where} note={note} close={close} />;
}

/** The latest row about each flag that reached an environment: its state there, or what all environments share. */
function lastChanges(rows: readonly AuditEntry[], within: string): Map<string, AuditEntry> {
  const last = new Map<string, AuditEntry>();
  for (const row of rows)
    for (const { entity, environment: where, key, before, after } of row.changes) {
      const isAbout = entity === "flag" || ((entity === "state" || entity === "kill") && where === within);
      const body = (after ?? before) as { flag?: string } | null;
      const flag = entity === "kill" ? body?.flag : key;
      if (isAbout && flag !== undefined && !last.has(flag)) last.set(flag, row);
    }
  return last;
}
