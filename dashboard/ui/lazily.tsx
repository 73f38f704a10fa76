import type { ComponentType } from "preact";
import { useEffect, useState } from "preact/hooks";
import { complain } from "./toasts.tsx";

interface LazilyProps<P extends object> {
  load: () => Promise<ComponentType<P>>;
  props: P;
}

/** A part of a page whose code comes when the part is first shown; the page around it does not wait. */
export function Lazily<P extends object>({ load, props }: LazilyProps<P>) {
  const [Part, setPart] = useState<ComponentType<P> | null>(null);
  useEffect(() => {
    load().then(
      (part) => setPart(() => part),
      (error) => complain("A part of this page did not load", error),
    );
  }, []);
  return Part && <Part {...props} />;
}
