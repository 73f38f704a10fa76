import { useSignal } from "@preact/signals";
import { api, type Project } from "../api.ts";
import { Problem } from "../frame/problem.tsx";
import { tell } from "../frame/toasts.tsx";
import { openProject } from "../project.ts";
import { may } from "../session.ts";
import { slugOf } from "../words/key-words.ts";

export function EnvironmentSettings({ project }: { project: Project }) {
  const name = useSignal("");
  const problem = useSignal<unknown>(null);
  const key = slugOf(name.value);
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
          <li key={one.key}>
            <span>
              <strong>{one.name}</strong> <code>{one.key}</code>
            </span>
          </li>
        ))}
      </ul>
      {problem.value !== null && <Problem error={problem.value} />}
      {may("admin") && (
        <form
          class="inline-form"
          onSubmit={(event) => {
            event.preventDefault();
            void make();
          }}
        >
          <label class="field">
            <span class="label">New environment</span>
            <input
              value={name.value}
              maxLength={100}
              placeholder="Preview"
              onInput={(event) => {
                name.value = event.currentTarget.value;
              }}
            />
          </label>
          <button type="submit" class="button" disabled={key === ""}>
            Make it
          </button>
        </form>
      )}
    </section>
  );
}
