import { signal, useSignal } from "@preact/signals";
import { useLayoutEffect } from "preact/hooks";
import { useLocation } from "preact-iso";
import { withQuery } from "../domain/filters.ts";
import { chooseEnvironment, environment, flags, project, projects } from "../domain/project.ts";
import { mayChange, signOut } from "../domain/session.ts";
import { killing } from "../editors/kill-dialog.tsx";
import { creating } from "../features/flags/create-flag.tsx";
import { Dialog } from "../ui/dialog.tsx";
import { complain } from "../ui/toasts.tsx";
import { DESTINATIONS } from "./pages.tsx";
import { NEXT_THEME, theme } from "./theme.ts";

export const commanding = signal(false);
const SHOWN = 12;

interface Command {
  name: string;
  kind: string;
  run: () => void;
}

/** Ctrl or ⌘ and K: go anywhere, do anything, by a few letters. */
export function CommandBar() {
  useLayoutEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.key.toLowerCase() !== "k" || !(event.ctrlKey || event.metaKey)) return;
      event.preventDefault();
      commanding.value = !commanding.value;
    };
    addEventListener("keydown", onKey);
    return () => removeEventListener("keydown", onKey);
  }, []);
  return commanding.value ? <Commands /> : null;
}

function Commands() {
  const words = useSignal("");
  const at = useSignal(0);
  const { route, url } = useLocation();
  const found = matching(commandsOf(route, url), words.value);
  const chosen = Math.min(at.value, found.length - 1);
  const close = () => {
    commanding.value = false;
  };
  const run = (command: Command | undefined) => {
    if (!command) return;
    close();
    // The dialog gives the focus back first; what opens next then takes it.
    setTimeout(command.run);
  };
  return (
    <Dialog title="Jump to…" onClose={close} onSubmit={() => run(found[chosen])}>
      <input
        data-first
        role="combobox"
        aria-label="Flag, page or action"
        aria-expanded="true"
        aria-controls="commands"
        aria-activedescendant={found[chosen] ? `command-${chosen}` : undefined}
        placeholder="Flag, page or action"
        value={words.value}
        onInput={(event) => {
          words.value = event.currentTarget.value;
          at.value = 0;
        }}
        onKeyDown={(event) => {
          const step = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
          if (step === 0 || found.length === 0) return;
          event.preventDefault();
          at.value = (chosen + step + found.length) % found.length;
        }}
      />
      <div id="commands" role="listbox" class="commands" aria-label="Found">
        {found.map((command, index) => (
          // biome-ignore lint/a11y/useKeyWithClickEvents: keys go to the field.
          // biome-ignore lint/a11y/useFocusableInteractive: the focus stays in the field, which names the chosen option.
          <div
            key={`${command.kind} ${command.name}`}
            id={`command-${index}`}
            role="option"
            class="command"
            aria-selected={index === chosen}
            onClick={() => run(command)}
          >
            <span class="clip">{command.name}</span>
            <span class="muted">{command.kind}</span>
          </div>
        ))}
      </div>
      {found.length === 0 && <p class="muted">Nothing is called that.</p>}
    </Dialog>
  );
}

function matching(all: readonly Command[], typed: string): Command[] {
  const words = typed.toLowerCase().split(/\s+/).filter(Boolean);
  const fits = all.filter(({ name, kind }) => words.every((word) => `${name} ${kind}`.toLowerCase().includes(word)));
  // What begins like the words comes first.
  const rank = ({ name }: Command) => (words[0] && name.toLowerCase().startsWith(words[0]) ? 0 : 1);
  return fits.sort((a, b) => rank(a) - rank(b)).slice(0, SHOWN);
}

function commandsOf(route: (url: string, replace?: boolean) => void, url: string): Command[] {
  const key = project.value?.key ?? "";
  const here = environment.value;
  const commands: Command[] = DESTINATIONS.map(({ path, name }) => ({
    name,
    kind: "page",
    run: () => route(`/p/${key}/${path}`),
  }));
  if (mayChange("experiment"))
    commands.push({
      name: "New flag",
      kind: "action",
      run: () => {
        route(`/p/${key}/flags`);
        creating.value = true;
      },
    });
  commands.push({
    name: `Colours: ${NEXT_THEME[theme.value]}`,
    kind: "action",
    run: () => {
      theme.value = NEXT_THEME[theme.value];
    },
  });
  for (const one of project.value?.environments ?? [])
    commands.push({
      name: one.name,
      kind: "environment",
      run: () => {
        chooseEnvironment(one.key);
        route(withQuery(url, { env: one.key }), true);
      },
    });
  for (const one of projects.value ?? [])
    if (one.key !== key) commands.push({ name: one.name, kind: "project", run: () => route(`/p/${one.key}/flags`) });
  for (const flag of flags.value ?? []) {
    commands.push({
      name: flag.key,
      kind: "flag",
      run: () => route(`/p/${key}/flags/${encodeURIComponent(flag.key)}`),
    });
    if (here && mayChange(flag.purpose, here.key))
      commands.push({
        name: `Kill ${flag.key}`,
        kind: here.name,
        run: () => {
          killing.value = { flag, environment: here };
        },
      });
  }
  commands.push({
    name: "Sign out",
    kind: "action",
    run: () => void signOut().catch((error) => complain("You are still signed in", error)),
  });
  return commands;
}
