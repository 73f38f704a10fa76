import { answer, api, type Environment } from "../api.ts";
import { tell } from "../frame/toasts.tsx";

const LOOKS = 5;
const PAUSE_MS = 600;

/** Says that a kill is in force, and adds where it was first served as soon as that is known. */
export async function watchPropagation(
  project: string,
  environment: Environment,
  revision: number,
  text: string,
): Promise<void> {
  const param = { project, environment: environment.key };
  for (let look = 0; look < LOOKS; look++) {
    try {
      const { changes } = await answer(
        api.projects[":project"].environments[":environment"].propagation.$get({ param }),
      );
      const change = changes.find((one) => one.revision === revision);
      const served = change?.firstServed ?? [];
      if (served.length > 0) {
        const places = served.map(({ colo, afterMs }) => `${colo} after ${(afterMs / 1_000).toFixed(1)} s`);
        return tell(text, `First served differently in ${places.join(", ")}.`);
      }
    } catch {
      break;
    }
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }
  tell(text, "Every edge learns of it within about two seconds.");
}
