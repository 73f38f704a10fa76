import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import type { KeyLimit } from "../../../shared/schema/quota.ts";
import { answer, api, type Project } from "../../domain/api.ts";
import { environment } from "../../domain/project.ts";
import { may } from "../../domain/session.ts";
import { useWords } from "../../domain/words/lifetime-words.ts";
import { confirmed } from "../../ui/confirm.tsx";
import { EnvironmentSwitch } from "../../ui/environment-switch.tsx";
import { InlineForm } from "../../ui/inline-form.tsx";
import { Problem } from "../../ui/problem.tsx";
import { ShownOnce } from "../../ui/shown-once.tsx";
import { TextField } from "../../ui/text-field.tsx";
import { complain, tell } from "../../ui/toasts.tsx";
import { End } from "./end.tsx";
import { KeyUse } from "./key-limit.tsx";
import { keysRevision } from "./keys-revision.ts";
import { ExpiryChoice, expiryIn } from "./lifetime-fields.tsx";
import { RotateDialog } from "./rotate-dialog.tsx";

interface Key {
  id: string;
  kind: "client" | "server";
  name: string;
  createdAt: string;
  createdBy: string;
  hint: string;
  limit?: KeyLimit | undefined;
  asked: number;
  limited: number;
  expiresAt?: string | undefined;
  lastUsedAt?: string | null | undefined;
  replacedBy?: string | undefined;
}

/** Keys with which apps ask for flags, of one environment. */
export function KeySettings({ project }: { project: Project }) {
  const keys = useSignal<Key[] | null>(null);
  const kind = useSignal<"client" | "server">("server");
  const name = useSignal("");
  const origins = useSignal("");
  const days = useSignal(0);
  const rotating = useSignal<Key | null>(null);
  const made = useSignal<{ key: string; name: string } | null>(null);
  const problem = useSignal<unknown>(null);
  const here = environment.value;
  const param = { project: project.key, environment: here?.key ?? "" };
  const routes = api.projects[":project"].environments[":environment"].keys;
  const read = async () => {
    keys.value = (await answer(routes.$get({ param }))).keys;
  };
  const readAgain = async () => {
    keysRevision.value++;
    await read();
  };
  useEffect(() => {
    made.value = null;
    read().catch((error) => {
      problem.value = error;
    });
  }, [project.key, here?.key]);
  const make = async () => {
    problem.value = null;
    const listed = origins.value.split(/[\s,]+/).filter(Boolean);
    try {
      const expiresAt = expiryIn(days.value);
      const json = {
        ...(expiresAt ? { expiresAt } : {}),
        kind: kind.value,
        name: name.value.trim(),
        ...(kind.value === "client" ? { origins: listed } : {}),
      };
      const { key } = await answer(routes.$post({ param, header: {}, json }));
      made.value = { key, name: name.value };
      name.value = "";
      await readAgain();
    } catch (error) {
      problem.value = error;
    }
  };
  const rotate = async (key: Key, graceSeconds: number) => {
    const at = { ...param, id: key.id };
    const next = await answer(routes[":id"].rotate.$post({ param: at, header: {}, json: { graceSeconds } }));
    made.value = { key: next.key, name: key.name };
    await readAgain();
  };
  const revoke = async (key: Key) => {
    const isSure = await confirmed({
      title: `Revoke the key ${key.name}?`,
      text: `Apps that use it (it ends in ${key.hint}) are refused within seconds, and fall back to the defaults in their code.`,
      action: "Revoke the key",
    });
    if (!isSure) return;
    try {
      await routes[":id"].$delete({ param: { ...param, id: key.id }, header: {} });
      await readAgain();
      tell(`The key ${key.name} is revoked`);
    } catch (error) {
      complain(`The key ${key.name} is still in force`, error);
    }
  };
  return (
    <section class="card stack" aria-labelledby="keys">
      <div class="section-head">
        <h2 id="keys">Keys for apps</h2>
        <EnvironmentSwitch label="Environment of the keys" />
      </div>
      {keys.value?.length === 0 && (
        <p class="muted">
          No keys yet. An app needs one to ask for flags: a server key for servers, a client key for browsers.
        </p>
      )}
      <ul class="plain-list" aria-busy={keys.value === null}>
        {keys.value?.map((key) => (
          <li key={key.id}>
            <span>
              <strong>{key.name}</strong> <span class="chip">{key.kind === "client" ? "Browser" : "Server"}</span>{" "}
              <code>…{key.hint}</code>
            </span>
            <span class="muted">{useWords(key)}</span>
            <End of={key} />
            <KeyUse param={param} key_={key} read={read} />
            {may("engineer", here?.key) && !key.replacedBy && (
              <button
                type="button"
                class="button button-small"
                aria-label={`Rotate the key ${key.name}`}
                onClick={() => {
                  rotating.value = key;
                }}
              >
                Rotate…
              </button>
            )}
            {may("engineer", here?.key) && (
              <button type="button" class="button button-small" onClick={() => revoke(key)}>
                Revoke
              </button>
            )}
          </li>
        ))}
      </ul>
      {made.value && <ShownOnce secret={made.value.key} name={made.value.name} />}
      {problem.value !== null && <Problem error={problem.value} />}
      {rotating.value && (
        <RotateDialog
          title={`Rotate the key ${rotating.value.name}?`}
          users="Apps have to take the new one over"
          rotate={(grace) => rotate(rotating.value as Key, grace)}
          close={() => {
            rotating.value = null;
          }}
        />
      )}
      {may("engineer", here?.key) && (
        <InlineForm submit={make}>
          <TextField label="New key for" value={name} maxLength={100} placeholder="Order service" />
          <label class="field">
            <span class="label">Kind</span>
            <select
              value={kind.value}
              onChange={(event) => {
                kind.value = event.currentTarget.value as "client" | "server";
              }}
            >
              <option value="server">Server: stays secret</option>
              <option value="client">Browser: anybody can read it</option>
            </select>
          </label>
          {kind.value === "client" && (
            <TextField label="Web addresses (empty: any)" value={origins} placeholder="https://shop.example" />
          )}
          <ExpiryChoice days={days} />
          <button type="submit" class="button button-primary" disabled={name.value.trim() === ""}>
            Make the key
          </button>
        </InlineForm>
      )}
    </section>
  );
}
