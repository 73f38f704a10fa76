import { approve, type GuardPlace, useGuard } from "../../domain/guard-store.ts";
import type { SectionProps } from "../../domain/section-props.ts";
import { may } from "../../domain/session.ts";
import { Icon } from "../../ui/icon.tsx";
import { useKeys } from "../../ui/keys.ts";
import { complain, tell } from "../../ui/toasts.tsx";

/** What guards want people to know, wherever on the flag's page they are: a release that waits for a person comes first. */
export function GuardBanners({ project, environment, flag }: SectionProps) {
  const place: GuardPlace = { project, environment: environment.key, flag: flag.key };
  const summary = flag.environments[environment.key];
  const watched = useGuard(place, `${summary?.version} ${summary?.kills.length}`);
  const isWaiting = watched?.watch.state === "waiting-for-approval";
  const mayApprove = isWaiting && may("engineer", environment.key);
  const stop = async () => {
    if (!mayApprove) return;
    try {
      await approve(place);
      tell(`${flag.key} is taken back`);
    } catch (error) {
      complain(`${flag.key} is still live`, error);
    }
  };
  useKeys({ a: stop });
  if (!watched) return null;
  const { watch } = watched;
  const clientAlerts = watch.clientAlerts.map(({ metric }) => metric);
  return (
    <>
      {isWaiting && (
        <div class="guard-banner" role="alert">
          <Icon name="stop" size={20} />
          <p>
            <strong>This release does harm, and waits for you.</strong> {watch.reason} Guards stop only so many flags by
            themselves; this one needs a person.
          </p>
          {mayApprove && (
            <button type="button" class="button button-kill" onClick={stop}>
              Take it back now <kbd>a</kbd>
            </button>
          )}
        </div>
      )}
      {watch.mismatch !== null && (
        <p class="guard-banner guard-banner-amber">
          <Icon name="alert" size={20} />
          <span>
            <strong>Users are not divided as planned.</strong> Exposures may be lost on the way, so look for those that
            do not arrive; the guards keep watching.
          </span>
        </p>
      )}
      {clientAlerts.length > 0 && (
        <p class="guard-banner guard-banner-amber">
          <Icon name="alert" size={20} />
          <span>
            <strong>Browsers report harm:</strong> {clientAlerts.join(", ")}. Anybody can send such reports, so nothing
            was stopped. Have a look.
          </span>
        </p>
      )}
    </>
  );
}
