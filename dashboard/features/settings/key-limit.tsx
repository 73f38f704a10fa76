import { useSignal } from "@preact/signals";
import type { KeyLimit } from "../../../shared/schema/quota.ts";
import { api } from "../../domain/api.ts";
import { may } from "../../domain/session.ts";
import { complain, tell } from "../../ui/toasts.tsx";

interface Props {
  param: { project: string; environment: string };
  key_: { id: string; name: string; limit?: KeyLimit | undefined; asked: number; limited: number };
  read: () => Promise<void>;
}
const number = new Intl.NumberFormat("en");
const route = api.projects[":project"].environments[":environment"].keys[":id"].limit;

/** How often a key asks, how often it may, and how many requests that refused. */
export function KeyUse({ param, key_, read }: Props) {
  const editing = useSignal(false);
  const perSecond = useSignal(String(key_.limit?.perSecond ?? ""));
  const save = async () => {
    const wanted = Number(perSecond.value.replace(",", "."));
    const at = { ...param, id: key_.id };
    try {
      if (perSecond.value.trim() === "") await route.$delete({ param: at, header: {} });
      else await route.$put({ param: at, header: {}, json: { perSecond: wanted } });
      editing.value = false;
      await read();
      tell(perSecond.value.trim() === "" ? `${key_.name} may ask as often as it likes` : `${key_.name} is limited`);
    } catch (error) {
      complain(`The limit of ${key_.name} stays as it was`, error);
    }
  };
  const words = key_.limit ? `${key_.limit.perSecond} a second` : "No limit";
  if (editing.value)
    return (
      <form
        class="row"
        onSubmit={(event) => {
          event.preventDefault();
          void save();
        }}
      >
        <label class="row">
          <span class="muted">Requests a second</span>
          <input
            class="limit-input"
            inputMode="decimal"
            placeholder="no limit"
            value={perSecond.value}
            onInput={(event) => {
              perSecond.value = event.currentTarget.value;
            }}
          />
        </label>
        <button type="submit" class="button button-small button-primary">
          Set
        </button>
      </form>
    );
  return (
    <span class="row muted">
      {`${number.format(key_.asked)} asked`}
      {key_.limited > 0 && <b class="tone-killed webhook-state">{`${number.format(key_.limited)} refused`}</b>}
      {may("admin", param.environment) ? (
        <button
          type="button"
          class="button button-small"
          aria-label={`${words}, the limit of ${key_.name}`}
          onClick={() => {
            editing.value = true;
          }}
        >
          {words}
        </button>
      ) : (
        <span>{key_.limit ? `at most ${key_.limit.perSecond} a second` : "no limit"}</span>
      )}
    </span>
  );
}
