import { useLocation } from "preact-iso";
import { project, projects } from "../domain/project.ts";
import { Icon } from "../ui/icon.tsx";
import { Mark } from "../ui/mark.tsx";
import { commanding } from "./command-bar.tsx";
import { NAVIGATION, PAGES } from "./pages.tsx";
import { PersonMenu } from "./person-menu.tsx";

export function Header() {
  const { path, route } = useLocation();
  const key = path.split("/")[2] ?? "";
  const all = projects.value ?? (project.value ? [project.value] : []);
  return (
    <header class="header">
      <a class="brand" href={`/p/${key}/flags`} aria-label="Blastdoor, all flags">
        <Mark />
      </a>
      <select
        class="project-switch"
        aria-label="Project"
        value={key}
        onChange={(event) => route(`/p/${event.currentTarget.value}/flags`)}
      >
        {all.map((one) => (
          <option key={one.key} value={one.key} selected={one.key === key}>
            {one.name}
          </option>
        ))}
      </select>
      <nav class="pages" aria-label="Pages">
        {NAVIGATION.map(({ path: page, name, component }) => (
          <a
            key={page}
            href={`/p/${key}/${page}`}
            aria-current={isWithin(path, key, page) ? "page" : undefined}
            onPointerEnter={() => void component.preload?.()}
            onFocus={() => void component.preload?.()}
          >
            {name}
          </a>
        ))}
      </nav>
      <button
        type="button"
        class="command-button"
        onClick={() => {
          commanding.value = true;
        }}
      >
        <Icon name="search" />
        <span class="command-hint">Jump to…</span>
        <kbd>{/Mac|iPhone|iPad/.test(navigator.userAgent) ? "⌘ K" : "Ctrl K"}</kbd>
      </button>
      <PersonMenu />
    </header>
  );
}

/** Whether an address is that of a page, or of one beneath it. */
function isWithin(path: string, project: string, page: string): boolean {
  const paths = PAGES.filter((one) => one.path === page || one.within === page).map((one) => one.path.split("/")[0]);
  return paths.some((first) => path.split("/")[3] === first) && path.startsWith(`/p/${project}/`);
}
