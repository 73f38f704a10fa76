import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import type { FreezeView, Weekday } from "../../../shared/schema/freeze.ts";
import { answer, api, type Project } from "../../domain/api.ts";
import { environment } from "../../domain/project.ts";
import { may } from "../../domain/session.ts";
import { keyOf } from "../../domain/words/key-words.ts";
import { exactly } from "../../domain/words/time-words.ts";
import { EnvironmentSwitch } from "../../ui/environment-switch.tsx";
import { InlineForm } from "../../ui/inline-form.tsx";
import { Problem } from "../../ui/problem.tsx";
import { TextField } from "../../ui/text-field.tsx";
import { complain, tell } from "../../ui/toasts.tsx";

const DAYS: readonly Weekday[] = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];
const short = (day: Weekday): string => day.charAt(0).toUpperCase() + day.slice(1, 3);

function freezeWords({ weekly, from, until }: Pick<FreezeView, "weekly" | "from" | "until">): string {
  if (!weekly) return `${exactly(from ?? "")} – ${exactly(until ?? "")}`;
  const next = weekly.until <= weekly.from ? " the next day" : "";
  return `${weekly.days.map(short).join(", ")} from ${weekly.from} to ${weekly.until}${next}, ${weekly.timeZone}`;
}

/** Times in which no release goes on by itself. */
export function FreezeSettings({ project }: { project: Project }) {
  const freezes = useSignal<FreezeView[] | null>(null);
  const name = useSignal("");
  const isWeekly = useSignal(true);
  const days = useSignal<Weekday[]>(["friday"]);
  const from = useSignal("16:00");
  const until = useSignal("08:00");
  const begins = useSignal("");
  const ends = useSignal("");
  const problem = useSignal<unknown>(null);
  const here = environment.value;
  const param = { project: project.key, environment: here?.key ?? "" };
  const routes = api.projects[":project"].environments[":environment"].freezes;
  const read = async () => {
    freezes.value = (await answer(routes.$get({ param }))).freezes as FreezeView[];
  };
  useEffect(() => {
    freezes.value = null;
    read().catch((error) => {
      problem.value = error;
    });
  }, [project.key, here?.key]);
  const id = keyOf(name.value.toLowerCase());
  const make = async () => {
    problem.value = null;
    const timeZone = Intl.DateTimeFormat().resolvedOptions().timeZone;
    const instant = (local: string) => (local === "" ? undefined : new Date(local).toISOString());
    const when = isWeekly.value
      ? { weekly: { days: days.value, from: from.value, until: until.value, timeZone } }
      : { from: instant(begins.value), until: instant(ends.value) };
    try {
      const json = { name: name.value.trim(), ...when };
      // A name that is taken must not replace the other window.
      await routes[":freeze"].$put({ param: { ...param, freeze: id }, header: { "if-match": '"0"' }, json });
      const isAhead = !isWeekly.value && begins.value !== "" && Date.parse(begins.value) > Date.now();
      const state = isWeekly.value ? "is saved" : isAhead ? "is saved and not in force yet" : "is in force";
      tell(`“${json.name}” ${state}`, "Kills, guards and people are as free as ever.");
      name.value = "";
      await read();
    } catch (error) {
      problem.value = error;
    }
  };
  const remove = async (one: FreezeView) => {
    try {
      await routes[":freeze"].$delete({ param: { ...param, freeze: one.id }, header: {} });
      await read();
    } catch (error) {
      complain(`“${one.name}” is still in force`, error);
    }
  };
  return (
    <section class="card stack" aria-labelledby="freezes">
      <div class="section-head">
        <h2 id="freezes">Freeze windows</h2>
        <EnvironmentSwitch label="Environment of the freeze windows" />
      </div>
      <p class="muted">No release goes on by itself in these times. Kills, guards and people are as free as ever.</p>
      {freezes.value?.length === 0 && <p class="muted">None: releases go on at any hour.</p>}
      <ul class="plain-list">
        {freezes.value?.map((one) => (
          <li key={one.id}>
            <strong>{one.name}</strong>
            <span class="muted">{freezeWords(one)}</span>
            {may("engineer", here?.key) && (
              <button type="button" class="button button-small" onClick={() => remove(one)}>
                Remove
              </button>
            )}
          </li>
        ))}
      </ul>
      {problem.value !== null && <Problem error={problem.value} />}
      {may("engineer", here?.key) && (
        <InlineForm submit={make}>
          <TextField label="New window" value={name} maxLength={100} placeholder="Friday evening" />
          <label class="field">
            <span class="label">When</span>
            <select
              value={isWeekly.value ? "weekly" : "once"}
              onChange={(event) => {
                isWeekly.value = event.currentTarget.value === "weekly";
              }}
            >
              <option value="weekly">every week</option>
              <option value="once">once</option>
            </select>
          </label>
          {isWeekly.value ? (
            <>
              <fieldset class="freeze-days">
                <legend class="label">Begins on</legend>
                {DAYS.map((day) => (
                  <label key={day} class="check">
                    <input
                      type="checkbox"
                      checked={days.value.includes(day)}
                      onChange={() => {
                        days.value = DAYS.filter((one) => days.value.includes(one) !== (one === day));
                      }}
                    />
                    {short(day)}
                  </label>
                ))}
              </fieldset>
              <Time label="From" type="time" value={from.value} set={(value) => (from.value = value)} />
              <Time label="To" type="time" value={until.value} set={(value) => (until.value = value)} />
            </>
          ) : (
            <>
              <Time label="From" type="datetime-local" value={begins.value} set={(value) => (begins.value = value)} />
              <Time label="To" type="datetime-local" value={ends.value} set={(value) => (ends.value = value)} />
            </>
          )}
          <button type="submit" class="button" disabled={id === ""}>
            Add it
          </button>
        </InlineForm>
      )}
    </section>
  );
}

interface TimeProps {
  label: string;
  type: "time" | "datetime-local";
  value: string;
  set: (value: string) => void;
}

function Time({ label, type, value, set }: TimeProps) {
  return (
    <label class="field">
      <span class="label">{label}</span>
      <input type={type} value={value} onInput={(event) => set(event.currentTarget.value)} />
    </label>
  );
}
