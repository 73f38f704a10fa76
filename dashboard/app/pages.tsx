import type { ComponentType } from "preact";
import { useEffect, useState } from "preact/hooks";
import { FlagList } from "../features/flags/flag-list.tsx";
import { complain } from "../ui/toasts.tsx";

interface Page {
  /** In the address: `/p/PROJECT/path`. */
  path: string;
  name: string;
  /** Beneath the page of this path, and without a place of its own in the navigation. */
  within?: string;
  component: ComponentType & { preload?: () => Promise<unknown> };
}

/**
 * Its code comes when the page is first opened. Not by suspending: a router that is rendered anew while it waits, since
 * data arrived, would keep the page before.
 */
function later(fetchCode: () => Promise<ComponentType>): Page["component"] {
  let loaded: ComponentType | null = null;
  const load = async () => {
    loaded ??= await fetchCode();
    return loaded;
  };
  function Later(props: object) {
    const [Component, setComponent] = useState<ComponentType | null>(() => loaded);
    useEffect(() => {
      if (Component) return;
      load().then(
        (component) => setComponent(() => component),
        (error) => complain("This page did not load", error),
      );
    }, []);
    return Component && <Component {...props} />;
  }
  return Object.assign(Later, { preload: load });
}

/**
 * Every page of a project: the router, the navigation and the command bar follow this list. All but the first load
 * their code when they are opened, so that the first visit stays small.
 */
export const PAGES: readonly Page[] = [
  { path: "flags", name: "Flags", component: FlagList },
  {
    path: "flags/:flag",
    name: "Flag",
    within: "flags",
    component: later(() => import("./flag-sections.tsx").then((module) => module.FlagWithSections)),
  },
  {
    path: "compare",
    name: "Compare environments",
    within: "flags",
    component: later(() => import("../features/compare/compare-page.tsx").then((module) => module.ComparePage)),
  },
  {
    path: "tests",
    name: "Tests",
    component: later(() => import("../features/product-tests/tests-page.tsx").then((module) => module.TestsPage)),
  },
  {
    path: "tests/new/:kind",
    name: "New test",
    within: "tests",
    component: later(() => import("../features/product-tests/new-test-page.tsx").then((module) => module.NewTestPage)),
  },
  {
    path: "tests/:flag",
    name: "Test",
    within: "tests",
    component: later(() => import("../features/product-tests/test-page.tsx").then((module) => module.TestPage)),
  },
  {
    path: "desk",
    name: "Answer desk",
    within: "tests",
    component: later(() => import("../features/product-tests/desk-page.tsx").then((module) => module.DeskPage)),
  },
  {
    path: "playground",
    name: "Playground",
    component: later(() =>
      import("../features/playground/playground-page.tsx").then((module) => module.PlaygroundPage),
    ),
  },
  {
    path: "delivery",
    name: "Delivery",
    component: later(() => import("../features/delivery/delivery-page.tsx").then((module) => module.DeliveryPage)),
  },
  {
    path: "resilience",
    name: "Resilience",
    component: later(() =>
      import("../features/resilience/resilience-page.tsx").then((module) => module.ResiliencePage),
    ),
  },
  {
    path: "incidents/:revision",
    name: "Incident",
    within: "resilience",
    component: later(() => import("../features/resilience/incident-page.tsx").then((module) => module.IncidentPage)),
  },
  {
    path: "history",
    name: "History",
    component: later(() => import("../features/history/history-page.tsx").then((module) => module.HistoryPage)),
  },
  {
    path: "segments",
    name: "Segments",
    component: later(() => import("../features/segments/segments-page.tsx").then((module) => module.SegmentsPage)),
  },
  {
    path: "settings",
    name: "Settings",
    component: later(() => import("../features/settings/settings-page.tsx").then((module) => module.SettingsPage)),
  },
  {
    path: "security-log",
    name: "Security log",
    within: "settings",
    component: later(() =>
      import("../features/security-log/security-log-page.tsx").then((module) => module.SecurityLogPage),
    ),
  },
];

/** The pages that stand in the navigation. */
export const NAVIGATION = PAGES.filter(({ within }) => within === undefined);
/** The pages that an address names without more. */
export const DESTINATIONS = PAGES.filter(({ path }) => !path.includes(":"));
