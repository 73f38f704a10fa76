import { grouped } from "../grouped.ts";

/** What is deployed of a service, and what was before. */
export interface DeployedService {
  service?: string;
  version: string;
  /** The latest other version that was deployed before it; null: none is known. */
  previous: string | null;
}

interface Deployed {
  version: string;
  status: "success" | "failure" | "rolled-back";
  finishedAt: string;
  service?: string | undefined;
}

/** Of each service the version that stands now, and the one to go back to. Only what reached the environment counts. */
export function deployedServices(deployments: readonly Deployed[]): DeployedService[] {
  const succeeded = deployments
    .filter(({ status }) => status === "success")
    .sort((a, b) => (a.finishedAt < b.finishedAt ? 1 : -1));
  return [...grouped(succeeded, ({ service }) => service ?? "")]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([service, [latest, ...earlier]]) => {
      if (!latest) return [];
      const previous = earlier.find(({ version }) => version !== latest.version)?.version ?? null;
      return [{ ...(service === "" ? {} : { service }), version: latest.version, previous }];
    });
}
