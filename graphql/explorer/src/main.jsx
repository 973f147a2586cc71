// The explorer: GraphiQL on the endpoint whose address the page has.
import "./workers.js";
import "@graphiql/react/style.css";
import "@graphiql/plugin-doc-explorer/style.css";
import "@graphiql/plugin-history/style.css";
import "graphiql/graphiql.css";
import "./explorer.css";
import { GraphiQL, HISTORY_PLUGIN } from "graphiql";
import { createRoot } from "react-dom/client";
import { fetcher } from "./asking.js";
import { OPERATIONS, WELCOME, Wanted } from "./operations.jsx";

const PLUGINS = [OPERATIONS, HISTORY_PLUGIN];

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
