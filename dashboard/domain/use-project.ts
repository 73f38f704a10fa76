import { useEffect, useState } from "preact/hooks";
import { useLocation } from "preact-iso";
import { chooseEnvironment, loadProjects, openProject, projects } from "./project.ts";

/** Opens the project and environment that the address names, and remembers them for the next visit. */
export function useProject(key: string): { problem: unknown } {
  const [problem, setProblem] = useState<unknown>(null);
  const { env } = useLocation().query;
  useEffect(() => {
    setProblem(null);
    openProject(key).then(() => {
      try {
        localStorage.setItem("blastdoor-project", key);
      } catch {
        // Storage is forbidden: the next visit begins with the first project.
      }
    }, setProblem);
    if (!projects.value) void loadProjects().catch(() => {});
  }, [key]);
  useEffect(() => {
    if (env) chooseEnvironment(env);
  }, [env]);
  return { problem };
}
