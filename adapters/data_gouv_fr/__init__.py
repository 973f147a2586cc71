"""data.gouv.fr, and any other portal that runs udata 17 or later."""
