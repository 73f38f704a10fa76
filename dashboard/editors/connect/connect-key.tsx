import { useSignal } from "@preact/signals";
import { answer, api } from "../../domain/api.ts";
import { may } from "../../domain/session.ts";
import { Problem } from "../../ui/problem.tsx";
import { ShownOnce } from "../../ui/shown-once.tsx";

/** A key that was made here, with its secret for as long as the page is open. */
export interface MadeKey {
  id: string;
  key: string;
}

interface ConnectKeyProps {
  project: string;
  environment: { key: string; name: string };
  kind: "client" | "server";
  made: MadeKey | undefined;
  create: (key: MadeKey) => void;
}

const NEEDS = { client: "marketer", server: "engineer" } as const;

/** Makes a key in place, which then stands in the code below. */
export function ConnectKey({ project, environment, kind, made, create }: ConnectKeyProps) {
  const problem = useSignal<unknown>(null);
  const busy = useSignal(false);
  const name = kind === "client" ? "Browser app" : "Server app";
  const make = async () => {
    busy.value = true;
    problem.value = null;
    try {
      const { id, key } = await answer(
        api.projects[":project"].environments[":environment"].keys.$post({
          param: { project, environment: environment.key },
          header: {},
          json: { kind, name, ...(kind === "client" ? { origins: [] } : {}) },
        }),
      );
      create({ id, key });
    } catch (error) {
      problem.value = error;
    }
    busy.value = false;
  };
  if (made) return <ShownOnce secret={made.key} name={name} />;
  return (
    <>
      <p class="muted">
        {kind === "client"
          ? `For ${environment.name}. Anybody can read it in the page, and it sees only what is available to clients.`
          : `For ${environment.name}. It stays on the server. It is shown once, and stands in the code below.`}
      </p>
      {may(NEEDS[kind], environment.key) ? (
        <button type="button" class="button button-primary" disabled={busy.value} onClick={make}>
          {`Create ${kind} key`}
        </button>
      ) : (
        <p class="muted">{`Ask an ${NEEDS[kind] === "engineer" ? "engineer" : "administrator"} for a key: your role creates none.`}</p>
      )}
      {problem.value !== null && <Problem error={problem.value} />}
    </>
  );
}
