"""What a ``.gitignore`` or a ``.dockerignore`` covers, and how lines are added to one."""
