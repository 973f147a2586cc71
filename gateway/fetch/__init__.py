"""The only way out: everything that is asked of a portal goes through here."""
