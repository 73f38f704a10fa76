import { Copyable } from "./copyable.tsx";

/** A secret that nobody will see again. */
export function ShownOnce({ secret, name }: { secret: string; name: string }) {
  const note = (
    <>
      <strong>{name}</strong> is ready. Copy it now: it is shown only this once.
    </>
  );
  return <Copyable text={secret} note={note} />;
}
