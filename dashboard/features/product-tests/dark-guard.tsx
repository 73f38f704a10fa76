import { useGuardStatus } from "../../domain/guard-setup-store.ts";
import { environment, project } from "../../domain/project.ts";
import { Icon } from "../../ui/icon.tsx";

/** Whether a dark launch is taken back by itself when its first visitors fare badly. */
export function DarkGuard({ flag, locked }: { flag: string; locked: boolean }) {
  const place = { project: project.value?.key ?? "", environment: environment.value?.key ?? "", flag };
  // What cannot be read is not claimed either way.
  const { status } = useGuardStatus(place, Object.values(place).join(" "), () => {});
  if (status === undefined) return null;
  const page = `/p/${place.project}/flags/${flag}?env=${place.environment}#guard-setup`;
  if (status?.guard)
    return (
      <p class="note">
        <Icon name="check" />
        <span>
          <strong>Guarded.</strong> The first visitors are compared with everybody else, and when they fare worse this
          is switched off within seconds. <a href={page}>See the guard</a>
        </span>
      </p>
    );
  return (
    <p class="note">
      <Icon name="alert" />
      <span>
        <strong>Not guarded yet.</strong> With a guard, the launch is switched off by itself when its first visitors
        fare worse than everybody else. {!locked && <a href={page}>Set up a guard</a>}
      </span>
    </p>
  );
}
