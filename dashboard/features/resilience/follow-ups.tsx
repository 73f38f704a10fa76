import { useSignal } from "@preact/signals";
import type { FollowUpView } from "../../../shared/schema/follow-up.ts";
import type { IncidentPage } from "../../../shared/schema/resilience.ts";
import { api, ifMatch } from "../../domain/api.ts";
import { may } from "../../domain/session.ts";
import { Icon } from "../../ui/icon.tsx";
import { complain, tell } from "../../ui/toasts.tsx";
import { NewFollowUp } from "./new-follow-up.tsx";

const route = api.projects[":project"].environments[":environment"]["follow-ups"][":id"];
const day = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeZone: "UTC" });

interface FollowUpsProps {
  incident: IncidentPage;
  /** The incident is to be read again. */
  changed: () => Promise<void>;
}

/** What is to be done so that it does not happen again, by whom and by when. */
export function FollowUps({ incident, changed }: FollowUpsProps) {
  const isAdding = useSignal(false);
  const { project, environment, followUps } = incident;
  const mayEdit = may("engineer", environment);
  const paramOf = ({ id }: FollowUpView) => ({ project, environment, id });
  const setDone = async (one: FollowUpView, done: boolean) => {
    try {
      await route.$patch({ param: paramOf(one), header: ifMatch(one.version), json: { done } });
      await changed();
      tell(done ? "Marked as done" : "Open again", one.title, {
        label: "Undo",
        act: async () => {
          await route.$patch({ param: paramOf(one), header: {}, json: { done: !done } });
          await changed();
        },
      });
    } catch (error) {
      complain("The follow-up stays as it was", error);
    }
  };
  const remove = async (one: FollowUpView) => {
    try {
      await route.$delete({ param: paramOf(one), header: ifMatch(one.version) });
      await changed();
      tell("Follow-up deleted", one.title);
    } catch (error) {
      complain("The follow-up was not deleted", error);
    }
  };
  return (
    <section class="card stack" aria-labelledby="follow-ups">
      <div class="section-head">
        <h2 id="follow-ups">Follow-ups</h2>
        {mayEdit && !isAdding.value && (
          <button
            type="button"
            class="button button-small"
            onClick={() => {
              isAdding.value = true;
            }}
          >
            <Icon name="plus" /> Add
          </button>
        )}
      </div>
      {followUps.length === 0 && !isAdding.value && (
        <p class="muted">None yet. What would have prevented this, or ended it sooner?</p>
      )}
      <ul class="follow-ups">
        {followUps.map((one) => (
          <li key={one.id} class={one.done === null ? "" : "is-done"}>
            <label>
              <input
                type="checkbox"
                checked={one.done !== null}
                disabled={!mayEdit}
                onChange={(event) => void setDone(one, event.currentTarget.checked)}
              />
              <span>
                <span class="follow-up-title">{one.title}</span>
                <span class="muted">
                  {`${one.owner} · `}
                  {one.done === null ? (
                    <span class={one.overdue ? "bad" : undefined}>
                      {`${one.overdue ? "overdue since" : "due"} ${day.format(Date.parse(one.due))}`}
                    </span>
                  ) : (
                    `done ${day.format(Date.parse(one.done))}${one.doneBy ? ` by ${one.doneBy}` : ""}`
                  )}
                </span>
              </span>
            </label>
            {mayEdit && (
              <button
                type="button"
                class="icon-button"
                aria-label={`Delete the follow-up ${one.title}`}
                onClick={() => void remove(one)}
              >
                <Icon name="trash" />
              </button>
            )}
          </li>
        ))}
      </ul>
      {isAdding.value && (
        <NewFollowUp
          incident={incident}
          close={() => {
            isAdding.value = false;
          }}
          changed={changed}
        />
      )}
    </section>
  );
}
