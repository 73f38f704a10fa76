import { useSignal } from "@preact/signals";
import { useLocation } from "preact-iso";
import { api } from "../../domain/api.ts";
import { loadProjects } from "../../domain/project.ts";
import { may } from "../../domain/session.ts";
import { slugOf } from "../../domain/words/key-words.ts";
import { Problem } from "../../ui/problem.tsx";

/** Shown when there is no project yet, and from the settings. */
export function NewProject() {
  const name = useSignal("");
  const problem = useSignal<unknown>(null);
  const { route } = useLocation();
  const create = async () => {
    const key = slugOf(name.value);
    if (key === "") return;
    try {
      const request = { param: { project: key }, header: { "if-match": '"0"' }, json: { name: name.value.trim() } };
      await api.projects[":project"].$put(request);
      await loadProjects();
      route(`/p/${key}/flags`);
    } catch (error) {
      problem.value = error;
    }
  };
  if (!may("admin")) return <p class="card">There is no project yet; an administrator makes the first one.</p>;
  return (
    <form
      class="card stack"
      onSubmit={(event) => {
        event.preventDefault();
        void create();
      }}
    >
      <h2>New project</h2>
      <p class="muted">A project holds one product's flags. It starts with development, staging and production.</p>
      {problem.value !== null && <Problem error={problem.value} />}
      <label class="field">
        <span class="label">Name</span>
        <input
          value={name.value}
          maxLength={100}
          placeholder="Web shop"
          onInput={(event) => {
            name.value = event.currentTarget.value;
          }}
        />
        {name.value && <span class="hint">{`In addresses and keys: ${slugOf(name.value)}`}</span>}
      </label>
      <button type="submit" class="button button-primary" disabled={slugOf(name.value) === ""}>
        Make the project
      </button>
    </form>
  );
}
