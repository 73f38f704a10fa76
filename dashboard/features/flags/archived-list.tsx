import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { answer, api, type FlagView } from "../../domain/api.ts";
import type { Filters } from "../../domain/filters.ts";
import { seenRevision, showFlag } from "../../domain/project.ts";
import { mayChange } from "../../domain/session.ts";
import { PURPOSE_WORDS } from "../../domain/words/flag-words.ts";
import { ago, exactly } from "../../domain/words/time-words.ts";
import { Problem } from "../../ui/problem.tsx";
import { complain, tell } from "../../ui/toasts.tsx";

/** Flags that are gone from everywhere but the history, whose names stay taken. */
export function ArchivedList({ project, filters }: { project: string; filters: Filters }) {
  const archived = useSignal<FlagView[] | null>(null);
  const problem = useSignal<unknown>(null);
  const param = { project };
  useEffect(() => {
    answer(api.projects[":project"].flags.$get({ param, query: { archived: "true" } })).then(
      ({ flags }) => {
        archived.value = flags;
      },
      (error) => {
        problem.value = error;
      },
    );
  }, [project, seenRevision.value]);
  const bringBack = async ({
    key,
    type,
    purpose,
    variants,
    offVariant,
    visibility,
    seed,
    description,
    owner,
    tags,
  }: FlagView) => {
    try {
      const flag = await answer(
        api.projects[":project"].flags[":flag"].$put({
          param: { project, flag: key },
          query: { reuse: "true" },
          header: {},
          json: {
            type,
            purpose,
            variants,
            offVariant,
            visibility,
            seed,
            description,
            owner,
            tags,
            comment: "Brought back",
          },
        }),
      );
      showFlag(flag);
      archived.value = (archived.value ?? []).filter((one) => one.key !== key);
      tell(`${key} is back`, "It is off everywhere, without its old rules.");
    } catch (error) {
      complain(`${key} stays archived`, error);
    }
  };
  const words = filters.q.toLowerCase();
  const shown = archived.value?.filter(({ key, description }) => `${key} ${description}`.toLowerCase().includes(words));
  return (
    <>
      {problem.value !== null && <Problem error={problem.value} />}
      {shown?.length === 0 && (
        <section class="empty card">
          <h2>{words ? `Nothing archived matches “${filters.q}”` : "Nothing is archived"}</h2>
          <p>
            When a release is through, archive its flag: the list stays short, and its name is not used by accident.
          </p>
        </section>
      )}
      {shown && shown.length > 0 && (
        <ul class="card plain-list archived">
          {shown.map((flag) => (
            <li key={flag.key}>
              <div class="rule-words">
                <strong>{flag.key}</strong> <span class="chip">{PURPOSE_WORDS[flag.purpose].name}</span>
                <p class="muted">{flag.description || "No description"}</p>
              </div>
              {flag.archivedAt && (
                <time class="muted" dateTime={flag.archivedAt} title={exactly(flag.archivedAt)}>
                  {`archived ${ago(flag.archivedAt)}`}
                </time>
              )}
              {mayChange(flag.purpose) && (
                <button type="button" class="button button-small" onClick={() => bringBack(flag)}>
                  Bring back, switched off
                </button>
              )}
            </li>
          ))}
        </ul>
      )}
    </>
  );
}
