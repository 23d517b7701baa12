"""`make bench`: figures against a peer or a reference in the same run. `make bench ONLY=B9` runs one."""
