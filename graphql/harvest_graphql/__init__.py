"""The GraphQL layer: types, planner, view."""
