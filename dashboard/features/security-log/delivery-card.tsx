import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import type { SecurityDelivery } from "../../../shared/schema/security-log.ts";
import { answer, api } from "../../domain/api.ts";
import { ago, fromNow } from "../../domain/words/time-words.ts";
import { confirmed } from "../../ui/confirm.tsx";
import { InlineForm } from "../../ui/inline-form.tsx";
import { Problem } from "../../ui/problem.tsx";
import { ShownOnce } from "../../ui/shown-once.tsx";
import { TextField } from "../../ui/text-field.tsx";
import { complain, tell } from "../../ui/toasts.tsx";

const route = api["security-log"].delivery;

/** Where the log is sent, such as a SIEM, and how far the receiver has confirmed it. */
export function DeliveryCard() {
  const delivery = useSignal<SecurityDelivery | null>(null);
  const url = useSignal("");
  const secret = useSignal<string | null>(null);
  const problem = useSignal<unknown>(null);
  const read = async () => {
    delivery.value = (await answer(route.$get())).delivery;
  };
  useEffect(() => {
    read().catch((error) => {
      problem.value = error;
    });
  }, []);
  const set = async () => {
    problem.value = null;
    try {
      secret.value = (await answer(route.$put({ json: { url: url.value.trim() } }))).secret;
      url.value = "";
      await read();
    } catch (error) {
      problem.value = error;
    }
  };
  const stop = async () => {
    const isSure = await confirmed({
      title: "Stop sending the security log?",
      text: "The receiver hears of nothing that happens from now on. The log itself goes on.",
      action: "Stop sending",
    });
    if (!isSure) return;
    try {
      await route.$delete();
      secret.value = null;
      await read();
      tell("The security log is not sent any more");
    } catch (error) {
      complain("The security log is still sent", error);
    }
  };
  const shown = delivery.value;
  return (
    <section class="card stack" aria-labelledby="delivery">
      <h2 id="delivery">Delivery to a SIEM</h2>
      <p class="muted">Each event is sent in order and at least once, as a signed webhook.</p>
      {shown && (
        <div class="row">
          <span>
            <strong>{shown.host}</strong> <span class="muted">{stateWords(shown)}</span>
          </span>
          <button type="button" class="button button-small" onClick={stop}>
            Stop sending
          </button>
        </div>
      )}
      {secret.value && <ShownOnce secret={secret.value} name="The signing secret" />}
      {problem.value !== null && <Problem error={problem.value} />}
      <InlineForm submit={set}>
        <TextField label={shown ? "Other address" : "Address"} value={url} placeholder="https://siem.example/collect" />
        <button type="submit" class="button" disabled={url.value.trim() === ""}>
          {shown ? "Change" : "Start sending"}
        </button>
      </InlineForm>
    </section>
  );
}

function stateWords({ waiting, missed, failures, lastResult, deliveredAt, nextAttemptAt }: SecurityDelivery): string {
  const lost = missed > 0 ? `, ${missed} missed` : "";
  if (failures > 0 && nextAttemptAt)
    return `${failures} failed attempts (${lastResult}), next ${fromNow(nextAttemptAt)}, ${waiting} waiting${lost}`;
  return `${waiting} waiting${deliveredAt ? `, last delivered ${ago(deliveredAt)}` : ""}${lost}`;
}
