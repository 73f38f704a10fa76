import { isOlderThanData } from "./migrations.ts";

type Stub<M> = {
  [K in keyof M]: M[K] extends (...parameters: infer P) => infer R ? (...parameters: P) => Promise<Awaited<R>> : never;
};

/** The Durable Object could not be reached or failed; the command may or may not have been carried out. */
export class DurableUnavailable extends Error {
  override name = "DurableUnavailable";
}

/** The object is well and has turned the call away, as too many of the kind came: asked later, it answers. */
export class DurableBusy extends DurableUnavailable {
  override name = "DurableBusy";
}

/** The object's data was changed by a newer version of this code in a way that this one must not work with. */
export class DeploymentOutdated extends DurableUnavailable {
  override name = "DeploymentOutdated";
}

/** The settings name no place where objects may be opened. */
export class PlacementRefused extends DurableUnavailable {
  override name = "PlacementRefused";
}

/**
 * A typed stub for the object called `name`. Every call is one request; faults become `DurableUnavailable`.
 *
 * @param options where an object is to be made that is not there yet
 */
export function durableStub<M>(
  namespace: DurableObjectNamespace,
  name: string,
  options?: DurableObjectNamespaceGetDurableObjectOptions,
): Stub<M> {
  const id = namespace.idFromName(name);
  return new Proxy({} as Stub<M>, {
    get(_target, method) {
      // Awaiting a stub must not turn into a call of a method named `then`.
      if (typeof method !== "string" || method === "then") return undefined;
      return async (...parameters: unknown[]) => {
        let status: number;
        try {
          // A stub whose object was evicted in mid-call stays broken, so that a call sent again needs a new one.
          const response = await namespace.get(id, options).fetch(`https://durable/${method}`, {
            method: "POST",
            body: JSON.stringify(parameters),
          });
          // An answer that breaks off half-way is none.
          if (response.ok) return await response.json();
          status = response.status;
          await response.body?.cancel();
        } catch (cause) {
          const Fault = isOlderThanData(cause) ? DeploymentOutdated : DurableUnavailable;
          throw new Fault(`${method} did not answer`, { cause });
        }
        const Fault = status === 429 ? DurableBusy : DurableUnavailable;
        throw new Fault(`${method} answered ${status}`);
      };
    },
  });
}
