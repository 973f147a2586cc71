"""The common model: entities, words, documents. Frozen values, no I/O, nothing but the standard library."""
