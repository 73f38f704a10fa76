import "@hono/zod-openapi";
