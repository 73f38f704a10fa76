import { type Signal, useSignal } from "@preact/signals";
import type { Role } from "../../../shared/schema/admin.ts";
import { answer, api, type Environment } from "../../domain/api.ts";
import { type EnvironmentRoles, ROLE_WORDS } from "../../domain/words/flag-words.ts";
import { Dialog } from "../../ui/dialog.tsx";
import { DialogActions } from "../../ui/dialog-actions.tsx";
import { Problem } from "../../ui/problem.tsx";
import { EnvironmentRolesTable } from "./environment-roles.tsx";

/** The role in the project, with what it may do. */
export function RoleField({ role }: { role: Signal<Role> }) {
  return (
    <label class="field">
      <span class="label">Role</span>
      <select
        data-first
        value={role.value}
        onChange={(event) => {
          role.value = event.currentTarget.value as Role;
        }}
      >
        {Object.entries(ROLE_WORDS).map(([value, words]) => (
          <option key={value} value={value} selected={value === role.value}>
            {words.name}
          </option>
        ))}
      </select>
      <span class="hint">{ROLE_WORDS[role.value].explanation}</span>
    </label>
  );
}

interface RoleDialogProps {
  token: { id: string; name: string; role: Role; environments?: EnvironmentRoles | undefined };
  environments: readonly Environment[];
  changed: () => Promise<void>;
  close: () => void;
}

/** Gives a token another role, in the project and in single environments. */
export function RoleDialog({ token, environments, changed, close }: RoleDialogProps) {
  const role = useSignal(token.role);
  const roles = useSignal<EnvironmentRoles>(token.environments ?? {});
  const busy = useSignal(false);
  const problem = useSignal<unknown>(null);
  const submit = async () => {
    busy.value = true;
    problem.value = null;
    try {
      const json = { role: role.value, ...(role.value === "admin" ? {} : { environments: roles.value }) };
      await answer(api.tokens[":id"].role.$put({ param: { id: token.id }, json }));
      await changed();
      close();
    } catch (error) {
      problem.value = error;
    }
    busy.value = false;
  };
  return (
    <Dialog title={`Change the role of ${token.name}?`} onClose={close} onSubmit={submit}>
      <p>Sessions and sign-in links that were made from this token have the new role at once.</p>
      <RoleField role={role} />
      <EnvironmentRolesTable environments={environments} role={role.value} roles={roles} />
      {problem.value !== null && <Problem error={problem.value} />}
      <DialogActions close={close} disabled={busy.value}>
        Change the role
      </DialogActions>
    </Dialog>
  );
}
