import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import type { Role } from "../../../shared/schema/admin.ts";
import { answer, api, type Project } from "../../domain/api.ts";
import { type EnvironmentRoles, environmentRoleWords, ROLE_WORDS } from "../../domain/words/flag-words.ts";
import { useWords } from "../../domain/words/lifetime-words.ts";
import { confirmed } from "../../ui/confirm.tsx";
import { InlineForm } from "../../ui/inline-form.tsx";
import { Problem } from "../../ui/problem.tsx";
import { ShownOnce } from "../../ui/shown-once.tsx";
import { TextField } from "../../ui/text-field.tsx";
import { complain, tell } from "../../ui/toasts.tsx";
import { End } from "./end.tsx";
import { EnvironmentRolesTable } from "./environment-roles.tsx";
import { ExpiryChoice, expiryIn } from "./lifetime-fields.tsx";
import { RoleDialog, RoleField } from "./role-dialog.tsx";
import { RotateDialog } from "./rotate-dialog.tsx";

interface Token {
  id: string;
  name: string;
  role: Role;
  project?: string | undefined;
  environments?: EnvironmentRoles | undefined;
  createdAt: string;
  createdBy: string;
  expiresAt?: string | undefined;
  lastUsedAt?: string | null | undefined;
  replacedBy?: string | undefined;
}

/** Tokens of people and programs that administer: what their bearer may do is said by the role. */
export function TokenSettings({ project: { key: project, environments } }: { project: Project }) {
  const tokens = useSignal<Token[] | null>(null);
  const name = useSignal("");
  const role = useSignal<Role>("marketer");
  const roles = useSignal<EnvironmentRoles>({});
  const changing = useSignal<Token | null>(null);
  const onlyHere = useSignal(true);
  const days = useSignal(0);
  const rotating = useSignal<Token | null>(null);
  const made = useSignal<{ token: string; name: string } | null>(null);
  const problem = useSignal<unknown>(null);
  const read = async () => {
    tokens.value = (await answer(api.tokens.$get())).tokens;
  };
  useEffect(() => {
    read().catch((error) => {
      problem.value = error;
    });
  }, []);
  const make = async () => {
    problem.value = null;
    try {
      const expiresAt = expiryIn(days.value);
      const json = {
        name: name.value.trim(),
        role: role.value,
        ...(onlyHere.value ? { project } : {}),
        ...(role.value === "admin" ? {} : { environments: roles.value }),
        ...(expiresAt ? { expiresAt } : {}),
      };
      const { token } = await answer(api.tokens.$post({ json }));
      made.value = { token, name: name.value };
      name.value = "";
      roles.value = {};
      await read();
    } catch (error) {
      problem.value = error;
    }
  };
  const rotate = async (token: Token, graceSeconds: number) => {
    const next = await answer(api.tokens[":id"].rotate.$post({ param: { id: token.id }, json: { graceSeconds } }));
    made.value = { token: next.token, name: token.name };
    await read();
  };
  const revoke = async (token: Token) => {
    const isSure = await confirmed({
      title: `Revoke the token of ${token.name}?`,
      text: "Sessions and sign-in links that were made from it end at once, and programs that use it are refused.",
      action: "Revoke the token",
    });
    if (!isSure) return;
    try {
      await api.tokens[":id"].$delete({ param: { id: token.id } });
      await read();
      tell(`The token of ${token.name} is revoked`);
    } catch (error) {
      complain(`The token of ${token.name} is still in force`, error);
    }
  };
  return (
    <section class="card stack" aria-labelledby="tokens">
      <h2 id="tokens">People and programs</h2>
      <p class="muted">Each signs in with a token of their own, so the history can name them.</p>
      <ul class="plain-list" aria-busy={tokens.value === null}>
        {tokens.value?.map((token) => (
          <li key={token.id}>
            <span>
              <strong>{token.name}</strong> <span class="chip">{ROLE_WORDS[token.role].name}</span>
              {token.environments && <span class="muted">{` ${environmentRoleWords(token.environments)}`}</span>}
              {token.project && <span class="muted">{` only ${token.project}`}</span>}
            </span>
            <span class="muted">{useWords(token)}</span>
            <End of={token} />
            {!token.replacedBy && (
              <button
                type="button"
                class="button button-small"
                aria-label={`Rotate the token of ${token.name}`}
                onClick={() => {
                  rotating.value = token;
                }}
              >
                Rotate…
              </button>
            )}
            {(token.project ?? project) === project && (
              <button
                type="button"
                class="button button-small"
                aria-label={`Change the role of ${token.name}`}
                onClick={() => {
                  changing.value = token;
                }}
              >
                Role…
              </button>
            )}
            <button type="button" class="button button-small" onClick={() => revoke(token)}>
              Revoke
            </button>
          </li>
        ))}
      </ul>
      {made.value && <ShownOnce secret={made.value.token} name={`The token of ${made.value.name}`} />}
      {problem.value !== null && <Problem error={problem.value} />}
      {rotating.value && (
        <RotateDialog
          title={`Rotate the token of ${rotating.value.name}?`}
          users="Programs have to take the new one over, and sessions go on,"
          rotate={(grace) => rotate(rotating.value as Token, grace)}
          close={() => {
            rotating.value = null;
          }}
        />
      )}
      {changing.value && (
        <RoleDialog
          token={changing.value}
          environments={environments}
          changed={read}
          close={() => {
            changing.value = null;
          }}
        />
      )}
      <InlineForm submit={make}>
        <TextField label="New token for" value={name} maxLength={100} placeholder="Kim from marketing" />
        <RoleField role={role} />
        <EnvironmentRolesTable environments={environments} role={role.value} roles={roles} />
        <label class="check">
          <input
            type="checkbox"
            checked={onlyHere.value}
            onChange={(event) => {
              onlyHere.value = event.currentTarget.checked;
            }}
          />
          This project only
        </label>
        <ExpiryChoice days={days} />
        <button type="submit" class="button button-primary" disabled={name.value.trim() === ""}>
          Make the token
        </button>
      </InlineForm>
    </section>
  );
}
