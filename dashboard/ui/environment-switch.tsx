import { useId } from "preact/hooks";
import { useLocation } from "preact-iso";
import { withQuery } from "../domain/filters.ts";
import { chooseEnvironment, environment, isProduction, project } from "../domain/project.ts";

/** Which environment a page is about. The address names it, so that a link shows others the same. */
export function EnvironmentSwitch({ label = "Environment" }: { label?: string }) {
  const { url, route } = useLocation();
  // A page may have several, and radio buttons of one name are one choice.
  const group = useId();
  return (
    <fieldset class="segmented" aria-label={label}>
      {project.value?.environments.map((one) => (
        <label key={one.key} class={isProduction(one) ? "is-production" : ""}>
          <input
            type="radio"
            name={group}
            checked={one.key === environment.value?.key}
            onChange={() => {
              chooseEnvironment(one.key);
              route(withQuery(url, { env: one.key }), true);
            }}
          />
          <span>{one.name}</span>
        </label>
      ))}
    </fieldset>
  );
}
