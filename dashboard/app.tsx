import { useEffect } from "preact/hooks";
import { Route, Router, useLocation, useRoute } from "preact-iso";
import { FlagList } from "./flags/flag-list.tsx";
import { KillDialog } from "./flags/kill-dialog.tsx";
import { RestoreDialog } from "./flags/restore-dialog.tsx";
import { SwitchOnDialog } from "./flags/switch-on-dialog.tsx";
import { CommandBar } from "./frame/command-bar.tsx";
import { ConfirmDialog } from "./frame/confirm.tsx";
import { Header } from "./frame/header.tsx";
import { KeyHelp } from "./frame/key-help.tsx";
import { Problem } from "./frame/problem.tsx";
import { SignInAgain, SignInPage } from "./frame/sign-in.tsx";
import { Toasts } from "./frame/toasts.tsx";
import { useProject } from "./frame/use-project.ts";
import { followChanges } from "./live.ts";
import { PAGES } from "./pages.tsx";
import { loadProjects, projects } from "./project.ts";
import { who } from "./session.ts";
import { NewProject } from "./settings/new-project.tsx";

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
      if (next) route(`/p/${next.key}/flags`, true);
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
