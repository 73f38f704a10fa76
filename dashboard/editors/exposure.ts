import { Refusal } from "../domain/api.ts";
import { confirmed } from "../ui/confirm.tsx";

/** In the query of a write: that strangers may read a hidden flag's state off a public one, which is refused otherwise. */
export interface Acknowledgement {
  acknowledge?: "exposes-hidden-flag";
}
export const MEANT: Acknowledgement = { acknowledge: "exposes-hidden-flag" };
export const NOT_SAID: Acknowledgement = {};

/** Whether it was refused, and only because it exposes hidden flags. */
export const exposesHiddenFlag = (error: unknown): error is Refusal =>
  error instanceof Refusal && error.code === "exposes-hidden-flag";

/**
 * Sends a write; where all that stands against it is that it exposes hidden flags, asks whether that is meant. Who says
 * no gets the refusal.
 */
export async function sendOrAsk<T>(send: (query: Acknowledgement) => Promise<T>): Promise<T> {
  try {
    return await send(NOT_SAID);
  } catch (error) {
    if (!exposesHiddenFlag(error)) throw error;
    const isMeant = await confirmed({
      title: "Let strangers read hidden flags?",
      text: `${error.message}. ${error.detail}`,
      action: "That is meant",
    });
    if (!isMeant) throw error;
    return send(MEANT);
  }
}
