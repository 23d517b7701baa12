"""The kinds of probes, one file each; a file laid in here is a kind, and there is no list to edit."""
