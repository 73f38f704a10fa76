import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import type { SectionProps } from "../../domain/section-props.ts";
import { usage } from "../../domain/usage.ts";
import { ago } from "../../domain/words/time-words.ts";
import { ConnectApp } from "../../editors/connect/connect-app.tsx";

/** Open while no app has asked for the flag here; afterwards a line that opens it again. */
export function ConnectPanel({ project, environment, flag }: SectionProps) {
  const known = usage.value?.project === project && usage.value.environment === environment.key ? usage.value : null;
  const askedAt = known?.flags[flag.key];
  const isOpen = useSignal<boolean | null>(null);
  // Decided once it is known: what is open stays open when the first request comes.
  useEffect(() => {
    if (known && isOpen.value === null) isOpen.value = askedAt === undefined && known.bulkAt === null;
  }, [known, askedAt]);
  if (isOpen.value === null) return null;
  return (
    <section class="card stack" aria-labelledby="connect">
      <div class="section-head">
        <div>
          <h2 id="connect">Connect your app</h2>
          <p class="muted">
            {askedAt === undefined
              ? `No app has asked for ${flag.key} by name in ${environment.name} yet.`
              : `Last evaluated ${ago(askedAt)}.`}
          </p>
        </div>
        <button
          type="button"
          class="button button-small"
          aria-expanded={isOpen.value}
          onClick={() => {
            isOpen.value = !isOpen.value;
          }}
        >
          {isOpen.value ? "Hide" : "Show code"}
        </button>
      </div>
      {isOpen.value && <ConnectApp project={project} environment={environment} flag={flag} />}
    </section>
  );
}
