interface Signer {
  id: string;
  audience: string;
}

/** What a server in Node runs to sign a user's context, with the package jose. */
export const nodeSnippet = ({ id, audience }: Signer): string => `import { SignJWT } from "jose";

const secret = new TextEncoder().encode(process.env.BLASTDOOR_SIGNING_SECRET);

/** The context attribute "blastdoorContext" of a signed-in user. */
export const signedContext = (user) =>
  new SignJWT({ context: { plan: user.plan } })
    .setProtectedHeader({ alg: "HS256", kid: ${JSON.stringify(id)} })
    .setAudience(${JSON.stringify(audience)})
    .setSubject(user.id)
    .setExpirationTime("15 minutes")
    .sign(secret);
`;
