import { FREE_WITHOUT } from "../../shared/plan.ts";
import { who } from "../domain/session.ts";
import { Icon } from "../ui/icon.tsx";

/** On every page of an installation for Workers Free: what it goes without, so that kills always have room. */
export function PlanBanner() {
  if (who.value?.plan !== "free") return null;
  return (
    <aside class="note plan-banner" aria-label="Workers Free">
      <details>
        <summary>
          <Icon name="alert" /> This installation is set up for Workers Free: guards, events and event streams are off.
        </summary>
        <ul>
          {FREE_WITHOUT.map(({ what, words }) => (
            <li key={what}>{words}</li>
          ))}
        </ul>
        <p>
          Kills always have room for it. On Workers Paid, set <code>PLAN = "paid"</code> in wrangler.toml and deploy.
        </p>
      </details>
    </aside>
  );
}
