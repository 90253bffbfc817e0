"""How it runs: the `shegong` command, the embedded run, databases and migrations."""
