import { FREE_WITHOUT, type FreeWithout } from "../../shared/plan.ts";
import { who } from "../domain/session.ts";
import { Icon } from "../ui/icon.tsx";

/** On a page whose subject is off on Workers Free, says so. Nothing elsewhere. */
export function FreePlanNote({ about }: { about: FreeWithout }) {
  const without = FREE_WITHOUT.find(({ what }) => what === about);
  if (who.value?.plan !== "free" || without === undefined) return null;
  return (
    <p class="note" role="note">
      <Icon name="alert" />
      <span>
        <strong>Off on Workers Free.</strong> {without.words}
      </span>
    </p>
  );
}
