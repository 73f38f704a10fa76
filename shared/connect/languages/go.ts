import type { Json } from "../../schema/primitives.ts";
import { type Asked, type Platform, reportBody } from "../platform.ts";

const GETTERS = { boolean: "Boolean", string: "String", number: "Float", json: "Object" };

/** A default; of structured data, none. */
const fallbackOf = ({ type, fallback }: { type: Asked["type"]; fallback: Json }): string =>
  type === "json" ? "map[string]any{}" : JSON.stringify(fallback);

export const go: Platform = {
  id: "go",
  name: "Go",
  keyKind: "server",
  install: "go get github.com/open-feature/go-sdk github.com/open-feature/go-sdk-contrib/providers/ofrep",
  ask: (asked) => `package main

import (
	"context"
	"fmt"

	"github.com/open-feature/go-sdk-contrib/providers/ofrep"
	"github.com/open-feature/go-sdk/openfeature"
)

func main() {
	provider := ofrep.NewProvider(${JSON.stringify(asked.baseUrl)}, ofrep.WithBearerToken(${JSON.stringify(asked.key)}))
	openfeature.SetProviderAndWait(provider)

	user := openfeature.NewEvaluationContext("user-1", nil)
	client := openfeature.NewClient("app")
	value, err := client.${GETTERS[asked.type]}Value(context.Background(), ${JSON.stringify(asked.flag)}, ${fallbackOf(asked)}, user)
	fmt.Println(value, err)
}`,
  report: (asked) => `package main

import (
	"fmt"
	"net/http"
	"strings"
	"time"
)

func main() {
	now := time.Now().UnixMilli()
	batch := strings.NewReplacer("__ID__", fmt.Sprint(now), "__NOW__", fmt.Sprint(now)).Replace(\`${reportBody(
    asked,
    '"__ID__"',
    "__NOW__",
  )
    .replace('"id": "__ID__"', '"id": "exposure-__ID__"')
    .replace('"id": "__ID__"', '"id": "outcome-__ID__"')}\`)
	request, _ := http.NewRequest("POST", ${JSON.stringify(`${asked.baseUrl}/v1/events`)}, strings.NewReader(batch))
	request.Header.Set("Authorization", ${JSON.stringify(`Bearer ${asked.key}`)})
	request.Header.Set("Content-Type", "application/json")
	answer, err := http.DefaultClient.Do(request)
	fmt.Println(answer, err)
}`,
};
