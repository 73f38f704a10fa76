import { answer, api, type Environment, Refusal, type StateView } from "../domain/api.ts";
import { follow } from "../ui/toasts.tsx";

const EVERY_MS = 500;
/** Data centres report with their next look-up, so within seconds of traffic; without traffic, nobody does. */
const LOOKS = 24;
const SHOWN = 4;

/** The revision of the newest kill in force: the state beneath has one of its own, which a kill leaves alone. */
export const killRevision = ({ kills }: Pick<StateView, "kills">): number =>
  Math.max(0, ...kills.map(({ revision }) => revision));

/** What toasts about a flag's kills are about: that of a restore takes the place of that of the kill. */
export const killTopic = (flag: string, environment: string): string => `kill ${flag} ${environment}`;

/** Shows how a kill travels while it does: committed, then served by one data centre after the other. */
export async function watchPropagation(
  project: string,
  environment: Environment,
  revision: number,
  text: string,
  /** The flag that it is about: a later toast about it takes its place. */
  topic: string,
): Promise<void> {
  const say = follow(text, "Committed. On its way to every data centre…", topic);
  const param = { project, environment: environment.key };
  let said = "";
  for (let look = 0; look < LOOKS; look++) {
    try {
      const log = await answer(api.projects[":project"].environments[":environment"].propagation.$get({ param }));
      const served = log.changes.find((one) => one.revision === revision)?.firstServed ?? [];
      if (served.length > 0) {
        const places = served.slice(0, SHOWN).map(({ colo, afterMs }) => `${colo} after ${seconds(afterMs)}`);
        const more = served.length > SHOWN ? ` and ${served.length - SHOWN} more` : "";
        said = `In force in ${places.join(", ")}${more}.`;
        // Who has been seen within the last minute and has not told yet is still expected.
        const isWaiting = log.centres.some(
          ({ colo, seenAt }) => Date.now() - Date.parse(seenAt) < 60_000 && !served.some((one) => one.colo === colo),
        );
        if (!isWaiting) break;
        say(said, false);
      }
    } catch (error) {
      // A look that did not get through is made good by the next.
      if (!(error instanceof Refusal) || error.status !== 0) break;
    }
    await new Promise((resolve) => setTimeout(resolve, EVERY_MS));
  }
  say(said || "In force within two seconds wherever it is asked for; nobody has asked for it since.", true);
}

const seconds = (ms: number): string => `${(ms / 1_000).toFixed(1)} s`;
