// The explorer: GraphiQL on the endpoint whose address the page has.
import "./workers.js";
import "@graphiql/react/style.css";
import "@graphiql/plugin-doc-explorer/style.css";
import "@graphiql/plugin-history/style.css";
import "graphiql/graphiql.css";
import "./explorer.css";
import { createGraphiQLFetcher } from "@graphiql/toolkit";
import { GraphiQL, HISTORY_PLUGIN } from "graphiql";
import { createRoot } from "react-dom/client";
import { OPERATIONS, Wanted } from "./operations.jsx";

const WELCOME = `# A question for the gateway. Run it with Ctrl-Enter; the side bar has more of them.
# A key for what is private goes into Headers: { "X-Api-Key": "..." }
query Portals {
  portals {
    key
    title
    sync {
      lastFullAt
    }
  }
}
`;
const PLUGINS = [OPERATIONS, HISTORY_PLUGIN];

const url = `${location.origin}${location.pathname}`;
const fetcher = createGraphiQLFetcher({
  url,
  subscriptionUrl: url.replace(/^http/, "ws"),
  enableIncrementalDelivery: false,
});

createRoot(document.getElementById("explorer")).render(
  <GraphiQL
    fetcher={fetcher}
    plugins={PLUGINS}
    visiblePlugin={OPERATIONS}
    defaultQuery={WELCOME}
    defaultEditorToolsVisibility="variables"
    shouldPersistHeaders={false}
    inputValueDeprecation
    schemaDescription
  >
    <GraphiQL.Logo>
      <a href="docs">Reference</a>
    </GraphiQL.Logo>
    <Wanted />
  </GraphiQL>,
);
