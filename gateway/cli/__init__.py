"""The command line: parse, compose, call, print; one module per group of commands."""
