import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import type { Platform } from "../../../shared/connect/platform.ts";
import { askedOf, hiddenFrom, PLATFORMS } from "../../../shared/connect/snippets.ts";
import type { FlagDefinition } from "../../../shared/schema/flag.ts";
import type { FlagView } from "../../domain/api.ts";
import { TabList } from "../../ui/tab-list.tsx";
import { CodeBlock } from "./code-block.tsx";
import { ConnectKey, type MadeKey } from "./connect-key.tsx";
import { OutcomeSeen, Seen } from "./seen.tsx";

interface ConnectAppProps {
  project: string;
  environment: { key: string; name: string };
  flag: FlagView;
}

/** The choice stays from one flag to the next. */
const REMEMBERED = "blastdoor-platform";

/** From a key to the flag's value in one's own app, and on to the first outcome. */
export function ConnectApp({ project, environment, flag }: ConnectAppProps) {
  const chosen = useSignal(localStorage.getItem(REMEMBERED) ?? "node");
  const keys = useSignal<Partial<Record<Platform["keyKind"], MadeKey>>>({});
  useEffect(() => {
    keys.value = {};
  }, [project, environment.key]);
  const platform = PLATFORMS.find(({ id }) => id === chosen.value) ?? (PLATFORMS[0] as Platform);
  const made = keys.value[platform.keyKind];
  const place = { baseUrl: location.origin, key: made?.key ?? `YOUR_${platform.keyKind.toUpperCase()}_KEY` };
  const asked = askedOf(flag.key, flag as Pick<FlagDefinition, "type" | "variants" | "offVariant">, place);
  const hidden = hiddenFrom(platform.keyKind, flag.visibility);
  return (
    <div class="stack connect">
      <TabList
        label="Where the app runs"
        tabs={PLATFORMS}
        chosen={platform.id}
        choose={(id) => {
          chosen.value = id;
          localStorage.setItem(REMEMBERED, id);
        }}
        panel="connect-steps"
      />
      <div id="connect-steps" role="tabpanel" aria-label={platform.name}>
        <ol class="connect-steps">
          <li>
            <h3>{`Create a ${platform.keyKind} key`}</h3>
            <ConnectKey
              key={`${project} ${environment.key} ${platform.keyKind}`}
              project={project}
              environment={environment}
              kind={platform.keyKind}
              made={made}
              create={(key) => {
                keys.value = { ...keys.value, [platform.keyKind]: key };
              }}
            />
          </li>
          <li>
            <h3>Ask for the flag</h3>
            {hidden && <p class="note-warning">{hidden}</p>}
            {platform.install && <CodeBlock code={platform.install} label="Install" />}
            <CodeBlock code={platform.ask(asked)} label={platform.name} />
            <Seen project={project} environment={environment.key} flag={flag.key} keyId={made?.id} />
          </li>
          <li>
            <h3>Send your first outcome</h3>
            <p class="muted">
              {platform.keyKind === "server"
                ? "Guards compare outcomes of users with and without the new variant."
                : "Guards count outcomes that servers report: send them from a server where you can."}
            </p>
            <CodeBlock code={platform.report(asked)} label={`${platform.name}: outcome`} />
            <OutcomeSeen project={project} environment={environment.key} flag={flag.key} />
          </li>
        </ol>
      </div>
    </div>
  );
}
