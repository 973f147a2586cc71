"""GraphQL over websockets, by the protocol `graphql-transport-ws`: single results, and what is watched."""
