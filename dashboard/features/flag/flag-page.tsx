import type { ComponentType } from "preact";
import { useEffect, useState } from "preact/hooks";
import { useLocation, useRoute } from "preact-iso";
import type { FlagDefinition } from "../../../shared/schema/flag.ts";
import { withQuery } from "../../domain/filters.ts";
import { environment, flagOf, flags, project } from "../../domain/project.ts";
import type { SectionsProps } from "../../domain/section-props.ts";
import { loadSegments } from "../../domain/segment-store.ts";
import { mayChange, whyLocked } from "../../domain/session.ts";
import { loadUsage } from "../../domain/usage.ts";
import { PURPOSE_WORDS, TYPE_WORDS } from "../../domain/words/flag-words.ts";
import { editing, load, type Place } from "../../editors/documents.ts";
import { killing } from "../../editors/kill-dialog.tsx";
import { restoring } from "../../editors/restore-dialog.tsx";
import { switchState } from "../../editors/switch-on-dialog.tsx";
import { useKeys } from "../../ui/keys.ts";
import { Problem } from "../../ui/problem.tsx";
import { TabList } from "../../ui/tab-list.tsx";
import { useHash, useHashTarget } from "../../ui/use-hash-target.ts";
import { DefinitionPanel } from "./definition-panel.tsx";
import { EnvironmentTabs } from "./environment-tabs.tsx";
import { FlagMenu } from "./flag-menu.tsx";
import { FlagStatus } from "./flag-status.tsx";
import { FLAG_TABS, tabOf } from "./flag-tabs.ts";
import { KillNotes } from "./kill-notes.tsx";
import { SaveBar } from "./save-bar.tsx";
import { StatePanel } from "./state-panel.tsx";

export function FlagPage({ Sections }: { Sections: ComponentType<SectionsProps> }) {
  const { params } = useRoute();
  const { url, route, query } = useLocation();
  const tab = tabOf(query.tab, useHash());
  const [problem, setProblem] = useState<unknown>(null);
  useHashTarget();
  const key = params.flag ?? "";
  const projectKey = project.value?.key;
  const here = environment.value;
  const flag = flagOf(key);
  const shared: Place = { project: projectKey ?? "", flag: key, environment: "" };
  const place: Place = { ...shared, environment: here?.key ?? "" };
  const summary = here && flag?.environments[here.key];
  // Read again whenever the list learns of another version, by somebody else or by the switch above.
  useEffect(() => {
    if (projectKey) load(shared).then(() => setProblem(null), setProblem);
  }, [projectKey, key, flag?.version]);
  useEffect(() => {
    if (projectKey && here) load(place).catch(setProblem);
  }, [projectKey, key, here?.key, summary?.version, summary?.kills.length]);
  useEffect(() => {
    if (projectKey) void loadSegments(projectKey).catch(() => {});
  }, [projectKey]);
  useEffect(() => {
    if (projectKey && here) void loadUsage(projectKey, here.key);
  }, [projectKey, here?.key]);
  useEffect(() => {
    document.title = `${key} – Blastdoor`;
    return () => {
      document.title = "Blastdoor";
    };
  }, [key]);
  const locked = !flag || !here || !mayChange(flag.purpose, here.key);
  const lockedEverywhere = !flag || !mayChange(flag.purpose);
  const why = flag && here ? whyLocked(flag.purpose, here) : null;
  const kill = () => {
    if (flag && here && !locked) killing.value = { flag, environment: here };
  };
  const restore = () => {
    if (flag && here && summary?.kills.length) restoring.value = { flag, environment: here };
  };
  useKeys({ k: kill, r: restore });
  if (problem && !editing(shared))
    return (
      <main class="page">
        <Problem error={problem} />
        <a href={`/p/${projectKey}/flags`}>All flags</a>
      </main>
    );
  const definition = editing<FlagDefinition>(shared)?.value;
  if (!flags.value || !definition || !here || !project.value)
    return (
      <main class="page" aria-busy="true">
        <h1>{key}</h1>
        <div class="skeleton" />
      </main>
    );
  const parts = [
    { place: shared, where: "Everywhere" },
    ...project.value.environments.map((one) => ({ place: { ...shared, environment: one.key }, where: one.name })),
  ];
  const section = flag && { project: project.value.key, environment: here, flag, locked };
  return (
    <main class="page">
      <div class="flag-title">
        <nav aria-label="Where you are">
          <a href={`/p/${projectKey}/flags`}>Flags</a> /
        </nav>
        <h1>{key}</h1>
        <span class={`chip ${PURPOSE_WORDS[definition.purpose].isTest ? "chip-test" : ""}`}>
          {PURPOSE_WORDS[definition.purpose].name}
        </span>
        <span class="chip">{TYPE_WORDS[definition.type].name}</span>
        {flag && <FlagMenu flag={flag} here={here} locked={locked} kill={kill} />}
      </div>
      <p class="muted flag-description">{definition.description}</p>
      <EnvironmentTabs
        flag={flag}
        here={here}
        choose={(one) => route(withQuery(url, { env: one.key }), true)}
        toggle={switchState}
        restore={restore}
      />
      <div class="flag-bar">
        {section && <FlagStatus project={section.project} environment={here} flag={section.flag} />}
        <TabList
          label={`Parts of ${key}`}
          tabs={FLAG_TABS}
          chosen={tab}
          choose={(id) => route(withQuery(url, { tab: id === "targeting" ? "" : id }), true)}
          panel="flag-tab"
        />
      </div>
      <div id="flag-tab" role="tabpanel" aria-labelledby={`flag-tab-tab-${tab}`} class="stack">
        {why && <p class="note-plain">{why}</p>}
        <KillNotes
          kills={editing(place)?.kills ?? []}
          incidents={(revision) =>
            `/p/${projectKey}/incidents/${revision}?env=${here.key}&flag=${encodeURIComponent(key)}`
          }
          restore={locked ? undefined : restore}
        />
        {section && <Sections place="tiles" tab={tab} {...section} />}
        {tab === "targeting" && (
          <section class="card stack">
            <h2>{`Targeting · ${here.name}`}</h2>
            <StatePanel place={place} definition={definition} locked={locked} />
          </section>
        )}
        {tab === "settings" && (
          <section class="card stack" aria-label="About this flag">
            <h2 id="definition">About this flag</h2>
            <DefinitionPanel place={shared} locked={lockedEverywhere} />
          </section>
        )}
        {section && <Sections place="panels" tab={tab} {...section} />}
      </div>
      <SaveBar parts={parts} />
    </main>
  );
}
