import type { Asked, Platform } from "../platform.ts";

const GETTERS = { boolean: "Boolean", string: "String", number: "Double", json: "Object" };

const fallbackOf = ({ type, fallback }: Asked): string => (type === "json" ? "new Value()" : JSON.stringify(fallback));

export const dotnet: Platform = {
  id: "dotnet",
  name: ".NET",
  keyKind: "server",
  install: `dotnet add package OpenFeature
dotnet add package OpenFeature.Providers.Ofrep`,
  ask: (asked) => `using OpenFeature;
using OpenFeature.Model;
using OpenFeature.Providers.Ofrep;
using OpenFeature.Providers.Ofrep.Configuration;

var options = new OfrepOptions(${JSON.stringify(`${asked.baseUrl}/`)})
{
    Headers = new Dictionary<string, string> { ["Authorization"] = ${JSON.stringify(`Bearer ${asked.key}`)} },
};
await Api.Instance.SetProviderAsync(new OfrepProvider(options));

var user = EvaluationContext.Builder().SetTargetingKey("user-1").Build();
var value = await Api.Instance.GetClient().Get${GETTERS[asked.type]}ValueAsync(${JSON.stringify(asked.flag)}, ${fallbackOf(asked)}, user);
Console.WriteLine(value);`,
  report: ({ baseUrl, key, flag, variant }) => `using System.Net.Http.Json;

var now = DateTimeOffset.UtcNow.ToUnixTimeMilliseconds();
var unit = new { targetingKey = "user-1" };
using var http = new HttpClient();
http.DefaultRequestHeaders.Add("Authorization", ${JSON.stringify(`Bearer ${key}`)});
var answer = await http.PostAsJsonAsync(${JSON.stringify(`${baseUrl}/v1/events`)}, new
{
    batchId = Guid.NewGuid(),
    sentAt = now,
    events = new object[]
    {
        new { id = Guid.NewGuid(), type = "exposure", unit, time = now, flag = ${JSON.stringify(flag)}, variant = ${JSON.stringify(variant)} },
        new { id = Guid.NewGuid(), type = "outcome", unit, time = now, metric = "outcome", ok = true, latencyMs = 180 },
    },
});
Console.WriteLine(await answer.Content.ReadAsStringAsync());`,
};
