// The named operations in the side bar: each opens in a tab, with its variables.
import { pick, useGraphiQL, useGraphiQLActions } from "@graphiql/react";
import { useEffect, useRef, useState } from "react";
import { operations, wanted } from "./gateway.js";

const TITLE = "Operations";
export const WELCOME = `# A question for the gateway. Run it with Ctrl-Enter; the side bar has more of them.
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

function useOpen() {
  const { addTab } = useGraphiQLActions();
  const { queryEditor, variableEditor } = useGraphiQL(pick("queryEditor", "variableEditor"));
  if (!queryEditor || !variableEditor) return undefined;
  return ({ query, variables }) => {
    if (!["", WELCOME.trim()].includes(queryEditor.getValue().trim())) addTab();
    queryEditor.setValue(query);
    variableEditor.setValue(variables);
    queryEditor.focus();
  };
}

function Operations() {
  const open = useOpen();
  const [text, setText] = useState("");
  const words = text.toLowerCase().split(/\s+/);
  const found = operations.filter(({ name, about }) =>
    words.every((word) => `${name} ${about}`.toLowerCase().includes(word)),
  );
  return (
    <section aria-label={TITLE} className="gateway-operations">
      <h2>{TITLE}</h2>
      <input type="search" aria-label="Search the operations" placeholder="Search …" value={text} onChange={(event) => setText(event.target.value)} />
      <ul>
        {found.map((operation) => (
          <li key={operation.name}>
            <button type="button" disabled={!open} onClick={() => open(operation)}>
              <strong>{operation.name}</strong>
              <span>{operation.about}</span>
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}

function Icon() {
  return (
    <svg viewBox="0 0 16 16" fill="none" stroke="currentColor" strokeWidth="1.5" aria-hidden="true">
      <path d="M5.5 3.5h9M5.5 8h9M5.5 12.5h9M1.5 3.5h1M1.5 8h1M1.5 12.5h1" strokeLinecap="round" />
    </svg>
  );
}

export const OPERATIONS = { title: TITLE, icon: Icon, content: Operations };

// Opens the operation of the address, once.
export function Wanted() {
  const open = useOpen();
  const opened = useRef(false);
  useEffect(() => {
    const operation = wanted();
    if (!open || opened.current || !operation) return;
    opened.current = true;
    open(operation);
  }, [open]);
  return null;
}
