import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import type { KeySigning, SigningKeyView } from "../../../shared/schema/signed-context.ts";
import { answer, api, type Project } from "../../domain/api.ts";
import { environment } from "../../domain/project.ts";
import { may } from "../../domain/session.ts";
import { signingWords } from "../../domain/words/signing-words.ts";
import { ago } from "../../domain/words/time-words.ts";
import { confirmed } from "../../ui/confirm.tsx";
import { Copyable } from "../../ui/copyable.tsx";
import { EnvironmentSwitch } from "../../ui/environment-switch.tsx";
import { InlineForm } from "../../ui/inline-form.tsx";
import { Problem } from "../../ui/problem.tsx";
import { ShownOnce } from "../../ui/shown-once.tsx";
import { TextField } from "../../ui/text-field.tsx";
import { complain, tell } from "../../ui/toasts.tsx";
import { KeySigningDialog } from "./key-signing-dialog.tsx";
import { keysRevision } from "./keys-revision.ts";
import { nodeSnippet } from "./signing-snippet.ts";

interface ClientKey {
  id: string;
  name: string;
  hint: string;
  signing?: KeySigning | undefined;
}
interface Made {
  id: string;
  name: string;
  secret: string;
  audience: string;
}

/** With which keys a customer's server signs who its users are, and which client keys ask for that. */
export function SigningSettings({ project }: { project: Project }) {
  const signingKeys = useSignal<SigningKeyView[] | null>(null);
  const clientKeys = useSignal<ClientKey[] | null>(null);
  const name = useSignal("");
  const made = useSignal<Made | null>(null);
  const changing = useSignal<ClientKey | null>(null);
  const problem = useSignal<unknown>(null);
  const here = environment.value;
  const param = { project: project.key, environment: here?.key ?? "" };
  const routes = api.projects[":project"].environments[":environment"];
  const read = async () => {
    const [signing, all] = await Promise.all([
      answer(routes["signing-keys"].$get({ param })),
      answer(routes.keys.$get({ param })),
    ]);
    signingKeys.value = signing.signingKeys;
    clientKeys.value = all.keys.filter(({ kind }) => kind === "client");
  };
  useEffect(() => {
    made.value = null;
  }, [project.key, here?.key]);
  useEffect(() => {
    read().catch((error) => {
      problem.value = error;
    });
  }, [project.key, here?.key, keysRevision.value]);
  const make = async () => {
    problem.value = null;
    try {
      const json = { name: name.value.trim() };
      made.value = { ...json, ...(await answer(routes["signing-keys"].$post({ param, header: {}, json }))) };
      name.value = "";
      await read();
    } catch (error) {
      problem.value = error;
    }
  };
  const revoke = async (key: SigningKeyView) => {
    const isSure = await confirmed({
      title: `Revoke the signing key ${key.name}?`,
      text: `Contexts that were signed with it (${key.id}) are refused within seconds, and their event streams end. Pages that send one keep the values they have. Revoke it after your servers sign with another key and what this one signed has expired.`,
      action: "Revoke the signing key",
    });
    if (!isSure) return;
    try {
      await routes["signing-keys"][":id"].$delete({ param: { ...param, id: key.id }, header: {} });
      if (made.value?.id === key.id) made.value = null;
      await read();
      tell(`The signing key ${key.name} is revoked`);
    } catch (error) {
      complain(`The signing key ${key.name} is still in force`, error);
    }
  };
  const save = async (key: ClientKey, signing: KeySigning | null) => {
    const route = routes.keys[":id"].signing;
    const at = { ...param, id: key.id };
    if (signing === null) await route.$delete({ param: at, header: {} });
    else await route.$put({ param: at, header: {}, json: signing });
    await read();
    tell(`${key.name}: ${signingWords(signing ?? undefined).toLowerCase()}`);
  };
  return (
    <section class="card stack" aria-labelledby="signed-contexts">
      <div class="section-head">
        <h2 id="signed-contexts">Signed contexts</h2>
        <EnvironmentSwitch label="Environment of the signed contexts" />
      </div>
      <p class="muted">
        Anybody can edit what a browser says about its user. Your server can sign it: then nobody else can change it.
      </p>
      <h3>Signing keys</h3>
      {signingKeys.value?.length === 0 && (
        <p class="muted">No signing keys yet. Your server needs one to sign contexts.</p>
      )}
      <ul class="plain-list" aria-busy={signingKeys.value === null && problem.value === null}>
        {signingKeys.value?.map((key) => (
          <li key={key.id} data-signing-key={key.id}>
            <span>
              <strong>{key.name}</strong> <code>{key.id}</code>
            </span>
            <span class="muted">{`Created by ${key.createdBy}, ${ago(key.createdAt)}`}</span>
            {may("admin") && (
              <button
                type="button"
                class="button button-small"
                aria-label={`Revoke the signing key ${key.name}`}
                onClick={() => revoke(key)}
              >
                Revoke
              </button>
            )}
          </li>
        ))}
      </ul>
      {made.value && <MadeKey made={made.value} />}
      {problem.value !== null && <Problem error={problem.value} />}
      {may("admin") && (
        <InlineForm submit={make}>
          <TextField label="New signing key for" value={name} maxLength={100} placeholder="Shop server" />
          <button type="submit" class="button button-primary" disabled={name.value.trim() === ""}>
            Create signing key
          </button>
        </InlineForm>
      )}
      <h3>Client keys</h3>
      {clientKeys.value?.length === 0 && (
        <p class="muted">No client keys in this environment. Keys of browsers stand under “Keys for apps”.</p>
      )}
      <ul class="plain-list" aria-busy={clientKeys.value === null && problem.value === null}>
        {clientKeys.value?.map((key) => (
          <li key={key.id} data-client-key={key.id}>
            <span>
              <strong>{key.name}</strong> <code>…{key.hint}</code>
            </span>
            <span class="muted">{signingWords(key.signing)}</span>
            {may("admin") && (
              <button
                type="button"
                class="button button-small"
                aria-label={`Change what has to be signed for ${key.name}`}
                onClick={() => {
                  changing.value = key;
                }}
              >
                Change…
              </button>
            )}
          </li>
        ))}
      </ul>
      {changing.value && (
        <KeySigningDialog
          name={changing.value.name}
          signing={changing.value.signing}
          hasSigningKeys={(signingKeys.value?.length ?? 0) > 0}
          save={(signing) => save(changing.value as ClientKey, signing)}
          close={() => {
            changing.value = null;
          }}
        />
      )}
    </section>
  );
}

function MadeKey({ made }: { made: Made }) {
  const note = (
    <>
      Sign with HS256, <code>{`kid: ${made.id}`}</code> and <code>{`aud: ${made.audience}`}</code>. In Node, with the
      package <code>jose</code> and the secret in <code>BLASTDOOR_SIGNING_SECRET</code>:
    </>
  );
  return (
    <div class="stack">
      <ShownOnce secret={made.secret} name={made.name} />
      <Copyable text={nodeSnippet(made)} note={note} />
    </div>
  );
}
