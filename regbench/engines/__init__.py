"""Where packs run: submit tasks to device slots and notice deaths. No database, no terminal."""
