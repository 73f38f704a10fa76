import type {
  Document,
  EnvironmentDocument,
  EvaluationContext,
  Feature,
  FeatureState,
  FlagsmithRule,
} from "./schema.ts";

/** A segment with what it overrides, and where it stands in the file. */
export interface EngineSegment {
  readonly key: string;
  readonly name: string;
  readonly rules: readonly FlagsmithRule[];
  readonly overrides: readonly Feature[];
  readonly path: string;
}

/** What the engine evaluates, of either form of the file. */
export interface EngineContext {
  readonly environmentKey: string;
  readonly environmentName: string;
  readonly features: readonly { feature: Feature; path: string }[];
  /** In the engine's order, which decides among equal priorities. */
  readonly segments: readonly EngineSegment[];
  /** Overrides of single identities: they come before all segments. */
  readonly identities: readonly { identifier: string; overrides: readonly Feature[]; path: string }[];
}

export const engineContext = (document: Document): EngineContext =>
  "features" in document && "environment" in document
    ? ofContext(document as EvaluationContext)
    : ofEnvironment(document as EnvironmentDocument);

function ofContext({ environment, features, segments }: EvaluationContext): EngineContext {
  return {
    environmentKey: environment.key,
    environmentName: environment.name ?? "",
    features: Object.entries(features).map(([name, feature]) => ({ feature, path: `features.${name}` })),
    segments: Object.entries(segments ?? {}).map(([place, { key, name, rules, overrides }]) => ({
      key: String(key),
      name,
      rules,
      overrides: overrides ?? [],
      path: `segments.${place}`,
    })),
    identities: [],
  };
}

function ofEnvironment(document: EnvironmentDocument): EngineContext {
  const byName = new Map(
    document.feature_states.map((state, index) => [
      state.feature.name,
      { feature: featureOf(state), path: `feature_states.${index}` },
    ]),
  );
  const segments = (document.project.segments ?? []).map(({ id, name, rules, feature_states }, index) => ({
    key: String(id),
    name,
    rules,
    overrides: (feature_states ?? []).map(featureOf),
    path: `project.segments.${index}`,
  }));
  return {
    environmentKey: document.api_key,
    environmentName: document.name ?? "",
    features: [...byName.values()],
    // The engine keeps them by their ids, and numbers come in their order.
    segments: Object.values(Object.fromEntries(segments.map((one) => [one.key, one]))),
    identities: (document.identity_overrides ?? []).map(({ identifier, identity_features }, index) => ({
      identifier,
      overrides: (identity_features ?? []).map(featureOf),
      path: `identity_overrides.${index}`,
    })),
  };
}

function featureOf(state: FeatureState): Feature {
  const variants = (state.multivariate_feature_state_values ?? []).map((one) => ({
    value: one.multivariate_feature_option.value,
    weight: one.percentage_allocation,
    priority: one.id ?? ordered(one.mv_fs_value_uuid),
  }));
  return {
    key: state.django_id || (state.featurestate_uuid ?? undefined),
    name: state.feature.name,
    enabled: state.enabled,
    value: state.feature_state_value,
    priority: state.feature_segment?.priority,
    ...(variants.length > 0 ? { variants } : {}),
  };
}

/** A UUID's place in an order: its first 52 bits, which tell any two of a file apart. */
const ordered = (uuid: string | null | undefined): number | undefined =>
  uuid ? Number.parseInt(uuid.replaceAll("-", "").slice(0, 13), 16) : undefined;
