import type { DeskFigures, DeskRequest, DeskView, ProductView } from "../../../shared/schema/desk.ts";
import type { Json } from "../../../shared/schema/primitives.ts";
import type { Result } from "../../result.ts";

/** What a product asks a person. */
export interface Question {
  /** Made by the product, at random: asked again with it, nothing is asked twice, and who knows it may read the answer. */
  readonly id: string;
  readonly flag: string;
  /** Keyed hash of the person of the product. */
  readonly unit: string;
  readonly input: Json;
  readonly deadlineSeconds: number;
  readonly fallback: Json;
  /** Who asks, for fair shares of the room. Edges of before this version do not say: then it is some client. */
  readonly from?: Asker;
}

export interface Asker {
  /** Id of the key. */
  readonly key: string;
  /** Keyed hash of the network's prefix, under a key of the day; of a server key "", as it speaks for people of its own. */
  readonly network: string;
  readonly ofServer: boolean;
}

/** One browser of one person who answers. */
export interface Operator {
  readonly id: string;
  readonly name: string;
}

/** What a Worker may ask of a desk, over JSON. Edges of an older version call a newer desk: a method stays as it is. */
export interface DeskMethods {
  ask(question: Question): ProductView;
  wait(id: string, ms: number): Promise<ProductView | null>;
  live(operator: Operator, after: number, ms: number, flag?: string): Promise<DeskView>;
  claim(id: string, operator: Operator): Result<DeskRequest>;
  release(id: string, operator: Operator): Result<DeskRequest>;
  answer(id: string, operator: Operator, answer: Json): Result<DeskRequest>;
  figures(only?: string): DeskFigures[];
  /** Forgets the questions of a flag, or all of them: it, or the environment, is gone. */
  clear(flag?: string): void;
}
