"""The planner: a validated operation becomes one SQL statement per root field that builds the answer's JSON.

Every SQL expression of a value is text of JSON, so that the answer is put together without decoding anything.
"""
