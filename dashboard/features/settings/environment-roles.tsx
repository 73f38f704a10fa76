import type { Signal } from "@preact/signals";
import type { Role } from "../../../shared/schema/admin.ts";
import type { Environment } from "../../domain/api.ts";
import { type EnvironmentRoles, ROLE_WORDS } from "../../domain/words/flag-words.ts";

interface EnvironmentRolesProps {
  environments: readonly Environment[];
  /** The role where no environment says otherwise. */
  role: Role;
  roles: Signal<EnvironmentRoles>;
}

/** One row for each environment: the role there. */
export function EnvironmentRolesTable({ environments, role, roles }: EnvironmentRolesProps) {
  if (role === "admin") return null;
  const choose = (key: string, value: string) => {
    const { [key]: _, ...others } = roles.value;
    roles.value = value === "" ? others : { ...others, [key]: value as Role };
  };
  return (
    <details class="field" open={Object.keys(roles.value).length > 0}>
      <summary>Other roles in single environments</summary>
      <table>
        <thead>
          <tr>
            <th scope="col">Environment</th>
            <th scope="col">Role</th>
          </tr>
        </thead>
        <tbody>
          {environments.map(({ key, name }) => (
            <tr key={key}>
              <th scope="row">{name}</th>
              <td>
                <select
                  aria-label={`Role in ${name}`}
                  value={roles.value[key] ?? ""}
                  onChange={(event) => choose(key, event.currentTarget.value)}
                >
                  <option value="">{`${ROLE_WORDS[role].name}, as in the project`}</option>
                  {Object.entries(ROLE_WORDS).map(([value, words]) => (
                    <option key={value} value={value} selected={value === roles.value[key]}>
                      {words.name}
                    </option>
                  ))}
                </select>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      <span class="hint">
        What acts in every environment, such as a flag's variants, takes the least of these roles.
      </span>
    </details>
  );
}
