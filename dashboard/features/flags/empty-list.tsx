import type { Filters } from "../../domain/filters.ts";
import { project } from "../../domain/project.ts";
import { mayChange } from "../../domain/session.ts";
import { Icon } from "../../ui/icon.tsx";
import { Lazily } from "../../ui/lazily.tsx";
import { creating } from "./create-flag.tsx";

const loadConnect = () => import("./connect-first.tsx").then((module) => module.ConnectFirst);

export function EmptyList() {
  return (
    <section class="empty card">
      <h2>No flags yet</h2>
      <p>
        A flag lets you put something live for some people, and take it back in a second. It starts switched off
        everywhere: making one changes nothing for anybody.
      </p>
      <ol class="steps">
        <li>
          <strong>Make a flag.</strong> Say what it is for and which values it has.
        </li>
        <li>
          <strong>Connect your app.</strong> The flag’s page has the code for nine languages, with a key made there.
        </li>
        <li>
          <strong>Switch it on</strong> for staff, then 1 %, 10 %, everyone. <kbd>k</kbd> stops it.
        </li>
      </ol>
      {mayChange("experiment") && (
        <button
          type="button"
          class="button button-primary"
          onClick={() => {
            creating.value = true;
          }}
        >
          <Icon name="plus" /> Make the first flag
        </button>
      )}
      {mayChange("release") && project.value && <Lazily load={loadConnect} props={{ project: project.value.key }} />}
    </section>
  );
}

export function NoMatch({ filters, clear }: { filters: Filters; clear: () => void }) {
  return (
    <section class="empty card">
      <h2>{filters.q ? `Nothing matches “${filters.q}”` : "No flag is like that"}</h2>
      <p>Search looks at names, descriptions, owners and tags. Each word must be found.</p>
      <button type="button" class="button" onClick={clear}>
        Show all flags
      </button>
    </section>
  );
}
