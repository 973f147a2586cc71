// Asks the endpoint, whose address the page has: subscriptions over its WebSocket, all else over HTTP.
import { createGraphiQLFetcher } from "@graphiql/toolkit";
import { parse } from "graphql";

const url = `${location.origin}${location.pathname}`;
const ask = createGraphiQLFetcher({
  url,
  subscriptionUrl: url.replace(/^http/, "ws"),
  enableIncrementalDelivery: false,
});

// GraphiQL reads the editor a moment after a change; who runs it at once means what stands there now.
export function fetcher(asked, options) {
  const documentAST = parsed(asked.query);
  const operations = documentAST?.definitions.filter(({ kind }) => kind === "OperationDefinition");
  if (operations?.length !== 1) return ask(asked, options);
  return ask({ ...asked, operationName: operations[0].name?.value }, { ...options, documentAST });
}

function parsed(query) {
  try {
    return parse(query);
  } catch {
    return undefined; // the endpoint says what is wrong with it
  }
}
