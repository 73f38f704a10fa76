import { useEffect } from "preact/hooks";
import { Route, Router, useLocation, useRoute } from "preact-iso";
import { followChanges } from "../domain/live.ts";
import { loadProjects, projects } from "../domain/project.ts";
import { may, who } from "../domain/session.ts";
import { useProject } from "../domain/use-project.ts";
import { KillDialog } from "../editors/kill-dialog.tsx";
import { RestoreDialog } from "../editors/restore-dialog.tsx";
import { SwitchOnDialog } from "../editors/switch-on-dialog.tsx";
import { FlagList } from "../features/flags/flag-list.tsx";
import { NewProject } from "../features/settings/new-project.tsx";
import { ConfirmDialog } from "../ui/confirm.tsx";
import { keepFocus } from "../ui/keep-focus.ts";
import { Problem } from "../ui/problem.tsx";
import { Toasts } from "../ui/toasts.tsx";
import { CommandBar } from "./command-bar.tsx";
import { Header } from "./header.tsx";
import { KeyHelp } from "./key-help.tsx";
import { PAGES } from "./pages.tsx";
import { PlanBanner } from "./plan-banner.tsx";
import { SignInAgain, SignInPage } from "./sign-in.tsx";

export function App({ problem }: { problem: unknown }) {
  if (who.value === undefined) return <Unreachable problem={problem} />;
  if (who.value === null) return <SignInPage problem={problem} />;
  return (
    <>
      <Router>
        <Route path="/" component={Home} />
        <Route path="/p/:project/*" component={ProjectPages} />
        <Route default component={Home} />
      </Router>
      <KillDialog />
      <RestoreDialog />
      <SwitchOnDialog />
      <ConfirmDialog />
      <SignInAgain />
      <Toasts />
    </>
  );
}

function Unreachable({ problem }: { problem: unknown }) {
  return (
    <main class="sign-in">
      <div class="card sign-in-card">
        <h1>Blastdoor</h1>
        <Problem error={problem} />
        <button type="button" class="button" onClick={() => location.reload()}>
          Try again
        </button>
      </div>
    </main>
  );
}

/** Goes on to the project opened last, or offers to make the first one. */
function Home() {
  const { route } = useLocation();
  useEffect(() => {
    void loadProjects().then(() => {
      const all = projects.value ?? [];
      const last = localStorage.getItem("blastdoor-project");
      const next = all.find(({ key }) => key === last) ?? all[0];
      // Who may change tests and nothing else comes for those.
      const page = may("marketer") && !may("engineer") ? "tests" : "flags";
      if (next) route(`/p/${next.key}/${page}`, true);
    });
  }, []);
  if (projects.value?.length !== 0) return null;
  return (
    <main class="sign-in">
      <NewProject />
    </main>
  );
}

function ProjectPages() {
  const { params } = useRoute();
  const { problem } = useProject(params.project ?? "");
  useEffect(followChanges, []);
  useEffect(keepFocus, []);
  if (problem)
    return (
      <main class="page">
        <Problem error={problem} />
        <a href="/">Other projects</a>
      </main>
    );
  return (
    <>
      <a class="skip" href="#page">
        Skip to the page
      </a>
      <Header />
      <CommandBar />
      <KeyHelp />
      <PlanBanner />
      <div id="page" tabIndex={-1}>
        <Router>
          {PAGES.map(({ path, component }) => (
            <Route key={path} path={`/${path}`} component={component} />
          ))}
          <Route default component={FlagList} />
        </Router>
      </div>
    </>
  );
}
