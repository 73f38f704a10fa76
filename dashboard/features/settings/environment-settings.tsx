import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { answer, api, type Environment, ifMatch, type Project } from "../../domain/api.ts";
import { flags, openProject } from "../../domain/project.ts";
import { may } from "../../domain/session.ts";
import { slugOf } from "../../domain/words/key-words.ts";
import { confirmed } from "../../ui/confirm.tsx";
import { InlineForm } from "../../ui/inline-form.tsx";
import { Problem } from "../../ui/problem.tsx";
import { TextField } from "../../ui/text-field.tsx";
import { tell } from "../../ui/toasts.tsx";

export function EnvironmentSettings({ project }: { project: Project }) {
  const name = useSignal("");
  const problem = useSignal<unknown>(null);
  const key = slugOf(name.value);
  const fail = (error: unknown) => {
    problem.value = error;
  };
  const make = async () => {
    problem.value = null;
    try {
      const param = { project: project.key, environment: key };
      const json = { name: name.value.trim() };
      await api.projects[":project"].environments[":environment"].$put({ param, header: { "if-match": '"0"' }, json });
      tell(`The environment ${name.value} is made`, "Every flag is off there.");
      name.value = "";
      await openProject(project.key);
    } catch (error) {
      problem.value = error;
    }
  };
  return (
    <section class="card stack" aria-labelledby="environments">
      <h2 id="environments">Environments</h2>
      <ul class="plain-list">
        {project.environments.map((one) => (
          <EnvironmentRow key={one.key} project={project} one={one} fail={fail} />
        ))}
      </ul>
      {problem.value !== null && <Problem error={problem.value} />}
      {may("admin") && (
        <InlineForm submit={make}>
          <TextField label="New environment" value={name} maxLength={100} placeholder="Preview" />
          <button type="submit" class="button" disabled={key === ""}>
            Make it
          </button>
        </InlineForm>
      )}
    </section>
  );
}

const DAY_MS = 86_400_000;

/** What is lost with an environment: its keys, whether apps still use them, and the flags that are on. */
function WhatHangsOn({ project, environment }: { project: string; environment: Environment }) {
  const keys = useSignal<{ name: string; lastUsedAt?: string | null | undefined }[] | null>(null);
  useEffect(() => {
    const param = { project, environment: environment.key };
    answer(api.projects[":project"].environments[":environment"].keys.$get({ param })).then(
      (found) => {
        keys.value = found.keys;
      },
      () => {},
    );
  }, [project, environment.key]);
  const on = (flags.value ?? []).filter((flag) => flag.environments[environment.key]?.enabled).length;
  const used = keys.value?.filter(({ lastUsedAt }) => lastUsedAt && Date.now() - Date.parse(lastUsedAt) < DAY_MS) ?? [];
  return (
    <>
      <p>
        Its states, schedules, plans and keys are gone for good: every app that asks with one of its keys is refused.
        Flags stay in the other environments.
      </p>
      <ul aria-label="What is lost">
        <li>{on === 1 ? "1 flag is on here" : `${on} flags are on here`}</li>
        {keys.value && <li>{keys.value.length === 1 ? "1 SDK key" : `${keys.value.length} SDK keys`}</li>}
        {keys.value && (
          <li>
            {used.length === 0
              ? "No key was used in the last 24 hours"
              : `In use within the last 24 hours: ${used.map(({ name }) => name).join(", ")}`}
          </li>
        )}
      </ul>
    </>
  );
}

interface EnvironmentRowProps {
  project: Project;
  one: Environment;
  fail: (error: unknown) => void;
}

function EnvironmentRow({ project, one, fail }: EnvironmentRowProps) {
  const typed = useSignal<string | null>(null);
  const param = { project: project.key, environment: one.key };
  const route = api.projects[":project"].environments[":environment"];
  const rename = async () => {
    const name = typed.value?.trim();
    if (!name) return;
    try {
      await route.$put({ param, header: ifMatch(one.version), json: { name } });
      await openProject(project.key);
      typed.value = null;
      tell(`The environment is called ${name}`, `Its key stays ${one.key}.`);
    } catch (error) {
      fail(error);
    }
  };
  const setFreshness = async (freshness: Environment["freshness"]) => {
    try {
      await route.$put({ param, header: ifMatch(one.version), json: { freshness } });
      await openProject(project.key);
      tell(`Freshness of ${one.name} is saved`);
    } catch (error) {
      fail(error);
    }
  };
  const remove = async () => {
    const isSure = await confirmed({
      title: `Delete the environment ${one.name}?`,
      text: <WhatHangsOn project={project.key} environment={one} />,
      action: `Delete ${one.name}`,
      name: one.key,
    });
    if (!isSure) return;
    try {
      await route.$delete({ param, header: ifMatch(one.version) });
      await openProject(project.key);
      tell(`The environment ${one.name} is deleted`);
    } catch (error) {
      fail(error);
    }
  };
  return (
    <li>
      {typed.value === null ? (
        <span>
          <strong>{one.name}</strong> <code>{one.key}</code>
        </span>
      ) : (
        <input
          aria-label={`New name of ${one.name}`}
          maxLength={100}
          value={typed.value}
          onInput={(event) => {
            typed.value = event.currentTarget.value;
          }}
          onKeyDown={(event) => {
            if (event.key === "Enter") void rename();
            if (event.key === "Escape") typed.value = null;
          }}
        />
      )}
      {may("admin") && (
        <span class="row">
          <select
            aria-label={`Freshness of ${one.name}`}
            value={one.freshness}
            onChange={(event) => void setFreshness(event.currentTarget.value as Environment["freshness"])}
          >
            <option value="bounded" selected={one.freshness !== "stale-while-revalidate"}>
              Kills within 2 seconds
            </option>
            <option value="stale-while-revalidate" selected={one.freshness === "stale-while-revalidate"}>
              Never wait, up to 1 minute old
            </option>
          </select>
          <button
            type="button"
            class="button button-small"
            onClick={() => {
              if (typed.value === null) typed.value = one.name;
              else void rename();
            }}
          >
            {typed.value === null ? "Rename" : "Save"}
          </button>
          <button type="button" class="button button-small" disabled={project.environments.length < 2} onClick={remove}>
            Delete…
          </button>
        </span>
      )}
    </li>
  );
}
