"""How the rows of a dataset reach a pack: one kind of storage per file, all with the interface of `task.Task`."""
