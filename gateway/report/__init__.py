"""Reports: what the gateway found out, as files that people and programs can read without it."""
