import { type Asked, indented, type Platform, reportBody } from "../platform.ts";

const TYPES = { boolean: "Boolean", string: "String", number: "Double", json: "Object" };

function fallbackOf({ type, fallback, isWhole }: Asked): string {
  if (type === "json") return "new Value()";
  return type === "number" && !isWhole ? `${JSON.stringify(fallback)}d` : JSON.stringify(fallback);
}

export const java: Platform = {
  id: "java",
  name: "Java",
  keyKind: "server",
  install: `implementation("dev.openfeature:sdk:1.+")
implementation("dev.openfeature.contrib.providers:ofrep:0.+")`,
  ask: (asked) => `import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
import dev.openfeature.contrib.providers.ofrep.OfrepProvider;
import dev.openfeature.contrib.providers.ofrep.OfrepProviderOptions;
import dev.openfeature.sdk.*;

public class App {
    public static void main(String[] args) {
        var options = OfrepProviderOptions.builder()
            .baseUrl(${JSON.stringify(asked.baseUrl)})
            .headers(ImmutableMap.of("Authorization", ImmutableList.of(${JSON.stringify(`Bearer ${asked.key}`)})))
            .build();
        OpenFeatureAPI.getInstance().setProviderAndWait(OfrepProvider.constructProvider(options));

        var user = new ImmutableContext("user-1");
        var client = OpenFeatureAPI.getInstance().getClient();
        System.out.println(client.get${asked.type === "number" && asked.isWhole ? "Integer" : TYPES[asked.type]}Value(${JSON.stringify(asked.flag)}, ${fallbackOf(asked)}, user));
    }
}`,
  report: (asked) => `import java.net.URI;
import java.net.http.*;
import java.util.UUID;

public class Report {
    public static void main(String[] args) throws Exception {
        var body = """
            ${indented(reportBody(asked, '"__ID__"', "__NOW__"), "            ")}
            """.replace("__NOW__", "" + System.currentTimeMillis());
        while (body.contains("\\"__ID__\\"")) body = body.replaceFirst("\\"__ID__\\"", '"' + UUID.randomUUID().toString() + '"');
        var request = HttpRequest.newBuilder(URI.create(${JSON.stringify(`${asked.baseUrl}/v1/events`)}))
            .header("Authorization", ${JSON.stringify(`Bearer ${asked.key}`)})
            .header("Content-Type", "application/json")
            .POST(HttpRequest.BodyPublishers.ofString(body))
            .build();
        System.out.println(HttpClient.newHttpClient().send(request, HttpResponse.BodyHandlers.ofString()).body());
    }
}`,
};
