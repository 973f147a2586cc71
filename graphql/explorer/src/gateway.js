// What the server wrote into the page: the named operations (name, about, query, variables).
const told = document.getElementById("gateway");

export const { operations } = told ? JSON.parse(told.textContent) : { operations: [] };

// The operation that the address asks for, as in /graphql?operation=latest-runs.
export function wanted() {
  const name = new URLSearchParams(location.search).get("operation");
  return operations.find((operation) => operation.name === name);
}
