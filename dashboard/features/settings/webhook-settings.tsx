import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import type { Delivery, EventType, WebhookFormat, WebhookView } from "../../../shared/schema/webhook.ts";
import { answer, api, type Project } from "../../domain/api.ts";
import { may } from "../../domain/session.ts";
import { EVENT_WORDS } from "../../domain/words/event-words.ts";
import { ago, exactly } from "../../domain/words/time-words.ts";
import { confirmed } from "../../ui/confirm.tsx";
import { Icon } from "../../ui/icon.tsx";
import { Problem } from "../../ui/problem.tsx";
import { ShownOnce } from "../../ui/shown-once.tsx";
import { complain, tell, warn } from "../../ui/toasts.tsx";
import { WebhookForm } from "./webhook-form.tsx";

const routes = api.projects[":project"].webhooks;

/** Where events of this project go: chat, pagers, other systems. */
export function WebhookSettings({ project }: { project: Project }) {
  const webhooks = useSignal<WebhookView[] | null>(null);
  const made = useSignal<{ secret: string; name: string } | null>(null);
  const problem = useSignal<unknown>(null);
  const param = { project: project.key };
  const read = async () => {
    webhooks.value = (await answer(routes.$get({ param }))).webhooks;
  };
  useEffect(() => {
    made.value = null;
    read().catch((error) => {
      problem.value = error;
    });
  }, [project.key]);
  const make = async (json: { name: string; url: string; events: EventType[]; format: WebhookFormat }) => {
    const { secret } = await answer(routes.$post({ param, header: {}, json }));
    made.value = json.format === "standard" ? { secret, name: `The signing secret of ${json.name}` } : null;
    await read();
    if (json.format === "slack") tell(`${json.name} hears of it from now on`);
  };
  return (
    <section class="card stack" aria-labelledby="webhooks">
      <div>
        <h2 id="webhooks">Webhooks</h2>
        <p class="muted">
          Tell chat and other systems what happens here. Signed by the Standard Webhooks specification.
        </p>
      </div>
      {webhooks.value?.length === 0 && <p class="muted">Nobody is told yet.</p>}
      <ul class="trigger-list">
        {webhooks.value?.map((webhook) => (
          <Webhook
            key={webhook.id}
            project={project.key}
            webhook={webhook}
            read={read}
            made={(one) => (made.value = one)}
          />
        ))}
      </ul>
      {made.value && <ShownOnce secret={made.value.secret} name={made.value.name} />}
      {problem.value !== null && <Problem error={problem.value} />}
      {may("engineer") && <WebhookForm make={make} />}
    </section>
  );
}

interface WebhookProps {
  project: string;
  webhook: WebhookView;
  read: () => Promise<void>;
  made: (shown: { secret: string; name: string }) => void;
}

function Webhook({ project, webhook, read, made }: WebhookProps) {
  const deliveries = useSignal<Delivery[] | null>(null);
  const { id, name } = webhook;
  const param = { project, id };
  const one = routes[":id"];
  /** Does it, reads the list again, and says what came of it; null: that is said already. */
  const act = async (what: string, work: () => Promise<string | null>) => {
    try {
      const said = await work();
      await read();
      if (deliveries.value) await show();
      if (said !== null) tell(said);
    } catch (error) {
      complain(`${name} could not be ${what}`, error);
    }
  };
  const show = async () => {
    deliveries.value = (await answer(one.deliveries.$get({ param, query: {} }))).deliveries;
  };
  const test = () =>
    act("tested", async () => {
      const { delivered, result } = await answer(one.test.$post({ param }));
      if (delivered) return `${name} received the test`;
      warn(`${name} did not receive the test`, result);
      return null;
    });
  const pause = () =>
    act(webhook.paused ? "resumed" : "paused", async () => {
      await one.$patch({ param, header: {}, json: { paused: !webhook.paused } });
      return webhook.paused ? `${name} is told again` : `${name} is told nothing until it is resumed`;
    });
  const rotate = async () => {
    const isSure = await confirmed({
      title: `Give ${name} another signing secret?`,
      text: "The old one goes on for a day, so that the receiver can be changed meanwhile.",
      action: "Make another secret",
    });
    if (!isSure) return;
    await act("rotated", async () => {
      const { secret } = await answer(one.rotate.$post({ param, header: {} }));
      made({ secret, name: `The new signing secret of ${name}` });
      return `${name} signs with both secrets for a day`;
    });
  };
  const redeliver = (delivery?: number) =>
    act("sent again", async () => {
      const { sent } = await answer(one.redeliver.$post({ param, json: delivery === undefined ? {} : { delivery } }));
      return sent === 1 ? "One message is on its way again" : `${sent} messages are on their way again`;
    });
  const remove = async () => {
    const isSure = await confirmed({
      title: `Take back the webhook "${name}"?`,
      text: "What is on its way to it is dropped.",
      action: "Take it back",
    });
    if (!isSure) return;
    await act("taken back", async () => {
      await one.$delete({ param, header: {} });
      return `${name} is gone`;
    });
  };
  return (
    <li>
      <div class="trigger-head">
        <span>
          <strong>{name}</strong> <code>{webhook.host}</code>{" "}
          <span class="chip">{webhook.format === "slack" ? "Slack" : "Signed JSON"}</span>{" "}
          <WebhookState webhook={webhook} />
        </span>
        {may("engineer") && (
          <span class="row">
            <button type="button" class="button button-small" onClick={test}>
              Send a test
            </button>
            <button type="button" class="button button-small" onClick={pause}>
              {webhook.paused ? "Resume" : "Pause"}
            </button>
            {webhook.format === "standard" && (
              <button type="button" class="button button-small" onClick={rotate}>
                New secret
              </button>
            )}
            <button type="button" class="button button-small" onClick={remove} aria-label={`Take back ${name}`}>
              <Icon name="trash" /> Take back
            </button>
          </span>
        )}
      </div>
      <p class="muted">
        {webhook.events.map((type) => EVENT_WORDS[type]).join(" · ")}
        {webhook.environments.length > 0 && ` (${webhook.environments.join(", ")} only)`}
      </p>
      <div class="row">
        <button
          type="button"
          class="button button-small"
          aria-expanded={deliveries.value !== null}
          onClick={() => {
            if (deliveries.value) deliveries.value = null;
            else show().catch((error) => complain("The deliveries cannot be read", error));
          }}
        >
          {deliveries.value ? "Hide deliveries" : "Show deliveries"}
        </button>
        {webhook.dead > 0 && may("engineer") && (
          <button type="button" class="button button-small" onClick={() => redeliver()}>
            <Icon name="restore" /> {`Send ${webhook.dead} again`}
          </button>
        )}
      </div>
      {deliveries.value && <Deliveries name={name} deliveries={deliveries.value} redeliver={redeliver} />}
    </li>
  );
}

/** Whether messages get through, in a word and a colour. */
function WebhookState({ webhook }: { webhook: WebhookView }) {
  const { paused, gone, dead, pending, delivered } = webhook;
  const [tone, words] = gone
    ? ["killed", "The receiver said: never again"]
    : paused
      ? ["off", "Paused"]
      : dead > 0
        ? ["killed", `${dead} given up`]
        : pending > 0
          ? ["part", `${pending} on their way`]
          : delivered > 0
            ? ["on", `${delivered} received`]
            : ["off", "Nothing sent yet"];
  return <b class={`webhook-state tone-${tone}`}>{words}</b>;
}

const STATUS_WORDS: Record<Delivery["status"], { words: string; tone: string }> = {
  delivered: { words: "Received", tone: "on" },
  pending: { words: "On its way", tone: "part" },
  dead: { words: "Given up", tone: "killed" },
};

function Deliveries(props: { name: string; deliveries: Delivery[]; redeliver: (id: number) => Promise<void> }) {
  const { name, deliveries, redeliver } = props;
  if (deliveries.length === 0) return <p class="muted">Nothing has been sent yet.</p>;
  return (
    <ol class="trigger-calls" aria-label={`Deliveries to ${name}`}>
      {deliveries.map((delivery) => {
        const { words, tone } = STATUS_WORDS[delivery.status];
        const tries = delivery.attempts === 1 ? "1 attempt" : `${delivery.attempts} attempts`;
        return (
          <li key={delivery.id} class={`tone-${tone}`}>
            <b class="trigger-outcome">{words}</b>
            <span>
              {EVENT_WORDS[delivery.type as EventType] ?? delivery.type}{" "}
              <span class="muted">
                {`${tries}${delivery.lastResult ? `, last: ${delivery.lastResult}` : ""}${
                  delivery.nextAttemptAt ? `, next ${ago(delivery.nextAttemptAt)}` : ""
                }`}
              </span>
            </span>
            <span class="row">
              <time class="muted" title={exactly(delivery.createdAt)}>
                {ago(delivery.createdAt)}
              </time>
              {delivery.status === "dead" && may("engineer") && (
                <button type="button" class="button button-small" onClick={() => redeliver(delivery.id)}>
                  Send again
                </button>
              )}
            </span>
          </li>
        );
      })}
    </ol>
  );
}
