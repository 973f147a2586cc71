"""Who may ask for what: keys of the endpoint's callers, and the scopes that they carry."""
