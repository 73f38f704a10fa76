import { project } from "../../domain/project.ts";
import { may, who } from "../../domain/session.ts";
import { useHashTarget } from "../../ui/use-hash-target.ts";
import { BudgetSettings } from "./budget-settings.tsx";
import { EnvironmentSettings } from "./environment-settings.tsx";
import { FreezeSettings } from "./freeze-settings.tsx";
import { KeySettings } from "./key-settings.tsx";
import { NewProject } from "./new-project.tsx";
import { SessionSettings } from "./session-settings.tsx";
import { SigningSettings } from "./signing-settings.tsx";
import { TokenSettings } from "./token-settings.tsx";
import { TransferSettings } from "./transfer-settings.tsx";
import { WebhookSettings } from "./webhook-settings.tsx";

export function SettingsPage() {
  useHashTarget();
  if (!project.value) return <main class="page page-narrow" aria-busy="true" />;
  return (
    <main class="page page-narrow stack">
      <div class="page-head">
        <h1>Settings</h1>
        {may("admin") && who.value?.project === undefined && (
          <a class="button page-action" href={`/p/${project.value.key}/security-log`}>
            Security log
          </a>
        )}
      </div>
      <KeySettings project={project.value} />
      <SigningSettings project={project.value} />
      <EnvironmentSettings project={project.value} />
      <FreezeSettings project={project.value} />
      {may("admin") && <TokenSettings project={project.value} />}
      <SessionSettings />
      <BudgetSettings project={project.value.key} />
      <WebhookSettings project={project.value} />
      <TransferSettings project={project.value.key} />
      {may("admin") && <NewProject />}
    </main>
  );
}
