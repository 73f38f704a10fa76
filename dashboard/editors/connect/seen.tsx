import { useSignal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { useEffect } from "preact/hooks";
import type { TelemetryStats } from "../../../shared/schema/telemetry.ts";
import { answer, api } from "../../domain/api.ts";
import { loadUsage, usage } from "../../domain/usage.ts";
import { ago, exactly } from "../../domain/words/time-words.ts";
import { Icon } from "../../ui/icon.tsx";

/** Edges tell of the first request within seconds, of later ones within a minute. */
const EVERY_MS = 4_000;
const routes = api.projects[":project"].environments[":environment"];

/** Asks again and again while somebody looks, until there is nothing more to wait for. */
function usePolled(read: () => Promise<unknown>, isOver: boolean, place: string): void {
  useEffect(() => {
    if (isOver) return;
    const turn = () => {
      if (document.visibilityState === "visible") void read().catch(() => {});
    };
    turn();
    const timer = setInterval(turn, EVERY_MS);
    return () => clearInterval(timer);
  }, [isOver, place]);
}

interface SeenProps {
  project: string;
  environment: string;
  flag: string;
  /** The key that was made here. */
  keyId: string | undefined;
}

/** Whether an app has asked for the flag. */
export function Seen({ project, environment, flag, keyId }: SeenProps) {
  const keyUsed = useSignal(false);
  const known = usage.value?.project === project && usage.value.environment === environment ? usage.value : null;
  const askedAt = known?.flags[flag];
  const read = async () => {
    await loadUsage(project, environment);
    if (keyId === undefined || keyUsed.value) return;
    const { keys } = await answer(routes.keys.$get({ param: { project, environment } }));
    keyUsed.value = keys.some(({ id, asked }) => id === keyId && asked > 0);
  };
  useEffect(() => {
    keyUsed.value = false;
  }, [keyId]);
  const isSeen = askedAt !== undefined || keyUsed.value;
  usePolled(read, isSeen, `${project} ${environment} ${flag} ${keyId}`);
  return (
    <SeenLine isSeen={isSeen} waiting={`Waiting for your app to ask for ${flag} in ${environment}…`}>
      {askedAt === undefined ? (
        "We have seen your app: it has used this key."
      ) : (
        <>
          {`We have seen your app: it asked for ${flag} `}
          <time dateTime={askedAt} title={exactly(askedAt)}>
            {ago(askedAt)}
          </time>
          .
        </>
      )}
    </SeenLine>
  );
}

/** Whether an outcome, of whatever flag, has ever arrived in the environment. */
export function OutcomeSeen({ project, environment, flag }: Omit<SeenProps, "keyId">) {
  const events = useSignal(0);
  const read = async () => {
    const asked = routes.events.stats.$get({ param: { project, environment }, query: { flag } });
    const { stored } = (await answer(asked)) as unknown as TelemetryStats;
    const outcomes = Object.entries(stored).filter(([name]) => !name.endsWith(".exposure"));
    events.value = outcomes.reduce((sum, [, count]) => sum + count, 0);
  };
  usePolled(read, events.value > 0, `${project} ${environment} ${flag}`);
  return (
    <SeenLine isSeen={events.value > 0} waiting="Waiting for the first outcome…">
      {`${events.value.toLocaleString("en")} ${events.value === 1 ? "outcome" : "outcomes"} received in this environment. A guard can watch them.`}
    </SeenLine>
  );
}

function SeenLine(props: { isSeen: boolean; waiting: string; children: ComponentChildren }) {
  return (
    <p class={`seen ${props.isSeen ? "tone-on" : ""}`} role="status">
      {props.isSeen ? <Icon name="check" /> : <span class="spinner" />}
      <span>{props.isSeen ? props.children : props.waiting}</span>
    </p>
  );
}
