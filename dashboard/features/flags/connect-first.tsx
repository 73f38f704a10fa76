import { useSignal } from "@preact/signals";
import { useLocation } from "preact-iso";
import { answer, api } from "../../domain/api.ts";
import { showFlag } from "../../domain/project.ts";
import { Problem } from "../../ui/problem.tsx";
import { tell } from "../../ui/toasts.tsx";

/** A flag to try the connection with: off everywhere, and seen by every kind of key. */
const FIRST = {
  key: "first-flag",
  definition: {
    type: "boolean",
    purpose: "release",
    variants: { on: true, off: false },
    offVariant: "off",
    visibility: "public",
    description: "An example to connect the first app with. Archive it when you are done.",
  },
} as const;

/** Makes an example flag and leads to the code that asks for it. */
export function ConnectFirst({ project }: { project: string }) {
  const problem = useSignal<unknown>(null);
  const busy = useSignal(false);
  const { route } = useLocation();
  const start = async () => {
    busy.value = true;
    try {
      const made = await answer(
        api.projects[":project"].flags[":flag"].$put({
          param: { project, flag: FIRST.key },
          query: { reuse: "true" },
          header: { "if-match": '"0"' },
          json: FIRST.definition,
        }),
      );
      showFlag(made);
      tell(`${FIRST.key} is created`, "It is off everywhere until you switch it on.");
      route(`/p/${project}/flags/${FIRST.key}#connect`);
    } catch (error) {
      problem.value = error;
    }
    busy.value = false;
  };
  return (
    <>
      <button type="button" class="button" disabled={busy.value} onClick={start}>
        Connect your app with an example flag
      </button>
      {problem.value !== null && <Problem error={problem.value} />}
    </>
  );
}
