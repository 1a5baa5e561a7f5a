"""Teaching with charlab: a workspace for each student, and a check for the instructor."""
