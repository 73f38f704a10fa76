import type { Prerequisite } from "../../../shared/schema/flag.ts";
import { flagOf, flags, project } from "../../domain/project.ts";
import { ConditionRow } from "../../editors/condition-row.tsx";
import { Icon } from "../../ui/icon.tsx";

interface PrerequisitesProps {
  flag: string;
  prerequisites: Prerequisite[];
  locked: boolean;
  set: (prerequisites: Prerequisite[]) => void;
}

/** Other flags that must serve something before this one does anything. */
export function Prerequisites({ flag, prerequisites, locked, set }: PrerequisitesProps) {
  const next = flags.value?.find(({ key }) => key !== flag && !prerequisites.some((one) => one.flag === key));
  if (prerequisites.length === 0 && locked) return null;
  return (
    <div class="prerequisites">
      {prerequisites.map((one, index) => (
        <div key={one.flag} class="group-part">
          <span class="rule-if">Only when</span>
          {locked ? (
            <span>
              <a href={`/p/${project.value?.key}/flags/${one.flag}`}>{one.flag}</a> serves {one.variants.join(" or ")}
            </span>
          ) : (
            <ConditionRow
              condition={one}
              set={(condition) =>
                set(prerequisites.map((old, at) => (at === index && "flag" in condition ? condition : old)))
              }
            />
          )}
          {!locked && (
            <button
              type="button"
              class="icon-button"
              aria-label={`No longer depend on ${one.flag}`}
              onClick={() => set(prerequisites.filter((_, at) => at !== index))}
            >
              <Icon name="trash" />
            </button>
          )}
        </div>
      ))}
      {!locked && next && (
        <button
          type="button"
          class="button button-small button-plain"
          onClick={() =>
            set([
              ...prerequisites,
              { flag: next.key, variants: Object.keys(flagOf(next.key)?.variants ?? {}).slice(0, 1) },
            ])
          }
        >
          <Icon name="plus" size={14} /> Depend on another flag
        </button>
      )}
    </div>
  );
}
